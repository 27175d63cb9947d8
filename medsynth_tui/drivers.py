"""How the studio writes to the terminal: Textual's own driver, or one that sends nothing but ASCII."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import CursorPosition
from textual.message import Message

from medsynth_tui.glyphs import to_ascii
from medsynth_tui.terminal.pace import PROBE

if TYPE_CHECKING:
    from medsynth_tui.terminal.wire import Wire


LINGER_SECONDS = 1.0
"""How long leaving waits for answers that are still on the line: the shell would take them for typed words."""


class StudioDriver(LinuxDriver):
    """Tells the app when it takes the terminal, at the start and after having been stopped (ctrl+z, SIGCONT), and gives
    it back only when the terminal has answered what it was asked.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked = self._heard = 0
        self._answer = threading.Condition()

    def write(self, data: str) -> None:
        self._asked += data.count(PROBE)
        super().write(data)

    def process_message(self, message: Message) -> None:
        if isinstance(message, CursorPosition):
            with self._answer:
                self._heard += 1
                self._answer.notify()
        super().process_message(message)

    def disable_input(self) -> None:
        signalled = (self._app.return_code or 0) >= 128  # then nobody may be there any more
        if self._heard and not signalled and not self.exit_event.is_set():
            with self._answer:
                self._answer.wait_for(lambda: self._heard >= self._asked, LINGER_SECONDS)
        super().disable_input()

    def start_application_mode(self) -> None:
        super().start_application_mode()
        cast("Wire", self._app).terminal_is_new()


class AsciiDriver(StudioDriver):
    """Every character that is not ASCII leaves as its likeness, one column for one, whoever drew it."""

    def write(self, data: str) -> None:
        super().write(to_ascii(data))


def driver_for(ascii: bool) -> type[Driver]:
    """Named outright, so that `TEXTUAL_DRIVER` in the environment cannot make us import a module."""
    return AsciiDriver if ascii else StudioDriver
