"""One step of training, and everything that the next step depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from medsynth_engine.features.adam import Adam
from medsynth_engine.gan import augment
from medsynth_engine.gan.conditions import Vocabulary
from medsynth_engine.gan.data import Data
from medsynth_engine.gan.ema import Average
from medsynth_engine.gan.graphs import Halves
from medsynth_engine.gan.later import Later
from medsynth_engine.gan.memory import give_back, no_memory, out_of_memory
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator, settle
from medsynth_engine.gan.objective import Game, Outcome, Pairs
from medsynth_engine.gan.probes import fused
from medsynth_engine.gan.sampler import Sampler
from medsynth_engine.gan.schedule import Plan, Rates
from medsynth_engine.gan.team import Alone

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
    """What one step showed: outcomes of the discriminator's and of the generator's half, and the norms of their
    gradients (scalars on the device)."""

    discriminator: Outcome
    generator: Outcome
    norm_discriminator: Tensor
    norm_generator: Tensor


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
        team: Alone | None = None,
        trunk: torch.dtype = torch.float32,
    ) -> None:
        torch.manual_seed(seed)
        self.team = team or Alone()
        self.vocabulary, self.data, self.profile, self.device = vocabulary, data, profile, device
        self.batch = self.micro = batch
        generator, discriminator = Generator(architecture, vocabulary), Discriminator(architecture, vocabulary)
        for network in (generator, discriminator):
            settle(network, device, trunk)
        self.game = Game(generator, discriminator)
        self.halves = Halves(self.game, device)
        self.average = Average(generator, ema_width)
        settle(self.average.network, device)
        self.optimisers = [
            Adam(network.parameters(), lr=1e-3, betas=(0.0, 0.9), eps=1e-8, fused=fused(device))
            for network in (discriminator, generator)
        ]
        self.random = torch.Generator(device).manual_seed(seed + 1)
        self.sampler = Sampler(data.training.categorical, device)
        self.controlled = len(data.validation) >= PROBE_LEAST
        self.controller = augment.Controller(0.0 if self.controlled else FIXED_CHANCE, top=MOST_CHANCE)
        self.probed: Later | None = None
        self.steps = 0
        self.caution = 1.0
        """Factor on the learning rate; lowered once after numbers went wrong."""

    def step(self, rates: Rates, plan: Plan) -> Step:
        if self.steps == 0:
            self._begin()
        for optimiser, haste in zip(self.optimisers, HASTE, strict=True):
            for group in optimiser.param_groups:
                group["lr"], group["betas"] = haste * rates.learning_rate * self.caution, (0.0, rates.beta2)
        discriminator = self.game.discriminator
        pairs = self._pairs()
        teach = self.halves.teach_discriminator
        first, norm = self._half(0, pairs, lambda part, weight: teach(part, rates.gamma, rates.ramp, weight))
        if self.controlled and self.steps % PROBE_STEPS == 0:
            self._probe(first, pairs, rates, plan)
        discriminator.requires_grad_(False)
        pairs = self._pairs()
        second, other = self._half(1, pairs, lambda part, weight: self.halves.teach_generator(part, rates.ramp, weight))
        discriminator.requires_grad_(True)
        self.steps += 1
        self.average.update(self.steps)
        return Step(first, second, norm, other)

    def _begin(self) -> None:
        """What is looked for in every image, before the first step only: a checkpoint brings it along."""
        if self.game.generator.architecture.spanned and self.data.span is not None:
            for network in (self.game.generator, self.average.network):
                network.keep_to(self.data.span)

    def told(self) -> dict[str, float | None]:
        """What a metric line tells of the learner itself."""
        return {"overfitting": self.controller.signal, "augmentation": self.controller.chance}

    def _pairs(self) -> Pairs:
        training = self.data.training
        rows = self.sampler.draw(self.batch, self.random)
        conditions = self.vocabulary.dropped(training.conditions[rows], ATTRIBUTE_DROPOUT, self.random)
        latent = torch.randn(self.batch, self._latent, generator=self.random, device=self.device)
        return Pairs(training.batch(rows), latent, conditions, self._warp(rows))

    @property
    def _latent(self) -> int:
        return self.game.generator.architecture.drawn

    def _warp(self, rows: Tensor) -> augment.Warp:
        if self.controller.chance <= 0:
            return augment.UNCHANGED
        # what is seen more often is changed more often, so that a rare patient is not learned by heart
        often = self.sampler.often[rows].clamp_min(1).sqrt()
        chance = (self.controller.chance * often).clamp_max(MOST_CHANCE)
        return augment.draw(self.profile, chance, self.data.resolution, self.data.channels, self.random)

    def _half(self, which: int, pairs: Pairs, teach: Any) -> tuple[Outcome, Tensor]:
        """Gradients of all `pairs`, then a step of the optimiser: outcome of all pairs, norm of the gradients."""
        optimiser = self.optimisers[which]
        mine = pairs[self.team.cut(len(pairs))]
        outcome = self._taught(optimiser, mine, len(pairs), teach)
        taught = [one for group in optimiser.param_groups for one in group["params"] if one.grad is not None]
        columns, norm = self.team.add_up(taught, torch.stack(columns_of(outcome)), len(pairs))
        optimiser.step()
        return Outcome(*columns), norm

    def _taught(self, optimiser: torch.optim.Optimizer, pairs: Pairs, count: int, teach: Any) -> Outcome:
        """The part of `pairs` in the gradients of `count` pairs; in smaller pieces, halved once, if memory ends."""
        while True:
            optimiser.zero_grad(set_to_none=not self.halves.recorded)
            try:
                return joined([teach(part, len(part) / count) for part in pairs.pieces(self.micro)])
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                if self.micro < len(pairs) or len(pairs) < 2:
                    raise no_memory() from error
            self.micro = (len(pairs) + 1) // 2
            optimiser.zero_grad(set_to_none=True)
            give_back(self.device)  # not before the error, which holds on to the activations, is gone

    @torch.no_grad()
    def _probe(self, outcome: Outcome, pairs: Pairs, rates: Rates, plan: Plan) -> None:
        fold = self.data.validation
        rows = torch.randint(len(fold), (self.batch,), generator=self.random, device=self.device)
        conditions = self.vocabulary.dropped(fold.conditions[rows], ATTRIBUTE_DROPOUT, self.random)
        mine = self.team.cut(self.batch)
        conditions, warp = conditions[mine], pairs.warp[mine]
        fake = self.game.generator(pairs.latent[mine], conditions)
        both = torch.cat([warp(fold.batch(rows[mine])), warp(fake)])
        real, drawn = self.game.discriminator(both, conditions.twice(), rates.ramp).chunk(2)
        (lead,), _ = self.team.add_up((), (real - drawn)[None], self.batch)
        if self.probed is not None:  # what was seen a probe ago has arrived by now
            train, validation = self.probed.read()
            self.controller.images_to_full = min(200_000, plan.images / 4)
            self.controller.update(train, validation, self.batch * PROBE_STEPS)
        self.probed = Later(torch.stack([(outcome.real - outcome.fake).mean(), lead.mean()]))

    def state(self) -> dict[str, Any]:
        """Tensors and plain values; `restore` brings the learner back to exactly here."""
        return {
            "generator": self.game.generator.state_dict(),
            "discriminator": self.game.discriminator.state_dict(),
            "average": self.average.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "random": self.random.get_state(),
            "controller": self.controller.state(),
            "probed": self.probed and self.probed.read(),
            "micro": self.micro,
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
        self.probed = Later(torch.tensor(state["probed"])) if state["probed"] else None
        self.micro = state["micro"]
        self.steps, self.caution = state["steps"], state["caution"]


def columns_of(outcome: Outcome) -> list[Tensor]:
    """One value per pair each: the penalties are the discriminator's alone."""
    found = (outcome.real, outcome.fake, outcome.loss, outcome.slope_real, outcome.slope_fake)
    return [column for column in found if column is not None]


def joined(outcomes: list[Outcome]) -> Outcome:
    """Of the parts of a batch, the outcome of the batch."""
    columns = zip(*(columns_of(outcome) for outcome in outcomes), strict=True)
    return outcomes[0] if len(outcomes) == 1 else Outcome(*(torch.cat(parts) for parts in columns))
