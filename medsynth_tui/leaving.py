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
        self._questions: list[Screen[Any]] = []

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
        elif not self._is_asked():
            question = Sure(what, consequence, verb, "Stay")
            self._questions.append(question)

            def answered(sure: bool | None) -> None:
                if sure:
                    then()

            cast("MedSynth", self).push_screen(question, answered)

    def _is_asked(self) -> bool:
        """Whether a question can be seen: it may have gone with its screens, or lie behind the lock."""
        from medsynth_tui.screens.prove import Lock

        for screen in reversed(cast("MedSynth", self).screen_stack):
            if screen in self._questions:
                return True
            if isinstance(screen, Lock):
                return False
        return False

    def no_more_under_way(self) -> None:
        """It has ended: there is nothing to ask any more, and its news come first."""
        app = cast("MedSynth", self)
        while any(question in app.screen_stack for question in self._questions):
            app.screen.dismiss(None)  # the question, or its help over it
        self._questions.clear()
