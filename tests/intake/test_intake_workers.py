"""Decoding happens in processes that may die, hang or run out of memory: that costs the file in hand alone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from medsynth_engine.intake.options import Limits


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "medsynth_engine.intake.worker" in child.cmdline()]


@pytest.fixture
def strike() -> Callable[[int], threading.Thread]:
    """Send a signal to the first worker that has started to work."""

    def struck(number: int) -> threading.Thread:
        def wait_and_strike() -> None:
            end = time.monotonic() + 30
            while time.monotonic() < end:
                for worker in workers():
                    if sum(worker.cpu_times()[:2]) > 0.3:
                        worker.send_signal(number)
                        return
                time.sleep(0.002)

        thread = threading.Thread(target=wait_and_strike)
        thread.start()
        return thread

    return struck


def test_a_worker_that_is_killed_costs_one_file(brains: Path, take: Callable, strike: Callable) -> None:
    thread = strike(signal.SIGKILL)
    document, _ = take(brains)
    thread.join()
    assert document["submitted"] == 225
    assert document["reasons"] in ({"crashed": 1}, {})  # it may have been between two chunks
    assert document["accepted"] >= 224
    assert workers() == []


def test_a_worker_that_hangs_costs_one_file(brains: Path, take: Callable, strike: Callable) -> None:
    thread = strike(signal.SIGSTOP)
    document, _ = take(brains, limits=Limits(seconds_per_file=1.5))
    thread.join()
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
