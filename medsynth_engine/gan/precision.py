"""In which numbers the large stages compute: bfloat16 where it is exact enough and measured to be faster.

After R3GAN (Huang et al. 2024): the trunk from 16 pixels up in bfloat16; the stages of 4 and 8 pixels, heads, logits,
augmentation, the direction of the penalty, loss, weights, Adam and the average in single precision. Nothing needs to be
scaled: bfloat16 has the range of single precision. Nor does anything need a second derivative: `Discriminator.along`
runs the linear map of the very pass that was traced, in the types in which that ran.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from medsynth_engine.gan.roofline import synchronise
from medsynth_engine.kernel.errors import BadInput

TRUNKS = {"fp32": torch.float32, "bf16": torch.bfloat16}
CLEARLY = 0.9
"""Another way of computing is taken where a step takes less than this share of the time."""
TRIAL = 0.5
"""Seconds for each alternative, after a step to warm up."""


def trunk(wish: str, device: torch.device, step: Callable[[str], Callable[[], object]]) -> str:
    """The name (in TRUNKS) of the trunk's type for `wish`: `fp32`, `bf16`, or `auto`: bfloat16 on a CUDA device that
    has it, and where a step is then faster by a tenth; else single precision, so on a CPU and on MPS always.

    step  makes a trial learner with such a trunk and returns its step

    Raises BadInput for another word.
    """
    if wish in TRUNKS:
        return wish
    if wish != "auto":
        raise BadInput("unknown_precision", "There is no such precision.", "Choose one of: auto, fp32, bf16.")
    if device.type != "cuda" or not torch.cuda.is_bf16_supported(including_emulation=False):
        return "fp32"
    return fastest({name: step(name) for name in TRUNKS}, device)


def fastest(ways: dict[str, Callable[[], object]], device: torch.device) -> str:
    """Which of several ways to do the same is fastest on `device`, measured for TRIAL seconds each; the first one,
    unless another takes less than nine tenths of its time."""
    taken = {way: per_call(work, device, TRIAL) for way, work in ways.items()}
    usual, quickest = next(iter(taken)), min(taken, key=lambda way: taken[way])
    return quickest if taken[quickest] < CLEARLY * taken[usual] else usual


def per_call(work: Callable[[], object], device: torch.device, seconds: float) -> float:
    """Seconds for one call, until the device has done it: the shortest of several, since whoever else uses the machine
    only makes it longer; the first call does not count."""
    work()
    synchronise(device)
    taken: list[float] = []
    while len(taken) < 2 or sum(taken) < seconds:
        begin = time.perf_counter()
        work()
        synchronise(device)
        taken.append(time.perf_counter() - begin)
    return min(taken)
