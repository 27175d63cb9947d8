"""Training in its own process, as a job starts it: it ends as wished, goes on where it was, says what failed."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest
import torch
from gan_runs import BATCH, MakeRun, evaluations, event, events, start, ticks, until, with_plan
from PIL import Image
from torch.utils._python_dispatch import TorchDispatchMode

from medsynth_engine.gan import beginning, checkpoint, learner, train, trainer
from medsynth_engine.gan.card import weights_document
from medsynth_engine.gan.diary import Diary
from medsynth_engine.gan.evaluate import Evaluator, Measured
from medsynth_engine.gan.sample import Drawer
from medsynth_engine.gan.team import Alone
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.folders import Wish


def test_a_run_writes_everything_that_others_read(make_run: MakeRun):
    folder = make_run()
    folder.rows.write_text('{"model": "trees"}')
    assert train.train(folder) == 0
    state = folder.state()
    assert state["state"] == "finished" and state["kimg"] == 0.64 and state["simulated"] is False
    assert state["best"]["fd_ratio_validation"] > 0
    assert state["made"] == {"digest": file_digest(folder.generator), "document": weights_document(folder.generator)}
    line = ticks(folder)[-1]
    wanted = "kimg seconds epoch loss_generator loss_discriminator accuracy_real accuracy_fake images_per_second"
    assert set(line) >= {*wanted.split(), "overfitting", "augmentation", "eta_seconds"}
    assert line["gradient_norm_discriminator"] > 0 and line["gradient_norm_generator"] > 0
    assert 0 < line["roofline"] < 3 and 10**8 < line["memory_bytes"] < 4 * 10**9
    evaluation = evaluations(folder)[-1]
    assert set(evaluation) >= {"kimg", "seconds", "fd_ratio_validation", "kid", "nearest_neighbour_risk"}
    assert evaluation["fd_ratio_noise"] > 0 and evaluation["nearest_neighbour_risk_groups"] == {}
    assert {"best", "checkpoint", "finish"} <= set(events(folder))
    sheets = sorted(folder.samples.glob("*.png"))
    assert len(sheets) >= 2 and Image.open(sheets[-1]).size[0] > 300
    drawer = Drawer(folder.generator, "cpu")
    assert drawer.rows == '{"model": "trees"}' and drawer.conditions == ("finding", "age")
    assert drawer.info["training_digest"] == "ab" * 32
    assert not list(folder.path.rglob(".partial-*"))


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


@pytest.mark.parametrize("wish", ["run", "stop"])
def test_who_thinks_better_of_a_pause_while_its_checkpoint_is_written_is_heard(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, wish: Wish
):
    folder = with_plan(make_run(), 6 * BATCH, checkpoint=100 * BATCH)
    tick, save = trainer.Trainer._tick, trainer.Trainer._save

    def ticked(self: trainer.Trainer) -> None:
        tick(self)
        if len(ticks(folder)) == 1:
            folder.set_wish("pause")

    def saved(self: trainer.Trainer) -> None:
        save(self)
        if folder.wish() == "pause":
            folder.set_wish(wish)

    monkeypatch.setattr(trainer.Trainer, "_tick", ticked)
    monkeypatch.setattr(trainer.Trainer, "_save", saved)
    assert train.train(folder) == 0
    assert folder.state()["state"] == ("finished" if wish == "run" else "stopped")
    assert ticks(folder)[-1]["kimg"] == (6 if wish == "run" else 2) * BATCH / 1000
    assert folder.generator.exists() and "pause" not in events(folder)


def test_the_best_generator_is_kept_not_the_last(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch):
    folder = with_plan(make_run(), 6 * BATCH, evaluate=BATCH)
    ratios = iter([9.0, 7.0, 3.0, 4.0, 5.0, 8.0])
    monkeypatch.setattr(Evaluator, "measure", lambda self, generator: Measured(next(ratios), 0.1, 0.5, 60))
    assert train.train(folder) == 0
    assert folder.state()["best"] == {"kimg": 3 * BATCH / 1000, "fd_ratio_validation": 3.0}
    assert Drawer(folder.generator, "cpu").info["kimg"] == 3 * BATCH / 1000
    finish = event(folder, "finish")
    assert finish["generator"] == "best" and finish["best_kimg"] == 3 * BATCH / 1000


def test_overfitting_ends_the_training_and_the_best_is_kept(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch):
    """Interrupted between, it ends at the same place."""
    folder = with_plan(make_run(), 16 * BATCH, evaluate=BATCH)
    ratios = iter([9.0, 3.0, *(4.0 + i for i in range(20))])
    monkeypatch.setattr(Evaluator, "measure", lambda self, generator: Measured(next(ratios), 0.1, 0.5, 60, 0.01))
    whole = trainer.Trainer._evaluate

    def evaluate(self: trainer.Trainer) -> None:
        whole(self)
        self.asked_to_end = len(self.keeper.history) == 4

    monkeypatch.setattr(trainer.Trainer, "_evaluate", evaluate)
    assert train.train(folder) == 130
    assert train.train(folder) == 0
    assert folder.state()["state"] == "finished" and folder.state()["kimg"] == 7 * BATCH / 1000
    assert event(folder, "early_stop")["why"].startswith("Overfitting") and "resume" in events(folder)
    assert folder.state()["ended"] == event(folder, "early_stop")["why"]
    assert folder.state()["kept"]["kimg"] == 2 * BATCH / 1000 and "best" in folder.state()["kept"]["why"]
    assert Drawer(folder.generator, "cpu").info["kimg"] == 2 * BATCH / 1000


def test_a_generator_that_copies_is_not_kept_and_copying_twice_ends_the_training(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
):
    folder = with_plan(make_run(), 16 * BATCH, evaluate=BATCH)
    found = iter([(9.0, False), (3.0, True), (5.0, False), (2.0, True), (1.0, True)])

    def measure(self: Evaluator, generator: Any) -> Measured:
        ratio, copying = next(found)
        return Measured(ratio, 0.1, 0.95 if copying else 0.5, 60, 0.01, copying=copying)

    monkeypatch.setattr(Evaluator, "measure", measure)
    assert train.train(folder) == 0
    assert event(folder, "early_stop")["why"].startswith("Copying")
    assert folder.state()["kept"]["fd_ratio_validation"] == 5.0 and "copies" in folder.state()["kept"]["why"]


def test_numbers_that_go_wrong_once_are_rolled_back_with_a_lower_rate(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
):
    folder = with_plan(make_run(), 8 * BATCH)
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


def test_numbers_that_go_wrong_again_end_the_run_with_a_sentence(make_run: MakeRun):
    """A rate at which training really diverges, and half of it as well."""
    folder = with_plan(make_run(), 40 * BATCH, learning_rate=1e12)
    assert train.train(folder) == 1
    assert events(folder).count("roll_back") == 1
    assert folder.state()["state"] == "failed" and folder.state()["error"]["code"] == "training_diverged"
    saved = checkpoint.load(folder.checkpoints / "last.pt")
    assert saved is not None and checkpoint.finite(saved) and saved["rolled_back"]
    assert Drawer(folder.generator, "cpu").resolution == 32


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
    assert plan["batch"] == BATCH // 2
    assert ticks(folder)[-1]["augmentation"] == learner.FIXED_CHANCE
    assert Drawer(folder.generator, "cpu").channels == 3


def test_too_little_validation_data_says_nothing_rather_than_guess(make_run: MakeRun):
    folder = make_run(count=30, budget={"kimg": 0.1})
    assert train.train(folder) == 0
    assert all(line["fd_ratio_validation"] is None for line in evaluations(folder))
    assert event(folder, "finish")["generator"] == "last"


def test_no_folder_and_no_argument():
    assert train.main([]) == 2
    assert train.main(["/nonexistent"]) == 6


EVERYTHING_UNKNOWN = np.full((60, 1), -1, np.int16), np.full((60, 1), np.nan, np.float32)


@pytest.mark.parametrize("what", ["sixty", "no validation fold", "one class", "all unknown", "no conditions"])
def test_little_and_lopsided_data_train_as_well(make_run: MakeRun, what: str):
    folder = with_plan(make_run(count=60), 6 * BATCH)
    arrays = dict(np.load(folder.data))
    config = folder.config()
    if what == "no validation fold":
        arrays["fold"][:] = 0
    if what == "one class":
        arrays["categorical"][:] = 0
        config["conditions"]["categorical"] = [{"name": "finding", "values": ["disc"], "counts": [60]}]
    if what == "all unknown":
        arrays["categorical"], arrays["continuous"] = EVERYTHING_UNKNOWN
    if what == "no conditions":
        del arrays["categorical"], arrays["continuous"], arrays["patient"]
        config["conditions"] = {}
    np.savez(folder.data, **arrays)
    folder.set_config(config)
    assert train.train(folder) == 0
    assert folder.state()["state"] == "finished" and Drawer(folder.generator, "cpu").resolution == 32
    measured = [line["fd_ratio_validation"] for line in evaluations(folder)]
    assert all(ratio is None for ratio in measured) == (what == "no validation fold")


class NoLooking(TorchDispatchMode):
    """Fails where a number is fetched from a tensor: on a GPU that waits for everything before it."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func is not torch.ops.aten._local_scalar_dense.default, "a step looked at a number"
        assert func is not torch.ops.aten.nonzero.default, "a step asked how many there are"
        return func(*args, **(kwargs or {}))


def test_no_step_between_two_ticks_waits_for_the_device(make_run: MakeRun):
    folder = make_run()
    setting = beginning.setting_of(folder, Alone(), Diary(folder, 0.0))
    one, plan = beginning.trial(setting)
    gathered = trainer.Gathered(setting.device)
    with NoLooking():
        for _ in range(learner.PROBE_STEPS):
            gathered.add(one.step(plan.rates(0), plan))
    assert gathered.take()["gradient_norm_generator"] is not None


def test_a_machine_whose_time_is_set_anew_gives_a_training_no_hour_and_takes_none(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary = Diary(make_run(), time.time() - 5)
    for hours in (1, -1):
        now = time.time() + 3600 * hours
        with monkeypatch.context() as patch:
            patch.setattr("medsynth_engine.gan.diary.time.time", lambda now=now: now)
            assert 5 <= diary.seconds < 60
