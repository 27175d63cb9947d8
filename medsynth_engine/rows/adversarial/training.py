"""The tabular game: relativistic pairs with zero-centred penalties, training by sampling, a conditional vector.

Loss of Jolicoeur-Martineau 2018 and Huang et al. 2024 (equations 2 to 4), on packs of rows, both sides under the same
conditions. Training by sampling (Xu et al. 2019, 4.3): a column of words and one of its values are picked by the
logarithm of their frequency, then real rows that have it; the generator is told, and cross-entropy holds it to it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from medsynth_engine.rows.adversarial.encoding import Span
from medsynth_engine.rows.adversarial.networks import LATENT, Discriminator, Generator, soft_rows

BATCH = 256
RATE = 1e-3
GAMMA = 0.1
"""Weight of the penalties R1 and R2."""
DECAY = 0.995
"""Of the mean over the generator's weights, which is what draws."""
TOLD = 0.5
"""How often a value outside the conditioning columns is told."""


@dataclass(frozen=True)
class Plan:
    """How long it plays: every step sees `BATCH` real rows."""

    steps: int
    seed: int

    @classmethod
    def of(cls, rows: int, seed: int, steps: int | None = None) -> Plan:
        """About 300 passes over the table (as in Xu et al.), at least 1,500 and at most 6,000 steps."""
        return cls(steps or int(np.clip(300 * rows / BATCH, 1500, 6000)), seed)


class Sampler:
    """Picks rows and what is told of them. rows: float32 (n, width), conditions: float32 (n, c)."""

    def __init__(self, rows: np.ndarray, conditions: np.ndarray, spans: tuple[Span, ...], rng: np.random.Generator):
        self.rows, self.conditions, self.rng = rows, conditions, rng
        self.words = [span for span in spans if not span.number]
        self.told = sum(span.end - span.start for span in self.words)
        self.starts = np.cumsum([0, *(span.end - span.start for span in self.words)])
        self.picks = [_by_logarithm(rows[:, span.choice]) for span in self.words]
        self.sorted = [np.argsort(rows[:, span.choice].argmax(1), kind="stable") for span in self.words]
        self.bounds = [
            np.searchsorted(rows[:, span.choice].argmax(1)[order], np.arange(span.end - span.start + 1))
            for span, order in zip(self.words, self.sorted, strict=True)
        ]
        codes, self.which = np.unique(conditions, axis=0, return_inverse=True)
        self.which = self.which.ravel()
        counts = np.bincount(self.which, minlength=len(codes))
        share = np.log1p(counts)[self.which] / counts[self.which]
        self.share = np.cumsum(share / share.sum())

    def batch(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`n` row numbers, the conditions with what is told (n, c + told), and the told part alone."""
        picked = np.minimum(np.searchsorted(self.share, self.rng.random(n)), len(self.rows) - 1)
        told = np.zeros((n, self.told), dtype=np.float32)
        if self.words:
            told_rows = np.flatnonzero(self.rng.random(n) < TOLD)
            column = self.rng.integers(len(self.words), size=len(told_rows))
            for number in range(len(self.words)):
                here = told_rows[column == number]
                value = np.searchsorted(self.picks[number], self.rng.random(len(here)))
                low, high = self.bounds[number][value], self.bounds[number][value + 1]
                place = low + (self.rng.random(len(here)) * (high - low)).astype(np.int64)
                picked[here] = self.sorted[number][place]
                told[here, self.starts[number] + value] = 1
        return picked, np.concatenate([self.conditions[picked], told], axis=1), told


def _by_logarithm(onehot: np.ndarray) -> np.ndarray:
    """Running shares of values by the logarithm of how often they are."""
    weight = np.log1p(onehot.sum(axis=0))
    return np.cumsum(weight / weight.sum())


def train(
    sampler: Sampler,
    spans: tuple[Span, ...],
    plan: Plan,
    progress: Callable[[int, int | None, str], None] = lambda done, total, say: None,
    wanted: Callable[[], bool] = lambda: True,
) -> Generator | None:
    """The generator after `plan.steps` steps (mean of its weights), or None where `wanted` turned False.

    On one thread: the layers are so small that on a busy machine two took seven times as long.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _played(sampler, spans, plan, progress, wanted)
    finally:
        torch.set_num_threads(threads)


def _played(
    sampler: Sampler,
    spans: tuple[Span, ...],
    plan: Plan,
    progress: Callable[[int, int | None, str], None],
    wanted: Callable[[], bool],
) -> Generator | None:
    noise = torch.Generator().manual_seed(plan.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        width = spans[-1].end
        condition = sampler.conditions.shape[1] + sampler.told
        generator, discriminator = Generator(condition, width), Discriminator(condition, width)
    mean = copy.deepcopy(generator).requires_grad_(False)
    players = [
        torch.optim.Adam(player.parameters(), lr=RATE, betas=(0.0, 0.99)) for player in (generator, discriminator)
    ]
    rows = torch.from_numpy(sampler.rows)
    for step in range(plan.steps):
        if step % 50 == 0:
            progress(step, plan.steps, "training the rows")
            if not wanted():
                return None
        rate = RATE * (1 - 0.9 * step / plan.steps)
        for player in players:
            player.param_groups[0]["lr"] = rate
        picked, told_conditions, told = sampler.batch(BATCH)
        real, given = rows[torch.from_numpy(picked)], torch.from_numpy(told_conditions)
        _discriminate(generator, discriminator, players[1], real, given, spans, noise)
        _generate(generator, discriminator, players[0], real, given, torch.from_numpy(told), sampler, spans, noise)
        with torch.no_grad():
            for kept, now in zip(mean.parameters(), generator.parameters(), strict=True):
                kept.lerp_(now, 1 - min(DECAY, (1 + step) / (10 + step)))
    return mean


def _discriminate(
    generator: Generator,
    discriminator: Discriminator,
    optimiser: torch.optim.Optimizer,
    real: Tensor,
    given: Tensor,
    spans: tuple[Span, ...],
    noise: torch.Generator,
) -> None:
    with torch.no_grad():
        fake = soft_rows(generator(torch.randn(len(real), LATENT, generator=noise), given), spans, noise)
    real, fake = real.clone().requires_grad_(), fake.requires_grad_()
    of_real, of_fake = discriminator(real, given), discriminator(fake, given)
    slopes = torch.autograd.grad([of_real.sum(), of_fake.sum()], [real, fake], create_graph=True)
    penalty = sum(slope.square().reshape(len(of_real), -1).sum(1).mean() for slope in slopes)
    loss = functional.softplus(of_fake - of_real).mean() + GAMMA / 2 * penalty
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


def _generate(
    generator: Generator,
    discriminator: Discriminator,
    optimiser: torch.optim.Optimizer,
    real: Tensor,
    given: Tensor,
    told: Tensor,
    sampler: Sampler,
    spans: tuple[Span, ...],
    noise: torch.Generator,
) -> None:
    raw = generator(torch.randn(len(real), LATENT, generator=noise), given)
    fake = soft_rows(raw, spans, noise)
    discriminator.requires_grad_(False)
    loss = functional.softplus(discriminator(real, given) - discriminator(fake, given)).mean()
    for start, span in zip(sampler.starts[:-1], sampler.words, strict=True):
        part = told[:, start : start + span.end - span.start]
        loss = loss - (part * functional.log_softmax(raw[:, span.choice], dim=1)).sum() / len(real)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    discriminator.requires_grad_(True)
