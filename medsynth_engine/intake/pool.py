"""Several workers, fed in chunks. A worker that dies or hangs costs the file it had in hand; the pool goes on."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait

from medsynth_engine.intake.reasons import Code
from medsynth_engine.intake.worker import READY, Answer, Setup, Task
from medsynth_engine.kernel.errors import Interrupted, MedSynthError

CHUNK_TASKS = 32
CHUNK_BYTES = 4 * 2**20
MOST_WORKERS = 16
LOOK_SECONDS = 0.25
START_SECONDS = 120.0
MESSAGE_BYTES = 2**20
"""An answer takes two or three kilobytes; whoever sends more is no longer our worker."""
LEAST_PATIENCE = 10.0
"""Seconds that a worker has to take what it is sent: it may only just be starting."""
FALSE_STARTS = 3
CPU_LIMIT_SIGNAL = -24  # SIGXCPU


def worker_count(tasks: int) -> int:
    """Two to sixteen, as many as there are cores; one where there is little to do."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    return max(1, min(max(2, cores), MOST_WORKERS, tasks // CHUNK_TASKS))


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    line: Connection
    pending: deque[Task] = field(default_factory=deque)
    heard: float = field(default_factory=time.monotonic)
    ready: bool = False
    pictures: int = 0
    """How many pictures of the task in hand have been answered."""

    def understood(self, message: bytes) -> Answer:
        """Raises ValueError for what is no answer about the task in hand."""
        head, _, small = message.partition(b"\0")
        answer = json.loads(head)
        if not isinstance(answer, dict) or answer.get("ordinal") != self.pending[0].ordinal or "last" not in answer:
            raise ValueError("no answer to the task in hand")
        return answer, small

    def stop(self) -> int:
        self.line.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        return self.process.wait()


def run(setup: Setup, tasks: Iterable[Task], count: int, wanted: Callable[[], bool]) -> Iterator[Answer]:
    """One answer a picture; those of a task follow one another. `count` tasks are expected.

    Raises Interrupted when `wanted()` turns False, after all workers are gone; MedSynthError where none starts.
    """
    pool = _Pool(setup, iter(tasks))
    try:
        pool.workers = [_start(setup) for _ in range(worker_count(count))]
        while pool.feed():
            if not wanted():
                raise Interrupted("interrupted", "Stopped. Nothing half done is left.", "The same command continues.")
            yield from pool.listen()
            yield from pool.end_hanging()
    finally:
        for worker in pool.workers:
            worker.stop()


class _Pool:
    """The parent's side: what each worker has in hand, and what must be given out again."""

    def __init__(self, setup: Setup, source: Iterator[Task]) -> None:
        self.setup = setup
        self.source = source
        self.again: deque[Task] = deque()
        self.workers: list[_Worker] = []
        self.false_starts = 0

    def feed(self) -> bool:
        """Give every idle worker its next chunk: at most 32 tasks or about 4 MB. False when all is done."""
        for place, worker in enumerate(self.workers):
            if worker.pending:
                continue
            chunk = self._chunk()
            if not chunk:
                continue
            if worker.process.poll() is not None:  # died while it had nothing to do: no file is to blame
                worker.stop()
                worker = self.workers[place] = _start(self.setup)
            worker.pending, worker.heard = chunk, time.monotonic()
            try:
                worker.line.send(list(chunk))
            except BlockingIOError:  # it does not even listen: no file is to blame
                worker.ready = False
                worker.process.kill()
            except (BrokenPipeError, ConnectionResetError):
                continue  # `listen` finds out
        return any(worker.pending for worker in self.workers)

    def _chunk(self) -> deque[Task]:
        chunk: deque[Task] = deque()
        size = 0
        while len(chunk) < CHUNK_TASKS and size < CHUNK_BYTES:
            task = self.again.popleft() if self.again else next(self.source, None)
            if task is None:
                break
            chunk.append(task)
            size += len(task.data) if task.data is not None else 0
        return chunk

    def listen(self) -> Iterator[Answer]:
        """The answers that are there, waiting a moment for the first."""
        lines = {worker.line: worker for worker in self.workers if worker.pending}
        for line in wait(list(lines), LOOK_SECONDS):
            worker = lines[line]  # type: ignore[index]
            try:
                message = worker.line.recv_bytes(MESSAGE_BYTES)
                if message == READY:
                    worker.ready, self.false_starts, worker.heard = True, 0, time.monotonic()
                    continue
                answer = worker.understood(message)
            except BlockingIOError:
                yield from self._replace(worker, Code.TIMEOUT)
                continue
            except (EOFError, OSError, ValueError, RecursionError):  # it died, or went mad
                yield from self._replace(worker, Code.CRASHED)
                continue
            worker.heard = time.monotonic()
            worker.pictures += 1
            if answer[0]["last"]:
                worker.pending.popleft()
                worker.pictures = 0
            yield answer

    def end_hanging(self) -> Iterator[Answer]:
        """Replace workers that have been at one file for too long."""
        now = time.monotonic()
        for worker in list(self.workers):
            allowed = self.setup.reading.limits.seconds_per_file if worker.ready else START_SECONDS
            if worker.pending and now - worker.heard > allowed:
                yield from self._replace(worker, Code.TIMEOUT)

    def _replace(self, worker: _Worker, code: Code) -> Iterator[Answer]:
        """The file that a worker had in hand is rejected, the rest of its chunk goes to another."""
        died = worker.stop()
        if worker.ready:
            blamed = worker.pending.popleft()
            if code is Code.CRASHED and died == CPU_LIMIT_SIGNAL:
                code = Code.TIMEOUT
            yield {"ordinal": blamed.ordinal, "place": worker.pictures, "last": True, "code": code.value}, b""
        else:
            self.false_starts += 1
            if self.false_starts > FALSE_STARTS:
                raise MedSynthError(
                    "no_decoder_process", "The decoding processes do not start.", "Run medsynth doctor."
                )
        self.again.extend(worker.pending)
        worker.pending.clear()
        self.workers[self.workers.index(worker)] = _start(self.setup)


def _start(setup: Setup) -> _Worker:
    ours, theirs = Pipe()
    _bound_waits(ours, setup.reading.limits.seconds_per_file)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "medsynth_engine.intake.worker", str(theirs.fileno())],
        pass_fds=(theirs.fileno(),),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # native decoders write there what they read
        env=environment,
    )
    theirs.close()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        ours.send(setup)
    return _Worker(process, ours)


def _bound_waits(line: Connection, seconds: float) -> None:
    """Reading from and writing to a process that has stopped ends with BlockingIOError, instead of never."""
    patience = struct.pack("ll", int(max(seconds, LEAST_PATIENCE)), 0)  # struct timeval
    with socket.socket(fileno=os.dup(line.fileno())) as end:
        for direction in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            end.setsockopt(socket.SOL_SOCKET, direction, patience)
