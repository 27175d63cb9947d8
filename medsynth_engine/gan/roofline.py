"""How near to the machine's limit a step is: measured rates of matrix products and copies, counted work of a step.

The roofline model (Williams, Waterman and Patterson 2009): a layer cannot take less time than its multiplications at
the matrix rate, nor than its bytes at the copy rate.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

LONG = 0.3
"""Seconds for each of the two rates."""
SIDES = {"cpu": 768, "mps": 2048, "cuda": 4096}
"""Of the square matrices: large enough to be as fast as it gets, a few milliseconds a product."""
COPIED = {"cpu": 32 * 1024**2, "mps": 64 * 1024**2, "cuda": 512 * 1024**2}
"""Bytes of one copy: far beyond the caches."""


@dataclass(frozen=True)
class Rates:
    """What the device can do, measured: `matrix_flops` floating point operations a second in a product of large
    matrices (a multiplication and an addition are two), `copy_bytes` bytes read and written a second."""

    matrix_flops: float
    copy_bytes: float


@dataclass(frozen=True)
class Work:
    """What convolutions and matrix products of some step have to do: for each layer (operations, bytes in and out).
    Everything else is left out, as if it were done in passing: the bound is never too high."""

    layers: tuple[tuple[float, float], ...]

    @property
    def flops(self) -> float:
        return sum(operations for operations, _ in self.layers)

    def seconds(self, rates: Rates) -> float:
        """The least time at these rates, layer after layer."""
        return sum(max(operations / rates.matrix_flops, moved / rates.copy_bytes) for operations, moved in self.layers)


def measure(device: torch.device | str, dtype: torch.dtype = torch.float32) -> Rates:
    """Both rates of `device` with as many threads as are set now: the best of many tries in under a second, since
    whoever else uses the machine only makes it look slower."""
    device = torch.device(device)
    side = SIDES.get(device.type, SIDES["cpu"])
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    product = torch.empty_like(a)
    source = torch.ones(COPIED.get(device.type, COPIED["cpu"]) // 4, device=device)
    target = torch.empty_like(source)
    multiply = _least_seconds(lambda: torch.mm(a, b, out=product), device)
    copy = _least_seconds(lambda: target.copy_(source), device)
    return Rates(2 * side**3 / multiply, 2 * source.numel() * source.element_size() / copy)


def share(flops_per_image: float, images_per_second: float, rates: Rates) -> float:
    """Part of the matrix rate that is reached: what nanoGPT calls model FLOP utilisation.

    0 to 1 on a machine that stays as busy as it was when its rate was measured; over 1 where it was busier then.
    """
    return flops_per_image * images_per_second / rates.matrix_flops


def work(step: Callable[[], object]) -> Work:
    """Do `step` once and count the work of its layers, forward and backward. It is slower while it is counted."""
    with _Tally() as tally:
        step()
    return Work(tuple(tally.layers))


class _Tally(TorchDispatchMode):
    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: to skip torch's compiler, torch would import it (`features/adam.py`)."""
        return False

    def __init__(self) -> None:
        super().__init__()
        self.layers: list[tuple[float, float]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            operations = formula(*args, **(kwargs or {}), out_val=found)
            self.layers.append((float(operations), float(_bytes(args) + _bytes(found))))
        return found


def _bytes(values: Any) -> int:
    return sum(leaf.numel() * leaf.element_size() for leaf in tree_leaves(values) if isinstance(leaf, Tensor))


def _least_seconds(call: Callable[[], object], device: torch.device) -> float:
    """Of one call, the shortest of those that fit into LONG seconds, after one to warm up. On a CPU in processor time
    of one thread: on a machine that many use, hardly a call is left alone from its beginning to its end."""
    cpu = device.type == "cpu"
    call()
    synchronise(device)
    least, end = float("inf"), time.perf_counter() + LONG
    while least == float("inf") or time.perf_counter() < end:
        begin = time.process_time() / torch.get_num_threads() if cpu else time.perf_counter()
        call()
        synchronise(device)
        now = time.process_time() / torch.get_num_threads() if cpu else time.perf_counter()
        least = min(least, now - begin)
    return least


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
