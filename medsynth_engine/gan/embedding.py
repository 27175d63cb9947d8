"""Conditions as vectors: one for the generator, one projection for the discriminator."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from medsynth_engine.gan.conditions import Conditions, Vocabulary

FREQUENCIES = 8
"""Fourier pairs per continuous attribute: the z-score times pi/8, 2 pi/8, ... 8 pi/8."""


class Measure(nn.Module):
    """A z-scored number (n,) -> (n, length) through Fourier pairs and two layers."""

    def __init__(self, length: int, spread: float) -> None:
        super().__init__()
        self.first = nn.Linear(2 * FREQUENCIES, length)
        self.second = nn.Linear(length, length, bias=False)
        nn.init.normal_(self.first.weight, std=1 / math.sqrt(FREQUENCIES))
        nn.init.zeros_(self.first.bias)
        nn.init.normal_(self.second.weight, std=spread * math.sqrt(2 / length))

    def forward(self, score: Tensor) -> Tensor:
        steps = torch.arange(1, FREQUENCIES + 1, device=score.device) * (math.pi / 8)
        angle = score[:, None] * steps
        return self.second(functional.leaky_relu(self.first(torch.cat([angle.sin(), angle.cos()], 1)), 0.2))


class ConditionEmbedding(nn.Module):
    """Conditions -> (n, length) with unit mean square: the sum over attributes, unknown being a value of its own."""

    def __init__(self, vocabulary: Vocabulary, length: int) -> None:
        super().__init__()
        self.length = length
        self.values = nn.ModuleList(nn.Embedding(len(item.values) + 1, length) for item in vocabulary.categorical)
        self.measures = nn.ModuleList(Measure(length, 1.0) for _ in vocabulary.continuous)
        self.missing = nn.Parameter(torch.randn(len(vocabulary.continuous), length))

    def forward(self, conditions: Conditions) -> Tensor:
        total = conditions.continuous.new_zeros(len(conditions), self.length)
        for position, table in enumerate(self.values):
            total = total + table(conditions.categorical[:, position])
        for position, measure in enumerate(self.measures):
            known = conditions.known[:, position, None]
            here = measure(conditions.continuous[:, position])
            total = total + known * here + (1 - known) * self.missing[position]
        return total * torch.rsqrt(total.square().mean(1, keepdim=True) + 1e-8)


class Projection(nn.Module):
    """Conditions -> (n, features): the direction in which the discriminator reads its features."""

    def __init__(self, vocabulary: Vocabulary, features: int) -> None:
        super().__init__()
        self.unconditional = nn.Parameter(torch.randn(features) / math.sqrt(features))
        self.values = nn.ModuleList(nn.Embedding(len(item.values), features) for item in vocabulary.categorical)
        self.measures = nn.ModuleList(Measure(features, 1.0) for _ in vocabulary.continuous)
        self.sizes = [len(item.values) for item in vocabulary.categorical]
        self.scale = 1 / math.sqrt(features)

    def forward(self, conditions: Conditions, ramp: float) -> Tensor:
        """`ramp` in 0..1 fades the conditions in: conditioning from the first step makes small data collapse
        (Shahbazi et al. 2022)."""
        total = conditions.continuous.new_zeros(len(conditions), len(self.unconditional))
        for position, table in enumerate(self.values):
            value = conditions.categorical[:, position]
            known = value < self.sizes[position]
            total = total + table(value.clamp(max=self.sizes[position] - 1)) * known[:, None]
        for position, measure in enumerate(self.measures):
            total = total + measure(conditions.continuous[:, position]) * conditions.known[:, position, None]
        return self.unconditional + ramp * self.scale * total
