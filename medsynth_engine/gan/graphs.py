"""CUDA graphs: the gradients of a half-step as one launch instead of some hundred, where a GPU waits for the host.

A small network's kernels take a few microseconds each, about as long as Python takes to ask for one. What is asked for
is the same every step, so it is recorded once and replayed: inputs lie in fixed places, numbers of the schedule are
tensors on the device. Only forward and backward are recorded; the fused optimiser is a handful of launches, and random
numbers, the sampler and the augmentation's parameters are drawn before, as ever. `Static` is what is recorded; run
without a graph it computes bit for bit what the game computes (tests), and a graph is used only after its first replay
gave the same gradients.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from medsynth_engine.gan.augment import Warp
from medsynth_engine.gan.conditions import Conditions
from medsynth_engine.gan.objective import Game, Outcome, Pairs

Teach = Callable[[Pairs, Any, Any], Outcome]
"""Adds gradients for pairs at (gamma, ramp), here scalars on the device."""
WARM_UP = 3
"""Runs before a recording: kernels are chosen and memory is laid out in them."""
ALIKE = 1e-4
"""Largest relative difference of a replay's gradients from those computed step by step."""


class Halves:
    """The two half-steps of a game as `Game` offers them; recorded where that was asked for (`MEDSYNTH_CUDA_GRAPHS=1`)
    and there is CUDA: it is not the default as long as nobody has measured it. Parts of a batch are never recorded."""

    def __init__(self, game: Game, device: torch.device, wished: bool | None = None) -> None:
        wished = os.environ.get("MEDSYNTH_CUDA_GRAPHS") == "1" if wished is None else wished
        self.recorded = wished and device.type == "cuda"
        self._game = game
        self._first = Replayed(game.discriminator, game.teach_discriminator)
        self._second = Replayed(game.generator, lambda pairs, gamma, ramp: game.teach_generator(pairs, ramp))

    def teach_discriminator(self, pairs: Pairs, gamma: float, ramp: float, weight: float = 1.0) -> Outcome:
        if self.recorded and weight == 1:
            return self._first(pairs, gamma, ramp)
        return self._game.teach_discriminator(pairs, gamma, ramp, weight)

    def teach_generator(self, pairs: Pairs, ramp: float, weight: float = 1.0) -> Outcome:
        if self.recorded and weight == 1:
            return self._second(pairs, 0.0, ramp)
        return self._game.teach_generator(pairs, ramp, weight)


class Static:
    """One half-step whose inputs stay where they are. `parameters` have gradients, which are added to."""

    def __init__(self, teach: Teach, pairs: Pairs) -> None:
        self._teach = teach
        self.pairs = _copied(pairs)
        # a Python number is multiplied in double precision before it meets a tensor: so are these
        self.gamma, self.ramp = (torch.zeros((), dtype=torch.float64, device=pairs.real.device) for _ in range(2))

    def fill(self, pairs: Pairs, gamma: float, ramp: float) -> None:
        for own, given in zip(_tensors(self.pairs), _tensors(pairs), strict=True):
            own.copy_(given)
        self.gamma.fill_(gamma)
        self.ramp.fill_(ramp)

    def run(self) -> Outcome:
        return self._teach(self.pairs, self.gamma, self.ramp)


@dataclass(frozen=True)
class _Recorded:
    static: Static
    graph: torch.cuda.CUDAGraph
    outcome: Outcome


class Replayed:
    """A half-step that is recorded at its first call for pairs of a kind (sizes, kinds of augmentation), then replayed.

    network  whose gradients are added to; they must not be thrown away between steps (`zero_grad(set_to_none=False)`)

    `broken` is True from when a recording failed or differed: everything is then computed step by step.
    """

    def __init__(self, network: nn.Module, teach: Teach) -> None:
        self._network, self._teach = network, teach
        self._kinds: dict[tuple[object, ...], _Recorded] = {}
        self.broken = False

    def __call__(self, pairs: Pairs, gamma: float, ramp: float) -> Outcome:
        """As `Game.teach_...`; the outcome's tensors are the caller's own."""
        if not self.broken and kind(pairs) not in self._kinds:
            self._record(pairs, gamma, ramp)
        if self.broken:
            numbers = (
                torch.full((), number, dtype=torch.float64, device=pairs.real.device) for number in (gamma, ramp)
            )
            return self._teach(pairs, *numbers)
        recorded = self._kinds[kind(pairs)]
        recorded.static.fill(pairs, gamma, ramp)
        recorded.graph.replay()
        return owned(recorded.outcome)

    def _record(self, pairs: Pairs, gamma: float, ramp: float) -> None:
        """Record and compare; gradients are left as they were."""
        static = Static(self._teach, pairs)
        static.fill(pairs, gamma, ramp)
        before = self._gradients()
        try:
            aside = torch.cuda.Stream()
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                for _ in range(WARM_UP):
                    self._put([torch.zeros_like(grad) for grad in before])
                    static.run()
            torch.cuda.current_stream().wait_stream(aside)
            expected = self._gradients()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                outcome = static.run()
            self._put([torch.zeros_like(grad) for grad in before])
            graph.replay()
            self.broken = not same(expected, self._gradients())
            self._kinds[kind(pairs)] = _Recorded(static, graph, outcome)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:
            self.broken = True
        self._put(before)

    def _learning(self) -> list[nn.Parameter]:
        return [parameter for parameter in self._network.parameters() if parameter.requires_grad]

    def _gradients(self) -> list[Tensor]:
        return [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in self._learning()]

    def _put(self, gradients: list[Tensor]) -> None:
        for parameter, gradient in zip(self._learning(), gradients, strict=True):
            if parameter.grad is None:
                parameter.grad = gradient.clone()
            else:
                parameter.grad.copy_(gradient)


def same(expected: list[Tensor], found: list[Tensor]) -> bool:
    """Whether all gradients together differ by no more than ALIKE."""
    whole, other = (torch.cat([gradient.flatten() for gradient in each]) for each in (expected, found))
    return bool((whole - other).norm() <= ALIKE * whole.norm())


def kind(pairs: Pairs) -> tuple[object, ...]:
    """What a recording depends on beside the numbers themselves."""
    used = tuple(each.name for each in fields(Warp) if getattr(pairs.warp, each.name) is not None)
    return (*used, *(tuple(tensor.shape) for tensor in _tensors(pairs)))


def owned(outcome: Outcome) -> Outcome:
    """A copy that the next replay does not write over."""
    columns = [getattr(outcome, each.name) for each in fields(Outcome)]
    copies: list[Any] = [None if column is None else column.clone() for column in columns]
    return Outcome(*copies)


def _tensors(pairs: Pairs) -> list[Tensor]:
    c, warp = pairs.conditions, pairs.warp
    warped = [getattr(warp, each.name) for each in fields(Warp)]
    return [pairs.real, pairs.latent, c.categorical, c.continuous, c.known, *(one for one in warped if one is not None)]


def _copied(pairs: Pairs) -> Pairs:
    c = pairs.conditions
    moved = {each.name: getattr(pairs.warp, each.name) for each in fields(Warp)}
    warp = Warp(**{name: None if value is None else value.clone() for name, value in moved.items()})
    conditions = Conditions(c.categorical.clone(), c.continuous.clone(), c.known.clone())
    return Pairs(pairs.real.clone(), pairs.latent.clone(), conditions, warp)
