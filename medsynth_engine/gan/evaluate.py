"""How good the generator is, told by the validation fold while it trains. Estimates: the evidence comes later."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from medsynth_engine.features import frechet, kernel, neighbours, radiomics
from medsynth_engine.gan.conditions import Categorical
from medsynth_engine.gan.data import Data
from medsynth_engine.gan.networks import Generator
from medsynth_engine.gan.sample import PART, to_pixels

MOST = 1000
"""Images drawn for one evaluation."""
MOST_TRAINING = 4000
TAIL = 0.05
"""Share of the drawn images, the nearest to any real one, among which copies are looked for; at least ten images."""
LEAST = 20
"""With fewer validation images nothing is measured."""
LEAST_OF_GROUP = 50
GROUPED = 3
"""So many attributes are looked at group by group: the first of the vocabulary."""
SPREADS = 3
"""Above what held-out images show before copies are suspected: a training has two dozen evaluations, and a false alarm
ends it."""
PARTS = 10
"""Of the drawn images: leaving out one after the other shows the noise of the ratio."""
HALVES = 8
"""Ways to cut the validation patients in two: what the risk is for images that nobody learned from."""


@dataclass(frozen=True)
class Measured:
    """fd_ratio    FD(drawn, validation) / FD(training, validation) at equal n; 1 is as good as real
    kid            unbiased MMD^2 to the validation fold on the same features
    neighbour_risk share of the nearest 5 % (at least 10) nearer to training than to validation; 0.5: no copying
    n              images on each side
    fd_noise       standard error of fd_ratio from which images were drawn (delete-a-group jackknife)
    groups         neighbour_risk of each group with enough validation images, `attribute=value`
    copying        neighbour_risk is clearly above what held-out images show, and the nearest images are nearer to
                   training images than the nearest held-out ones: a poor image may lie beside any crowd, or between
                   all of them, without being a copy
    All None where there are fewer than LEAST validation images.
    """

    fd_ratio: float | None
    kid: float | None
    neighbour_risk: float | None
    n: int
    fd_noise: float | None = None
    groups: dict[str, float] = field(default_factory=dict)
    copying: bool = False

    def document(self) -> dict[str, Any]:
        return {
            "fd_ratio_validation": self.fd_ratio,
            "fd_ratio_noise": self.fd_noise,
            "kid": self.kid,
            "nearest_neighbour_risk": self.neighbour_risk,
            "nearest_neighbour_risk_groups": {name: round(risk, 4) for name, risk in self.groups.items()},
            "copying": self.copying,
            "n": self.n,
        }


NOTHING = Measured(None, None, None, 0)


@dataclass(frozen=True)
class Apart:
    """Distances of drawn images to the nearest of some training images, for several draws of those, and to the nearest
    of equally many controls: float (n,) each."""

    to_training: list[np.ndarray]
    to_control: np.ndarray

    def risk(self, rows: np.ndarray | slice = slice(None)) -> float:
        """The tail share of `rows`, mean over the draws."""
        control = self.to_control[rows]
        tail = max(TAIL, 10 / len(control))
        return float(np.mean([neighbours.tail_share(training[rows], control, tail) for training in self.to_training]))

    def closest(self) -> float:
        """Median distance to training of the nearest images."""
        count = max(1, min(len(self.to_control), max(10, round(TAIL * len(self.to_control)))))
        return float(np.mean([np.median(np.sort(training)[:count]) for training in self.to_training]))


class Evaluator:
    """Measures the real folds once; then each generator against them, with the same latents every time.

    most_risk       neighbour_risk up to which images look like those that were not learned from
    held_out_apart  median distance to training of the held-out images that are nearest to it
    """

    def __init__(self, data: Data, seed: int, attributes: tuple[Categorical, ...] = ()) -> None:
        self.enough = len(data.validation) >= LEAST
        self.n = min(MOST, len(data.validation)) if self.enough else 0
        self.most_risk = 1.0
        if not self.enough:
            return
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(len(data.validation))[: self.n]
        self.conditions = data.validation.conditions[torch.from_numpy(chosen).to(data.validation.images.device)]
        training = data.training.pixels(rng.permutation(len(data.training))[:MOST_TRAINING])
        validation = data.validation.pixels(chosen)
        self.training, self.validation = radiomics.extract(training), radiomics.extract(validation)
        self.training_seen, self.validation_seen = neighbours.embed(training), neighbours.embed(validation)
        self.seed = seed
        self.groups = _groups(data.validation.categorical[chosen], attributes)
        rng = np.random.default_rng(seed + 2)
        self.most_risk = self._bound(data.validation.patient[chosen], rng)
        held_out = self._apart(self.validation_seen, self.validation_seen, rng)
        self.held_out_apart = held_out.closest()

    def measure(self, generator: Generator) -> Measured:
        if not self.enough:
            return NOTHING
        drawn = self.draw(generator)
        features = radiomics.extract(drawn)
        rng = np.random.default_rng(self.seed + 1)
        ratio = frechet.ratio(features, self.training, self.validation, rng)
        scale = frechet.Scale.of(self.training)
        features, reference = scale(features), scale(self.validation)
        kid = kernel.kid(features, reference, rng, subsets=20)
        apart = self._apart(neighbours.embed(drawn), self.validation_seen, rng)
        risk = apart.risk()
        noise = _noise(features, reference) / max(ratio.floor, 1e-12)
        groups = {name: apart.risk(rows) for name, rows in self.groups.items()}
        copying = risk > self.most_risk and apart.closest() <= self.held_out_apart
        return Measured(ratio.value, kid, risk, ratio.n, noise, groups, copying)

    def _apart(self, drawn: np.ndarray, control: np.ndarray, rng: np.random.Generator) -> Apart:
        """Four draws of as many training images as there are controls."""
        count = min(len(self.training_seen), len(control))
        to_control, _ = neighbours.nearest(drawn, control[:count])
        draws = [self.training_seen[rng.permutation(len(self.training_seen))[:count]] for _ in range(4)]
        return Apart([neighbours.nearest(drawn, some)[0] for some in draws], to_control)

    def _bound(self, patients: np.ndarray, rng: np.random.Generator) -> float:
        """What held-out images show, and three times its spread: half of the validation patients play the drawn images,
        the others the control. Never under what tosses of a coin show, and never so high that nothing is found."""
        numbers = np.unique(patients)
        found = []
        for _ in range(HALVES if len(numbers) >= 4 else 0):
            played = np.isin(patients, rng.permutation(numbers)[: len(numbers) // 2])
            found.append(self._apart(self.validation_seen[played], self.validation_seen[~played], rng).risk())
        tosses = max(10, round(TAIL * self.n))
        # of half as many images the spread is larger by the root of two
        spread = max(0.5 / math.sqrt(tosses), float(np.std(found)) / math.sqrt(2) if found else 0.0)
        return min(0.95, max(0.5, float(np.mean(found)) if found else 0.5) + SPREADS * spread)

    @torch.no_grad()
    def draw(self, generator: Generator) -> np.ndarray:
        """uint8, one image for the conditions of each chosen validation image."""
        device = self.conditions.categorical.device
        source = torch.Generator().manual_seed(self.seed)
        latents = torch.randn(self.n, generator.architecture.drawn, generator=source).to(device)
        cuts = [slice(start, start + PART) for start in range(0, self.n, PART)]
        return np.concatenate([to_pixels(generator(latents[cut], self.conditions[cut])) for cut in cuts])


def _groups(codes: np.ndarray, attributes: tuple[Categorical, ...]) -> dict[str, np.ndarray]:
    """Rows of every value of the first attributes that enough validation images carry."""
    found = {}
    for position, attribute in enumerate(attributes[:GROUPED]):
        for code, value in enumerate(attribute.values):
            rows = np.flatnonzero(codes[:, position] == code)
            if len(rows) >= LEAST_OF_GROUP:
                found[f"{attribute.name}={value}"] = rows
    return found


def _noise(features: np.ndarray, reference: np.ndarray) -> float:
    """Standard error of the Fréchet distance to `reference` by which images were drawn; scaled features float (n, d).

    The reference is the same in all evaluations of a run, so that its own noise does not stand between two of them.
    Delete-a-group jackknife (Shao and Tu 1995, section 2.3).
    """
    part = np.arange(len(features)) % PARTS
    left_out = np.array([frechet.frechet(features[part != number], reference) for number in range(PARTS)])
    return math.sqrt((PARTS - 1) * float(left_out.var()))
