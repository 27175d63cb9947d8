"""Killed, stopped, out of room: at any moment, as often as one likes. The same call again gives the same dataset.

`make faults` kills fifty times, `make test` five times.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from intake_apart import Ended, command
from intake_bombs import dicom, dicom_bytes
from intake_pieces import KEY, always, photograph, quiet
from PIL import Image

from medsynth_engine.intake import pool
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import staging_of, take_in
from medsynth_engine.intake.worker import Setup
from medsynth_engine.kernel.errors import Interrupted

PICTURES, FRAMES, VOLUMES = 950, 4, 50
KILLS = 50


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,000 files: PNG, JPEG, and DICOM of four frames."""
    folder = tmp_path_factory.mktemp("ward")
    for number in range(PICTURES):
        name = f"DOE_{number:04d}.{'jpg' if number % 3 == 0 else 'png'}"
        Image.fromarray(photograph(number, (96, 128))).save(folder / name)
    for number in range(VOLUMES):
        frames = b"".join(photograph(5_000 + 10 * number + frame, (64, 64), False).tobytes() for frame in range(FRAMES))
        dataset = dicom(PatientID=f"47{number // 2:06d}", NumberOfFrames=str(FRAMES), PixelData=frames)
        (folder / f"MR{number:04d}.dcm").write_bytes(dicom_bytes(dataset))
    return folder


def contents(folder: Path, within: str = "") -> dict[str, bytes]:
    """Every byte of a dataset folder, or of the folder that is called so in it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {within + path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Names that one of them does not have, or has with other bytes; megabytes that differ say nothing to anybody."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@pytest.fixture(scope="session")
def undisturbed(ward: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """The dataset that nobody disturbs, and how long it takes."""
    target = tmp_path_factory.mktemp("undisturbed") / "set"
    began = time.monotonic()
    document = take_in(ward, Options.of("set"), target, KEY, quiet, always)
    assert document["accepted"] == PICTURES + FRAMES * VOLUMES
    return contents(target), time.monotonic() - began


def start(source: Path, target: Path, here: Path) -> subprocess.Popen[bytes]:
    """An intake in a process group of its own."""
    (here / "tmp").mkdir(exist_ok=True)
    jobs = here / "jobs.json"
    jobs.write_text(json.dumps([[str(source), str(target), {}]]))
    environment = {**os.environ, "TMPDIR": str(here / "tmp"), "PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.Popen(command(jobs), stdout=subprocess.PIPE, env=environment, start_new_session=True)


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_bytes(
    ward: Path, undisturbed: tuple[dict[str, bytes], float], share: float, tmp_path: Path
) -> None:
    whole, seconds = undisturbed
    target = tmp_path / "sets" / "set"
    rng = np.random.default_rng(7)
    killed = 0
    while killed < int(KILLS * share):
        process = start(ward, target, tmp_path)
        workers: list[psutil.Process] = []
        try:
            process.wait(float(rng.uniform(0.1, seconds + 1)))
        except subprocess.TimeoutExpired:
            workers = psutil.Process(process.pid).children()
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.communicate()
        psutil.wait_procs(workers, 60)
        assert not any(worker.is_running() for worker in workers)
        assert not list((tmp_path / "tmp").iterdir())
        if target.exists():
            assert differing(contents(target), whole) == []
            shutil.rmtree(target)
    process = start(ward, target, tmp_path)
    process.communicate(timeout=600)
    assert differing(contents(target), whole) == []
    assert [entry.name for entry in target.parent.iterdir()] == ["set"]


class Striker:
    """Kills workers that are at their files: four that die while they start would end the intake.

    Asked by the intake whether to go on, it strikes: the first worker as soon as that was given a chunk, so that a file
    is lost whatever the machine does meanwhile, and others at random moments, five at most.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
        self.struck, self._rng = 0, rng
        self._started: list[pool._Worker] = []
        start = pool._start

        def noted(setup: Setup) -> pool._Worker:
            self._started.append(start(setup))
            return self._started[-1]

        monkeypatch.setattr(pool, "_start", noted)

    def wanted(self) -> bool:
        least = 1 if self.struck else pool.CHUNK_TASKS
        busy = [worker for worker in self._started if worker.ready and len(worker.pending) >= least]
        if busy and self.struck < 5 and (not self.struck or self._rng.random() < 0.03):
            busy[-1].process.kill()
            self._started.remove(busy[-1])
            self.struck += 1
        return True


@pytest.mark.slow
def test_a_killed_worker_costs_one_file_and_the_next_run_takes_it(
    ward: Path,
    undisturbed: tuple[dict[str, bytes], float],
    share: float,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(8)
    for turn in range(max(1, int(KILLS * share) // 5)):
        with monkeypatch.context() as patch:
            striker = Striker(patch, rng)
            document = take_in(ward, Options.of("set"), tmp_path / f"struck{turn}", KEY, quiet, striker.wanted)
        assert 1 <= document["reasons"]["crashed"] <= striker.struck
        assert set(document["reasons"]) == {"crashed"}
        healed = take_in(
            ward, Options.of("set"), tmp_path / f"healed{turn}", KEY, quiet, always, tmp_path / f"struck{turn}"
        )
        assert set(healed["reasons"]) <= {"already_there"}
        records = Dataset(tmp_path / f"healed{turn}").records()
        assert len(records) == PICTURES + FRAMES * VOLUMES
        images = {name: data for name, data in undisturbed[0].items() if name.startswith("images/")}
        assert differing(contents(tmp_path / f"healed{turn}" / "images", "images/"), images) == []


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "medsynth_engine.intake.worker" in child.cmdline()]


def test_cancelled_it_ends_soon(ward: Path, tmp_path: Path) -> None:
    asked = 0.0
    target = tmp_path / "set"

    def wanted() -> bool:
        nonlocal asked
        journal = staging_of(target) / "journal.jsonl"
        if not asked and journal.exists() and journal.stat().st_size > 50_000:
            asked = time.monotonic()
        return not asked

    with pytest.raises(Interrupted):
        take_in(ward, Options.of("set"), target, KEY, quiet, wanted)
    assert time.monotonic() - asked < 120  # a second on a quiet machine
    assert workers() == []


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set from outside")
@pytest.mark.family(share=0.25)
@pytest.mark.parametrize("limit", [1_000, 60_000, 400_000, 1_100_000])
def test_files_that_may_not_grow_end_it_cleanly_and_it_continues(
    limit: int, ward: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path
) -> None:
    """`ulimit -f`: first the pictures do not fit, then the thumbnails, then the journal."""
    import resource

    target = tmp_path / "sets" / "set"
    process = start(ward, target, tmp_path)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    ended = Ended(**json.loads(process.communicate(timeout=600)[0]))
    assert (ended.code, ended.uncaught) == ("disk_full", "")
    assert not target.exists()
    process = start(ward, target, tmp_path)
    process.communicate(timeout=600)
    assert differing(contents(target), undisturbed[0]) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty disk of two megabytes in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = sys.platform == "linux" and os.geteuid() == 0
    if not mounted or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2M", "tmpfs", disk], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_disk_that_is_full_ends_it_cleanly_and_it_continues(
    small_disk: Path, ward: Path, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path
) -> None:
    whole = undisturbed[0]
    size = sum(map(len, whole.values())) // 2**20
    target = small_disk / "set"
    for megabytes in (2, size // 2, size):
        subprocess.run(["mount", "-o", f"remount,size={megabytes}M", small_disk], check=True)
        process = start(ward, target, tmp_path)
        ended = Ended(**json.loads(process.communicate(timeout=600)[0]))
        assert (ended.code, ended.uncaught) == ("disk_full", "")
        assert [entry.name for entry in small_disk.iterdir()] == [".staging-set"]
    subprocess.run(["mount", "-o", "remount,size=200M", small_disk], check=True)
    start(ward, target, tmp_path).communicate(timeout=600)
    assert differing(contents(target), whole) == []
