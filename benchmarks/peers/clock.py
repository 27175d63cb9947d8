"""The clock that everybody gets the same of: wall time, or processor time where the machine is shared."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass, field
from types import TracebackType

import torch

KINDS = ("wall", "processor")


def wait_for(device: torch.device) -> None:
    """Until the device has done what it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@dataclass
class Stopwatch:
    """Adds up what happens inside `with stopwatch:`, in both clocks; `spent` is seconds of the chosen one.

    Processor seconds are those of all threads of this process divided by the threads it was given: the time that the
    work would take if nobody else used the cores.
    """

    kind: str
    threads: int
    device: torch.device
    wall: float = 0.0
    processor: float = 0.0
    _begin: tuple[float, float] = field(default=(0.0, 0.0), repr=False)

    def __enter__(self) -> Stopwatch:
        wait_for(self.device)
        self._begin = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        wait_for(self.device)
        self.wall += time.perf_counter() - self._begin[0]
        self.processor += (time.process_time() - self._begin[1]) / self.threads

    @property
    def spent(self) -> float:
        return self.wall if self.kind == "wall" else self.processor


def of_children() -> float:
    """Processor seconds, user and system, of all children of this process that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def one_clock(threads: int) -> dict[str, str]:
    """The environment of a process that may use so many threads."""
    number = str(threads)
    return {
        **os.environ,
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), number),
        "MEDSYNTH_THREADS": number,
        # threads that spin while they wait would be paid for
        "OMP_WAIT_POLICY": "PASSIVE",
    }
