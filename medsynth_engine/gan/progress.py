"""What a run tells while it goes: metric lines and facts, from numbers that are fetched from the device once a tick."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from medsynth_engine.gan.learner import Step

COLUMNS = (
    "loss_discriminator",
    "loss_generator",
    "accuracy_real",
    "accuracy_fake",
    "slope_real",
    "slope_fake",
    "gradient_norm_discriminator",
    "gradient_norm_generator",
)


class Gathered:
    """Sums on the device over the steps of a tick."""

    def __init__(self, device: torch.device) -> None:
        self.sums = torch.zeros(len(COLUMNS), device=device)
        self.steps = 0

    @torch.no_grad()
    def add(self, step: Step) -> None:
        first, second = step.discriminator, step.generator
        assert first.slope_real is not None and first.slope_fake is not None
        self.sums += torch.stack(
            [
                first.loss.mean(),
                second.loss.mean(),
                # relativistic logits have no zero: a real image counts as recognised above the mean fake
                _share(first.real > first.fake.mean()),
                _share(first.fake < first.real.mean()),
                first.slope_real.mean(),
                first.slope_fake.mean(),
                step.norm_discriminator,
                step.norm_generator,
            ]
        )
        self.steps += 1

    def take(self) -> dict[str, float | None]:
        """Means since the last `take`; None for what is not finite."""
        means = (self.sums / max(1, self.steps)).tolist()
        self.sums.zero_()
        self.steps = 0
        return {
            name: round(value, 5) if math.isfinite(value) else None for name, value in zip(COLUMNS, means, strict=True)
        }


def _share(hits: Tensor) -> Tensor:
    return hits.float().mean()


def rounded(values: dict[str, Any]) -> dict[str, Any]:
    """Numbers short enough for a line; what is not finite becomes None (JSON has no NaN)."""
    short: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, float):
            short[name] = float(f"{value:.5g}") if math.isfinite(value) else None
        else:
            short[name] = value
    return short
