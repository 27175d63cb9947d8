"""How good the generator is, told by the validation fold while it trains. Estimates: the evidence comes later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from medsynth_engine.features import frechet, kernel, neighbours, radiomics
from medsynth_engine.gan.data import Data
from medsynth_engine.gan.networks import Generator
from medsynth_engine.gan.sample import PART, to_pixels

MOST = 1000
"""Images drawn for one evaluation."""
MOST_TRAINING = 4000
LEAST = 20
"""With fewer validation images nothing is measured."""


@dataclass(frozen=True)
class Measured:
    """fd_ratio    FD(drawn, validation) / FD(training, validation) at equal n; 1 is as good as real
    kid            unbiased MMD^2 to the validation fold on the same features
    neighbour_risk share of the nearest 5 % (at least 10) nearer to training than to validation; 0.5: no copying
    n              images on each side
    All None where there are fewer than LEAST validation images.
    """

    fd_ratio: float | None
    kid: float | None
    neighbour_risk: float | None
    n: int

    def document(self) -> dict[str, Any]:
        return {
            "fd_ratio_validation": self.fd_ratio,
            "kid": self.kid,
            "nearest_neighbour_risk": self.neighbour_risk,
            "n": self.n,
        }


class Evaluator:
    """Measures the real folds once; then each generator against them, with the same latents every time."""

    def __init__(self, data: Data, seed: int) -> None:
        self.enough = len(data.validation) >= LEAST
        self.n = min(MOST, len(data.validation)) if self.enough else 0
        if not self.enough:
            return
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(len(data.validation))[: self.n]
        self.conditions = data.validation.conditions[torch.from_numpy(chosen).to(data.validation.images.device)]
        training = data.training.pixels[rng.permutation(len(data.training))[:MOST_TRAINING]]
        validation = data.validation.pixels[chosen]
        self.training, self.validation = radiomics.extract(training), radiomics.extract(validation)
        self.training_seen, self.validation_seen = neighbours.embed(training), neighbours.embed(validation)
        self.seed = seed

    def measure(self, generator: Generator) -> Measured:
        if not self.enough:
            return Measured(None, None, None, 0)
        drawn = self.draw(generator)
        features = radiomics.extract(drawn)
        rng = np.random.default_rng(self.seed + 1)
        ratio = frechet.ratio(features, self.training, self.validation, rng)
        scale = frechet.Scale.of(self.training)
        kid = kernel.kid(scale(features), scale(self.validation), rng, subsets=20)
        return Measured(ratio.value, kid, self._risk(neighbours.embed(drawn), rng), ratio.n)

    def _risk(self, drawn: np.ndarray, rng: np.random.Generator) -> float:
        """The tail share against equally many training and validation images, mean over four draws of the former."""
        count = min(len(self.training_seen), len(self.validation_seen))
        to_validation, _ = neighbours.nearest(drawn, self.validation_seen[:count])
        shares = []
        for _ in range(4):
            some = self.training_seen[rng.permutation(len(self.training_seen))[:count]]
            to_training, _ = neighbours.nearest(drawn, some)
            shares.append(neighbours.tail_share(to_training, to_validation, max(0.05, 10 / len(drawn))))
        return float(np.mean(shares))

    @torch.no_grad()
    def draw(self, generator: Generator) -> np.ndarray:
        """uint8, one image for the conditions of each chosen validation image."""
        device = self.conditions.categorical.device
        source = torch.Generator().manual_seed(self.seed)
        latents = torch.randn(self.n, generator.architecture.latent, generator=source).to(device)
        cuts = [slice(start, start + PART) for start in range(0, self.n, PART)]
        return np.concatenate([to_pixels(generator(latents[cut], self.conditions[cut])) for cut in cuts])
