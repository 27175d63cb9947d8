"""Every number shown to a person is one of these: a value with its interval, its control and how to read it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Literal

Direction = Literal["higher", "lower", "one", "zero"]
"""Which way is good: higher, lower, close to 1 (a ratio), or close to 0 (a difference)."""


@dataclass(frozen=True)
class Evidence:
    """One measured number.

    name       family and measure, for instance `fidelity.fd_ratio`
    value      the measurement; None where there is not enough data behind it
    low, high  95 % interval (resampled by patient), or None
    control    the same measurement where nothing can have leaked or changed: the held-out data, chance, the real floor
    n          how many records (or attacks) it rests on
    direction  which way is good
    adversary  who could do this, for privacy; empty elsewhere
    reads_as   one sentence that says how to read it
    method     how it was computed, with the source
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    control: float | None
    n: int
    direction: Direction
    adversary: str
    reads_as: str
    method: str

    def __post_init__(self) -> None:
        for field in ("value", "low", "high", "control"):
            number = getattr(self, field)
            if number is not None and not math.isfinite(number):
                object.__setattr__(self, field, None)

    @property
    def enough(self) -> bool:
        """False where there is not enough data: it is then shown as "not enough evidence", never as a guess."""
        return self.value is not None

    def document(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_document(cls, document: dict[str, object]) -> Evidence:
        return cls(**{name: document.get(name) for name in cls.__dataclass_fields__})  # type: ignore[arg-type]


def not_enough(name: str, n: int, direction: Direction, why: str, method: str = "", adversary: str = "") -> Evidence:
    """The honest answer where the data cannot carry a number."""
    return Evidence(name, None, None, None, None, n, direction, adversary, f"Not enough evidence: {why}", method)
