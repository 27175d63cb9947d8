"""Leaving while something goes on in the studio's own process: a question first, that goes when it has ended.

Jobs and trainings are processes of their own and go on; what is told of here does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen

from medsynth_tui.work import Asking

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth

UNTOLD = "It goes on to its end, but nothing will say how it ended."
LEAVING = f"{UNTOLD} MedSynth gives the terminal back only then."


class Leaving:
    """For the app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._question: Screen[Any] | None = None

    def under_way(self) -> str:
        """What goes on in this process, as a sentence; nothing where nothing does."""
        screens = cast("MedSynth", self).screen_stack
        return next((each.here for each in screens if isinstance(each, Asking) and each.here), "")

    def unless_under_way(self, then: Callable[[], object], verb: str, consequence: str = UNTOLD) -> None:
        """Do `then`; where something goes on here, only after a question."""
        from medsynth_tui.screens.confirm import Sure

        what = self.under_way()
        if not what:
            then()
        elif self._question is None:
            self._question = Sure(what, consequence, verb, "Stay")
            cast("MedSynth", self).push_screen(self._question, lambda sure: self._answered(sure, then))

    def _answered(self, sure: bool | None, then: Callable[[], object]) -> None:
        self._question = None
        if sure:
            then()

    def no_more_under_way(self) -> None:
        """It has ended: there is nothing to ask any more, and its news come first."""
        app, question = cast("MedSynth", self), self._question
        while question is not None and question in app.screen_stack:
            app.screen.dismiss(None)  # the question, or its help over it
