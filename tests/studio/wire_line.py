"""A program at the far end of a line: a pty, so many bytes a second, a round trip, and a terminal that answers.

Between the program and the line lies a buffer without end, as ssh and TCP have one of up to 2 MB. What has arrived is
fed to pyte; the questions in it are answered when they arrive, and answers and keys travel back.
"""

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
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyte

UNREAD = re.compile(rb"\x1b\[[<>=?][0-9;]*[up]|\x1b\[\?[0-9;]*\$p|\x1bP[^\x1b]*\x1b\\")
QUESTIONS = re.compile(rb"\x1b\[6n|\x1b\[\?2026\$p")
UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;?<>=$]*)?$")
PIECE = 16


@dataclass
class Line:
    """`rate` in bytes a second (9,600 baud are 960), None for as fast as it comes; `round_trip` in seconds."""

    command: list[str]
    columns: int = 80
    lines: int = 24
    rate: float | None = None
    round_trip: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)
    answers: bool = True

    def __post_init__(self) -> None:
        self.window = pyte.Screen(self.columns, self.lines)
        self.stream = pyte.ByteStream(self.window)
        self.written = 0
        """Bytes that the program wrote."""
        self.arrived = bytearray()
        self._down: deque[tuple[float, bytes]] = deque()
        self._up: deque[tuple[float, bytes]] = deque()
        self._free = 0.0
        self._part = b""
        self.begun = time.monotonic()
        self.home = tempfile.TemporaryDirectory(prefix="medsynth-nobody-")  # nobody's own keys
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            kept = {key: os.environ[key] for key in ("PATH",) if key in os.environ}
            kept |= {"HOME": self.home.name, "XDG_CONFIG_HOME": self.home.name}
            own = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
            os.execvpe(self.command[0], self.command, {**own, **kept, **self.environment})
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", self.lines, self.columns, 0, 0))

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass. Returns whether `until` came true."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            self._take(now)
            self._deliver(now)
            self._send(now)
            if until():
                return True
        return until()

    @staticmethod
    def clock() -> float:
        return time.monotonic()

    def shows(self, words: str) -> Callable[[], bool]:
        return lambda: words in "\n".join(self.window.display)

    def press(self, keys: str) -> None:
        self._up.append((time.monotonic() + self.round_trip / 2, keys.encode()))

    def quiet(self, seconds: float = 1.0, at_most: float = 60.0) -> int:
        """Wait until nothing has come for `seconds`; how many bytes the program wrote meanwhile."""
        before = self.written
        end = time.monotonic() + at_most
        while time.monotonic() < end:
            seen = self.written
            self.run(seconds)
            if self.written == seen and not self._down:
                break
        return self.written - before

    def _take(self, now: float) -> None:
        if not select.select([self.descriptor], [], [], 0.005)[0]:
            return
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # the other end is gone
            time.sleep(0.005)
            return
        self.written += len(data)
        if self.rate is None:
            self._down.append((now + self.round_trip / 2, data))
            return
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            self._free = max(self._free, now) + len(piece) / self.rate
            self._down.append((self._free + self.round_trip / 2, piece))

    def _deliver(self, now: float) -> None:
        while self._down and self._down[0][0] <= now:
            data = self._part + self._down.popleft()[1]
            self.arrived += data[len(self._part) :]
            cut = UNFINISHED.search(data)
            self._part = data[cut.start() :] if cut else b""
            data = data[: cut.start()] if cut else data
            for question in QUESTIONS.findall(data) if self.answers else ():
                cursor = self.window.cursor
                place = f"\x1b[{cursor.y + 1};{min(cursor.x, self.columns - 1) + 1}R".encode()
                answer = place if question == b"\x1b[6n" else b"\x1b[?2026;2$y"
                self._up.append((now + self.round_trip / 2, answer))
            self.stream.feed(UNREAD.sub(b"", QUESTIONS.sub(b"", data)))

    def _send(self, now: float) -> None:
        while self._up and self._up[0][0] <= now:
            os.write(self.descriptor, self._up.popleft()[1])

    def cpu_seconds(self) -> float:
        """Processor time of the program so far. Linux only."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.descriptor)
        self.home.cleanup()
