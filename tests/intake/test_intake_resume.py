"""Stopped or killed in the middle: the same call again gives the same dataset, and nothing half done stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from intake_pieces import KEY, always, quiet

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import discard, staging_of, take_in
from medsynth_engine.kernel.errors import Busy, Interrupted

PROGRAM = """
import sys
from pathlib import Path
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import take_in
source, target, key = Path(sys.argv[1]), Path(sys.argv[2]), bytes.fromhex(sys.argv[3])
def say(done, total, what):
    print(done, what, flush=True)
take_in(source, Options.of("set"), target, key, say, lambda: True)
"""


def start(source: Path, target: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(source), str(target), KEY.hex()], stdout=subprocess.PIPE, text=True
    )


def journalled(target: Path) -> int:
    journal = staging_of(target) / "journal.jsonl"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


def kill_at(enough: int, source: Path, target: Path) -> None:
    """Start an intake, kill -9 its process after so many files, and wait until its workers have noticed."""
    process = start(source, target)
    wait_until(lambda: journalled(target) >= enough)
    workers = psutil.Process(process.pid).children()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not target.exists()
    psutil.wait_procs(workers, 10)
    assert not any(worker.is_running() for worker in workers)


@pytest.fixture
def whole(brains: Path, tmp_path: Path) -> str:
    """The digest of the dataset that an intake gives which nobody disturbs."""
    take_in(brains, Options.of("set"), tmp_path / "whole", KEY, quiet, always)
    return Dataset(tmp_path / "whole").digest()


def test_killed_in_the_middle_again_and_again_then_continued(brains: Path, tmp_path: Path, whole: str) -> None:
    target = tmp_path / "killed"
    for enough in (15, 110):
        kill_at(enough, brains, target)
    done = journalled(target)
    assert 110 <= done < 225
    seen: list[int] = []
    take_in(brains, Options.of("set"), target, KEY, lambda n, of, what: seen.append(n), always)
    assert Dataset(target).digest() == whole
    assert min(number for number in seen if number) >= done - 1  # the last line may have been torn
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["killed", "whole"]
    assert not list(target.rglob(".partial-*"))
    files = {f"images/{path.name}" for path in (target / "images").iterdir()}
    assert files == set(Dataset(target).records()["file"])


def test_cancelled_it_leaves_no_dataset_and_continues(brains: Path, tmp_path: Path, whole: str) -> None:
    target = tmp_path / "cancelled"
    with pytest.raises(Interrupted):
        take_in(brains, Options.of("set"), target, KEY, quiet, lambda: journalled(target) < 40)
    assert not target.exists()
    assert staging_of(target).stat().st_mode & 0o077 == 0
    take_in(brains, Options.of("set"), target, KEY, quiet, always)
    assert Dataset(target).digest() == whole


def test_unfinished_work_can_be_thrown_away(photographs: Path, tmp_path: Path) -> None:
    target = tmp_path / "cancelled"
    with pytest.raises(Interrupted):
        take_in(photographs, Options.of("set"), target, KEY, quiet, lambda: False)
    assert discard(target)
    assert not discard(target)
    assert [entry.name for entry in tmp_path.iterdir()] == ["photographs"]


def test_a_damaged_picture_of_an_earlier_try_is_made_anew(photographs: Path, tmp_path: Path) -> None:
    take_in(photographs, Options.of("set"), tmp_path / "whole", KEY, quiet, always)
    target = tmp_path / "again"
    with pytest.raises(Interrupted):
        take_in(photographs, Options.of("set"), target, KEY, quiet, lambda: journalled(target) < 12)
    victim, gone, *_ = sorted((staging_of(target) / "images").iterdir())
    victim.write_bytes(bytes(victim.stat().st_size))
    gone.unlink()
    with (staging_of(target) / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"ordinal": 3, "code"')
    take_in(photographs, Options.of("set"), target, KEY, quiet, always)
    assert Dataset(target).digest() == Dataset(tmp_path / "whole").digest()


def test_another_source_does_not_inherit_unfinished_work(photographs: Path, skin: Path, tmp_path: Path) -> None:
    target = tmp_path / "set"
    with pytest.raises(Interrupted):
        take_in(skin, Options.of("set"), target, KEY, quiet, lambda: journalled(target) < 20)
    document = take_in(photographs, Options.of("set"), target, KEY, quiet, always)
    assert document["submitted"] == 12
    assert len(list((target / "images").iterdir())) == 12


def test_a_file_that_changed_between_two_tries_is_read_again(photographs: Path, tmp_path: Path) -> None:
    target = tmp_path / "set"
    with pytest.raises(Interrupted):
        take_in(photographs, Options.of("set"), target, KEY, quiet, lambda: journalled(target) < 12)
    one, other = sorted(photographs.glob("*.png"))[:2]
    one.write_bytes(other.read_bytes())
    document = take_in(photographs, Options.of("set"), target, KEY, quiet, always)
    assert document["duplicates"] == 1
    assert document["accepted"] == 12


def test_two_at_once_do_not_mix(brains: Path, tmp_path: Path) -> None:
    target = tmp_path / "set"
    stop = threading.Event()

    def run() -> None:
        with pytest.raises(Interrupted):
            take_in(brains, Options.of("set"), target, KEY, quiet, lambda: not stop.is_set())

    first = threading.Thread(target=run)
    first.start()
    try:
        wait_until(lambda: journalled(target) > 0)
        with pytest.raises(Busy):
            take_in(brains, Options.of("set"), target, KEY, quiet, always)
        with pytest.raises(Busy):
            discard(target)
    finally:
        stop.set()
        first.join()


def test_the_same_source_and_key_give_the_same_dataset_another_key_another(photographs: Path, tmp_path: Path) -> None:
    digests = []
    for name, key in (("a", KEY), ("b", KEY), ("c", bytes(32))):
        take_in(photographs, Options.of(name), tmp_path / name, key, quiet, always)
        digests.append(Dataset(tmp_path / name).digest())
    assert digests[0] == digests[1] != digests[2]
