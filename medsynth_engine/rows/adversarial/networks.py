"""The two players of the tabular game, and how what they say becomes a row.

Generator: latent and condition through residual layers (each layer's output joined to its input, as in Xu et al. 2019,
section 4.4) to places (tanh) and choices (Gumbel softmax, Jang et al. 2017). Discriminator: `PACK` rows at once, so
that a generator that repeats itself is seen (Lin et al. 2018, PacGAN).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from medsynth_engine.rows.adversarial.encoding import Span

LATENT = 32
HIDDEN = 128
PACK = 4
TEMPERATURE = 0.3


class Generator(nn.Module):
    """(n, LATENT), (n, condition) -> raw (n, width): places before tanh and logits of choices."""

    def __init__(self, condition: int, width: int) -> None:
        super().__init__()
        first = LATENT + condition
        self.layers = nn.ModuleList([nn.Linear(first, HIDDEN), nn.Linear(first + HIDDEN, HIDDEN)])
        self.norms = nn.ModuleList([nn.LayerNorm(HIDDEN) for _ in range(2)])
        self.out = nn.Linear(first + 2 * HIDDEN, width)

    def forward(self, latent: Tensor, condition: Tensor) -> Tensor:
        seen = torch.cat([latent, condition], dim=1)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            seen = torch.cat([seen, functional.relu(norm(layer(seen)))], dim=1)
        raw: Tensor = self.out(seen)
        return raw


class Discriminator(nn.Module):
    """(n, width), (n, condition) -> (n / PACK,) logits."""

    def __init__(self, condition: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(PACK * (width + condition), HIDDEN),
            nn.LeakyReLU(0.2),
            nn.Linear(HIDDEN, HIDDEN),
            nn.LeakyReLU(0.2),
            nn.Linear(HIDDEN, 1),
        )

    def forward(self, rows: Tensor, condition: Tensor) -> Tensor:
        packed = torch.cat([rows, condition], dim=1).reshape(len(rows) // PACK, -1)
        logits: Tensor = self.layers(packed)
        return logits[:, 0]


def soft_rows(raw: Tensor, spans: Sequence[Span], noise: torch.Generator) -> Tensor:
    """Rows that gradients pass through: tanh of places, Gumbel softmax of choices."""
    even = torch.rand(raw.shape, generator=noise).clamp_(1e-10, 1 - 1e-7)
    shaken = (raw - (-even.log()).log()) / TEMPERATURE
    parts = []
    for span in spans:
        if span.number:
            parts.append(torch.tanh(raw[:, span.start : span.start + 1]))
        parts.append(functional.softmax(shaken[:, span.choice], dim=1))
    return torch.cat(parts, dim=1)
