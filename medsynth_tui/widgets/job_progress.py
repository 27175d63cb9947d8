"""Progress of the job that a screen waits for: one determinate line, no motion of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.content import Content

from medsynth_tui.intake_words import WAITS, waits_for_dataset
from medsynth_tui.widgets.drawn import Drawn
from medsynth_tui.words import count, said, state

if TYPE_CHECKING:
    pass

BAR, SHORT = 24, 8


class JobProgress(Drawn):
    """`Bringing in brain  ████████░░░░  412 of 1,024 files  decoding`. Without a known total: no bar."""

    def on_mount(self) -> None:
        self.told: tuple[str, dict[str, Any]] = ("", {})
        self.line = Content("")
        self.display = False

    def show(self, title: str, document: dict[str, Any]) -> None:
        self.told, line = (title, document), self._line(title, document, BAR)
        if not self.display or line.plain != self.line.plain:
            self.line = line
            self.display = True
            self.refresh()

    def hide(self) -> None:
        self.display = False

    def lines(self, width: int) -> list[Content]:
        """Where there is no room for all of it the bar is shorter: what is being done is read, not guessed."""
        over = self.line.cell_length - width
        return [self.line if over <= 0 else self._line(*self.told, max(SHORT, BAR - over))]

    def _line(self, title: str, document: dict[str, Any], room: int) -> Content:
        glyphs = self.glyphs
        progress = document.get("progress") or {}
        done, total = progress.get("done"), progress.get("total")
        parts: list[tuple[str, str]] = [(f" {glyphs.text(said(title, 40))}  ", "bold $foreground")]
        if document.get("state") != "running":
            waits = WAITS if waits_for_dataset(document) else state(document.get("state"))
            parts.append((f"{waits}  ", "$warning"))
        if isinstance(done, int | float) and total:
            filled = round(room * min(1.0, done / total))
            parts.append((glyphs.full * filled, "$primary"))
            parts.append((glyphs.empty * (room - filled), "$muted"))
            parts.append((f"  {count(done)} of {count(total)} {said(progress.get('unit') or '', 16)}  ", "$foreground"))
        elif done:
            parts.append((f"{count(done)} {said(progress.get('unit') or '', 16)}  ", "$foreground"))
        if progress.get("say"):
            parts.append((glyphs.text(said(progress["say"], 60)), "$muted"))
        return Content.assemble(*parts)
