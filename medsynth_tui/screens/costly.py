"""Pictures that a slow line would carry for seconds: their cost is said, and a key has them drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medsynth_tui.command import Command
from medsynth_tui.commands_pictures import PicturesDraw
from medsynth_tui.widgets.picture import Pictures, Pixels

if TYPE_CHECKING:
    from medsynth_tui.view import View

    Base = View
else:
    Base = object


class SaysWhatPicturesCost(Base):
    """For a screen with one widget of pictures, which lists `PicturesDraw` among its commands."""

    def offer_pictures(self, pictures: Sequence[Pixels]) -> None:
        """Show them; on a slow line their cost first."""
        shown = self.query_one(Pictures)
        if not self.studio.profile.slow or not pictures or tuple(pictures) == shown.pictures:
            shown.show(pictures)
            return
        cost, several = self.studio.cost(shown.weight(pictures)), len(pictures) > 1
        what = f"{len(pictures)} pictures" if several else "One picture"
        words = f"{what}, {cost}. Press {self.key(PicturesDraw)} to have {'them' if several else 'it'} drawn."
        shown.hold(pictures, words)
        self.refresh_bindings()

    def offered(self, command: Command) -> bool:
        if command is PicturesDraw:
            return any(each.held for each in self.query(Pictures))
        return super().offered(command)

    def line_changed(self) -> None:
        """A line that turned out fast carries them at once."""
        if not self.studio.profile.slow:
            self.do_pictures_draw()

    def do_pictures_draw(self) -> None:
        for shown in self.query(Pictures):
            if shown.held:
                shown.show(shown.held)
        self.refresh_bindings()
