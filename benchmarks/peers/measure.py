"""How good drawn images are: the same measures, code and counts for everybody, against patients nobody trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medsynth_engine.evidence.copies import close_match
from medsynth_engine.evidence.distances import Distances
from medsynth_engine.evidence.fidelity import Features, fidelity
from medsynth_engine.features import frechet, neighbours, radiomics
from peers.data import Data, Fold
from peers.judge import balanced_accuracy, trained

SEED = 0
MOST_TRAINING = 4000
"""Training images that features are taken from."""
MOST_VALIDATION = 1000

Draw = Callable[[Fold, int], np.ndarray]
"""Requests and a seed -> images uint8 (n, s, s[, 3])."""


@dataclass(frozen=True)
class Cloud:
    """Raw features float (., d) of training and reference images, and the scale of the former."""

    training: np.ndarray
    reference: np.ndarray
    scale: frechet.Scale

    @classmethod
    def of(cls, training: np.ndarray, reference: np.ndarray) -> Cloud:
        return cls(training, reference, frechet.Scale.of(training))


class Looks:
    """The Fréchet ratio on the validation fold: chooses among the generators of a training, for peers as for ours."""

    def __init__(self, data: Data) -> None:
        rng = np.random.default_rng(SEED)
        self.asked = data.validation.rows(rng.permutation(len(data.validation))[:MOST_VALIDATION])
        some = rng.permutation(len(data.training))[:MOST_TRAINING]
        self.training = radiomics.extract(data.training.images[some])
        self.validation = radiomics.extract(self.asked.images)

    def ratio(self, draw: Draw) -> float:
        drawn = radiomics.extract(draw(self.asked, SEED))
        return frechet.ratio(drawn, self.training, self.validation, np.random.default_rng(SEED)).value


class Measures:
    """All measures against the held-out fold; the real side is measured once."""

    def __init__(self, data: Data, work: Path) -> None:
        self.data, self.judge = data, trained(data, work)
        self.asked = data.held_out()
        some = np.random.default_rng(SEED).permutation(len(data.training))[:MOST_TRAINING]
        training = data.training.images[some]
        self.radiomics = Cloud.of(radiomics.extract(training), radiomics.extract(self.asked.images))
        self.encoder = Cloud.of(self.judge.features(training), self.judge.features(self.asked.images))
        self.training_seen = neighbours.embed(data.training.images)
        self.holdout_seen = neighbours.embed(self.asked.images)

    def of(self, draw: Draw, conditional: bool) -> dict[str, Any]:
        drawn = draw(self.asked, SEED)
        return {
            "n": len(drawn),
            **self._fidelity(radiomics.extract(drawn)),
            **self._in_encoder(self.judge.features(drawn)),
            **self._copies(neighbours.embed(drawn)),
            **self._read_back(draw if conditional else None),
        }

    def real(self) -> dict[str, Any]:
        """What training images reach in the place of drawn ones: the ceiling of every measure."""
        count = len(self.asked)
        rows = np.random.default_rng(SEED + 1).permutation(len(self.data.training))[:count]
        images = self.data.training.images[rows]
        return {
            "n": len(images),
            **self._fidelity(radiomics.extract(images)),
            **self._in_encoder(self.judge.features(images)),
        }

    def _fidelity(self, drawn: np.ndarray) -> dict[str, Any]:
        names = {"fd_ratio": "fd_ratio", "kid": "kid", "density": "density", "coverage": "coverage"}
        return _told(self.radiomics, drawn, names)

    def _in_encoder(self, drawn: np.ndarray) -> dict[str, Any]:
        return _told(self.encoder, drawn, {"fd_ratio": "fd_ratio_encoder", "coverage": "coverage_encoder"})

    def _copies(self, drawn: np.ndarray) -> dict[str, Any]:
        """Share of drawn images nearer to a training image than 99 % of held-out ones are. Blank ones do not count."""
        told = np.abs(drawn).sum(1) > 0
        if told.sum() < 11:
            return {"close_match": None, "close_match_expected": None}
        owners = [np.arange(len(seen)) for seen in (self.training_seen, self.holdout_seen)]
        found = close_match(
            "image", Distances.between(self.training_seen, self.holdout_seen, drawn[told], owners[0], owners[1])
        )
        return {"close_match": _short(found.value), "close_match_expected": _short(found.control)}

    def _read_back(self, draw: Draw | None) -> dict[str, Any]:
        real = balanced_accuracy(self.judge.classes(self.asked.images), self.asked.codes, self.data.many)
        told: dict[str, Any] = {"recognised_real": _short(real), "recognised_drawn": None, "recognised_share": None}
        if draw is None or real is None:
            return told  # nobody can ask it for a class, or no class is large enough
        asked = self.data.asked_back()
        made = balanced_accuracy(self.judge.classes(draw(asked, SEED + 1)), asked.codes, self.data.many)
        assert made is not None
        return {**told, "recognised_drawn": _short(made), "recognised_share": _short(made / real)}


def _told(cloud: Cloud, drawn: np.ndarray, names: dict[str, str]) -> dict[str, Any]:
    """The product's own fidelity evidence; spreads over seeds stand for its intervals here."""
    folds = [cloud.scale(fold) for fold in (cloud.training, cloud.reference, drawn)]
    owners = [np.arange(len(fold)) for fold in folds]
    found = fidelity(Features(*folds, *owners), np.random.default_rng(SEED))
    values = {one.name.removeprefix("fidelity."): one.value for one in found}
    return {told: _short(values[name]) for name, told in names.items()}


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
