"""One step of private training: the discriminator alone sees patients, through noise; all else is made of what is left.

After Bie, Kamath, Zhang 2023 ("Private GANs, revisited"): DP-SGD on the discriminator, many of its steps to one of the
generator, and a generator that is post-processing. Penalty, anchor, averages, the generator's steps and how many there
are use generated images alone, so they cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from medsynth_engine.features.adam import Adam
from medsynth_engine.gan.conditions import Conditions, Vocabulary
from medsynth_engine.gan.data import Fold
from medsynth_engine.gan.ema import Average
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator, settle
from medsynth_engine.gan.private import gradient
from medsynth_engine.gan.private.budget import Account
from medsynth_engine.gan.private.ladder import Ladder
from medsynth_engine.gan.private.patients import Patients, Sample
from medsynth_engine.gan.private.stream import Stream
from medsynth_engine.gan.schedule import Rates

ATTRIBUTE_DROPOUT = 0.1
PIECE = 32
"""Patients whose gradients are held at a time."""
FREE = 32
"""Generated images for the discriminator's penalty, and for a step of the generator."""
ANCHOR = 0.005
"""Weight of the squared logit of generated images: pairs leave the level of a logit free, and noise would move it."""
HASTE = 2.0
"""Learning rate of both networks against the plan's: few steps are affordable, so each has to count."""
LEAD_RATE = 2.0


@dataclass(frozen=True)
class Told:
    """What a step may say of itself: none of it rests on a real image but through noise. Tensors () on the device.

    lead  the noisy mean of D(real) - D(fake)
    loss_generator, accuracy_fake  None where it was not the generator's turn
    """

    slope_fake: Tensor
    lead: float
    loss_generator: Tensor | None = None
    accuracy_fake: Tensor | None = None


class PrivateLearner:
    """Networks, optimisers, noise, account. `step` spends budget; nothing else looks at `fold`."""

    def __init__(
        self,
        generator: Architecture,
        discriminator: Architecture,
        vocabulary: Vocabulary,
        fold: Fold,
        patients: Patients,
        account: Account,
        seed: int,
        stream: Stream,
        ema_width: float,
        device: torch.device,
    ) -> None:
        torch.manual_seed(seed)
        self.vocabulary, self.fold, self.patients, self.account, self.device = (
            vocabulary,
            fold,
            patients,
            account,
            device,
        )
        self.generator, self.discriminator = Generator(generator, vocabulary), Discriminator(discriminator, vocabulary)
        for network in (self.generator, self.discriminator):
            settle(network, device)
        self.average = Average(self.generator, ema_width)
        self.optimisers = [
            Adam(self.discriminator.parameters(), lr=1e-3, betas=(0.5, 0.99)),
            Adam(self.generator.parameters(), lr=1e-3, betas=(0.0, 0.9)),
        ]
        self.stream = stream
        self.random = torch.Generator(device).manual_seed(stream.integer())
        self.ladder = Ladder()
        self.lead = 0.0
        self.steps = self.generator_steps = 0

    def step(self, rates: Rates) -> Told:
        """One noisy step of the discriminator, and one of the generator where it is its turn. Charged first."""
        self.account.charge()
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = HASTE * rates.learning_rate
        slope = self._teach_discriminator(rates)
        self.steps += 1
        if not self.ladder.discriminated():
            return Told(slope, self.lead)
        loss, accuracy = self._teach_generator(rates)
        self.ladder.generated(float(accuracy))
        self.generator_steps += 1
        self.average.update(self.generator_steps)
        return Told(slope, self.lead, loss, accuracy)

    # -- the half that is paid for ------------------------------------------------------------------------------------

    def _teach_discriminator(self, rates: Rates) -> Tensor:
        promised = self.account.promise
        found = self._noisy_mean(rates.ramp)
        self.optimisers[0].zero_grad(set_to_none=True)
        slope = self._free_gradient(rates)
        start = 0
        for parameter in self.discriminator.parameters():
            own = found.gradient[start : start + parameter.numel()].view_as(parameter)
            parameter.grad = own.clone() if parameter.grad is None else parameter.grad + own
            start += parameter.numel()
        self.optimisers[0].step()
        self.lead -= LEAD_RATE / promised.clip * float(found.vote)
        return slope

    def _noisy_mean(self, ramp: float) -> gradient.Sum:
        """The clipped sum with noise, over the patients that were expected; how many came is told to nobody."""
        promised = self.account.promise
        total = gradient.nothing(self.discriminator)
        for piece in self.patients.draw(promised.rate, self.stream).pieces(PIECE):
            total = total + self._piece(piece, ramp)
        noise = torch.from_numpy(self.stream.normal(len(total.gradient) + 1)).to(self.device, torch.float32)
        noise, expected = noise * (promised.sigma * promised.clip), promised.rate * promised.patients
        return gradient.Sum((total.gradient + noise[:-1]) / expected, (total.vote + noise[-1]) / expected)

    def _piece(self, sample: Sample, ramp: float) -> gradient.Sum:
        rows = torch.from_numpy(sample.rows).to(self.device)
        conditions = self.vocabulary.dropped(self.fold.conditions[rows], ATTRIBUTE_DROPOUT, self.random)
        pairs = gradient.Pairs(
            self.fold.batch(rows),
            self._fakes(conditions),
            conditions,
            torch.from_numpy(sample.owner).to(self.device),
            sample.patients,
        )
        return gradient.clipped_sum(self.discriminator, pairs, ramp, self.lead, self.account.promise.clip)

    # -- what is free -------------------------------------------------------------------------------------------------

    def _free_gradient(self, rates: Rates) -> Tensor:
        """Add the gradient of R2 and the anchor on generated images; exact and without noise (see gan/objective.py)."""
        conditions = self._asked(FREE)
        images = self._fakes(conditions).requires_grad_()
        logits, kinks = self.discriminator.trace(images, conditions, rates.ramp)
        (slope,) = torch.autograd.grad(logits.sum(), images)
        with torch.no_grad():
            pull = 2 * ANCHOR / FREE * logits.detach()
            direction = pull[:, None, None, None] * images + rates.gamma / FREE * slope
        self.discriminator.along(direction, pull, conditions, rates.ramp, kinks).sum().backward()
        return slope.square().sum((1, 2, 3)).mean()

    def _teach_generator(self, rates: Rates) -> tuple[Tensor, Tensor]:
        """As in the relativistic game, with the noisy lead in the place of the real partner."""
        for group in self.optimisers[1].param_groups:
            group["betas"] = (0.0, rates.beta2)
        conditions = self._asked(FREE)
        self.discriminator.requires_grad_(False)
        fake = self.discriminator(self.generator(self._latent(FREE), conditions), conditions, rates.ramp)
        loss = functional.softplus(self.lead - fake).mean()
        self.optimisers[1].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[1].step()
        self.discriminator.requires_grad_(True)
        return loss.detach(), (fake.detach() < self.lead / 2).float().mean()

    def _asked(self, count: int) -> Conditions:
        """Conditions from what is public: the noisy histogram, and measured attributes anywhere on their scale."""
        columns = [
            torch.multinomial(
                torch.tensor(item.counts, dtype=torch.float32, device=self.device).clamp_min(1),
                count,
                replacement=True,
                generator=self.random,
            )
            for item in self.vocabulary.categorical
        ]
        shape = (count, len(self.vocabulary.continuous))
        low, high = (
            torch.tensor([(getattr(item, end) - item.mean) / item.std for item in self.vocabulary.continuous])
            for end in ("low", "high")
        )
        place = torch.rand(shape, generator=self.random, device=self.device)
        continuous = low.to(self.device) + place * (high - low).to(self.device)
        codes = torch.stack(columns, 1) if columns else place.new_zeros((count, 0)).long()
        asked = Conditions(codes, continuous, torch.ones_like(continuous))
        return self.vocabulary.dropped(asked, ATTRIBUTE_DROPOUT, self.random)

    def _latent(self, count: int) -> Tensor:
        return torch.randn(count, self.generator.architecture.drawn, generator=self.random, device=self.device)

    @torch.no_grad()
    def _fakes(self, conditions: Conditions) -> Tensor:
        return self.generator(self._latent(len(conditions)), conditions)

    # -- state --------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Tensors and plain values; as private as the images, for it holds the key of the noise."""
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "average": self.average.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "random": self.random.get_state(),
            "stream": self.stream.state(),
            "ladder": self.ladder.state(),
            "lead": self.lead,
            "steps": [self.steps, self.generator_steps],
            "account": self.account.stored(),
        }

    def restore(self, state: dict[str, Any], clean: bool) -> None:
        """Back to `state`. Where steps were taken since, they stay charged and their noise is not used again.

        clean  the training was left with this checkpoint, and nobody has gone on from it: the noise may go on too
        """
        self.generator.load_state_dict(state["generator"])
        self.discriminator.load_state_dict(state["discriminator"])
        self.average.network.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.ladder.restore(state["ladder"])
        self.lead = state["lead"]
        self.steps, self.generator_steps = state["steps"]
        if clean and not self.account.lost_since(state["account"]["charged"]):
            self.stream = Stream.restored(state["stream"])
            self.random.set_state(state["random"].cpu())
        else:
            self.stream = Stream()
            self.random.manual_seed(self.stream.integer())
