"""Where to train: picked, proved by comparing it with the CPU, and told to stay within its memory."""

from __future__ import annotations

import ctypes
import json
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import torch

from medsynth_engine.gan.probes import PROBES, TOLERANCE, Probe, Used, difference
from medsynth_engine.kernel.errors import BadInput

LOW_RESOURCE_BYTES = 4 * 1024**3


def available() -> tuple[str, ...]:
    """Devices of this machine, best first."""
    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def choose(wish: str = "auto", used: Callable[[str], Used] | None = None) -> tuple[torch.device, str]:
    """The device for `wish` (auto, cuda, mps, cpu), and a sentence for the user where another one had to be taken.

    used  what a run would do on a device of that name: the self-test then tries just these sizes

    A device that computes anything otherwise than the CPU is not used (`probes`). Raises BadInput for another word and
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
    wrong = failing(device, used(name) if used else None)
    if wrong is None:
        return device, ""
    probe, error = wrong
    if math.isinf(error):
        return torch.device("cpu"), f"The {name} device could not do the self-test; training on the CPU."
    return torch.device("cpu"), f"The {name} device computes {probe.says}; training on the CPU."


def failing(device: torch.device, used: Used | None = None) -> tuple[Probe, float] | None:
    """The first probe in which `device` differs from the CPU, and by how much; None where it is to be trusted."""
    for probe in PROBES:
        error = difference(probe, device, used)
        if not error < TOLERANCE:
            return probe, error
    return None


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
    told = [tested(torch.device(name)) for name in available()]
    ok = all(one["ok"] for one in told)
    if "--json" in sys.argv[1:]:
        print(json.dumps({"ok": ok, "tolerance": TOLERANCE, "devices": told}))
        return 0 if ok else 9
    print(f"largest relative difference from the CPU; allowed {TOLERANCE}")
    for one in told:
        verdict = "the same results as the CPU" if one["ok"] else "wrong results: not used"
        print(f"\n{one['device']:5} {verdict}")
        for probe in one["probes"]:
            error = "unable" if probe["difference"] is None else f"{probe['difference']:.1e}"
            print(f"  {'ok ' if probe['ok'] else 'BAD'}  {error:>8}  {probe['seconds']:6.2f} s  {probe['probe']}")
    return 0 if ok else 9


def tested(device: torch.device) -> dict[str, Any]:
    """Every probe of a device: difference (None where it could not do it), seconds, and whether that is good enough."""
    probes, worst = [], 0.0
    for probe in PROBES:
        begin = time.perf_counter()
        error = difference(probe, device)
        worst = max(worst, error)
        told = {"probe": probe.name.replace("_", " "), "difference": _known(error), "ok": error < TOLERANCE}
        probes.append({**told, "seconds": round(time.perf_counter() - begin, 2)})
    return {"device": device.type, "difference": _known(worst), "ok": worst < TOLERANCE, "probes": probes}


def _known(error: float) -> float | None:
    return error if math.isfinite(error) else None  # JSON has no infinity


if __name__ == "__main__":
    sys.exit(main())
