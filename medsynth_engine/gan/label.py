"""What a generator says of itself, read as if an enemy had written it: it is shown, signed and printed on cards."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from medsynth_engine.kernel.escape import plain

Check = Callable[[Any], bool]
LONGEST = 200
"""Characters of a text: a digest has 64."""


def number(least: float, most: float, above: bool = False) -> Check:
    """A finite int or float from `least` (or `above` it) to `most`; NaN lies nowhere."""

    def holds(value: Any) -> bool:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        return (least < value if above else least <= value) and value <= most and math.isfinite(value)

    return holds


def count(most: int) -> Check:
    """A whole number from 0 to `most`."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def text(value: Any) -> bool:
    """One short line that a terminal shows as it is."""
    return isinstance(value, str) and len(value) <= LONGEST and plain(value, LONGEST) == value


def word(*known: str) -> Check:
    return lambda value: isinstance(value, str) and value in known


def maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


INFO: dict[str, Check] = {
    "preset": maybe(text),
    "kimg": maybe(number(0, 1e9)),
    "fd_ratio_validation": maybe(number(0, 1e300)),  # training images that are all alike have a floor of nothing
    "training_digest": maybe(text),
    "training_images": maybe(count(10**12)),
    "simulated": lambda value: value is False,
    "augmentation": maybe(text),
}
PRIVACY: dict[str, Check] = {
    "epsilon": number(0, 1e6, above=True),
    "delta": lambda value: number(0, 1, above=True)(value) and value < 1,
    "unit": word("patient"),
    "clip": number(0, 1e6, above=True),
    "sigma": number(0, 1e6, above=True),
    "steps": count(10**9),
    "sampling_rate": number(0, 1, above=True),
    "conditions_sigma": maybe(number(0, 1e6, above=True)),
    "covers": word("images and list of conditions"),
}
"""What a generator says of the differential privacy that it was trained with; `unit` is whom it protects."""


def is_promise(declared: Any) -> bool:
    """Whether `declared` says all of PRIVACY, nothing else, and each within its bounds."""
    return (
        isinstance(declared, dict)
        and declared.keys() == PRIVACY.keys()
        and all(holds(declared[name]) for name, holds in PRIVACY.items())
    )
