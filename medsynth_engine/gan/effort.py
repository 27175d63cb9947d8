"""What training costs this machine: the share of its matrix rate that is reached, and memory."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from medsynth_engine.gan import roofline


@dataclass(frozen=True)
class Effort:
    """flops_per_image  of a whole step, for one real image
    rates              of one process's device, measured when it began
    processes          that share the work
    """

    device: torch.device
    flops_per_image: float
    rates: roofline.Rates
    processes: int = 1

    def told(self, images_per_second: float) -> dict[str, float]:
        """`roofline` (0 to 1), `memory_bytes` (the most this process ever held), on GPUs `device_memory_bytes`."""
        share = roofline.share(self.flops_per_image, images_per_second / self.processes, self.rates)
        told: dict[str, float] = {"roofline": share, "memory_bytes": peak_bytes()}
        if self.device.type == "cuda":
            told["device_memory_bytes"] = torch.cuda.max_memory_allocated(self.device)
        if self.device.type == "mps":
            told["device_memory_bytes"] = torch.mps.driver_allocated_memory()
        return told


def peak_bytes() -> int:
    """Peak resident memory of this process.

    Linux's `ru_maxrss` begins at the peak of the process that started this one; its own high-water mark does not.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak
