"""How the studio writes to the terminal: Textual's own driver, or one that sends nothing but ASCII."""

from __future__ import annotations

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from medsynth_tui.glyphs import to_ascii


class AsciiDriver(LinuxDriver):
    """Every character that is not ASCII leaves as its likeness, one column for one, whoever drew it."""

    def write(self, data: str) -> None:
        super().write(to_ascii(data))


def driver_for(ascii: bool) -> type[Driver]:
    """Named outright, so that `TEXTUAL_DRIVER` in the environment cannot make us import a module."""
    return AsciiDriver if ascii else LinuxDriver
