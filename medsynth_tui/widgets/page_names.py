"""Names of a screen's pages, the one that is shown standing out. Turned with left and right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from medsynth_tui.widgets.drawn import Drawn

if TYPE_CHECKING:
    pass


class PageNames(Drawn):
    """`‹ Composition  Pictures  [Evidence]  Bias  Privacy ›`"""

    DEFAULT_CSS = "PageNames { height: 1; }"

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names, self.at = names, 0

    def show(self, at: int) -> None:
        self.at = at
        self.refresh()

    def lines(self, width: int) -> list[Content]:
        glyphs = self.glyphs
        parts: list[tuple[str, str]] = [(f"{glyphs.left} ", "$accent")]
        for index, name in enumerate(self.names):
            parts.append((f" {name} ", "bold $ink on $primary" if index == self.at else "$muted"))
            parts.append((" ", ""))
        return [Content.assemble(*parts, (glyphs.right, "$accent"))]
