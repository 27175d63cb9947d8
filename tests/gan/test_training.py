"""Training in its own process, as a job starts it: it ends as wished, goes on where it was, says what failed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from medsynth_engine.gan import checkpoint, learner, schedule, train, trainer
from medsynth_engine.gan.presets import PRESETS
from medsynth_engine.gan.sample import Drawer
from medsynth_engine.kernel.errors import NoRoom
from medsynth_engine.kernel.folders import RunFolder

MakeRun = Callable[..., RunFolder]


def start(folder: RunFolder) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "MEDSYNTH_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", "medsynth_engine.gan.train", str(folder.path)], env=environment)


def with_plan(folder: RunFolder, images: int, **changes: Any) -> RunFolder:
    """Write the plan beforehand, so that ticks and checkpoints come as often as a test needs them."""
    plan = schedule.plan(PRESETS["nano32"], 120, images, 2, 0.01).document()
    (folder.path / "plan.json").write_text(json.dumps({**plan, "tick": 2 * plan["batch"], **changes}))
    return folder


def until(condition: Callable[[], bool], process: subprocess.Popen[bytes] | None = None, seconds: float = 120) -> None:
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds, "waited too long"
        assert process is None or process.poll() is None, "the process ended"
        time.sleep(0.02)


def ticks(folder: RunFolder) -> list[dict[str, Any]]:
    return [line for line in folder.lines()[0] if line["kind"] == "tick"]


def events(folder: RunFolder) -> list[str]:
    return [line["what"] for line in folder.lines()[0] if line["kind"] == "event"]


def tensors(folder: RunFolder) -> dict[str, torch.Tensor]:
    found = torch.load(folder.generator, weights_only=True)
    return {**found["generator"], "kimg": torch.tensor(found["kimg"])}


def assert_same(first: RunFolder, second: RunFolder) -> None:
    one, other = tensors(first), tensors(second)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    a, b = (checkpoint.load(folder.checkpoints / "last.pt") for folder in (first, second))
    assert a is not None and b is not None and a["seen"] == b["seen"]
    for part in ("generator", "discriminator", "average"):
        assert all(torch.equal(value, b["learner"][part][name]) for name, value in a["learner"][part].items())
    assert torch.equal(a["learner"]["random"], b["learner"]["random"])
    assert a["learner"]["controller"] == b["learner"]["controller"]


def test_a_run_writes_everything_that_others_read(make_run: MakeRun):
    folder = make_run()
    folder.rows.write_text('{"model": "trees"}')
    assert train.train(folder) == 0
    state = folder.state()
    assert state["state"] == "finished" and state["kimg"] == 0.64 and state["simulated"] is False
    assert state["best"]["fd_ratio_validation"] > 0
    line = ticks(folder)[-1]
    wanted = "kimg seconds epoch loss_generator loss_discriminator accuracy_real accuracy_fake images_per_second"
    assert set(line) >= {*wanted.split(), "overfitting", "augmentation", "eta_seconds"}
    evaluation = [entry for entry in folder.lines()[0] if entry["kind"] == "evaluation"][-1]
    assert set(evaluation) >= {"kimg", "seconds", "fd_ratio_validation", "kid", "nearest_neighbour_risk"}
    assert {"best", "checkpoint", "finish"} <= set(events(folder))
    sheets = sorted(folder.samples.glob("*.png"))
    assert len(sheets) >= 2 and Image.open(sheets[-1]).size[0] > 300
    drawer = Drawer(folder.generator, "cpu")
    assert drawer.rows == '{"model": "trees"}' and drawer.conditions == ("finding", "age")
    assert drawer.info["training_digest"] == "ab" * 32
    assert not list(folder.path.rglob(".partial-*"))


@pytest.mark.slow
def test_killed_and_started_again_it_ends_with_the_same_weights(make_run: MakeRun):
    """Uninterrupted against: SIGTERM, then kill -9 between two checkpoints, then to the end."""
    images = 20 * 2 * PRESETS["nano32"].batch
    calm = with_plan(make_run("calm"), images, checkpoint=10**9)
    torn = with_plan(make_run("torn"), images, checkpoint=5 * PRESETS["nano32"].batch)
    assert start(calm).wait() == 0

    process = start(torn)
    until(lambda: len(ticks(torn)) >= 3, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 130 and torn.state()["state"] == "interrupted"

    process = start(torn)
    until(lambda: ticks(torn)[-1]["kimg"] > 0.55 * images / 1000, process)
    process.kill()
    process.wait()
    assert torn.state()["state"] == "running"

    assert start(torn).wait() == 0
    assert events(torn).count("resume") == 2
    assert_same(calm, torn)


@pytest.mark.slow
def test_pause_and_resume_and_stop(make_run: MakeRun):
    folder = with_plan(make_run(), 100_000 * 32)
    process = start(folder)
    until(lambda: len(ticks(folder)) >= 1, process)
    folder.set_wish("pause")
    assert process.wait() == 0 and folder.state()["state"] == "paused"
    assert not folder.generator.exists()
    paused_at = folder.state()["kimg"]
    folder.set_wish("run")
    process = start(folder)
    until(lambda: ticks(folder)[-1]["kimg"] > paused_at, process)
    second = start(folder)
    assert second.wait() == 7, "a second process must not train the same folder"
    folder.set_wish("stop")
    assert process.wait() == 0 and folder.state()["state"] == "stopped"
    assert Drawer(folder.generator, "cpu").resolution == 32
    assert [what for what in events(folder) if what in ("pause", "resume", "stop")] == ["pause", "resume", "stop"]


def test_the_best_generator_is_kept_not_the_last(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch):
    from medsynth_engine.gan.evaluate import Evaluator, Measured

    batch = PRESETS["nano32"].batch
    folder = with_plan(make_run(), 6 * batch, evaluate=batch)
    ratios = iter([9.0, 7.0, 3.0, 4.0, 5.0, 8.0])
    monkeypatch.setattr(Evaluator, "measure", lambda self, generator: Measured(next(ratios), 0.1, 0.5, 60))
    assert train.train(folder) == 0
    assert folder.state()["best"] == {"kimg": 3 * batch / 1000, "fd_ratio_validation": 3.0}
    assert Drawer(folder.generator, "cpu").info["kimg"] == 3 * batch / 1000
    finish = next(line for line in folder.lines()[0] if line.get("what") == "finish")
    assert finish["generator"] == "best" and finish["best_kimg"] == 3 * batch / 1000


def test_numbers_that_go_wrong_once_are_rolled_back_with_a_lower_rate(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
):
    batch = PRESETS["nano32"].batch
    folder = with_plan(make_run(), 8 * batch)
    spoil = iter([False] * 3 + [True] + [False] * 100)
    whole = learner.Learner.step

    def step(self: learner.Learner, *arguments: Any) -> learner.Step:
        if next(spoil):
            next(self.game.generator.parameters()).data.fill_(float("nan"))
        return whole(self, *arguments)

    monkeypatch.setattr(learner.Learner, "step", step)
    assert train.train(folder) == 0
    assert events(folder).count("roll_back") == 1
    saved = checkpoint.load(folder.checkpoints / "last.pt")
    assert saved is not None and saved["learner"]["caution"] == trainer.CAUTION
    assert checkpoint.finite(saved)


def test_numbers_that_go_wrong_again_end_the_run_with_a_sentence(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch):
    folder = with_plan(make_run(), 8 * PRESETS["nano32"].batch)
    whole = learner.Learner.step

    def step(self: learner.Learner, *arguments: Any) -> learner.Step:
        next(self.game.discriminator.parameters()).data.fill_(float("nan"))
        return whole(self, *arguments)

    monkeypatch.setattr(learner.Learner, "step", step)
    assert train.train(folder) == 1
    assert folder.state()["state"] == "failed" and folder.state()["error"]["code"] == "training_diverged"


def test_without_memory_the_batch_is_halved_once_and_the_mathematics_stay(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
):
    batch = PRESETS["nano32"].batch
    plenty, little = (with_plan(make_run(name), 4 * batch) for name in ("plenty", "little"))
    assert train.train(plenty) == 0
    whole = learner.Game.teach_discriminator

    def teach(self: learner.Game, pairs: learner.Pairs, *arguments: Any, **more: Any) -> learner.Outcome:
        if len(pairs) > batch // 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20 GiB")
        return whole(self, pairs, *arguments, **more)

    monkeypatch.setattr(learner.Game, "teach_discriminator", teach)
    assert train.train(little) == 0
    one, other = tensors(plenty), tensors(little)
    assert max((one[name] - other[name]).abs().max().item() for name in one) < 5e-3


def test_with_too_little_memory_for_half_the_batch_it_fails_with_advice(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
):
    folder = with_plan(make_run(), 4 * PRESETS["nano32"].batch)

    def teach(*arguments: Any, **more: Any) -> learner.Outcome:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(learner.Game, "teach_discriminator", teach)
    assert train.train(folder) == 8
    assert folder.state()["error"]["code"] == "out_of_memory" and "preset" in folder.state()["error"]["hint"]


def test_a_full_disk_keeps_the_last_good_checkpoint(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch):
    batch = PRESETS["nano32"].batch
    folder = with_plan(make_run(), 6 * batch, checkpoint=2 * batch, evaluate=10**9)
    whole, writes = checkpoint.write_with, []

    def write_with(path: Path, fill: Callable[[Any], object]) -> str:
        writes.append(path)
        if len(writes) > 2:
            raise NoRoom("disk_full", "The disk is full; nothing was changed.", "Free some space, then try again.")
        return whole(path, fill)

    monkeypatch.setattr(checkpoint, "write_with", write_with)
    assert train.train(folder) == 8
    assert folder.state()["state"] == "failed" and folder.state()["error"]["code"] == "disk_full"
    saved = checkpoint.load(folder.checkpoints / "last.pt")
    assert saved is not None and saved["seen"] == 2 * batch


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"preset": "small128"}, "wrong_resolution"),
        ({"preset": "dp32"}, "no_epsilon"),
        ({"privacy": {"epsilon": 8}}, "not_private"),
        ({"preset": "dp32", "privacy": {"epsilon": 8}}, "too_few_for_privacy"),
        ({"preset": "dp32", "privacy": {"epsilon": 0}}, "bad_epsilon"),
        ({"preset": "enormous"}, "unknown_preset"),
        ({"device": "abacus"}, "unknown_device"),
        ({"augmentation": "selfie"}, "unknown_augmentation"),
        ({"conditions": {"categorical": []}}, "conditions_do_not_fit"),
        ({"format": 9}, "not_a_run"),
    ],
)
def test_a_folder_that_cannot_be_trained_is_bad_input(make_run: MakeRun, changes: dict[str, Any], code: str):
    folder = make_run(**changes)
    assert train.train(folder) == 4
    assert folder.state()["state"] == "failed" and folder.state()["error"]["code"] == code


def test_damaged_training_data_is_bad_input(make_run: MakeRun):
    folder = make_run()
    folder.data.write_bytes(folder.data.read_bytes()[:2000])
    assert train.train(folder) == 4
    objects = make_run("objects")
    np.savez(objects.data, images=np.array([object()]), fold=np.zeros(1))
    assert train.train(objects) == 4
    assert objects.state()["error"]["code"] == "training_data_unreadable"


def test_colour_low_resource_and_a_handful_of_validation_images(make_run: MakeRun):
    """61 images in all, 20 of them for validation: augmentation is fixed, the batch halved."""
    folder = make_run(colour=True, count=61, low_resource=True, budget={"kimg": 0.1}, augmentation="dermoscopy")
    assert train.train(folder) == 0
    plan = json.loads((folder.path / "plan.json").read_text())
    assert plan["batch"] == PRESETS["nano32"].batch // 2
    assert ticks(folder)[-1]["augmentation"] == learner.FIXED_CHANCE
    assert Drawer(folder.generator, "cpu").channels == 3


def test_too_little_validation_data_says_nothing_rather_than_guess(make_run: MakeRun):
    folder = make_run(count=30, budget={"kimg": 0.1})
    assert train.train(folder) == 0
    evaluations = [line for line in folder.lines()[0] if line["kind"] == "evaluation"]
    assert all(line["fd_ratio_validation"] is None for line in evaluations)
    assert next(line for line in folder.lines()[0] if line.get("what") == "finish")["generator"] == "last"


def test_no_folder_and_no_argument():
    command = [sys.executable, "-m", "medsynth_engine.gan.train"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 2
    assert subprocess.run([*command, "/nonexistent"], check=False, capture_output=True).returncode == 6
