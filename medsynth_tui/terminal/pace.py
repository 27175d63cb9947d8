"""At most one unacknowledged frame in flight: what a slow line has not shown yet is never queued behind it.

On a slow line a frame is cut into slices of some rows, of which two may be in flight, so that the line is never idle
for a round trip; a key waits for half a second of the line at most, and what is not sent yet is the newest.

After a frame the terminal is asked where its cursor is (DSR 6, answered in order by every terminal since the VT100).
Until the answer comes nothing is written; then the newest state is. A buffer of the pty, ssh and TCP together
holds up to 2 MB, so no look at our own end could tell. Time comes in from outside; nothing here waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from medsynth_tui.terminal.meter import LinkMeter

PROBE = "\x1b[6n"
TRIES = 3
"""Frames that are followed by the question before a terminal that never answered is left in peace."""
FIRST_ANSWER_SECONDS = 2.0
"""How long what follows the first frame waits for the first answer of all. Without that a slow line is filled with
seconds of frames before anything is known of it; a terminal that never answers costs its person this much, once."""
SMALL = 240
"""Bytes of a frame that may follow another at once when a key caused it: it would only wait for a round trip more."""
MOST_IN_FLIGHT = 3
SLICE = 240
FIRST_SLICE = 1_000
"""Where neither the rate is known nor whether the line is slow."""
SLICE_SECONDS = 0.12
"""How long the line carries a slice, once its rate is known; never less than `SLICE` bytes."""
MOST_SLICE = 4_000
LOST_SECONDS = 20.0
"""An answer that is late by this much is asked for once more; then a key that comes says that this terminal is there
but does not answer, and without one nothing is written, so that ssh can see that its peer is gone."""


@dataclass
class Sent:
    size: int
    at: float


@dataclass
class Pace:
    """Ask `may_write` before a frame, tell it what was `sent`, `answered` and when a `key` came."""

    clock: Callable[[], float]
    meter: LinkMeter = field(default_factory=LinkMeter)
    answers: int = 0
    asked: int = 0
    given_up: bool = False
    """This terminal does not answer: frames are written as they come."""
    frames: int = 0
    waited: int = 0
    """Frames that were held back."""
    _flying: list[Sent] = field(default_factory=list)
    slow: bool = False
    """What the profile takes the line for."""
    slices: bool = False
    """Whether frames are cut (see `slice_size`): on a slow line, and until it is known what kind of line it is."""
    _first_frame: float | None = None
    _key: bool = False
    _last_answer: float = 0.0
    _asked_again: float | None = None

    @property
    def trusted(self) -> bool:
        return self.answers > 0 and not self.given_up

    @property
    def in_flight(self) -> int:
        return len(self._flying) if self.trusted else 0

    @property
    def unheard(self) -> float:
        """Seconds for which frames still wait for this terminal's first answer; 0 where they need not."""
        if self.answers or self.given_up or self._first_frame is None:
            return 0.0
        return max(0.0, self._first_frame + FIRST_ANSWER_SECONDS - self.clock())

    def may_write(self, size: int) -> bool:
        """Whether a frame of `size` bytes may leave now. A held frame is asked for again when an answer comes, or when
        `unheard` is over.
        """
        if self.unheard:
            self.waited += 1
            return False
        if not self.in_flight:
            return True
        room = 2 * self.slice_size() - sum(each.size for each in self._flying)
        if self.slices and self.in_flight == 1 and size <= room:
            return True
        if self._key and size <= SMALL and self.in_flight < MOST_IN_FLIGHT and self._asked_again is None:
            return True
        self.waited += 1
        return False

    def slice_size(self) -> int:
        """Bytes after which a frame is cut on a slow line."""
        rate = self.meter.rate
        if rate is None:
            return SLICE if self.slow else FIRST_SLICE
        return min(MOST_SLICE, max(SLICE, int(rate * SLICE_SECONDS)))

    def sent(self, size: int) -> str:
        """A frame of `size` bytes leaves; what has to follow it."""
        self.frames += 1
        self._key = False
        if size and self._first_frame is None:
            self._first_frame = self.clock()
        if self.given_up or (not self.answers and self.asked >= TRIES):
            return ""
        self.asked += 1
        self._flying.append(Sent(size, self.clock()))
        return PROBE

    def answered(self, at: float | None = None) -> bool:
        """The terminal has shown a frame, which was heard `at` (now, if not given): our own loop may have been busy
        since. Returns whether a frame may leave that was held back.
        """
        self.answers += 1
        self._asked_again = None
        if self._flying:
            frame, now = self._flying.pop(0), self.clock() if at is None else at
            self.meter.frame(frame.size, now - frame.at)
            if frame.at < self._last_answer:  # it was on the line right behind the one before
                self.meter.followed(frame.size, now - self._last_answer)
            self._last_answer = now
        return self.in_flight < (2 if self.slices else 1)

    def key(self) -> None:
        """A person pressed a key, so the terminal is there."""
        self._key = True
        if self._asked_again is not None and self.clock() - self._asked_again > LOST_SECONDS:
            self.given_up = True
            self._flying.clear()

    def flown(self) -> None:
        """What was in flight will not be answered any more."""
        self._flying.clear()
        self._asked_again = None

    def overdue(self) -> str:
        """Call when an answer should have come: the question once more where it is late, else nothing."""
        if not self.in_flight or self._asked_again is not None:
            return ""
        if self.clock() - self._flying[-1].at < LOST_SECONDS:
            return ""
        self._flying = self._flying[-1:]
        self._asked_again = self.clock()
        return PROBE
