"""A widget that is lines of text made from its data and its width; what fails to draw says so and spares the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth
    from medsynth_tui.glyphs import Glyphs


class Drawn(Widget):
    """Give `lines(width)`; the height follows. `self.size` must not be asked while Textual lays out."""

    can_focus = False

    @property
    def glyphs(self) -> Glyphs:
        return cast("MedSynth", self.app).glyphs

    def lines(self, width: int) -> list[Content]:
        """What is shown in `width` columns."""
        return []

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._sheltered(width))

    def render(self) -> Content:
        return Content("\n").join(self._sheltered(self.size.width))

    def _sheltered(self, width: int) -> list[Content]:
        try:
            return self.lines(max(10, width)) or [Content("")]
        except Exception as error:  # noqa: BLE001 - Textual ends the whole app when a widget cannot draw
            self.app.call_later(cast("MedSynth", self.app).trouble, error)
            return [Content("This part could not be shown.")]
