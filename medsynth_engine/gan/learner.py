"""One step of training, and everything that the next step depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from medsynth_engine.gan import augment
from medsynth_engine.gan.conditions import Vocabulary
from medsynth_engine.gan.data import Data
from medsynth_engine.gan.ema import Average
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator, settle
from medsynth_engine.gan.objective import Game, Outcome, Pairs
from medsynth_engine.gan.sampler import Sampler
from medsynth_engine.gan.schedule import Plan, Rates
from medsynth_engine.kernel.errors import NoRoom

ATTRIBUTE_DROPOUT = 0.1
HASTE = (1.0, 2.0)
"""Learning rates of discriminator and generator against the plan's: a generator twice as fast keeps the game even."""
PROBE_STEPS = 8
"""Steps between two looks at validation images."""
PROBE_LEAST = 50
"""With fewer validation images the overfitting signal is noise: augmentation then stays at FIXED_CHANCE."""
FIXED_CHANCE = 0.2
MOST_CHANCE = 0.8


@dataclass(frozen=True)
class Step:
    """What one step showed: outcomes of the discriminator's and of the generator's half."""

    discriminator: Outcome
    generator: Outcome


class Learner:
    """Networks, optimisers, average, random numbers, augmentation. Same state, same next step: bit for bit on a CPU."""

    def __init__(
        self,
        architecture: Architecture,
        vocabulary: Vocabulary,
        data: Data,
        profile: augment.Profile,
        batch: int,
        seed: int,
        ema_width: float,
        device: torch.device,
    ) -> None:
        torch.manual_seed(seed)
        self.vocabulary, self.data, self.profile, self.device = vocabulary, data, profile, device
        self.batch = self.micro = batch
        generator, discriminator = Generator(architecture, vocabulary), Discriminator(architecture, vocabulary)
        for network in (generator, discriminator):
            settle(network, device)
        self.game = Game(generator, discriminator)
        self.average = Average(generator, ema_width)
        self.optimisers = [
            torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.0, 0.9), eps=1e-8, fused=True)
            for network in (discriminator, generator)
        ]
        self.random = torch.Generator(device).manual_seed(seed + 1)
        self.sampler = Sampler(data.training.categorical, device)
        self.controlled = len(data.validation) >= PROBE_LEAST
        self.controller = augment.Controller(0.0 if self.controlled else FIXED_CHANCE, top=MOST_CHANCE)
        self.steps = 0
        self.caution = 1.0
        """Factor on the learning rate; lowered once after numbers went wrong."""

    def step(self, rates: Rates, plan: Plan) -> Step:
        for optimiser, haste in zip(self.optimisers, HASTE, strict=True):
            for group in optimiser.param_groups:
                group["lr"], group["betas"] = haste * rates.learning_rate * self.caution, (0.0, rates.beta2)
        discriminator = self.game.discriminator
        pairs = self._pairs()
        first = self._half(0, pairs, lambda part, w: self.game.teach_discriminator(part, rates.gamma, rates.ramp, w))
        if self.controlled and self.steps % PROBE_STEPS == 0:
            self._probe(first, pairs, rates, plan)
        discriminator.requires_grad_(False)
        second = self._half(1, self._pairs(), lambda part, w: self.game.teach_generator(part, rates.ramp, w))
        discriminator.requires_grad_(True)
        self.steps += 1
        self.average.update(self.steps)
        return Step(first, second)

    def _pairs(self) -> Pairs:
        training = self.data.training
        rows = self.sampler.draw(self.batch, self.random)
        conditions = self.vocabulary.dropped(training.conditions[rows], ATTRIBUTE_DROPOUT, self.random)
        latent = torch.randn(self.batch, self._latent, generator=self.random, device=self.device)
        return Pairs(training.batch(rows), latent, conditions, self._warp(rows))

    @property
    def _latent(self) -> int:
        return self.game.generator.architecture.latent

    def _warp(self, rows: Tensor) -> augment.Warp:
        if self.controller.chance <= 0:
            return augment.UNCHANGED
        # what is seen more often is changed more often, so that a rare patient is not learned by heart
        often = self.sampler.often[rows].clamp_min(1).sqrt()
        chance = (self.controller.chance * often).clamp_max(MOST_CHANCE)
        return augment.draw(self.profile, chance, self.data.resolution, self.data.channels, self.random)

    def _half(self, which: int, pairs: Pairs, teach: Any) -> Outcome:
        """Gradients of all parts of `pairs`, then a step of the optimiser; smaller parts once, if memory ends."""
        optimiser = self.optimisers[which]
        while True:
            optimiser.zero_grad(set_to_none=True)
            try:
                outcomes = [teach(part, len(part) / len(pairs)) for part in pairs.pieces(self.micro)]
                break
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                if self.micro < self.batch or self.micro < 2:
                    raise NoRoom(
                        "out_of_memory",
                        "There is not enough memory for this preset, not even with half the batch at a time.",
                        "Choose a smaller preset, or --low-resource.",
                    ) from error
                self.micro = (self.batch + 1) // 2
        optimiser.step()
        return outcomes[0] if len(outcomes) == 1 else joined(outcomes)

    @torch.no_grad()
    def _probe(self, outcome: Outcome, pairs: Pairs, rates: Rates, plan: Plan) -> None:
        fold = self.data.validation
        rows = torch.randint(len(fold), (self.batch,), generator=self.random, device=self.device)
        conditions = self.vocabulary.dropped(fold.conditions[rows], ATTRIBUTE_DROPOUT, self.random)
        fake = self.game.generator(pairs.latent, conditions)
        both = torch.cat([pairs.warp(fold.batch(rows)), pairs.warp(fake)])
        real, drawn = self.game.discriminator(both, conditions.twice(), rates.ramp).chunk(2)
        train, validation = torch.stack([(outcome.real - outcome.fake).mean(), (real - drawn).mean()]).tolist()
        self.controller.images_to_full = min(200_000, plan.images / 4)
        self.controller.update(train, validation, self.batch * PROBE_STEPS)

    def state(self) -> dict[str, Any]:
        """Tensors and plain values; `restore` brings the learner back to exactly here."""
        return {
            "generator": self.game.generator.state_dict(),
            "discriminator": self.game.discriminator.state_dict(),
            "average": self.average.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "random": self.random.get_state(),
            "controller": self.controller.state(),
            "steps": self.steps,
            "caution": self.caution,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.game.generator.load_state_dict(state["generator"])
        self.game.discriminator.load_state_dict(state["discriminator"])
        self.average.network.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.random.set_state(state["random"].cpu())
        self.controller.restore(state["controller"])
        self.steps, self.caution = state["steps"], state["caution"]


def joined(outcomes: list[Outcome]) -> Outcome:
    def column(name: str) -> Any:
        parts = [getattr(outcome, name) for outcome in outcomes]
        return None if parts[0] is None else torch.cat(parts)

    return Outcome(*(column(name) for name in ("real", "fake", "loss", "slope_real", "slope_fake")))


def out_of_memory(error: BaseException) -> bool:
    """CUDA, MPS and the CPU allocator each say it in their own way."""
    text = str(error).lower()
    return (
        isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "out of memory" in text or "allocate memory" in text
    )
