"""How far synthetic, training and held-out records lie from each other: computed once for every privacy measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medsynth_engine.features.neighbours import nearest

GRAIN = 6
"""Decimals that distances keep: the same distance computed in two orders must tie."""


def near(queries: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to and index of the nearest row of `base`: float64 (n,) exact to 1e-6, int64 (n,).

    The search is in float32 by blocks (features.neighbours), whose small distances are rough; the found pair is
    measured again. An empty base is infinitely far.
    """
    if not len(base):
        return np.full(len(queries), np.inf), np.full(len(queries), -1)
    _, index = nearest(queries, base)
    apart = np.zeros(len(queries))
    for start in range(0, len(queries), 1024):
        block = slice(start, start + 1024)
        difference = np.asarray(queries[block], float) - np.asarray(base[index[block]], float)
        apart[block] = np.sqrt((difference**2).sum(axis=1))
    return np.round(apart, GRAIN), index


@dataclass(frozen=True)
class Distances:
    """Nearest distances between the three sets of one medium, and whose each training and held-out record is.

    to_training, to_holdout   of each synthetic record that is asked (n,), to all real ones
    nearest_training, nearest_holdout  which record that is
    holdout_to_training, training_to_holdout   how near real records of different patients lie: the yardstick
    training_owners, holdout_owners   whose each real record is, of all
    in_place   of each synthetic record that real ones equal: the share of these that are training records (n,);
               None where that is not known
    asked_owners   whose each held-out record is that was asked for its distance; None: all were
    of         synthetic records that there are; None: all were asked
    """

    to_training: np.ndarray
    nearest_training: np.ndarray
    to_holdout: np.ndarray
    nearest_holdout: np.ndarray
    holdout_to_training: np.ndarray
    training_to_holdout: np.ndarray
    training_owners: np.ndarray
    holdout_owners: np.ndarray
    in_place: np.ndarray | None = None
    asked_owners: np.ndarray | None = None
    of: int | None = None

    @classmethod
    def between(
        cls,
        training: np.ndarray,
        holdout: np.ndarray,
        synthetic: np.ndarray,
        training_owners: np.ndarray,
        holdout_owners: np.ndarray,
        asked: Sequence[np.ndarray] | None = None,
    ) -> Distances:
        """From points (., d) and a patient number for each training and held-out point.

        asked   positions of the points of each fold (training, holdout, synthetic) that look for their nearest among
                all of another fold; None: every point does
        """
        chosen = asked or [np.arange(len(points)) for points in (training, holdout, synthetic)]
        some, of = synthetic[chosen[2]], len(synthetic)
        to_training, nearest_training = near(some, training)
        to_holdout, nearest_holdout = near(some, holdout)
        return cls(
            to_training,
            nearest_training,
            to_holdout,
            nearest_holdout,
            near(holdout[chosen[1]], training)[0],
            near(training[chosen[0]], holdout)[0],
            training_owners,
            holdout_owners,
            _in_place(some, training, holdout),
            holdout_owners[chosen[1]],
            of,
        )

    @property
    def n(self) -> int:
        return len(self.to_training)

    @property
    def sizes(self) -> float:
        """Training records for each held-out one."""
        return len(self.training_owners) / max(1, len(self.holdout_owners))

    @property
    def drawn(self) -> str:
        """For a sentence: how many were asked, where these are not all."""
        if self.of is None or self.of <= self.n:
            return ""
        return f" Asked were {self.n:,} of the {self.of:,} synthetic records, drawn at random, about every real one."

    @property
    def enough(self) -> bool:
        """Eleven of each: with fewer no share means anything."""
        return min(self.n, len(self.training_owners), len(self.holdout_owners)) >= 11

    @property
    def nearest_patient(self) -> np.ndarray:
        """For each synthetic record a number of the patient, of either fold, whose record lies nearest."""
        if not self.enough:
            return np.arange(self.n)
        held = self.training_owners.max() + 1 + self.holdout_owners[self.nearest_holdout]
        return np.where(self.to_training <= self.to_holdout, self.training_owners[self.nearest_training], held)

    @property
    def nearer_training(self) -> np.ndarray:
        """1 where a synthetic record lies nearer to training, 0 where to held-out records; ties share (n,).

        Where both have records in the very same place it is the share of training records there: whoever is held out,
        its expectation without a leak is the share of training records among all. Other ties count half.
        """
        half = np.full(self.n, 0.5) if self.in_place is None else self.in_place
        apart = self.to_training - self.to_holdout
        tied = np.where(self.to_training == 0, half, 0.5)
        return np.where(apart == 0, tied, (apart < 0).astype(float))


def _in_place(synthetic: np.ndarray, training: np.ndarray, holdout: np.ndarray) -> np.ndarray:
    """For each synthetic point: of the real points that equal it, the share in training; 0.5 where there are none."""
    points = np.concatenate([training, holdout, synthetic]).astype(np.float32).round(GRAIN)
    _, place = np.unique(points, axis=0, return_inverse=True)
    place = place.reshape(-1)
    first, second = len(training), len(training) + len(holdout)
    there = np.bincount(place[:first], minlength=len(points))[place[second:]]
    others = np.bincount(place[first:second], minlength=len(points))[place[second:]]
    return np.divide(there, there + others, out=np.full(len(synthetic), 0.5), where=there + others > 0)
