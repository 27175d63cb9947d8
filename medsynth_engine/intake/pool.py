"""Several workers, fed in chunks. A worker that dies or hangs costs the file it had in hand; the pool goes on."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any

from medsynth_engine.intake.reasons import Code
from medsynth_engine.intake.worker import Setup, Task
from medsynth_engine.kernel.errors import Interrupted, MedSynthError

CHUNK_TASKS = 32
CHUNK_BYTES = 4 * 2**20
MOST_WORKERS = 16
LOOK_SECONDS = 0.25
FALSE_STARTS = 3
CPU_LIMIT_SIGNAL = -24  # SIGXCPU

Answer = tuple[dict[str, Any], bytes]


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
    answered: int = 0

    def stop(self) -> int:
        self.line.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        return self.process.wait()


def run(setup: Setup, tasks: Iterable[Task], count: int, wanted: Callable[[], bool]) -> Iterator[Answer]:
    """One answer a task, in the order in which they are ready. `count` tasks are expected.

    Raises Interrupted when `wanted()` turns False, after all workers are gone.
    """
    source = iter(tasks)
    again: deque[Task] = deque()
    workers = [_start(setup) for _ in range(worker_count(count))]
    false_starts = 0
    try:
        for worker in workers:
            _feed(worker, source, again)
        while any(worker.pending for worker in workers):
            if not wanted():
                raise Interrupted("interrupted", "Stopped. Nothing half done is left.", "The same command continues.")
            lines = {worker.line: worker for worker in workers if worker.pending}
            for line in wait(list(lines), LOOK_SECONDS):
                worker = lines[line]  # type: ignore[index]
                try:
                    yield _heard(worker)
                except (EOFError, ConnectionResetError, BrokenPipeError):
                    false_starts = 0 if worker.answered else false_starts + 1
                    if false_starts >= FALSE_STARTS * len(workers) + 32:
                        raise MedSynthError("no_decoder_process", "The decoding processes do not start.") from None
                    yield _lost(worker, workers, setup, again)
                if not worker.pending and worker in workers:
                    _feed(worker, source, again)
            for worker in list(workers):
                if worker.pending and time.monotonic() - worker.heard > setup.limits.seconds_per_file:
                    yield _lost(worker, workers, setup, again, Code.TIMEOUT)
            for worker in workers:
                if not worker.pending:
                    _feed(worker, source, again)
    finally:
        for worker in workers:
            worker.stop()


def _start(setup: Setup) -> _Worker:
    ours, theirs = Pipe()
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
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # found out at the first answer
        ours.send(setup)
    return _Worker(process, ours)


def _feed(worker: _Worker, source: Iterator[Task], again: deque[Task]) -> None:
    """Send the next chunk: at most 32 tasks or about 4 MB, and only to a worker that waits for one."""
    size = 0
    while len(worker.pending) < CHUNK_TASKS and size < CHUNK_BYTES:
        task = again.popleft() if again else next(source, None)
        if task is None:
            break
        worker.pending.append(task)
        size += len(task.entry[0]) if task.entry else 0
    if worker.pending:
        worker.heard = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.line.send(list(worker.pending))


def _heard(worker: _Worker) -> Answer:
    message = worker.line.recv_bytes()
    head, _, small = message.partition(b"\0")
    worker.pending.popleft()
    worker.heard = time.monotonic()
    worker.answered += 1
    return json.loads(head), small


def _lost(
    worker: _Worker, workers: list[_Worker], setup: Setup, again: deque[Task], code: Code = Code.CRASHED
) -> Answer:
    """Replace a dead or hanging worker; the file it had in hand is rejected, the rest of its chunk goes to another."""
    died = worker.stop()
    if code is Code.CRASHED and died == CPU_LIMIT_SIGNAL:
        code = Code.TIMEOUT
    blamed = worker.pending.popleft()
    again.extend(worker.pending)
    worker.pending.clear()
    workers[workers.index(worker)] = _start(setup)
    return {"ordinal": blamed.ordinal, "code": code.value}, b""
