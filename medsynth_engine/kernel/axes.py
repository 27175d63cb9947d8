"""The scale on which a number and its interval are drawn, the same in the studio and in the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medsynth_engine.kernel.verdicts import net_of_control, yardstick

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
WIDEST_RATIO = 4.0


@dataclass(frozen=True)
class Axis:
    """kind   share (0 to 1), ratio (logarithmic around 1), difference (around 0), amount (from 0)
    low, high  its ends, in the unit of the number
    mark       where it should lie whatever was measured (1 or 0), or None
    """

    kind: str
    low: float
    high: float
    mark: float | None = None

    def place(self, value: float) -> float:
        """Where `value` stands, 0 to 1; what lies outside stands at the end."""
        if self.kind == "ratio":
            low, high, value = math.log(self.low), math.log(self.high), math.log(max(value, 1e-12))
        else:
            low, high = self.low, self.high
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def outside(self, value: float) -> int:
        """-1 or 1 where `value` lies below or above the ends, else 0."""
        return -1 if value < self.low - 1e-12 else 1 if value > self.high + 1e-12 else 0

    def ticks(self) -> tuple[float, ...]:
        """Five values, from end to end."""
        if self.kind == "ratio":
            return tuple(self.low * (self.high / self.low) ** (step / 4) for step in range(5))
        return tuple(self.low + (self.high - self.low) * step / 4 for step in range(5))


def axis_of(evidence: Mapping[str, Any]) -> Axis:
    """The axis of one document of `Evidence`, from its direction and its numbers."""
    numbers = [float(evidence[key]) for key in ("value", "low", "high") if evidence.get(key) is not None]
    against = yardstick(evidence)
    numbers += [against] if against is not None else []
    least, most = min([*numbers, 0.0]), max([*numbers, 0.0])
    direction = evidence.get("direction")
    if direction == "one":
        return Axis("ratio", 1 / WIDEST_RATIO, WIDEST_RATIO, 1.0)
    if direction == "zero" or least < 0 or net_of_control(evidence):
        reach = round_up(max(-least, most))
        return Axis("difference", -reach, reach, 0.0)
    if most <= 1:
        return Axis("share", 0.0, 1.0)
    return Axis("amount", 0.0, round_up(most))


def round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten; at least 0.1."""
    if not value > 0.1:
        return 0.1
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in STEPS if value <= step * power * (1 + 1e-9))
