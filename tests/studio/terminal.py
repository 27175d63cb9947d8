"""A real terminal for tests: a pty that answers what a terminal would, and pyte that reads the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import tempfile
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyte

UNREAD = re.compile(rb"\x1b\[[<>=?][0-9;]*[up]|\x1b\[\?[0-9;]*\$p|\x1bP[^\x1b]*\x1b\\")
"""Keyboard protocols and queries that pyte does not know."""
SYNC_QUERY = b"\x1b[?2026$p"
WHERE_QUERY = b"\x1b[6n"
DRAIN_SECONDS = 10


@dataclass
class Terminal:
    """A program in a window of `columns` x `lines`; `output` is every byte that it wrote."""

    command: list[str]
    columns: int = 80
    lines: int = 24
    environment: Mapping[str, str] = field(default_factory=dict)
    says_where: bool = True
    """Whether it answers where its cursor is."""

    def __post_init__(self) -> None:
        self.output = bytearray()
        self.begun = time.monotonic()
        self.status: int | None = None
        self.home = tempfile.TemporaryDirectory(prefix="medsynth-nobody-")  # nobody's own keys
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):  # who runs the tests may have them ignored
                signal.signal(number, signal.SIG_DFL)
            kept = {key: os.environ[key] for key in ("PATH",) if key in os.environ}
            kept |= {"HOME": self.home.name, "XDG_CONFIG_HOME": self.home.name}
            own = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **kept, **self.environment}
            os.execvpe(self.command[0], self.command, own)
        size = struct.pack("HHHH", self.lines, self.columns, 0, 0)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, size)
        self._answered = False

    def read(self, seconds: float = 0.1) -> bool:
        """Take what it writes within `seconds`; answer the questions that a terminal would answer.

        Looks at least once, however late it is. Returns False where the other end is gone and all was read.
        """
        end = time.monotonic() + seconds
        while select.select([self.descriptor], [], [], max(0.0, end - time.monotonic()))[0]:
            seen = max(0, len(self.output) - len(WHERE_QUERY) + 1)
            try:
                self.output += os.read(self.descriptor, 65536)
            except OSError:  # the other end is gone
                return False
            if not self._answered and SYNC_QUERY in self.output:
                self._answered = True
                os.write(self.descriptor, b"\x1b[?2026;2$y")
            if self.says_where:
                os.write(self.descriptor, b"\x1b[1;1R" * self.output.count(WHERE_QUERY, seen))
            if time.monotonic() > end:
                break
        return True

    def screen(self) -> str:
        window = pyte.Screen(self.columns, self.lines)
        pyte.ByteStream(window).feed(UNREAD.sub(b"", bytes(self.output)))
        return "\n".join(window.display)

    def wait_for(self, words: str, seconds: float = 30) -> float:
        """Seconds from the start until `words` stood on the screen."""
        end = time.monotonic() + seconds
        while words not in self.screen():
            assert time.monotonic() < end, f"{words!r} never came:\n{self.screen()}"
            self.read()
        return time.monotonic() - self.begun

    def resize(self, columns: int, lines: int) -> None:
        """Another size of the window: the program is told, and what it writes is read at that size."""
        self.columns, self.lines = columns, lines
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        os.close(self.descriptor)
        self.descriptor = -1

    def wait(self, seconds: float = 10) -> int:
        """Its exit code, negative for the signal that killed it; fails when it does not end in time."""
        end = time.monotonic() + seconds
        while self.status is None:
            if self.descriptor >= 0:
                self.read(0.05)
            else:
                time.sleep(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            assert self.status is not None or time.monotonic() < end, "it did not end"
        while self.descriptor >= 0 and self.read() and time.monotonic() < end + DRAIN_SECONDS:
            pass
        return self.status

    def close(self) -> None:
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.home.cleanup()
