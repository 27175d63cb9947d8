"""Intervals of proportions, as pure functions on a tiny type. No numpy: the gauge and the gate read them too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Interval:
    """A measured value with its bounds (95 % unless said otherwise) and the number of trials behind it."""

    value: float
    low: float
    high: float
    n: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def normal_quantile(comparisons: int = 1) -> float:
    """The two-sided 95 % quantile, widened for the best of several looks (Bonferroni): 1.96 for one, 2.58 for five."""
    return NormalDist().inv_cdf(1 - 0.025 / max(1, comparisons))


def wilson(hits: float, n: float, z: float = Z95) -> Interval:
    """Wilson's score interval of `hits` in `n`, which may be an effective number. Nothing tried: anything is possible.

    Wilson 1927, JASA 22:209. With zero hits the upper bound is z^2 / (n + z^2).
    """
    if n <= 0:
        return Interval(math.nan, 0.0, 1.0, 0)
    rate = min(1.0, max(0.0, hits / n))
    scale = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / scale
    spread = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / scale
    return Interval(rate, min(rate, max(0.0, centre - spread)), max(rate, min(1.0, centre + spread)), n)


def difference(attack: Interval, control: Interval) -> Interval:
    """`attack - control`: how many more succeed where there was something to leak (Newcombe 1998, method 10)."""
    value = attack.value - control.value
    low = value - math.hypot(attack.value - attack.low, control.high - control.value)
    high = value + math.hypot(attack.high - attack.value, control.value - control.low)
    return Interval(value, max(-1.0, low), min(1.0, high), min(attack.n, control.n))


def residual_risk(attack: Interval, control: Interval) -> Interval:
    """R = (attack - control) / (1 - control): success among those whom a guess without the data would have missed.

    Giomi et al. 2023 (Anonymeter), with the bounds of both rates carried through its derivatives, each side by
    itself (Zou and Donner 2008). Negative values are kept: they say that the attack does worse on members. A control
    that always succeeds leaves nothing to measure: the value is 0 and the bounds are as wide as they can be.
    """
    missed = 1 - control.value
    n = min(attack.n, control.n)
    if n <= 0 or math.isnan(attack.value) or math.isnan(control.value):
        return Interval(math.nan, -1.0, 1.0, n)
    if missed <= 0:
        return Interval(0.0, -1.0, 1.0, n)
    value = (attack.value - control.value) / missed
    by_attack = 1 / missed
    by_control = (1 - attack.value) / (missed * missed)
    low = value - math.hypot(by_attack * (attack.value - attack.low), by_control * (control.high - control.value))
    high = value + math.hypot(by_attack * (attack.high - attack.value), by_control * (control.value - control.low))
    value, low, high = (min(1.0, max(-1.0, bound)) for bound in (value, low, high))
    return Interval(value, low, high, n)


def rules_out(trials: float) -> float:
    """The smallest risk that `trials` attacks without one success can rule out: Wilson's upper bound at zero hits."""
    return wilson(0, trials).high
