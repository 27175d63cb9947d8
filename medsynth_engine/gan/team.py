"""The processes that train one run together: each takes a part of the same batch, and gradients are added up.

The mathematics are those of DistributedDataParallel: every process holds the same networks and draws the same batch
from the same random state, learns from its part of it, and steps with the sum of all gradients. So any number of
processes trains the same run, up to the order in which floating point numbers are added.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import psutil
import torch
from torch import Tensor, distributed

from medsynth_engine.kernel.errors import BadInput, MedSynthError

Value = TypeVar("Value")
PATIENCE = timedelta(minutes=30)
"""How long one process waits for the others: evaluations and checkpoints are the first one's alone."""
LAUNCHER = "MEDSYNTH_LAUNCHER"
"""The process that started torchrun, where it was ours (launch.py)."""


class Alone:
    """One process: nothing to add up, nothing to agree on."""

    rank, size, place = 0, 1, 0

    @property
    def first(self) -> bool:
        """The process that writes."""
        return self.rank == 0

    def device(self, chosen: torch.device) -> torch.device:
        """Of the kind that was chosen the one for this process: CUDA devices one each, else the CPU is shared. Raises
        BadInput where there are fewer CUDA devices than processes."""
        if self.size == 1:
            return chosen
        if chosen.type != "cuda":
            return torch.device("cpu")
        if self.place >= torch.cuda.device_count():
            raise BadInput(
                "too_few_devices",
                f"Each process needs a GPU of its own, and this machine has {torch.cuda.device_count()}.",
                "Train with so many processes, or with --device cpu.",
            )
        torch.cuda.set_device(self.place)
        return torch.device("cuda", self.place)

    def cut(self, count: int) -> slice:
        """Which of `count` pairs this process learns from."""
        return slice(self.rank * count // self.size, (self.rank + 1) * count // self.size)

    def add_up(self, parameters: Sequence[Tensor], columns: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Sum the gradients of `parameters` over all processes; they are good until the next call for the same ones.

        columns: float (k, my part) -> (k, count), all parts, the caller's own; and the norm of all those gradients.
        """
        return columns, torch.nn.utils.get_total_norm([_gradient(parameter) for parameter in parameters])

    def agree(self, value: Value) -> Value:
        """What the first process says."""
        return value

    def any(self, mine: bool) -> bool:
        """Whether one of the processes says so."""
        return mine

    def abandoned(self) -> bool:
        """Whether whoever started the processes was killed: nobody is left who would pass a signal on."""
        return False

    def wait(self) -> None:
        """Until all are here."""


class Several(Alone):
    """As `torchrun` started us: gloo between processors, NCCL between CUDA devices.

    Raises MedSynthError (`process_died`) wherever one of the others is gone.
    """

    def __init__(self) -> None:
        self.rank, self.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        self.place = int(os.environ.get("LOCAL_RANK", "0"))
        self.parent, self.launcher = os.getppid(), int(os.environ.get(LAUNCHER, "0"))
        self._messages: dict[tuple[int, ...], Message] = {}
        with _together(self.size):
            distributed.init_process_group(backend, timeout=PATIENCE)

    def add_up(self, parameters: Sequence[Tensor], columns: Tensor, count: int) -> tuple[Tensor, Tensor]:
        key = (len(columns), count, *map(id, parameters))
        if key not in self._messages:
            self._messages[key] = Message(parameters, len(columns), count, columns.device)
        message = self._messages[key]
        message.write(parameters, columns, self.cut(count))
        with _together(self.size):
            distributed.all_reduce(message.flat)
        return message.read(parameters)

    def agree(self, value: Value) -> Value:
        box: list[Any] = [value if self.first else None]
        with _together(self.size):
            distributed.broadcast_object_list(box, device=torch.device("cpu"))
        return box[0]

    def any(self, mine: bool) -> bool:
        count = torch.tensor([int(mine)])
        with _together(self.size):
            distributed.all_reduce(count)
        return bool(count.item())

    def abandoned(self) -> bool:
        if os.getppid() != self.parent:
            return True
        try:
            return self.launcher != 0 and psutil.Process(self.parent).ppid() != self.launcher
        except psutil.NoSuchProcess:
            return True

    def wait(self) -> None:
        self.agree(None)


class Message:
    """Gradients and columns side by side in one buffer, which is summed in place: one message a half-step.

    float32; a gradient lies there with the strides of its parameter, because the optimiser walks both alike.
    """

    def __init__(self, parameters: Sequence[Tensor], rows: int, count: int, device: torch.device) -> None:
        sizes = [parameter.numel() for parameter in parameters]
        self.flat = torch.zeros(sum(sizes) + rows * count, device=device)
        self.together = self.flat[: sum(sizes)]
        *pieces, rest = self.flat.split([*sizes, rows * count])
        self.columns = rest.view(rows, count)
        self.gradients = [
            piece.as_strided(parameter.shape, parameter.stride(), piece.storage_offset())
            for piece, parameter in zip(pieces, parameters, strict=True)
        ]

    def write(self, parameters: Sequence[Tensor], columns: Tensor, mine: slice) -> None:
        """My part of the sums; of the columns, nothing for the others."""
        if parameters:
            torch._foreach_copy_(self.gradients, [_gradient(parameter) for parameter in parameters])
        self.columns.zero_()
        self.columns[:, mine] = columns

    def read(self, parameters: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Give each parameter the sum for its gradient; the columns of all, and the norm of the gradients."""
        for parameter, gradient in zip(parameters, self.gradients, strict=True):
            parameter.grad = gradient
        return self.columns.clone(), self.together.norm()


def _gradient(parameter: Tensor) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


class _together:
    """Turns what a broken connection raises into a sentence."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, RuntimeError):  # distributed errors are RuntimeErrors, and so is what gloo throws
            raise died(self.size) from error


def died(size: int) -> MedSynthError:
    return MedSynthError(
        "process_died",
        f"One of the {size} processes that trained together ended before the others; all have stopped.",
        "Resume the run: it goes on from the last checkpoint, also with another number of processes.",
    )


def leave() -> None:
    """No more to do together: threads and connections of the group, if there is one, end here, and not while Python
    takes itself apart, when an error in one of them would end the process with SIGABRT. Waits for nobody."""
    if distributed.is_available() and distributed.is_initialized():
        with suppress(RuntimeError):  # of a broken connection; whoever had to know has said so
            distributed.destroy_process_group()


def gather() -> Alone:
    """The team this process belongs to: alone, unless `torchrun` started it beside others."""
    return Several() if int(os.environ.get("WORLD_SIZE", "1")) > 1 else Alone()
