"""Several processes train one run together: real ones, on loopback, as `torchrun` starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest
from gan_runs import BATCH, MakeRun, events, start, tensors, ticks, until, with_plan

from medsynth_engine.gan import checkpoint
from medsynth_engine.kernel.folders import RunFolder

STEPS = 20


def launch(folder: RunFolder, processes: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "medsynth_engine.gan.launch", str(folder.path), str(processes)]
    return subprocess.Popen(command, env={**os.environ, "MEDSYNTH_THREADS": "1"}, stderr=subprocess.DEVNULL)


def workers(process: subprocess.Popen[bytes]) -> dict[int, psutil.Process]:
    """The training processes under a launcher, by their rank."""
    below = psutil.Process(process.pid).children(recursive=True)
    return {
        int(one.environ()["RANK"]): one for one in below if "RANK" in one.environ() and one.cmdline()[1:2] != ["-c"]
    }


@pytest.mark.slow
def test_two_processes_have_the_losses_of_one_with_the_same_batch(make_run: MakeRun):
    """To 1e-5 over 20 steps. At a gentle rate: at the recipe's rounding grows past that from the 12th step on."""
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
            assert together[name] == pytest.approx(alone[name], abs=1.1e-5), (alone["kimg"], name)
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
def test_several_processes_are_interrupted_and_stopped_like_one(make_run: MakeRun):
    folder = with_plan(make_run(), BATCH * 10_000)
    process = launch(folder, 2)
    until(lambda: len(ticks(folder)) >= 1, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130 and folder.state()["state"] == "interrupted"
    seen = folder.state()["kimg"]
    process = launch(folder, 2)
    until(lambda: ticks(folder)[-1]["kimg"] > seen, process)
    folder.set_wish("stop")
    assert process.wait(120) == 0 and folder.state()["state"] == "stopped"
    assert folder.generator.exists()
    assert not psutil.pid_exists(process.pid)


def test_a_folder_that_cannot_be_trained_says_so_with_several_processes_too(make_run: MakeRun):
    folder = make_run(augmentation="selfie")
    process = launch(folder, 2)
    assert process.wait(120) == 4
    assert folder.state()["error"]["code"] == "unknown_augmentation"
