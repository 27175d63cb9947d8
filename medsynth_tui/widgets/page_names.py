"""Names of a screen's pages, the one that is shown standing out. Turned with left and right."""

from __future__ import annotations

from textual.content import Content

from medsynth_tui.widgets.drawn import Drawn


class PageNames(Drawn):
    """`‹ Composition  Pictures  [Evidence]  Bias  Privacy ›`; a page that stands alone is not turned."""

    DEFAULT_CSS = "PageNames { height: 1; }"

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names, self.at = names, 0
        self.note: tuple[str, str] = ("", "")

    def show(self, at: int) -> None:
        self.at = at
        self.refresh()

    def remark(self, words: str, style: str) -> None:
        """What should be seen from every page, on the right where there is room."""
        self.note = (words, style)
        self.refresh()

    def lines(self, width: int) -> list[Content]:
        left, right = (self.glyphs.left, self.glyphs.right) if len(self.names) > 1 else (" ", " ")
        parts: list[tuple[str, str]] = [(f"{left} ", "$accent")]
        for index, name in enumerate(self.names):
            parts.append((f" {name} ", "bold $ink on $primary" if index == self.at else "$muted"))
            parts.append((" ", ""))
        parts.append((right, "$accent"))
        room = width - sum(len(words) for words, _ in parts) - len(self.note[0])
        if self.note[0] and room > 1:
            parts += [(" " * room, ""), self.note]
        return [Content.assemble(*parts)]
