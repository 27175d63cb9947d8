"""The promise of a run, and what of it is spent: a step is charged on the disk before it is taken.

A step that was taken and lost (a kill between two checkpoints, a roll-back) has been seen by whoever reads the run
folder. It stays charged, and its noise is never used again: noise that meets two different sums tells their difference.
So a training that was killed ends a few steps earlier, and one that was paused ends where it would have. Where the file
that knows how many were lost is gone, as many are charged as can lie between two checkpoints.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medsynth_engine.gan.private import limits
from medsynth_engine.gan.private.accountant import Mechanism, needed_for_histogram, needed_sigma
from medsynth_engine.kernel.atomic import read_json, write_json

HISTOGRAM_SHARE = 0.1
"""Share of epsilon for the histogram of conditions, alone; together they cost less than the sum."""
HIDDEN_SHARE = 0.1
"""Share of delta for the names of values, and another for the histogram's own."""
AHEAD = 8
"""Steps charged at a time: a write to the disk for each would cost more than the step on a fast device."""


@dataclass(frozen=True)
class Promise:
    """(epsilon, delta) for each patient, and the mechanism that keeps it.

    epsilon, delta  what was asked for
    patients  of the training fold; taken for public
    rate      probability that a patient is in a step; the expected number in one is rate * patients
    clip      longest vector of a patient in a step's sum
    sigma     noise in units of the clip
    steps     after which the budget is spent
    histogram noise multiplier of the histogram of conditions; None where there are none
    """

    epsilon: float
    delta: float
    patients: int
    rate: float
    clip: float
    sigma: float
    steps: int
    histogram: float | None

    @property
    def mechanism(self) -> Mechanism:
        return Mechanism(self.rate, self.sigma, self.histogram)

    @property
    def hidden(self) -> float:
        """The delta with which the name of a value of one patient may show."""
        return HIDDEN_SHARE * self.delta

    @property
    def of_noise(self) -> float:
        """The delta that is left for the accountant."""
        return self.delta if self.histogram is None else self.delta - self.hidden

    def document(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Promise:
        return cls(**document)


def promise(
    epsilon: float, delta: float, patients: int, expected: float, clip: float, steps: int, conditions: bool
) -> Promise:
    """Find the noise for `steps` steps of `expected` patients each. Raises BadInput where it would be too much."""
    histogram = needed_for_histogram(HISTOGRAM_SHARE * epsilon, HIDDEN_SHARE * delta) if conditions else None
    rate = expected / patients
    left = delta * (1 - HIDDEN_SHARE) if conditions else delta
    sigma = needed_sigma(epsilon, left, steps, rate, histogram, limits.MOST_SIGMA)
    limits.check_noise(sigma, epsilon, steps, patients)
    return Promise(epsilon, delta, patients, rate, clip, sigma, steps, histogram)


class Account:
    """How many steps were charged: it only grows. Kept in `path`, the run folder's `privacy.json`, together with the
    promise and the released conditions, so that neither is made twice; without a path, for this process alone.

    whole  False where the file was missing and a guess that is large enough stands in its place
    """

    def __init__(
        self, promised: Promise, conditions: dict[str, Any], path: Path | None = None, charged: int = 0
    ) -> None:
        self.promise, self.conditions, self.path = promised, conditions, path
        self._mechanism = promised.mechanism
        self.charged, self.whole = charged, True
        self._write(charged)

    @classmethod
    def read(cls, path: Path, checkpointed: dict[str, Any] | None, most_lost: int) -> Account | None:
        """The account of a run, from its file and its checkpoint; None at the start.

        most_lost  steps that can have been taken since a checkpoint: they are charged where the file is gone, or is
                   behind the checkpoint as no file of this run can be
        """
        filed = read_json(path)
        if checkpointed is None:
            return None if filed is None else cls._from_document(filed, path)
        if filed is not None and filed["charged"] >= checkpointed["charged"]:
            return cls._from_document(filed, path)
        most = min(checkpointed["promise"]["steps"], checkpointed["charged"] + most_lost)
        found = cls._from_document({**checkpointed, "charged": most}, path)
        found.whole = False
        return found

    @classmethod
    def _from_document(cls, document: dict[str, Any], path: Path) -> Account:
        return cls(Promise.from_document(document["promise"]), document["conditions"], path, int(document["charged"]))

    @property
    def spent(self) -> bool:
        return self.charged >= self.promise.steps

    def charge(self) -> None:
        """One more step, before it is taken. Raises RuntimeError where the budget is spent: the caller must end."""
        if self.spent:
            raise RuntimeError("the privacy budget is spent")
        self.charged += 1
        if self.charged > self._written:
            self._write(min(self.promise.steps, self.charged + AHEAD - 1))

    def lost_since(self, charged: int) -> bool:
        """Whether steps were taken, or may have been, after a checkpoint that knows of `charged`. They stay charged."""
        return self.charged > charged or not self.whole

    def settle(self) -> None:
        """A checkpoint has been written: what was charged ahead and not taken is given back."""
        self._write(self.charged)

    def stored(self) -> dict[str, Any]:
        """For the checkpoint."""
        return self._document(self.charged)

    def told(self) -> dict[str, Any]:
        """What has been spent so far (never rounded down), and of what."""
        epsilon = self._mechanism.epsilon(self.charged, self.promise.of_noise)
        return {
            "epsilon": min(self.promise.epsilon, math.ceil(epsilon * 1e4) / 1e4),
            "delta": self.promise.delta,
            "epsilon_promised": self.promise.epsilon,
            "private_steps": self.charged,
            "private_steps_total": self.promise.steps,
        }

    def label(self) -> dict[str, Any]:
        """What a generator says of how it was learned. Plain values."""
        promised, told = self.promise, self.told()
        return {
            "epsilon": told["epsilon"],
            "delta": promised.delta,
            "unit": "patient",
            "clip": promised.clip,
            "sigma": promised.sigma,
            "steps": self.charged,
            "sampling_rate": promised.rate,
            "conditions_sigma": promised.histogram,
            "covers": "images and list of conditions",
        }

    def _document(self, charged: int) -> dict[str, Any]:
        return {"promise": self.promise.document(), "conditions": self.conditions, "charged": charged}

    def _write(self, charged: int) -> None:
        self._written = charged
        if self.path is not None:
            write_json(self.path, self._document(charged))
