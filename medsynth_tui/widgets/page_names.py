"""Names of a screen's pages, the one that is shown standing out. Turned with left and right."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth


class PageNames(Widget):
    """`‹ Composition  Pictures  [Evidence]  Bias  Privacy ›`"""

    can_focus = False
    DEFAULT_CSS = "PageNames { height: 1; }"

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names, self.at = names, 0

    def show(self, at: int) -> None:
        self.at = at
        self.refresh()

    def render(self) -> Content:
        glyphs = cast("MedSynth", self.app).glyphs
        parts: list[tuple[str, str]] = [(f"{glyphs.left} ", "$accent")]
        for index, name in enumerate(self.names):
            parts.append((f" {name} ", "bold $ink on $primary" if index == self.at else "$muted"))
            parts.append((" ", ""))
        return Content.assemble(*parts, (glyphs.right, "$accent"))
