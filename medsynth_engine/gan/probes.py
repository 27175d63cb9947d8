"""The self-test of a device: small problems of the kinds a training consists of, solved there and on the CPU.

Every probe is there because a device once got just that wrong, silently (the issue numbers are PyTorch's). It returns
what it computed as a list of tensors; `difference` compares them with the CPU's. All inputs are drawn on the CPU, so
that both get the same; all of them together take about two seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from medsynth_engine.features.adam import Adam
from medsynth_engine.gan import augment
from medsynth_engine.gan.conditions import Categorical, Vocabulary
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator, settle
from medsynth_engine.gan.objective import Game, Pairs

TOLERANCE = 2e-3
"""Largest relative difference: single precision sums differ by 1e-5, what is wrong differs by much more."""
CPU = torch.device("cpu")


NANO = Architecture((64, 48, 32, 16), 1, 1)


@dataclass(frozen=True)
class Used:
    """What a run will really do: its networks, and real images a step."""

    architecture: Architecture = NANO
    batch: int = 16

    def stages(self) -> list[tuple[int, int, int]]:
        """Images (the discriminator sees real and drawn ones together), channels and side of each stage."""
        return [(2 * self.batch, width, 4 * 2**place) for place, width in enumerate(self.architecture.widths)]


@dataclass(frozen=True)
class Probe:
    """says: what is wrong where it fails. `reference` is what the CPU does instead of `compute`, if anything else."""

    says: str
    compute: Callable[[torch.device, Used], list[Tensor]]
    reference: Callable[[torch.device, Used], list[Tensor]] | None = None

    @property
    def name(self) -> str:
        return self.compute.__name__


def difference(probe: Probe, device: torch.device, used: Used | None = None) -> float:
    """Largest relative difference of any result against the CPU's; infinite where the device cannot do it at all."""
    used = used or Used()
    expected = (probe.reference or probe.compute)(CPU, used)
    try:
        return apart(expected, probe.compute(device, used))
    except (RuntimeError, NotImplementedError, TypeError):
        return math.inf


def apart(expected: list[Tensor], found: list[Tensor]) -> float:
    """Largest relative difference (Euclidean norms); infinite where a result is not finite."""
    worst = 0.0
    for there, here in zip(expected, found, strict=True):
        there, here = there.detach().cpu().double(), here.detach().cpu().double()
        error = ((here - there).norm() / there.norm().clamp_min(1e-12)).item()
        worst = max(worst, error if math.isfinite(error) else math.inf)
    return worst


def derivatives_of_the_game(device: torch.device, used: Used) -> list[Tensor]:
    """Gradients of both networks: as training takes them, and with the penalties differentiated twice."""
    return [*_gradients(device, twice=False), *_gradients(device, twice=True)]


def _derivatives_twice(device: torch.device, used: Used) -> list[Tensor]:
    return 2 * _gradients(device, twice=True)


def convolutions_on_views(device: torch.device, used: Used) -> list[Tensor]:
    """Of chunks, slices and turned tensors, forward and backward (169342: the chunk's offset was forgotten)."""
    whole, weight = _normal(0, 8, 6, 12, 10).to(device), _normal(1, 5, 3, 3, 3, fan_in=27).to(device)
    views = (
        whole.chunk(2)[1][:, :3],
        whole.chunk(2, dim=1)[1],
        whole[::2, 1:4],
        whole.mT[:, 3:],
        whole[:, :3].contiguous(memory_format=torch.channels_last) if device.type != "mps" else whole[:, :3],
    )
    return [result for view in views for result in _convolved(view, weight)]


def convolutions_of_the_run(device: torch.device, used: Used) -> list[Tensor]:
    """Each stage's real shape, with the whole batch. Only two of its images have anything to say backwards, so that
    the CPU computes these two alone (188335: results were wrong from some size on)."""
    return _of_stages(device, used, whole=True)


def _convolutions_of_two(device: torch.device, used: Used) -> list[Tensor]:
    return _of_stages(device, used, whole=False)


def _of_stages(device: torch.device, used: Used, whole: bool) -> list[Tensor]:
    found: list[Tensor] = []
    for count, width, side in used.stages():
        ends = _normal(side, 2, width, side, side)
        weight = _normal(side + 1, width, width, 3, 3, fan_in=9 * width).to(device)
        say = _normal(side + 2, 2, width, side, side)
        if whole:
            # the middle of the batch repeats the first image and is told that it does not matter
            images = torch.cat([ends[:1].expand(count - 1, -1, -1, -1), ends[1:]]).to(device)
            heard = torch.cat([say[:1], torch.zeros(1, width, side, side).expand(count - 2, -1, -1, -1), say[1:]])
        else:
            images, heard = ends, say
        image, result, of_image, of_weight = _convolved(images, weight, heard.to(device))
        found += [image[[0, -1]], result[[0, -1]], of_image[[0, -1]], of_weight]
    return found


def resampling(device: torch.device, used: Used) -> list[Tensor]:
    """Bilinear enlarging and average pooling at every size of the run, forward and backward."""
    found = []
    for _, width, side in used.stages()[:-1]:
        small, large = _leaf(side, device, 2, width, side, side), _leaf(side + 1, device, 2, width, 2 * side, 2 * side)
        up = functional.interpolate(small, scale_factor=2, mode="bilinear")
        down = functional.avg_pool2d(large, 2)
        (up * large.detach()).sum().backward()
        (down * small.detach()).sum().backward()
        found += [up, down, _grad(small), _grad(large)]
    return found


def augmentation(device: torch.device, used: Used) -> list[Tensor]:
    """A warp of every kind, forward and backward: products of small matrices, mirrors, holes."""
    source = torch.Generator().manual_seed(3)
    profile = replace(augment.PROFILES["histology"], cutout=0.25)
    warp = augment.draw(profile, torch.ones(8), 32, used.architecture.channels, source)
    moved = {each.name: getattr(warp, each.name) for each in fields(warp)}
    there = augment.Warp(**{name: None if value is None else value.to(device) for name, value in moved.items()})
    images = _leaf(4, device, 8, used.architecture.channels, 32, 32)
    warped = there(images)
    (warped * _normal(5, *warped.shape).to(device)).sum().backward()
    return [warped, _grad(images)]


def steps_of_adam(device: torch.device, used: Used) -> list[Tensor]:
    """Three steps as training takes them."""
    return _adam(device, fused(device))


def _adam(device: torch.device, fused: bool) -> list[Tensor]:
    """Of weights in the layout of training and of ones that do not lie in one piece (118115)."""
    usual = torch.nn.Parameter(_normal(6, 12, 12, 3, 3).to(device, memory_format=_layout(device)))
    turned = torch.nn.Parameter(_normal(7, 9, 14).to(device).mT[1:])
    optimiser = Adam([usual, turned], lr=0.05, betas=(0.0, 0.9), eps=1e-8, fused=fused)
    for step in range(3):
        for parameter in (usual, turned):
            parameter.grad = _normal(8 + step, *parameter.shape).to(device)
        optimiser.step()
    return [usual, turned]


def picking_rows(device: torch.device, used: Used) -> list[Tensor]:
    """The data set's bytes by row number, and the search that draws the numbers."""
    pixels = (_normal(11, 300, 1, 16, 16) * 40 + 128).clamp(0, 255).to(torch.uint8).to(device)
    place = torch.rand(64, generator=torch.Generator().manual_seed(12)).to(device)
    rows = torch.searchsorted(torch.linspace(0.002, 1, 300).to(device), place).clamp_max(299)
    return [rows.float(), pixels[rows].float() / 127.5 - 1]


def random_numbers(device: torch.device, used: Used) -> list[Tensor]:
    """Not the CPU's numbers but its properties: a seed repeats, a state goes on, others differ, moments are right.
    One for each that holds."""
    count = 100_000
    source = torch.Generator(device).manual_seed(5)
    state = source.get_state()
    first = torch.randn(count, generator=source, device=device)
    second = torch.randn(count, generator=source, device=device)
    evenly = torch.rand(count, generator=source, device=device)
    source.set_state(state)
    again = torch.randn(count, generator=source, device=device)
    other = torch.randn(count, generator=torch.Generator(device).manual_seed(6), device=device)
    holds = (
        torch.equal(first, again),
        not torch.equal(first, second) and not torch.equal(first, other),
        abs(first.mean().item()) < 0.02 and abs(first.std().item() - 1) < 0.02,
        abs((first.pow(4).mean() / 3).item() - 1) < 0.1,
        0 <= evenly.min().item() < 0.001 and 0.999 < evenly.max().item() < 1,
        abs((first * second).mean().item()) < 0.02 and abs(evenly.mean().item() - 0.5) < 0.01,
    )
    return [torch.tensor([float(one) for one in holds])]


PROBES = (
    Probe("wrong derivatives", derivatives_of_the_game, _derivatives_twice),
    Probe("wrong convolutions of parts of a tensor", convolutions_on_views),
    Probe("wrong convolutions at the sizes of this run", convolutions_of_the_run, _convolutions_of_two),
    Probe("wrong sizes of images up and down", resampling),
    Probe("wrong augmentation", augmentation),
    Probe("wrong steps of the optimiser", steps_of_adam),
    Probe("wrong rows of the data", picking_rows),
    Probe("random numbers that are none", random_numbers),
)


@cache
def fused(device: torch.device) -> bool:
    """Whether Adam runs as one kernel there: on MPS, where that is young, only where its steps are the CPU's."""
    if device.type != "mps":
        return True
    try:
        return apart(_adam(CPU, True), _adam(device, True)) < TOLERANCE
    except (RuntimeError, NotImplementedError, TypeError):
        return False


def _gradients(device: torch.device, twice: bool) -> list[Tensor]:
    """One flat gradient per network, the same problem on every device."""
    source = torch.Generator().manual_seed(1)
    vocabulary = Vocabulary((Categorical("finding", ("a", "b"), (1, 1)),))
    architecture = Architecture((16, 16, 8), 1, 1, latent=8, condition=8, features=8)
    generator, discriminator = Generator(architecture, vocabulary), Discriminator(architecture, vocabulary)
    for network in (generator, discriminator):
        for parameter in network.parameters():
            fan_in = math.prod(parameter.shape[1:])
            parameter.data = torch.randn(parameter.shape, generator=source) / math.sqrt(fan_in)
        settle(network, device)
    conditions = vocabulary.unknown(8)
    conditions.categorical[:] = torch.arange(8)[:, None] % 3
    real = torch.randn(8, 1, 16, 16, generator=source)
    latent = torch.randn(8, 8, generator=source)
    pairs = Pairs(real.to(device), latent.to(device), conditions.to(device), augment.UNCHANGED)
    game = Game(generator, discriminator)
    if twice:
        game_loss(game, pairs, gamma=2.0, ramp=0.7).backward()
    else:
        game.teach_discriminator(pairs, gamma=2.0, ramp=0.7)
    of_discriminator = _flat(discriminator)
    game.teach_generator(pairs, ramp=0.7)
    return [of_discriminator, _flat(generator)]


def game_loss(game: Game, pairs: Pairs, gamma: float, ramp: float) -> Tensor:
    """The discriminator's loss as the paper writes it, to be differentiated twice: the oracle of the objective."""
    with torch.no_grad():
        fake = game.generator(pairs.latent, pairs.conditions)
        images = torch.cat([pairs.warp(pairs.real), pairs.warp(fake)])
    images.requires_grad_()
    logits = game.discriminator(images, pairs.conditions.twice(), ramp)
    (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    real, fake_logits = logits.chunk(2)
    penalty = slope.square().sum() / len(pairs)
    return functional.softplus(fake_logits - real).mean() + gamma / 2 * penalty


def _flat(network: torch.nn.Module) -> Tensor:
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def _convolved(x: Tensor, weight: Tensor, say: Tensor | None = None) -> list[Tensor]:
    """Input, result, and the gradients of both inputs for `say` (random where it is None)."""
    x, weight = x.detach().requires_grad_(), weight.detach().requires_grad_()
    result = functional.conv2d(x, weight, padding=1)
    say = _normal(2, *result.shape).to(x.device) if say is None else say
    of_x, of_weight = torch.autograd.grad(result, (x, weight), say)
    return [x, result, of_x, of_weight]


def _normal(seed: int, *shape: int, fan_in: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) / math.sqrt(fan_in)


def _leaf(seed: int, device: torch.device, *shape: int) -> Tensor:
    return _normal(seed, *shape).to(device).requires_grad_()


def _grad(leaf: Tensor) -> Tensor:
    assert leaf.grad is not None
    return leaf.grad


def _layout(device: torch.device) -> torch.memory_format:
    return torch.contiguous_format if device.type == "mps" else torch.channels_last
