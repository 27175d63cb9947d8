"""Where to train: picked, proved by comparing derivatives with the CPU, and told to stay within its memory."""

from __future__ import annotations

import ctypes
import json
import math
import os
import sys

import torch

from medsynth_engine.gan.augment import UNCHANGED
from medsynth_engine.gan.conditions import Categorical, Vocabulary
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator
from medsynth_engine.gan.objective import Game, Pairs
from medsynth_engine.kernel.errors import BadInput

TOLERANCE = 2e-3
LOW_RESOURCE_BYTES = 4 * 1024**3


def available() -> tuple[str, ...]:
    """Devices of this machine, best first."""
    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def choose(wish: str = "auto") -> tuple[torch.device, str]:
    """The device for `wish` (auto, cuda, mps, cpu), and a sentence for the user where another one had to be taken.

    A device whose first or second derivatives differ from the CPU's is not used. Raises BadInput for another word and
    for a device that this machine does not have.
    """
    if wish not in ("auto", "cuda", "mps", "cpu"):
        raise BadInput("unknown_device", "There is no such device.", "Choose one of: auto, cuda, mps, cpu.")
    present = available()
    if wish != "auto" and wish not in present:
        raise BadInput("no_such_device", f"This machine has no {wish} device.", f"It has: {', '.join(present)}.")
    name = present[0] if wish == "auto" else wish
    if name == "cpu":
        return torch.device("cpu"), ""
    device = torch.device(name)
    try:
        error = parity(device)
    except (RuntimeError, NotImplementedError, TypeError):
        return torch.device("cpu"), f"The {name} device could not do the self-test; training on the CPU."
    if not error < TOLERANCE:
        return torch.device("cpu"), f"The {name} device computes wrong derivatives; training on the CPU."
    return device, ""


def parity(device: torch.device) -> float:
    """Largest relative difference of the game's gradients on `device` against the CPU's, where the penalties are
    differentiated twice by autograd: first and second derivatives, of both networks. About two seconds."""
    reference, tested = _gradients(torch.device("cpu"), twice=True), _gradients(device, twice=False)
    again = _gradients(device, twice=True)
    return max(
        ((here.cpu() - there).norm() / there.norm().clamp_min(1e-12)).item()
        for found in (tested, again)
        for there, here in zip(reference, found, strict=True)
    )


def _gradients(device: torch.device, twice: bool) -> list[torch.Tensor]:
    """One flat gradient per network, the same problem on every device."""
    source = torch.Generator().manual_seed(1)
    vocabulary = Vocabulary((Categorical("finding", ("a", "b"), (1, 1)),))
    architecture = Architecture((16, 16, 8), 1, 1, latent=8, condition=8, features=8)
    generator, discriminator = Generator(architecture, vocabulary), Discriminator(architecture, vocabulary)
    for network in (generator, discriminator):
        for parameter in network.parameters():
            fan_in = math.prod(parameter.shape[1:])
            parameter.data = torch.randn(parameter.shape, generator=source) / math.sqrt(fan_in)
        network.to(device)
    conditions = vocabulary.unknown(8)
    conditions.categorical[:] = torch.arange(8)[:, None] % 3
    real = torch.randn(8, 1, 16, 16, generator=source)
    pairs = Pairs(real.to(device), torch.randn(8, 8, generator=source).to(device), conditions.to(device), UNCHANGED)
    game = Game(generator, discriminator)
    if twice:
        game_loss(game, pairs, gamma=2.0, ramp=0.7).backward()
    else:
        game.teach_discriminator(pairs, gamma=2.0, ramp=0.7)
    of_discriminator = _flat(discriminator)
    game.teach_generator(pairs, ramp=0.7)
    return [of_discriminator, _flat(generator)]


def game_loss(game: Game, pairs: Pairs, gamma: float, ramp: float) -> torch.Tensor:
    """The discriminator's loss as the paper writes it, to be differentiated twice: the oracle of the objective."""
    with torch.no_grad():
        fake = game.generator(pairs.latent, pairs.conditions)
        images = torch.cat([pairs.warp(pairs.real), pairs.warp(fake)])
    images.requires_grad_()
    logits = game.discriminator(images, pairs.conditions.twice(), ramp)
    (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    real, fake_logits = logits.chunk(2)
    penalty = slope.square().sum() / len(pairs)
    return torch.nn.functional.softplus(fake_logits - real).mean() + gamma / 2 * penalty


def _flat(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def wished_threads() -> int | None:
    """`MEDSYNTH_THREADS`, where it is set to a number."""
    wished = os.environ.get("MEDSYNTH_THREADS", "")
    return int(wished) if wished.isdigit() and int(wished) > 0 else None


def threads() -> int:
    """How many CPU threads there are to use: `MEDSYNTH_THREADS`, else all cores this process may run on."""
    wished = wished_threads()
    if wished is not None:
        return wished
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def prepare(device: torch.device, low_resource: bool) -> None:
    """Settings of the process, once, before the first tensor."""
    # one thread until the run's plan has found that several are faster
    torch.set_num_threads(wished_threads() or 1 if device.type == "cpu" else threads())
    torch.set_flush_denormal(True)
    if device.type == "cpu":
        keep_freed_memory()
    if low_resource and device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, LOW_RESOURCE_BYTES / total), device)
    if low_resource and device.type == "mps":
        share = LOW_RESOURCE_BYTES / max(1, torch.mps.recommended_max_memory())
        torch.mps.set_per_process_memory_fraction(min(1.0, share))


def keep_freed_memory() -> None:
    """Ask glibc not to hand each activation back to the kernel: a fifth of a step was page faults (measured)."""
    if not sys.platform.startswith("linux"):
        return
    try:
        libc = ctypes.CDLL("libc.so.6")
        trim_threshold, mmap_threshold = -1, -3
        libc.mallopt(mmap_threshold, 1 << 30)
        libc.mallopt(trim_threshold, 2**31 - 1)
    except (OSError, AttributeError):
        return  # another C library: it works as well, only slower


def main() -> int:
    """`python -m medsynth_engine.gan.device [--json]`: the self-test of every device; 9 where one fails it."""
    found = []
    for name in available():
        try:
            error = parity(torch.device(name))
        except (RuntimeError, NotImplementedError, TypeError):
            error = float("inf")
        found.append({"device": name, "difference": error if error < float("inf") else None, "ok": error < TOLERANCE})
    if "--json" in sys.argv[1:]:
        print(json.dumps({"ok": all(one["ok"] for one in found), "tolerance": TOLERANCE, "devices": found}))
    else:
        for one in found:
            told = "the same derivatives as the CPU" if one["ok"] else "wrong derivatives: not used"
            print(f"{one['device']:5} {told} (largest difference {one['difference']}, allowed {TOLERANCE})")
    return 0 if all(one["ok"] for one in found) else 9


if __name__ == "__main__":
    sys.exit(main())
