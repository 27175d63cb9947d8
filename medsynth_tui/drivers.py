"""How the studio writes to the terminal: Textual's own driver, or one that sends nothing but ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from medsynth_tui.glyphs import to_ascii

if TYPE_CHECKING:
    from medsynth_tui.terminal.wire import Wire


class StudioDriver(LinuxDriver):
    """Tells the app when it takes the terminal, at the start and after having been stopped (ctrl+z, SIGCONT)."""

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
