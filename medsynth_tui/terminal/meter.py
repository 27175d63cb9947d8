"""What the line to the terminal carries, measured from how soon frames are acknowledged."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median

SLOW_SECONDS = 0.7
"""Median time until a frame is acknowledged from which the line counts as slow."""
FIRST_SECONDS = 1.0
FIRST_BYTES = 700
"""A frame of so many bytes that took so long says at once that the line is slow: the next ones may be pictures."""
FAST_SECONDS = 0.2
FAST_BYTES_PER_SECOND = 20_000.0
"""What a line must show before it counts as fast again: a slow profile's small frames are soon there on any."""
ENOUGH = 5
FOLLOWING = 100
LARGE = 1_500
"""Bytes of a frame from which its time says something of the rate."""


@dataclass
class LinkMeter:
    """`slow` is None while nothing is known. Times in seconds, sizes in bytes."""

    slow: bool | None = None
    _times: deque[float] = field(default_factory=lambda: deque(maxlen=ENOUGH))
    _rates: deque[float] = field(default_factory=lambda: deque(maxlen=ENOUGH))
    _shortest: float | None = None

    def frame(self, size: int, seconds: float) -> None:
        """A frame of `size` bytes was acknowledged after `seconds`."""
        if self._shortest is None or seconds < self._shortest:
            self._shortest = seconds
        self._times.append(seconds)
        if size >= LARGE:
            alone = self._shortest if len(self._times) > 1 else 0.0
            self._rates.append(size / max(seconds - alone, 1e-4))
        if self.slow is None and size >= FIRST_BYTES and seconds > FIRST_SECONDS:
            self.slow = True
        elif len(self._times) == ENOUGH:
            self._judge()

    def followed(self, size: int, seconds: float) -> None:
        """A frame of `size` bytes was acknowledged `seconds` after the one right before it on the line."""
        if size >= FOLLOWING:
            self._rates.append(size / max(seconds, 1e-4))

    def _judge(self) -> None:
        usual = median(self._times)
        if usual > SLOW_SECONDS:
            self.slow = True
        elif self.slow is None or (usual < FAST_SECONDS and (self.rate or 0.0) > FAST_BYTES_PER_SECOND):
            self.slow = False

    @property
    def round_trip(self) -> float | None:
        """Median time until a frame was acknowledged, of the last five."""
        return median(self._times) if self._times else None

    @property
    def rate(self) -> float | None:
        """Bytes a second that the line carries, from large frames; None before the first."""
        return median(self._rates) if self._rates else None

    def seconds_for(self, size: int) -> float | None:
        """How long `size` bytes will take; None where no large frame has been seen."""
        rate = self.rate
        return None if rate is None else size / rate + (self._shortest or 0.0)
