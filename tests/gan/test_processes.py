"""Several processes train one run together: real ones, on loopback, as `torchrun` starts them."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest
from gan_runs import BATCH, MakeRun, events, start, tensors, ticks, until, with_plan

from medsynth_engine.gan import checkpoint
from medsynth_engine.kernel.folders import RunFolder

STEPS = 11
NEVER = BATCH * 10**6


def launch(folder: RunFolder, processes: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "medsynth_engine.gan.launch", str(folder.path), str(processes)]
    return subprocess.Popen(command, env={**os.environ, "MEDSYNTH_THREADS": "1"}, stderr=subprocess.DEVNULL)


def workers(process: subprocess.Popen[bytes]) -> dict[int, psutil.Process]:
    """The training processes under a launcher, by their rank."""
    below = psutil.Process(process.pid).children(recursive=True)
    return {
        int(one.environ()["RANK"]): one for one in below if "RANK" in one.environ() and one.cmdline()[1:2] != ["-c"]
    }


def torchruns(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """What a launcher has started, but for what its own imports start and end."""
    found = []
    for child in psutil.Process(process.pid).children():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if "torch.distributed.run" in child.cmdline():
                found.append(child)
    return found


@pytest.mark.slow
def test_two_processes_have_the_losses_of_one_with_the_same_batch(make_run: MakeRun):
    """To the last of the digits that a line tells. At a gentle rate: at the recipe's rounding grows past that from the
    12th step on."""
    calm = {"tick": BATCH, "learning_rate": 1e-5}
    one, two = (with_plan(make_run(name, count=400), BATCH * STEPS, **calm) for name in ("one", "two"))
    assert start(one).wait() == 0
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "medsynth_engine.gan.train", str(two.path)]
    assert subprocess.run(command, check=False, env={**os.environ, "MEDSYNTH_THREADS": "1"}).returncode == 0
    assert two.state()["state"] == "finished" and two.state()["processes"] == 2
    assert len(ticks(one)) == len(ticks(two)) == STEPS
    for alone, together in zip(ticks(one), ticks(two), strict=True):
        for name in ("loss_discriminator", "loss_generator"):
            last_digit = 1e-4 if alone[name] >= 1 else 1e-5  # of five; two values that differ by less may fall apart
            assert together[name] == pytest.approx(alone[name], abs=1.1 * last_digit), (alone["kimg"], name)
        for name in ("slope_real", "gradient_norm_discriminator", "gradient_norm_generator"):
            assert together[name] == pytest.approx(alone[name], rel=1e-3), (alone["kimg"], name)
    first, second = tensors(one), tensors(two)
    assert max((first[name] - second[name]).abs().max().item() for name in first) < 1e-4


@pytest.mark.slow
def test_a_process_that_dies_ends_all_with_a_sentence_and_another_number_goes_on(make_run: MakeRun):
    folder = with_plan(make_run(), BATCH * 100, checkpoint=2 * BATCH)
    process = launch(folder, 2)
    until(lambda: len(ticks(folder)) >= 2, process)
    workers(process)[1].kill()
    assert process.wait(60) == 1
    assert folder.state()["state"] == "failed" and folder.state()["error"]["code"] == "process_died"
    assert "processes" in folder.state()["error"]["message"]
    saved = checkpoint.load(folder.checkpoints / "last.pt")
    assert saved is not None and saved["seen"] > 0

    process = start(folder)
    until(lambda: ticks(folder)[-1]["kimg"] > (saved["seen"] + 4 * BATCH) / 1000, process)
    assert events(folder).count("resume") == 1 and folder.state()["processes"] == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 130


@pytest.mark.slow
@pytest.mark.whole("tests/gan/test_training.py pauses and stops one; several hear a signal here")
def test_several_processes_are_interrupted_and_stopped_like_one_and_go_on_where_a_pause_is_taken_back(
    make_run: MakeRun,
):
    folder = with_plan(make_run(), BATCH * 10_000, checkpoint=NEVER)
    process = launch(folder, 2)
    until(lambda: len(ticks(folder)) >= 1, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130 and folder.state()["state"] == "interrupted"
    seen = folder.state()["kimg"]
    process = launch(folder, 2)
    until(lambda: ticks(folder)[-1]["kimg"] > seen, process)
    with folder.undisturbed():  # nobody can rest meanwhile
        written = events(folder).count("checkpoint")
        folder.set_wish("pause")
        until(lambda: events(folder).count("checkpoint") > written, process)
        seen = ticks(folder)[-1]["kimg"]
        folder.set_wish("run")
    until(lambda: ticks(folder)[-1]["kimg"] > seen, process)
    folder.set_wish("stop")
    assert process.wait(120) == 0 and folder.state()["state"] == "stopped"
    assert folder.generator.exists() and "pause" not in events(folder)
    assert not psutil.pid_exists(process.pid)


@pytest.mark.whole("one says so in tests/gan/test_training.py; several that end badly are told above")
def test_a_folder_that_cannot_be_trained_says_so_with_several_processes_too(make_run: MakeRun):
    folder = make_run(augmentation="selfie")
    process = launch(folder, 2)
    assert process.wait(120) == 4
    assert folder.state()["error"]["code"] == "unknown_augmentation"


@pytest.mark.slow
def test_several_processes_hear_a_signal_long_before_the_next_tick(make_run: MakeRun):
    folder = with_plan(make_run(), BATCH * 10_000, tick=NEVER, checkpoint=BATCH * 2, evaluate=NEVER)
    process = launch(folder, 2)
    until(lambda: events(folder).count("checkpoint") >= 3, process)
    saved = checkpoint.load(folder.checkpoints / "last.pt")
    workers(process)[1].send_signal(signal.SIGTERM)  # to the one that does not write
    assert process.wait(120) == 130 and folder.state()["state"] == "interrupted"
    now = checkpoint.load(folder.checkpoints / "last.pt")
    assert saved is not None and now is not None and ticks(folder) == []
    assert now["seen"] > saved["seen"] and folder.state()["kimg"] == now["seen"] / 1000


def written(folder: RunFolder) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.path.iterdir() if file.is_file()}


@pytest.mark.slow
def test_who_comes_second_is_turned_away_and_writes_nothing(make_run: MakeRun):
    folder = with_plan(make_run(), BATCH * 10_000)
    process = start(folder)
    until(lambda: len(ticks(folder)) >= 1, process)
    process.send_signal(signal.SIGSTOP)  # so that its next word does not hide what is seen
    known = written(folder)
    code = launch(folder, 2).wait(120)
    now = written(folder)
    process.send_signal(signal.SIGCONT)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 130 and folder.state()["state"] == "interrupted"
    assert code == 7 and now == known


@pytest.mark.slow
@pytest.mark.whole("half a minute of waiting; who comes a moment later is turned away above")
def test_of_two_that_begin_at_once_the_loser_writes_nothing(make_run: MakeRun):
    """The folder is taken after the launcher looked and before its first process does."""
    folder = make_run()
    process = launch(folder, 2)
    until(lambda: bool(torchruns(process)), process)
    with (folder.path / ".training").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert process.wait(120) == 7
    assert folder.state() == {"state": "queued"}


def test_a_signal_while_it_is_started_is_no_death(make_run: MakeRun):
    folder = make_run()
    process = launch(folder, 2)
    until(lambda: bool(torchruns(process)), process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 130 and folder.state()["state"] == "interrupted"


@pytest.mark.slow
@pytest.mark.parametrize(
    "which", ["launcher", pytest.param("torchrun", marks=pytest.mark.whole("the launcher is killed the same way"))]
)
def test_when_who_started_them_is_killed_they_save_and_leave(make_run: MakeRun, which: str):
    folder = with_plan(make_run(), BATCH * 10_000)
    process = launch(folder, 2)
    until(lambda: len(ticks(folder)) >= 1, process)
    below = psutil.Process(process.pid).children(recursive=True)
    (torchrun,) = psutil.Process(process.pid).children()
    (psutil.Process(process.pid) if which == "launcher" else torchrun).kill()
    assert process.wait(120) == (-signal.SIGKILL if which == "launcher" else 130)
    _, alive = psutil.wait_procs(below, timeout=60)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []  # who adopts them may not care
    saved = checkpoint.load(folder.checkpoints / "last.pt")
    assert folder.state()["state"] == "interrupted" and saved is not None
    assert folder.state()["kimg"] == saved["seen"] / 1000 > 0
