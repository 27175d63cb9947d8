"""The bench of every test of jobs; what it started ends with it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from job_bench import Bench

from medsynth_engine.jobs.books import read_beat
from medsynth_engine.jobs.process import Identity, signal_group
from medsynth_engine.kernel.folders import JobFolder


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    for folder in made.home.jobs.iterdir():
        beat = read_beat(JobFolder(folder)) or {}
        for who in ("supervisor", "child"):
            signal_group(Identity.from_document(beat.get(who)), signal.SIGKILL)
    made.ledger.close()
