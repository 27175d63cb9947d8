"""Several reading processes, one picture at a time each. One that dies or hangs costs the picture it had in hand."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

import psutil

from medsynth_engine.intake.text.worker import READY
from medsynth_engine.kernel.errors import Interrupted, MedSynthError

SECONDS_A_PICTURE = 60.0
"""Of processor time. A machine that is busy with other things makes nobody's pictures unreadable."""
PATIENCE = 10
"""So many times as long a process may take by the clock: one that waits for ever uses no processor time."""
SECONDS_A_MEGAPIXEL = 10.0
"""Beyond the eighth: large pictures are read in many tiles."""
START_SECONDS = 120.0
FALSE_STARTS = 3
LOOK_SECONDS = 0.25
MOST_READERS = 16
READER_BYTES = 5 * 2**29
"""What a reading process takes at its peak, with some room."""
HUNG_UP = (EOFError, ConnectionResetError, BrokenPipeError)
UNREAD = "unread"
QUIET = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**32),
    "MALLOC_TOP_PAD_": str(2**26),
}
"""One thread each; and memory is kept from picture to picture: given back to the system and asked for again at every
layer of the network it took two thirds of all time. The first of the three is the one that matters, and none does where
the C library is not glibc."""


@dataclass(frozen=True)
class Task:
    """One picture to be read; see `worker.examined`. seconds: of processor time that it may take."""

    record: str
    file: Path
    white: float
    boxes: tuple[tuple[int, ...], ...] = ()
    mask: bool = False
    seconds: float = SECONDS_A_PICTURE

    def message(self) -> bytes:
        told = {"record": self.record, "file": str(self.file), "white": self.white, "mask": self.mask}
        return json.dumps({**told, "boxes": [list(box) for box in self.boxes]}).encode()


@dataclass
class _Reader:
    process: subprocess.Popen[bytes]
    line: Connection
    task: Task | None = None
    heard: float = field(default_factory=time.monotonic)
    spent: float = 0.0
    ready: bool = False

    def processor_seconds(self) -> float:
        """What the process has used so far."""
        try:
            used = psutil.Process(self.process.pid).cpu_times()
        except psutil.Error:  # it is gone, which its line tells
            return self.spent
        return float(used.user + used.system)

    def hangs(self) -> bool:
        """Whether it has been at its picture, or at starting, for too long."""
        if self.task is None:
            return False
        waited = time.monotonic() - self.heard
        allowed = self.task.seconds if self.ready else START_SECONDS
        return waited > allowed and (waited > PATIENCE * allowed or self.processor_seconds() - self.spent > allowed)

    def stop(self) -> None:
        self.line.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()


def seconds_for(pixels: int) -> float:
    """How long a picture of so many pixels may take before its process is taken to hang."""
    return SECONDS_A_PICTURE + SECONDS_A_MEGAPIXEL * max(0.0, pixels / 1e6 - 8)


def read_all(tasks: Iterable[Task], count: int, wanted: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """One answer a task, in the order in which they are ready; `count` tasks are expected.

    An answer has the verdict `unread` where its process died over the picture, or took longer than it may. Raises
    Interrupted when `wanted()` turns False, after all processes are gone; MedSynthError where none starts.
    """
    source = iter(tasks)
    readers: list[_Reader] = []
    false_starts = 0
    try:
        readers += [_start() for _ in range(reader_count(count))]
        while _feed(readers, source):
            if not wanted():
                raise Interrupted("interrupted", "Stopped. What was read so far is kept.", "Ask for it again.")
            for reader, message in _heard(readers):
                if message is None:
                    if reader.ready and reader.task is not None:
                        yield _unread(reader.task)
                        reader.task = None
                    else:
                        false_starts += 1
                    if false_starts > FALSE_STARTS:
                        raise MedSynthError("no_reader", "The reading processes do not start.", "See: medsynth doctor")
                    _replace(readers, reader)
                elif message == READY:
                    reader.ready, false_starts = True, 0
                else:
                    reader.task = None
                    yield json.loads(message)
    finally:
        for reader in readers:
            reader.stop()


def reader_count(tasks: int) -> int:
    """As many as there are cores, tasks, and memory for."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    room = psutil.virtual_memory().available // READER_BYTES
    return max(1, min(cores, MOST_READERS, tasks, room))


def _feed(readers: list[_Reader], source: Iterator[Task]) -> bool:
    """Give every idle process its next picture. False when all is done."""
    for place, reader in enumerate(readers):
        if reader.task is None:
            reader.task = next(source, None)
            if reader.task is not None and reader.process.poll() is not None:  # it died idle: no picture is to blame
                reader.stop()
                task, reader = reader.task, _start()
                readers[place], reader.task = reader, task
            reader.heard, reader.spent = time.monotonic(), reader.processor_seconds()
            if reader.task is not None:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # `_heard` finds out
                    reader.line.send_bytes(reader.task.message())
    return any(reader.task is not None for reader in readers)


def _heard(readers: list[_Reader]) -> Iterator[tuple[_Reader, bytes | None]]:
    """Messages that are there, waiting a moment for the first; None of a process that died or is past its time."""
    lines = {reader.line: reader for reader in readers}
    for line in wait(list(lines), LOOK_SECONDS):
        reader = lines[line]  # type: ignore[index]
        try:
            message: bytes | None = reader.line.recv_bytes()
        except HUNG_UP:
            message = None
        reader.heard, reader.spent = time.monotonic(), reader.processor_seconds()
        yield reader, message
    for reader in list(readers):
        if reader.hangs():
            yield reader, None


def _replace(readers: list[_Reader], reader: _Reader) -> None:
    """A new process in the place of one that is gone or hangs; a picture that it never saw is handed on."""
    reader.stop()
    fresh = readers[readers.index(reader)] = _start()
    if reader.task is not None:
        fresh.task = reader.task
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            fresh.line.send_bytes(reader.task.message())


def _unread(task: Task) -> dict[str, Any]:
    return {"record": task.record, "verdict": UNREAD, "boxes": [], "read": [], "left": False}


def _start() -> _Reader:
    ours, theirs = Pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "medsynth_engine.intake.text.worker", str(theirs.fileno())],
        pass_fds=(theirs.fileno(),),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # nothing that is read may appear in a log
        env={**os.environ, **QUIET},
    )
    theirs.close()
    return _Reader(process, ours)
