"""Generator and discriminator: dense residual stages without normalisation, mirror images of each other.

After R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN!", section 3) with dense 3x3 blocks instead of
grouped ones (several times cheaper per FLOP on CPU and MPS), residual branches that start small, and a gain per
channel and stage, steered by latent and condition, that starts as 1.

The discriminator is linear between its kinks (leaky ReLU, average pooling, convolutions). `trace` remembers on which
side of each kink a batch lies, `along` runs the linear map that holds there: that is all the objective needs for R1
and R2, so nothing here is ever differentiated twice.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from medsynth_engine.gan.conditions import Conditions, Vocabulary
from medsynth_engine.gan.embedding import ConditionEmbedding, Projection
from medsynth_engine.gan.ground import settled
from medsynth_engine.gan.span import Span

SLOPE = 0.2
GAIN = math.sqrt(2 / (1 + SLOPE**2))
"""He-normal gain of a leaky ReLU."""

Bend = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Architecture:
    """What a network is built from; travels with the weights.

    widths    channels per stage from 4x4 up; the resolution is 4 * 2 ** (len(widths) - 1)
    blocks    residual blocks per stage
    channels  of the image: 1 grey, 3 colour
    latent, condition, features  lengths of z, of the embedded condition, of what the discriminator projects on
    grain     texture that follows from nothing (hair, noise of a sensor) comes from a plane of random numbers
    spanned   what no training image holds is taken out of each image (span.py)
    grounds   grey values that fill areas of real images, drawn exactly (ground.py)
    """

    widths: tuple[int, ...]
    blocks: int
    channels: int
    latent: int = 64
    condition: int = 64
    features: int = 64
    grain: bool = False
    spanned: bool = False
    grounds: tuple[int, ...] = ()

    @property
    def drawn(self) -> int:
        """How many standard normal numbers an image is drawn from: z, and after it the plane of grain."""
        return self.latent + self.resolution**2 * self.grain

    @property
    def resolution(self) -> int:
        return 4 * 2 ** (len(self.widths) - 1)

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "widths": list(self.widths), "grounds": list(self.grounds)}


def bend(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, SLOPE)


class Convolution(nn.Conv2d):
    """Stride 1, same size. `per_image` (n,) scales the bias of each image: 1 in an ordinary pass, see `along`."""

    def __init__(self, inputs: int, outputs: int, kernel: int, gain: float, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2, bias=bias)
        nn.init.normal_(self.weight, std=gain / math.sqrt(inputs * kernel**2))
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor, per_image: Tensor | None = None) -> Tensor:
        weight, bias = self.weight.to(x.dtype), None if self.bias is None else self.bias.to(x.dtype)
        if per_image is None or bias is None:
            return self._conv_forward(x, weight, bias)
        return self._conv_forward(x, weight, None) + per_image.to(x.dtype)[:, None, None, None] * bias[:, None, None]


class ResidualBlock(nn.Module):
    """x + second(bend(first(bend(x)))); the second convolution starts small, smaller in a deep network.

    Fix-up's zero (Zhang et al. 2019, section 3) with its shrunken first convolution costs a short budget its first
    minute: these networks are shallow (docs/gan.md).
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.first = Convolution(width, width, 3, GAIN)
        self.second = Convolution(width, width, 3, depth**-0.5)

    def forward(self, x: Tensor, bend: Bend = bend, per_image: Tensor | None = None) -> Tensor:
        return x + self.second(bend(self.first(bend(x), per_image)), per_image)


class Stage(nn.Module):
    """The residual blocks of one resolution."""

    def __init__(self, width: int, blocks: int, depth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ResidualBlock(width, depth) for _ in range(blocks))

    def forward(self, x: Tensor, bend: Bend = bend, per_image: Tensor | None = None) -> Tensor:
        for block in self.blocks:
            x = block(x, bend, per_image)
        return x


def _nothing(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer that starts as zero."""
    layer = nn.Linear(inputs, outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


TRUNK_FROM = 16
"""Stages of at least so many pixels a side may compute in bfloat16; weights stay in single precision."""
GRAIN_FROM = 8
"""Stages of at least so many pixels a side take grain."""
GRAIN = 0.1
"""How much of it a channel takes at first: it learns how much it wants."""


class Generator(nn.Module):
    """Latent (n, architecture.drawn) and conditions -> images (n, channels, s, s) around -1 to 1, not clamped.

    Grain is the noise input of Karras et al. 2019 ("A style-based generator architecture", section 3.2): one plane an
    image, added to the channels of each stage at its own size, so that z need not be spent on texture.
    """

    trunk = torch.float32
    rows: Tensor
    columns: Tensor

    def __init__(self, architecture: Architecture, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.architecture, self.vocabulary = architecture, vocabulary
        widths, depth = architecture.widths, architecture.blocks * len(architecture.widths)
        inputs = architecture.latent + architecture.condition
        self.embedding = ConditionEmbedding(vocabulary, architecture.condition)
        self.basis = nn.Parameter(torch.randn(widths[0], 4, 4))
        self.scale = nn.Linear(inputs, widths[0], bias=False)
        nn.init.normal_(self.scale.weight, std=1 / math.sqrt(inputs))
        self.widen = nn.ModuleList(Convolution(a, b, 1, 1.0, bias=False) for a, b in _pairs(widths))
        self.stages = nn.ModuleList(Stage(width, architecture.blocks, depth) for width in widths)
        self.gains = nn.ModuleList(_nothing(inputs, width) for width in widths)
        self.image = Convolution(widths[-1], architecture.channels, 1, 1.0, bias=True)
        if architecture.spanned:
            for name in ("rows", "columns"):
                self.register_buffer(name, torch.eye(architecture.resolution))
        grainy = [width for width, side in zip(widths, _sides(architecture), strict=True) if side >= GRAIN_FROM]
        self.grain = nn.ParameterList(
            nn.Parameter(torch.full((width, 1, 1), GRAIN)) for width in (grainy if architecture.grain else ())
        )

    def forward(self, latent: Tensor, conditions: Conditions) -> Tensor:
        planes = self._planes(latent[:, self.architecture.latent :])
        style = torch.cat([latent[:, : self.architecture.latent], self.embedding(conditions)], dim=1)
        x = self.scale(style)[:, :, None, None] * self.basis
        x = x.contiguous(memory_format=_layout(x))
        for position, (stage, gain) in enumerate(zip(self.stages, self.gains, strict=True)):
            if position:
                x = functional.interpolate(self.widen[position - 1](x), scale_factor=2, mode="bilinear")
            if x.shape[2] in planes:
                strength, plane = planes[x.shape[2]]
                x = x + strength * plane
            x = _as_trunk(x, self.trunk)
            x = stage(x) * (1 + gain(style)).to(x.dtype)[:, :, None, None]
        image = settled(self.image(x.float()), self.architecture.grounds)
        return self.rows @ (image + 1) @ self.columns - 1 if self.architecture.spanned else image

    def keep_to(self, span: Span) -> None:
        """Draw nothing outside of `span`; only where the architecture is spanned."""
        for buffer, projection in zip((self.rows, self.columns), span, strict=True):
            buffer.copy_(projection)  # in place: a recorded graph reads it there

    def _planes(self, grain: Tensor) -> dict[int, tuple[Tensor, Tensor]]:
        """By side of a stage: how much of it each channel takes, and the plane (n, 1, side, side) of variance 1."""
        found = {}
        plane = grain.view(len(grain), 1, self.architecture.resolution, -1) if len(self.grain) else grain
        for strength in reversed(self.grain):
            found[plane.shape[2]] = (strength, plane)
            plane = 2 * functional.avg_pool2d(plane, 2)  # the mean of four has half their deviation
        return found


class Discriminator(nn.Module):
    """Images (n, channels, s, s) and conditions -> one logit each (n,); higher is more real.

    logit = <features, u + ramp * sum over known attributes of E_a(y_a) / sqrt(d)>: the projection discriminator
    (Miyato and Koyama 2018, equation 4) once per attribute, so that a missing one drops out exactly.
    """

    trunk = torch.float32

    def __init__(self, architecture: Architecture, vocabulary: Vocabulary) -> None:
        super().__init__()
        widths, depth = architecture.widths[::-1], architecture.blocks * len(architecture.widths)
        self.image = Convolution(architecture.channels, widths[0], 1, 1.0, bias=False)
        self.stages = nn.ModuleList(Stage(width, architecture.blocks, depth) for width in widths)
        self.narrow = nn.ModuleList(Convolution(a, b, 1, 1.0, bias=False) for a, b in _pairs(widths))
        self.basis = nn.Parameter(torch.randn(widths[-1], 4, 4) / 4)
        self.features = nn.Linear(widths[-1], architecture.features, bias=False)
        nn.init.normal_(self.features.weight, std=1 / math.sqrt(widths[-1]))
        self.projection = Projection(vocabulary, architecture.features)

    def forward(self, images: Tensor, conditions: Conditions, ramp: float = 1.0) -> Tensor:
        return self._run(images, conditions, ramp, bend, None)

    def trace(self, images: Tensor, conditions: Conditions, ramp: float) -> tuple[Tensor, list[Tensor]]:
        """Logits (n,), and what went into each kink: enough for `along`."""
        before: list[Tensor] = []

        def remember(x: Tensor) -> Tensor:
            before.append(x.detach())
            return bend(x)

        return self._run(images, conditions, ramp, remember, None), before

    def along(
        self, direction: Tensor, per_image: Tensor, conditions: Conditions, ramp: float, before: list[Tensor]
    ) -> Tensor:
        """The linear map that holds around the traced images, at (direction, per_image): (n,).

        With the traced images x themselves and per_image = 1 it is the logit; with per_image = 0 it is the derivative
        of the logit in `direction`; it is linear in the pair, so per_image * x + v gives per_image * logit + dlogit(v).
        """
        remembered: Iterator[Tensor] = iter(before)

        def replay(x: Tensor) -> Tensor:
            return torch.ops.aten.leaky_relu_backward(x, next(remembered), SLOPE, False)

        return self._run(direction, conditions, ramp, replay, per_image)

    def _run(self, x: Tensor, conditions: Conditions, ramp: float, bend: Bend, per_image: Tensor | None) -> Tensor:
        x = _one_by_one(x, self.image.weight)
        for position, stage in enumerate(self.stages):
            if position:
                x = self.narrow[position - 1](functional.avg_pool2d(x, 2))
            x = stage(_as_trunk(x, self.trunk), bend, per_image)
        features = self.features((x * self.basis).sum((2, 3)))
        return (features * self.projection(conditions, ramp)).sum(1)


def _sides(architecture: Architecture) -> list[int]:
    return [4 * 2**position for position in range(len(architecture.widths))]


def _pairs(widths: tuple[int, ...]) -> list[tuple[int, int]]:
    return list(itertools.pairwise(widths))


def _layout(x: Tensor) -> torch.memory_format:
    """Channels last on a CPU and on CUDA (four times faster on small stages); never on MPS (pytorch issue 193349)."""
    return torch.contiguous_format if x.device.type == "mps" else torch.channels_last


def _one_by_one(x: Tensor, weight: Tensor) -> Tensor:
    """A 1x1 convolution as a product over channels: keeps the layout that a one-channel image cannot announce."""
    if x.device.type == "mps":
        return functional.conv2d(x, weight)
    return (x.permute(0, 2, 3, 1) @ weight.flatten(1).T).permute(0, 3, 1, 2)


def _as_trunk(x: Tensor, trunk: torch.dtype) -> Tensor:
    """What goes into a stage, in the type in which it computes: the small stages always in single precision."""
    return x.to(trunk if x.shape[2] >= TRUNK_FROM else torch.float32)


def settle(network: nn.Module, device: torch.device, trunk: torch.dtype = torch.float32) -> None:
    """Move a network to where it is fastest: on the device, in its layout; large stages compute in `trunk`."""
    if isinstance(network, (Generator, Discriminator)):
        network.trunk = trunk
    network.to(device)
    if device.type != "mps":
        network.to(memory_format=torch.channels_last)


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
