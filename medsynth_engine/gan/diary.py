"""What a run tells of itself: lines of `metrics.jsonl`, `state.json`, the log. Only the first process writes."""

from __future__ import annotations

import time
from typing import Any

from medsynth_engine.gan.progress import rounded
from medsynth_engine.kernel.folders import RunFolder


class Diary:
    """The clock of a run and its pen.

    started  when this process began, as seconds since 1970

    That moment is looked at once; from then on a clock counts that nobody sets, or a correction of the machine's time
    by an hour would end a training of ten minutes, or let it go on for an hour.
    """

    def __init__(self, folder: RunFolder, started: float, writes: bool = True) -> None:
        self.folder, self.writes = folder, writes
        self._started, self._earlier = time.monotonic(), max(0.0, time.time() - started)

    @property
    def seconds(self) -> float:
        """Of all sessions of this run, from the start of their processes."""
        return self._earlier + time.monotonic() - self._started

    def go_on_from(self, seconds: float) -> None:
        """So much was on the clock when what is restored was saved."""
        self._earlier, self._started = seconds, time.monotonic()

    def line(self, kind: str, seen: int, values: dict[str, Any]) -> None:
        """One metric line after `seen` images."""
        if self.writes:
            self.folder.append(kind=kind, kimg=seen / 1000, seconds=round(self.seconds, 1), **rounded(values))

    def event(self, what: str, seen: int, **facts: Any) -> None:
        self.line("event", seen, {"what": what, **facts})

    def say(self, sentence: str) -> None:
        if self.writes:
            self.folder.log(sentence)

    def state(self, state: str, **facts: Any) -> None:
        if self.writes:
            self.folder.set_state(state, seconds=round(self.seconds, 1), simulated=False, **facts)
