"""A private training as a run folder: it ends with its budget, goes on where it was, and looks at nothing unpaid."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from gan_shapes import write_run
from PIL import Image
from private_parts import BATCH, STEPS, charged, checkpoint_every, planned, saved, stop_after, ticks

from medsynth_engine.gan import schedule, train
from medsynth_engine.gan.private import stream
from medsynth_engine.gan.private.learner import PrivateLearner
from medsynth_engine.gan.sample import Drawer
from medsynth_engine.kernel.folders import RunFolder

MakeRun = Callable[..., RunFolder]


@pytest.fixture
def same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same noise in every run: what differs then is due to something else."""
    monkeypatch.setattr(stream.secrets, "token_bytes", lambda count: b"k" * count)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Trained to its end without a disturbance, with the same noise as all that `same_key` trains."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOW_RESOURCE_MODE", "false")
        patch.setattr(stream.secrets, "token_bytes", lambda count: b"k" * count)
        folder = write_run(tmp_path_factory.mktemp("private") / "calm", 1602, preset="dp32", privacy={"epsilon": 8})
        assert train.train(planned(folder, STEPS)) == 0
    return folder


def weights_of(folder: RunFolder) -> dict[str, torch.Tensor]:
    return torch.load(folder.generator, weights_only=True)["generator"]


def assert_same(one: RunFolder, other: RunFolder) -> None:
    a, b = weights_of(one), weights_of(other)
    assert all(torch.equal(a[name], b[name]) for name in a) and a.keys() == b.keys()
    first, second = saved(one), saved(other)
    assert all(torch.equal(value, second["discriminator"][name]) for name, value in first["discriminator"].items())
    assert first["stream"] == second["stream"] and first["lead"] == second["lead"]


def test_a_private_run_tells_what_is_spent_and_ends_when_all_is(make_private: MakeRun):
    folder = make_private()
    folder.rows.write_text('{"model": "trees"}')
    assert train.train(folder) == 0
    spent = [line["epsilon"] for line in ticks(folder)]
    assert spent == sorted(spent) and spent[0] > 0 and 0.95 * 8 < spent[-1] <= 8
    state = folder.state()
    assert state["state"] == "finished" and state["best"] is None
    assert state["privacy"] == {
        "epsilon": spent[-1],
        "delta": pytest.approx(1e-5),
        "epsilon_promised": 8.0,
        "private_steps": STEPS,
        "private_steps_total": STEPS,
    }
    drawer = Drawer(folder.generator, "cpu")
    label = drawer.info["privacy"]
    assert label["epsilon"] == spent[-1] and label["unit"] == "patient" and label["steps"] == STEPS
    assert label["sampling_rate"] == pytest.approx(BATCH / 1068) and label["sigma"] > 0 and label["clip"] == 1.0
    assert drawer.rows is None, "rows are learned without differential privacy and must not travel with it"
    assert any("rows" in line for line in folder.log_tail())
    assert len(list(folder.samples.glob("*.png"))) >= 2
    assert Image.open(min(folder.samples.glob("*.png"))).size[0] > 300


def test_nothing_that_rests_on_real_images_is_told(calm: RunFolder):
    lines = calm.lines()[0]
    assert {line["kind"] for line in lines} == {"tick", "event"}
    told = {key for line in lines for key in line}
    assert not {"loss_discriminator", "accuracy_real", "slope_real", "overfitting", "fd_ratio_validation", "kid"} & told
    assert not (calm.checkpoints / "best.pth").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("same_key")
def test_the_validation_fold_is_not_looked_at(make_private: MakeRun, calm: RunFolder):
    poisoned = make_private("poisoned")
    with np.load(poisoned.data) as archive:
        arrays = dict(archive)
    held_out = arrays["fold"] == 1
    rng = np.random.default_rng(0)
    arrays["images"][held_out] = rng.integers(0, 256, arrays["images"][held_out].shape)
    arrays["categorical"][held_out] = 0
    arrays["continuous"][held_out] = 1e6
    np.savez(poisoned.data, **arrays)
    assert train.train(poisoned) == 0
    assert_same(calm, poisoned)
    timeless = [
        [{key: line[key] for key in ("kimg", "lead", "loss_generator", "epsilon")} for line in ticks(folder)]
        for folder in (calm, poisoned)
    ]
    assert timeless[0] == timeless[1]
    sheets = [{path.name: path.read_bytes() for path in folder.samples.glob("*.png")} for folder in (calm, poisoned)]
    assert sheets[0] == sheets[1]


@pytest.mark.slow
@pytest.mark.usefixtures("same_key")
def test_counts_means_and_ranges_of_the_folder_are_not_looked_at(make_private: MakeRun, calm: RunFolder):
    """What `config.json` counted on real patients changes nothing, and is not in the weights."""
    vocabulary = {
        "categorical": [{"name": "finding", "values": ["disc", "bar"], "counts": [7, 99999]}],
        "continuous": [{"name": "age", "mean": 20.0, "std": 3.0, "low": 1.0, "high": 2.0}],
    }
    other = make_private("other", conditions=vocabulary)
    assert train.train(other) == 0
    for folder in (calm, other):
        found = Drawer(folder.generator, "cpu").vocabulary
        assert found.continuous[0].mean == 50.0 and found.continuous[0].high == 100.0
        assert 99999 not in found.categorical[0].counts
    assert Drawer(calm.generator, "cpu").vocabulary == Drawer(other.generator, "cpu").vocabulary


@pytest.mark.slow
@pytest.mark.usefixtures("same_key")
def test_paused_and_resumed_it_is_the_same_run_and_costs_the_same(
    make_private: MakeRun, calm: RunFolder, monkeypatch: pytest.MonkeyPatch
):
    torn = make_private("torn")
    with monkeypatch.context() as patch:
        stop_after(patch, 5, lambda: torn.set_wish("pause"))
        assert train.train(torn) == 0
    assert torn.state()["state"] == "paused" and not torn.generator.exists()
    assert charged(torn) == 6, "nothing that was charged ahead is lost where a checkpoint was written"
    torn.set_wish("run")
    assert train.train(torn) == 0
    assert_same(calm, torn)
    assert torn.state()["privacy"] == calm.state()["privacy"]


@pytest.mark.slow
@pytest.mark.usefixtures("same_key")
def test_interrupted_it_goes_on_the_same(make_private: MakeRun, calm: RunFolder, monkeypatch: pytest.MonkeyPatch):
    torn = make_private("torn")
    with monkeypatch.context() as patch:
        stop_after(patch, 5, lambda: os.kill(os.getpid(), signal.SIGTERM))
        assert train.train(torn) == 130
    assert train.train(torn) == 0
    assert_same(calm, torn)


def test_networks_without_numbers_at_the_last_step_are_no_generator(
    make_private: MakeRun, monkeypatch: pytest.MonkeyPatch
):
    """The last step lies after the last tick and checkpoint; what is on the disk is then the end of the run."""
    folder = make_private(steps=STEPS - 1)
    checkpoint_every(folder, 4)
    step = PrivateLearner.step

    def broken(self: PrivateLearner, rates: schedule.Rates) -> Any:
        told = step(self, rates)
        if self.account.path is not None and self.account.spent:
            for parameter in self.average.network.parameters():
                parameter.data.fill_(float("nan"))
        return told

    with monkeypatch.context() as patch:
        patch.setattr(PrivateLearner, "step", broken)
        assert train.train(folder) == 1
    state = folder.state()
    assert state["state"] == "failed" and state["error"]["code"] == "training_diverged"
    assert not folder.generator.exists() and charged(folder) == STEPS - 1
    assert train.train(folder) == 0
    assert Drawer(folder.generator, "cpu").info["privacy"]["steps"] == STEPS - 1
    assert saved(folder)["steps"][0] == 8, "the last checkpoint that holds numbers"


@pytest.mark.parametrize(("removed", "code"), [("privacy.json", 0), ("checkpoints/last.pt", 4)])
def test_a_spent_budget_stays_spent(make_private: MakeRun, monkeypatch: pytest.MonkeyPatch, removed: str, code: int):
    folder = make_private()
    assert train.train(folder) == 0
    before = folder.generator.read_bytes()
    (folder.path / removed).unlink()

    def never(*arguments: Any) -> None:
        raise AssertionError("a step after the end")

    monkeypatch.setattr(PrivateLearner, "_noisy_mean", never)
    assert train.train(folder) == code
    assert folder.state()["privacy"]["private_steps"] == STEPS and charged(folder) == STEPS
    assert weights_of(folder).keys() and (code == 0 or folder.generator.read_bytes() == before)


def test_a_run_that_is_stopped_has_spent_what_it_took(make_private: MakeRun, monkeypatch: pytest.MonkeyPatch):
    folder = make_private()
    stop_after(monkeypatch, 5, lambda: folder.set_wish("stop"))
    assert train.train(folder) == 0
    assert folder.state()["state"] == "stopped"
    label = Drawer(folder.generator, "cpu").info["privacy"]
    assert label["steps"] == charged(folder) == 6
    assert 0 < label["epsilon"] < 8


def test_a_step_is_charged_on_the_disk_before_it_is_taken(make_private: MakeRun, monkeypatch: pytest.MonkeyPatch):
    folder = make_private()
    found: list[int] = []
    noisy_mean = PrivateLearner._noisy_mean

    def looked(self: PrivateLearner, ramp: float) -> Any:
        if self.account.path is not None:
            found.append(charged(folder))
        return noisy_mean(self, ramp)

    monkeypatch.setattr(PrivateLearner, "_noisy_mean", looked)
    assert train.train(folder) == 0
    assert len(found) == STEPS and all(count > step for step, count in enumerate(found))
