"""Where what failed becomes a sentence: nothing ends the studio that a view or the whole of it can survive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from medsynth_engine.kernel.errors import Denied, MedSynthError
from medsynth_tui.session import ENDED_LOGINS
from medsynth_tui.shelter import note_failure

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth
    from medsynth_tui.view import View


class Boundary:
    """For the app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.failures: list[BaseException] = []

    @property
    def _app(self) -> MedSynth:
        return cast("MedSynth", self)

    def trouble(self, error: BaseException) -> None:
        """Say what failed: a known error as its sentence, anything else as a view that failed."""
        if isinstance(error, Denied) and error.code in ENDED_LOGINS and self._app.session.person is not None:
            self._app.leave(error.message)
        elif isinstance(error, MedSynthError):
            self.complain(error.message, error.hint)
        else:
            self.failures.append(error)
            self._view_failed(note_failure(error, self._logs()))

    def complain(self, message: str, hint: str) -> None:
        view = self._app.top_view()
        if view is not None:
            view.complain(message, hint)

    def _view_failed(self, reference: str) -> None:
        from medsynth_tui.screens.failed import Failed

        view = self._app.top_view()
        if not isinstance(self._app.screen, Failed):
            if view is not None:
                view.failed = True
            self._app.push_screen(Failed(reference), lambda _: self._drop_failed(view))

    def _drop_failed(self, view: View | None) -> None:
        """Leave the view that failed; the first one stays, and `r` asks it again."""
        if view is None:
            return
        if self._app.screen is view and len(self._app.screen_stack) > 2:
            self._app.pop_screen()
        else:
            view.failed = False

    def output_failed(self, error: Exception) -> None:
        note_failure(error, self._logs())

    def _logs(self) -> Path | None:
        return self._app.home.logs if self._app.home.data.is_dir() else None

    def _handle_exception(self, error: Exception) -> None:
        """What no view could shelter (a widget that cannot draw): end with one sentence, no traceback, no locals."""
        if self._app._exit:
            return
        if self._app._exception is None:
            self._app._exception = error
            self._app._exception_event.set()
        reference = note_failure(error, self._logs())
        self._app.exit(
            return_code=1,
            message=f"MedSynth stopped after an internal error, reference {reference} (in the store's data/logs). "
            "Trainings and jobs keep running: open the studio again.",
        )
