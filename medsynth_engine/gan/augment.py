"""Augmentation for medical images: fixed shapes, the same parameters for both images of a pair, strength per image.

Scale, stretch and shift are separable: two matrix products with interpolation weights, `rows @ image @ columns^T`,
differentiable anywhere and without a shape that depends on the data. Which operations are honest depends on the kind of
image (a chest radiograph is never mirrored: the heart is on the left), so they come in profiles.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from medsynth_engine.kernel.errors import BadInput


@dataclass(frozen=True)
class Profile:
    """How far each operation goes at full strength.

    shift       standard deviation, share of the side
    scale       standard deviation of log2 of the zoom
    stretch     standard deviation of log2 of width against height
    brightness  standard deviation, the image spanning -1 to 1
    contrast    standard deviation of log2
    tint        standard deviation of a channel's own brightness (colour images)
    mirror      left and right, top and bottom, may be exchanged
    turn        quarter turns
    cutout      side of the square that is blanked, share of the side (small data only)
    """

    shift: float = 0.05
    scale: float = 0.12
    stretch: float = 0.06
    brightness: float = 0.10
    contrast: float = 0.25
    tint: float = 0.0
    mirror: tuple[bool, bool] = (False, False)
    turn: bool = False
    cutout: float = 0.25


PROFILES: dict[str, Profile] = {
    "radiograph": Profile(),
    "mri": Profile(),
    "fundus": Profile(tint=0.05),
    "dermoscopy": Profile(tint=0.05, mirror=(True, True), turn=True),
    "histology": Profile(tint=0.08, mirror=(True, True), turn=True),
}

SMALL_DATA = 1000
"""Below so many training images a square is blanked as well."""


def profile(name: str, images: int) -> Profile:
    """The profile called `name` for a training fold of `images`. Raises BadInput for a name that does not exist."""
    if name not in PROFILES:
        raise BadInput(
            "unknown_augmentation", "There is no such augmentation profile.", "Choose one of: " + ", ".join(PROFILES)
        )
    found = PROFILES[name]
    return found if images < SMALL_DATA else replace(found, cutout=0.0)


@dataclass(frozen=True)
class Warp:
    """What happens to each image of a batch; None where an operation is not used. Call it on (n, c, s, s).

    rows, columns  (n, s, s) interpolation weights
    gain, offset   (n, 1 or c, 1, 1)
    mirrored, flipped, turned  (n, 1, 1, 1) of bool
    kept           (n, 1, s, s) of 0 and 1
    """

    rows: Tensor | None = None
    columns: Tensor | None = None
    gain: Tensor | None = None
    offset: Tensor | None = None
    mirrored: Tensor | None = None
    flipped: Tensor | None = None
    turned: Tensor | None = None
    kept: Tensor | None = None

    def __getitem__(self, index: Any) -> Warp:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return Warp(**{name: None if value is None else value[index] for name, value in values.items()})

    def __call__(self, images: Tensor) -> Tensor:
        if self.mirrored is not None:
            images = torch.where(self.mirrored, images.flip(3), images)
        if self.flipped is not None:
            images = torch.where(self.flipped, images.flip(2), images)
        if self.turned is not None:
            images = torch.where(self.turned, images.mT, images)
        if self.rows is not None and self.columns is not None:
            images = self.rows[:, None] @ images @ self.columns[:, None].mT
        if self.gain is not None and self.offset is not None:
            images = images * self.gain + self.offset
        if self.kept is not None:
            images = images * self.kept
        return images


UNCHANGED = Warp()


def draw(
    profile: Profile, chance: Tensor, side: int, channels: int, generator: torch.Generator, strength: float = 1.0
) -> Warp:
    """Parameters for a batch. `chance` (n,) in 0..1 is how likely each image meets each group of operations."""
    count, device = len(chance), chance.device

    def meets() -> Tensor:
        return (torch.rand(count, generator=generator, device=device) < chance).float() * strength

    def normal(width: int = 1) -> Tensor:
        return torch.randn(count, width, generator=generator, device=device)

    moved, lit = meets(), meets()
    zoom, stretch = profile.scale * normal()[:, 0] * moved, profile.stretch * normal()[:, 0] * moved
    shifts = profile.shift * normal(2) * moved[:, None]
    rows = interpolation(side, torch.exp2(zoom + stretch), shifts[:, 0])
    columns = interpolation(side, torch.exp2(zoom - stretch), shifts[:, 1])
    gain = torch.exp2(profile.contrast * normal()[:, 0] * lit)[:, None, None, None]
    offset = (profile.brightness * normal()[:, 0] * lit)[:, None, None, None]
    if profile.tint and channels == 3:
        offset = offset + (profile.tint * normal(3) * lit[:, None])[:, :, None, None]
    mirrored = flipped = turned = kept = None
    if profile.mirror[0]:
        mirrored = _half(meets(), generator)
    if profile.mirror[1]:
        flipped = _half(meets(), generator)
    if profile.turn:
        turned = _half(meets(), generator)
    if profile.cutout:
        kept = _kept(meets(), profile.cutout, side, generator)
    return Warp(rows, columns, gain, offset, mirrored, flipped, turned, kept)


def interpolation(side: int, scale: Tensor, shift: Tensor) -> Tensor:
    """Linear interpolation weights (n, side, side): output pixel by input pixel, reflected at the border.

    scale (n,) > 1 enlarges; shift (n,) is a share of the side, positive to the right (or down).
    """
    place = torch.arange(side, device=scale.device) - (side - 1) / 2
    source = (place[None] - shift[:, None] * side) / scale[:, None] + (side - 1) / 2
    # two reflections: nothing is ever shifted further than one side
    source = (side - 1) - ((side - 1) - source.abs()).abs()
    near = 1 - (source[:, :, None] - torch.arange(side, device=scale.device)).abs()
    weights = near.clamp_min(0)
    return weights / weights.sum(2, keepdim=True).clamp_min(1e-6)


def _half(met: Tensor, generator: torch.Generator) -> Tensor:
    coin = torch.rand(len(met), generator=generator, device=met.device) < 0.5
    return (coin & (met > 0))[:, None, None, None]


def _kept(met: Tensor, share: float, side: int, generator: torch.Generator) -> Tensor:
    centre = torch.rand(len(met), 2, generator=generator, device=met.device) * side
    near = (torch.arange(side, device=met.device) + 0.5 - centre[:, :, None]).abs() < share * side / 2
    hole = near[:, 0, :, None] & near[:, 1, None, :] & (met > 0)[:, None, None]
    return (~hole)[:, None].float()


class Controller:
    """Turns the chance of augmentation so that the discriminator knows the training images no better than it must.

    The signal is r_v = (D(train) - D(validation)) / (D(train) - D(fake)) of Karras et al. 2020 ("Training generative
    adversarial networks with limited data", equation 1) in pairs: how far real lies above fake under the same
    condition, for training and for validation images. A constant added to the logits of a condition, which relativistic
    training leaves free, cancels. 0: no overfitting; 1: validation images look as fake as generated ones.
    """

    def __init__(self, chance: float, target: float = 0.5, images_to_full: float = 200_000, top: float = 0.8) -> None:
        self.chance, self.target, self.images_to_full, self.top = chance, target, images_to_full, top
        self.train = self.validation = 0.0
        self.signal: float | None = None

    def update(self, train: float, validation: float, images: int) -> None:
        """Take in the mean lead of real over fake in pairs of either fold, after another `images` training images."""
        keep = 0.0 if self.signal is None else 0.9
        self.train = keep * self.train + (1 - keep) * train
        self.validation = keep * self.validation + (1 - keep) * validation
        # while real and fake are not told apart the quotient means nothing
        known = self.train > 0.1
        self.signal = max(-1.0, min(2.0, 1 - self.validation / self.train)) if known else 0.0
        step = images / self.images_to_full
        self.chance = max(0.0, min(self.top, self.chance + (step if self.signal > self.target else -step)))

    def state(self) -> dict[str, float | None]:
        return {name: getattr(self, name) for name in ("chance", "train", "validation", "signal")}

    def restore(self, state: dict[str, float | None]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
