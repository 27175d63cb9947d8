"""Killed, stopped, out of room, out of memory: a training loses nothing and says what happened. Real processes.

`make faults` kills a hundred times; `make test` twice while it trains, thirty times while it only writes.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import torch
from gan_apart import train_apart
from gan_runs import BATCH, MakeRun, assert_same, events, start, tensors, ticks, until, with_plan

from medsynth_engine.gan import checkpoint, presets, weights
from medsynth_engine.kernel.atomic import sweep
from medsynth_engine.kernel.folders import RunFolder

KILLS = 100
linux = pytest.mark.skipif(sys.platform != "linux", reason="the limit is set from outside")


def half_written(folder: RunFolder) -> list[Path]:
    return list(folder.path.rglob(".partial-*"))


def assert_whole(folder: RunFolder) -> None:
    """Nothing that a killed training left is cut short."""
    assert folder.state()["state"] in ("queued", "running", "interrupted")
    if (folder.checkpoints / "last.pt").exists():
        assert checkpoint.load(folder.checkpoints / "last.pt") is not None
    if (folder.checkpoints / "best.pth").exists():
        weights.load(folder.checkpoints / "best.pth")


def kill(folder: RunFolder, process: subprocess.Popen[bytes], rng: np.random.Generator) -> bool:
    """While it writes a checkpoint, or a few seconds after its start; False where it was over before."""
    end = time.monotonic() + (float(rng.uniform(0.5, 8)) if rng.random() < 0.2 else 120)
    writes = rng.integers(1, 4)  # in which of its checkpoints
    known: set[Path] = set()
    while process.poll() is None and time.monotonic() < end:
        known |= set(folder.checkpoints.glob(".partial-*-last.pt"))
        if len(known) >= writes:
            break
        time.sleep(0.001)
    process.kill()
    return process.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_killed_while_it_writes_checkpoints_it_ends_with_the_same_bytes(make_run: MakeRun, share: float):
    kills = KILLS if share == 1 else 2
    images = BATCH * (20 + 3 * kills)
    calm, torn = (
        with_plan(make_run(name), images, evaluate=BATCH * 8, checkpoint=period)
        for name, period in (("calm", 10**9), ("torn", BATCH))
    )
    assert start(calm).wait() == 0
    rng, killed = np.random.default_rng(11), 0
    while killed < kills:
        killed += kill(torn, start(torn), rng)
        assert_whole(torn)
        if torn.state()["state"] == "finished":
            break
    known, process = len(ticks(torn)), start(torn)
    until(lambda: len(ticks(torn)) > known, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 130 and torn.state()["state"] == "interrupted"
    assert start(torn).wait() == 0
    assert killed == kills and events(torn).count("resume") >= kills // 2
    assert_same(calm, torn)
    assert half_written(torn) == [] and not (torn.path / ".reserve").exists()


def save_for_ever(path: Path, parent: int) -> NoReturn:
    """Checkpoints that say the same number everywhere, each another one, for as long as the parent lives. Never
    returns: what is forked may not go on as a test."""
    try:
        torch.set_num_threads(1)  # the parent's threads did not come along
        number = 0
        while os.getppid() == parent:
            number += 1
            tensors = [torch.from_numpy(np.full(2**16, float(number))) for _ in range(8)]
            checkpoint.save(path, {"number": number, "tensors": tensors})
    except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it and the child must end
        os._exit(1)
    os._exit(0)


def forked(path: Path) -> int:
    parent, child = os.getpid(), os.fork()
    if child == 0:
        save_for_ever(path, parent)
    return child


def kill_in_a_write(child: int, folder: Path, writes: int, seconds: float = 120) -> None:
    """In its `writes`-th checkpoint. Fails where the child ends by itself or writes none; it is gone in any case."""
    known: set[Path] = set()
    end, ended = time.monotonic() + seconds, 0
    try:
        while len(known) < writes:
            known |= set(folder.glob(".partial-*"))
            ended = os.waitpid(child, os.WNOHANG)[0]
            assert not ended, "the child ended by itself"
            assert time.monotonic() < end, "the child writes nothing"
            time.sleep(0.0005)
    finally:
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


@linux
def test_a_hundred_kills_in_the_middle_of_a_checkpoint_leave_a_whole_one(tmp_path: Path, share: float):
    """All of one moment, none of it half written; the next start sweeps what the kill left beside it."""
    path = tmp_path / "checkpoints" / "last.pt"
    rng, interrupted = np.random.default_rng(5), 0
    kills = KILLS if share == 1 else 30
    for _ in range(kills):
        kill_in_a_write(forked(path), path.parent, int(rng.integers(1, 4)))
        left = list(path.parent.glob(".partial-*"))
        interrupted += len(left)
        assert len(left) <= 1
        saved = checkpoint.load(path)
        assert (saved is None) == (not path.exists())
        if saved is not None:
            assert all((tensor.numpy() == saved["number"]).all() for tensor in saved["tensors"])
        assert sweep(tmp_path) == len(left) and not list(path.parent.glob(".partial-*"))
    assert interrupted > kills // 2, "too few kills fell into a write"


@linux
def test_a_child_that_cannot_save_is_noticed_and_runs_no_tests(tmp_path: Path):
    (tmp_path / "checkpoints").write_text("no folder")
    with pytest.raises(AssertionError, match="ended by itself"):
        kill_in_a_write(forked(tmp_path / "checkpoints" / "last.pt"), tmp_path, 1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty disk of forty megabytes in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = sys.platform == "linux" and os.geteuid() == 0
    if not mounted or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40M", "tmpfs", disk], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=False)


@pytest.mark.slow
def test_a_full_disk_keeps_the_last_good_checkpoint_and_says_so(make_run: MakeRun, small_disk: Path):
    """A real full disk; once there is room again, the run goes on."""
    folder = with_plan(make_run("disk/run"), BATCH * 40, checkpoint=BATCH)
    process = start(folder)
    until(lambda: len(ticks(folder)) >= 1, process)
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="space"):
        while True:
            ballast.write(bytes(4096))
    assert process.wait() == 8
    assert folder.state()["state"] == "failed" and folder.state()["error"]["code"] == "disk_full"
    saved = checkpoint.load(folder.checkpoints / "last.pt")
    assert saved is not None and 0 < saved["seen"] < BATCH * 40
    assert half_written(folder) == []
    (small_disk / "ballast").unlink()
    assert start(folder).wait() == 0
    assert folder.state()["state"] == "finished" and folder.state()["error"] is None


@linux
@pytest.mark.slow
def test_files_that_may_not_grow_end_it_the_same_way(make_run: MakeRun):
    """`ulimit -f`: what a quota looks like to a process."""
    folder = with_plan(make_run(), BATCH * 400, checkpoint=BATCH)
    process = start(folder)
    until(lambda: len(ticks(folder)) >= 1, process)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
    assert process.wait() == 8
    assert folder.state()["error"]["code"] == "disk_full" and half_written(folder) == []
    assert checkpoint.load(folder.checkpoints / "last.pt") is not None


@linux
@pytest.mark.slow
@pytest.mark.whole("tests/gan/test_half_batch.py shows the halves themselves")
def test_without_memory_for_the_batch_it_learns_the_same_in_two_halves(make_run: MakeRun):
    """The limit lies between what the whole batch takes and what half of it takes; then under both."""
    batch = 256
    plenty, little, nothing = (
        with_plan(make_run(name), 2 * batch, batch=batch, tick=batch) for name in ("plenty", "little", "nothing")
    )
    whole = train_apart(plenty.path)
    assert whole.code == 0
    half = train_apart(little.path, "as", whole.virtual - 160 * 2**20)
    saved = checkpoint.load(little.checkpoints / "last.pt")
    assert half.code == 0, half.said
    assert saved is not None and saved["learner"]["micro"] == batch // 2
    one, other = tensors(plenty), tensors(little)
    assert max((one[name] - other[name]).abs().max().item() for name in one) < 5e-3
    assert train_apart(nothing.path, "as", whole.virtual - 600 * 2**20).code == 8
    assert nothing.state()["error"]["code"] == "out_of_memory" and "preset" in nothing.state()["error"]["hint"]


@linux
@pytest.mark.slow
@pytest.mark.whole("trains the largest preset of a small machine")
def test_on_a_small_machine_training_stays_under_four_gigabytes(make_run: MakeRun):
    """The largest preset that is chosen there, under a limit of the process's own memory."""
    chosen = presets.resolve("auto", 512, 20_000, "mps", low_resource=True)
    side, batch = chosen.resolution, chosen.batch
    folder = make_run(preset=chosen.name, side=side, count=90, colour=True, low_resource=True)
    with_plan(folder, 2 * batch, batch=batch, tick=batch)
    took = train_apart(folder.path, "data", 4 * 2**30)
    assert took.code == 0, took.said
    assert took.resident < 4 * 2**30 and ticks(folder)[-1]["memory_bytes"] < 4 * 2**30
    assert batch == presets.PRESETS[chosen.name].batch // 2


@linux
@pytest.mark.slow
def test_two_hundred_thousand_images_are_in_memory_once(make_run: MakeRun):
    """Read, sampled from and measured: one tensor of bytes, and little beside it."""
    count, side = 200_000, 32
    folder = make_run()
    rng = np.random.default_rng(0)
    arrays = {
        "images": rng.integers(0, 256, (count, side, side), dtype=np.uint8),
        "fold": (np.arange(count) % 8 == 7).astype(np.uint8),
        "patient": (np.arange(count) // 2).astype(np.int32),
        "categorical": rng.integers(-1, 2, (count, 1)).astype(np.int16),
        "continuous": rng.normal(185, 37, (count, 1)).astype(np.float32),
    }
    np.savez(folder.data, **arrays)
    program = (
        "import sys, torch\n"
        "from pathlib import Path\n"
        "from medsynth_engine.gan import beginning\n"
        "from medsynth_engine.gan.diary import Diary\n"
        "from medsynth_engine.gan.effort import peak_bytes\n"
        "from medsynth_engine.gan.team import Alone\n"
        "from medsynth_engine.kernel.folders import RunFolder\n"
        "folder = RunFolder(Path(sys.argv[1]))\n"
        "before = peak_bytes()\n"
        "setting = beginning.setting_of(folder, Alone(), Diary(folder, 0.0))\n"
        "loaded = peak_bytes()\n"
        "learner, plan = beginning.trial(setting)\n"
        "learner.step(plan.rates(0), plan)\n"
        "beginning.evaluator_of(setting).measure(learner.average.network)\n"
        "print(before, loaded, peak_bytes(), *(int(m in sys.modules) for m in ('torch._dynamo', 'pandas', 'scipy')))\n"
    )
    told = subprocess.run([sys.executable, "-c", program, str(folder.path)], capture_output=True, check=True)
    before, loaded, worked, compiler, *others = map(int, told.stdout.split())
    assert loaded - before < 1.25 * count * side**2
    assert worked - loaded < 500 * 10**6
    assert not compiler, "torch's compiler was imported, which takes every training a second and more"
    assert not any(others), "a training has neither tables nor tests of them: pandas and scipy take half a second"
