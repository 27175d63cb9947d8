"""Decoding happens in processes that may die, hang or run out of memory: that costs the file in hand alone."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from medsynth_engine.intake import pool
from medsynth_engine.intake.options import Limits
from medsynth_engine.intake.text.readers import Task, read_all
from medsynth_engine.intake.text.worker import BEHIND
from medsynth_engine.kernel.errors import Interrupted


def workers(program: str = "medsynth_engine.intake.worker") -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if program in child.cmdline()]


@pytest.fixture
def strike(tmp_path: Path) -> Callable[[int], Callable[[], bool]]:
    """Send a signal to a worker once pictures are on the disk. Returns what waits for that: whether one was struck."""

    def struck(number: int) -> Callable[[], bool]:
        hit: list[psutil.Process] = []

        def wait_and_strike() -> None:
            end = time.monotonic() + 30
            while not hit and time.monotonic() < end:
                if next((tmp_path / "datasets").rglob("*.png"), None) is not None:
                    with contextlib.suppress(psutil.Error, ValueError):  # it ended, or there is none yet
                        worker = max(workers(), key=lambda each: sum(each.cpu_times()[:2]))  # the other may only start
                        worker.send_signal(number)
                        hit.append(worker)
                time.sleep(0.002)

        thread = threading.Thread(target=wait_and_strike)
        thread.start()

        def ended() -> bool:
            thread.join()
            return bool(hit)

        return ended

    return struck


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_that_dies_costs_one_file(number: int, brains: Path, take: Callable, strike: Callable) -> None:
    struck = strike(number)
    document, _ = take(brains)
    assert struck()
    assert document["submitted"] == 225
    assert document["reasons"] in ({"crashed": 1}, {})  # it may have been between two chunks
    assert document["accepted"] >= 224
    assert workers() == []


def test_a_worker_that_hangs_costs_one_file(
    brains: Path, take: Callable, strike: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "START_SECONDS", 20.0)  # where it was one that only started after all
    struck = strike(signal.SIGSTOP)
    document, _ = take(brains, limits=Limits(seconds_per_file=5))
    assert struck()
    assert document["reasons"] in ({"timeout": 1}, {})
    assert document["accepted"] >= 224
    assert workers() == []


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="memory of a process is bounded on Linux only")
def test_a_picture_that_needs_too_much_memory_costs_itself(photographs: Path, take: Callable) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4000, 4000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(photographs / "large.png", compress_level=0)
    limits = Limits(worker_bytes=240 * 2**20)
    document, _ = take(photographs, limits=limits)
    assert document["accepted"] == 12
    assert document["reasons"] in ({"out_of_memory": 1}, {"crashed": 1})


def test_workers_go_when_their_parent_was_interrupted(brains: Path, look: Callable) -> None:
    calls = []

    def wanted() -> bool:
        calls.append(1)
        return len(calls) < 4

    from intake_pieces import KEY, quiet

    from medsynth_engine.intake.options import Options
    from medsynth_engine.intake.take_in import scan
    from medsynth_engine.kernel.errors import Interrupted

    with pytest.raises(Interrupted):
        scan(brains, Options.of("set"), quiet, wanted, KEY)
    assert workers() == []


def test_a_scan_stores_nothing_and_says_what_an_intake_would_do(
    brains: Path, look: Callable, take: Callable, tmp_path: Path
) -> None:
    scanned = look(brains)
    assert not list(tmp_path.iterdir())
    taken, _ = take(brains)
    assert scanned == taken


class Line:
    """A worker's line, played by the test: it hears what the pool sends, and says what it is told to."""

    def __init__(self, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def start(command: list[str], **other: Any) -> subprocess.Popen[bytes]:
            self.started += 1
            said = program if self.started == 1 else ""
            return real([sys.executable, "-c", said + SERVE, command[-1]], **other)

        self.started = 0
        real = subprocess.Popen
        monkeypatch.setattr(pool.subprocess, "Popen", start)


SERVE = """
import sys
from medsynth_engine.intake import worker
worker.main(int(sys.argv[1]))
"""
RAVING = """
import sys
from multiprocessing.connection import Connection
line = Connection(int(sys.argv[1]))
line.recv()
line.send_bytes(b"ready")
line.recv()
line.send_bytes({message})
line.recv()
"""


@pytest.mark.parametrize(
    "message",
    ["b'no JSON'", "b'[1, 2]'", 'b\'{"ordinal": 99, "last": true}\'', "b'[' * 900_000", "bytes(2_000_000)"],
    ids=["text", "list", "other-task", "deep", "long"],
)
def test_a_worker_that_raves_costs_one_file(
    message: str, photographs: Path, take: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(RAVING.format(message=message), monkeypatch)
    document, _ = take(photographs)
    assert line.started == 2
    assert document["reasons"] == {"crashed": 1}
    assert document["accepted"] == 11


def test_a_worker_that_never_listens_costs_nothing(
    take: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An NPZ is sent to the worker; a parent that waits for it to be taken would wait for ever."""
    monkeypatch.setattr(pool, "LEAST_PATIENCE", 1.0)
    source = tmp_path / "large.npz"
    np.savez(source, images=np.random.default_rng(0).integers(0, 256, (10, 600, 600, 3), dtype=np.uint8))
    line = Line("import time\ntime.sleep(600)\n", monkeypatch)
    document, _ = take(source, limits=Limits(seconds_per_file=5))
    assert line.started == 2
    assert document["accepted"] == 10


def test_a_process_that_reads_for_text_steps_back_behind_all_other_work(tmp_path: Path) -> None:
    Image.new("L", (128, 128)).save(tmp_path / "film.png")
    behind = min(os.nice(0) + BEHIND, 19)
    seen: list[int] = []

    def until_it_stepped_back() -> bool:
        seen[:] = [reader.nice() for reader in workers("medsynth_engine.intake.text.worker")]
        return seen != [behind]

    with pytest.raises(Interrupted):  # before it has loaded what reads; one that never steps back reads the picture
        list(read_all([Task("r1", tmp_path / "film.png", 255, seconds=120.0)], 1, until_it_stepped_back))
    assert seen == [behind] and not workers("medsynth_engine.intake.text.worker")
