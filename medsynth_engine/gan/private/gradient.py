"""What one step learns from patients: a gradient each, none longer than the clip, in one sum.

A real image meets a generated one under the same condition, and is in no other pair. The loss of a pair is that of the
relativistic game (Jolicoeur-Martineau 2018), softplus(D(fake) - D(real)). A patient's pairs are averaged, the average
is clipped: taking out all records of one patient moves the sum by at most the clip, however many images there were.
The same holds with the fakes in it, which are drawn for the patient's own condition.

Beside the gradient every patient votes on one number, the lead of real over fake, that the generator's half needs and
may not see otherwise. Clip and vote share the bound: clip_gradient^2 + vote^2 = clip^2.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, vmap
from torch.nn import functional

from medsynth_engine.gan.conditions import Conditions
from medsynth_engine.gan.networks import Discriminator

VOTE = 0.1
"""Share of the clip that a patient's vote on the lead may use."""
ROUNDING = 1e-4
"""Vectors stay this share under the clip, so that numbers of 32 bits never lead one over it."""


@dataclass(frozen=True)
class Pairs:
    """Real and fake images (m, c, s, s), the conditions each two share, and owner int64 (m,) in 0..patients-1."""

    real: Tensor
    fake: Tensor
    conditions: Conditions
    owner: Tensor
    patients: int


@dataclass(frozen=True)
class Sum:
    """Over patients: gradient flat (parameters,), vote (). What leaves this module has no noise yet."""

    gradient: Tensor
    vote: Tensor

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.gradient + other.gradient, self.vote + other.vote)


def nothing(discriminator: Discriminator) -> Sum:
    """The sum over no patient."""
    flat = torch.cat([parameter.detach().flatten() for parameter in discriminator.parameters()])
    return Sum(torch.zeros_like(flat), flat.new_zeros(()))


def clipped_sum(discriminator: Discriminator, pairs: Pairs, ramp: float, lead: float, clip: float) -> Sum:
    """Each patient's averaged gradient and vote, within `clip` together, summed."""
    each, gap = per_patient(discriminator, pairs, ramp)
    norm, reach = each.norm(dim=1), clip * (1 - ROUNDING)
    # what is not a number counts as nothing: one broken patient must not spoil the bound
    factor = torch.nan_to_num(reach * (1 - VOTE**2) ** 0.5 / norm.clamp_min(1e-12)).clamp_max(1.0)
    factor = torch.where(torch.isfinite(norm), factor, 0.0)
    votes = torch.nan_to_num(lead - gap).clamp(-1, 1) * (VOTE * reach)
    return Sum(factor @ torch.nan_to_num(each, posinf=0.0, neginf=0.0), votes.sum())


def per_patient(discriminator: Discriminator, pairs: Pairs, ramp: float) -> tuple[Tensor, Tensor]:
    """(patients, parameters), the gradient of each patient's mean loss; (patients,), the mean of D(real) - D(fake)."""
    parameters = {name: value.detach() for name, value in discriminator.named_parameters()}
    share = 1 / torch.bincount(pairs.owner, minlength=pairs.patients).float()

    def loss(
        values: dict[str, Tensor], real: Tensor, fake: Tensor, conditions: tuple[Tensor, ...]
    ) -> tuple[Tensor, Tensor]:
        both = Conditions(*(part[None] for part in conditions)).twice()
        logits = functional_call(discriminator, values, (torch.stack([real, fake]), both, ramp))
        gap = logits[0] - logits[1]
        return functional.softplus(-gap), gap

    conditions = (pairs.conditions.categorical, pairs.conditions.continuous, pairs.conditions.known)
    of_pair = vmap(grad_and_value(loss, has_aux=True), in_dims=(None, 0, 0, 0))
    gradients, (_, gaps) = of_pair(parameters, pairs.real, pairs.fake, conditions)
    flat = torch.cat([gradients[name].flatten(1) for name in parameters], dim=1)
    return _mean(flat, pairs, share), _mean(gaps[:, None], pairs, share)[:, 0]


def _mean(values: Tensor, pairs: Pairs, share: Tensor) -> Tensor:
    """(m, k) of images -> (patients, k), the mean over each patient's own."""
    if len(values) == pairs.patients:
        return values
    weighted = values * share[pairs.owner, None]
    return values.new_zeros(pairs.patients, values.shape[1]).index_add_(0, pairs.owner, weighted)
