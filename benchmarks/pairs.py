"""What two processes of one thread are worth against one, on a machine where others work too.

Two trainings of the same run folder and the same batch are started once, one with one process, one with two; each is
stopped and let go on by signals (SIGSTOP, SIGCONT), so that windows of a few seconds of the one lie right beside those
of the other and nobody pays for a start: one, two | two, one | one, two ... A window's speed is wall clock, between
the first and the last of its ticks. The gain of a pair is the ratio of its windows, the answer the median over pairs.
Two processes that never waited for each other would gain what `bound` says: from processor time, so over all pairs.
Of each pair it is known how much of the machine others used (all processor time but that of the trainings): a pair is
quiet where that was under QUIET; with ENOUGH of them only the quiet ones count, for the question is about idle cores.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

QUIET = 0.05
ENOUGH = 3
WINDOW = 5.0
"""Seconds of a window, at least."""
PATIENCE = 120.0
"""Seconds until a training must have begun, or must have shown two ticks in its window."""
TICK = b'"kind": "tick"'


@dataclass(frozen=True)
class Window:
    """images a second by wall clock; others: the share of the machine's processor time that others used; processor:
    seconds of it for an image, of all processes together."""

    images_per_second: float
    others: float
    processor: float


class Held:
    """A training of `processes` processes that computes only while it is let. `images`: of one tick."""

    def __init__(self, run: Path, processes: int, images: int, alone: dict[str, str]) -> None:
        self.stream, self.images, self.seen, self.offset = run / "metrics.jsonl", images, 0, 0
        words = [sys.executable, "-m", "medsynth_engine.gan.launch", str(run), str(processes)]
        quiet = subprocess.DEVNULL
        self.launcher = subprocess.Popen(words, env={**os.environ, **alone}, stdout=quiet, stderr=quiet)
        self.processes, self.workers = processes, list[psutil.Process]()

    def __enter__(self) -> Held:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in [*psutil.Process(self.launcher.pid).children(recursive=True), *self.workers]:
            if process.is_running():
                process.kill()
        self.launcher.kill()
        self.launcher.wait()

    def begin(self) -> None:
        """Until it has learned for two ticks; then it is held. Raises RuntimeError where it does not come to that."""
        end = time.monotonic() + PATIENCE
        while self.ticks() < 2:
            if self.launcher.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"A training of {self.processes} processes did not begin.")
            time.sleep(0.1)
        family = psutil.Process(self.launcher.pid).children(recursive=True)
        self.workers = [process for process in family if not process.children()]
        self._tell(signal.SIGSTOP)

    def ticks(self) -> int:
        """How many there are by now; cheap where nothing is new."""
        if self.stream.exists() and self.stream.stat().st_size > self.offset:
            with self.stream.open("rb") as lines:
                lines.seek(self.offset)
                new = lines.read()
            whole = new.rfind(b"\n") + 1
            self.offset += whole
            self.seen += new[:whole].count(TICK)
        return self.seen

    def window(self, seconds: float) -> Window:
        """Let it compute for `seconds`, and longer where it has not ticked twice. Raises RuntimeError where it died."""
        begun, before, mine = time.monotonic(), _busy(), self._spent()
        last, marks = self.ticks(), list[tuple[float, int, float]]()
        self._tell(signal.SIGCONT)
        while (now := time.monotonic()) < begun + seconds or len(marks) < 2:
            if (ticks := self.ticks()) > last:
                last = ticks
                marks.append((now, ticks, self._spent()))
            if self.launcher.poll() is not None or now > begun + seconds + PATIENCE:
                raise RuntimeError(f"A training of {self.processes} processes ended while it was measured.")
            time.sleep(0.01)
        self._tell(signal.SIGSTOP)
        whole = (time.monotonic() - begun) * (os.cpu_count() or 1)
        others = max(0.0, (_busy() - before) - (self._spent() - mine)) / whole
        (start, first, idle), (stop, final, spent) = marks[0], marks[-1]
        images = (final - first) * self.images
        return Window(images / (stop - start), others, (spent - idle) / images)

    def _tell(self, what: signal.Signals) -> None:
        for process in self.workers:
            process.send_signal(what)

    def _spent(self) -> float:
        times = [process.cpu_times() for process in self.workers]
        return sum(each.user + each.system for each in times)


def _busy() -> float:
    """Processor seconds of everybody, what another machine on the same hardware took included."""
    now = psutil.cpu_times()
    return sum(getattr(now, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal"))


def gain(
    write: Callable[[Path], Path], images: int, alone: dict[str, str], seconds: float, window: float = WINDOW
) -> dict[str, Any]:
    """Pairs of windows for `seconds`; `write` makes a run folder that ticks every `images` images."""
    pairs: list[tuple[Window, Window]] = []
    with (
        tempfile.TemporaryDirectory() as name,
        Held(write(Path(name) / "one"), 1, images, alone) as one,
        Held(write(Path(name) / "two"), 2, images, alone) as two,
    ):
        one.begin()
        two.begin()
        end = time.monotonic() + seconds
        while not pairs or time.monotonic() < end:
            if len(pairs) % 2:
                second = two.window(window)
                pairs.append((one.window(window), second))
            else:
                pairs.append((one.window(window), two.window(window)))
    return told(pairs)


def told(pairs: list[tuple[Window, Window]]) -> dict[str, Any]:
    """The medians over the quiet pairs, or over all where there are too few of those; the bound's over all."""
    quiet = [pair for pair in pairs if max(each.others for each in pair) < QUIET]
    asked = quiet if len(quiet) >= ENOUGH else pairs
    ratios = [two.images_per_second / one.images_per_second for one, two in asked]
    bounds = [2 * one.processor / two.processor for one, two in pairs]
    return {
        "one": round(statistics.median(one.images_per_second for one, _ in asked), 1),
        "two": round(statistics.median(two.images_per_second for _, two in asked), 1),
        "gain": round(statistics.median(ratios), 2),
        "gains": [round(min(ratios), 2), round(max(ratios), 2)],
        "bound": round(statistics.median(bounds), 2),
        "pairs": len(pairs),
        "quiet_pairs": len(quiet),
        "asked": "quiet pairs" if asked is quiet else "all pairs",
        "others": round(statistics.median(each.others for pair in asked for each in pair), 3),
    }
