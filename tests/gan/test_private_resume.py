"""A private training that was killed: what was lost stays charged, and no noise comes twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from gan_runs import events
from private_parts import STEPS, charged, checkpoint_every, killed_after, saved, stop_after, ticks

from medsynth_engine.gan import train
from medsynth_engine.gan.private.trainer import PrivateTrainer
from medsynth_engine.kernel.folders import RunFolder

MakeRun = Callable[..., RunFolder]


def test_steps_that_were_lost_stay_charged_and_their_noise_is_not_used_again(
    make_private: MakeRun, monkeypatch: pytest.MonkeyPatch
):
    folder = make_private()
    killed_after(monkeypatch, folder, 5)
    before, key = charged(folder), saved(folder)["stream"]["key"]
    assert before >= 5 and saved(folder)["steps"][0] == 0
    assert train.train(folder) == 0
    after = saved(folder)
    assert charged(folder) == STEPS and after["steps"][0] == STEPS - before, "lost steps are missing at the end"
    assert after["stream"]["key"] != key
    assert folder.state()["privacy"]["epsilon"] <= 8


@pytest.mark.parametrize("left", [None, 0])
def test_killed_and_without_a_true_account_it_charges_all_that_can_be_lost(
    make_private: MakeRun, monkeypatch: pytest.MonkeyPatch, left: int | None
):
    """The account is gone, or an older one lies in its place: nothing is given back, and no noise comes twice."""
    folder = make_private()
    checkpoint_every(folder, 4)
    killed_after(monkeypatch, folder, 7)
    path, key = folder.path / "privacy.json", saved(folder)["stream"]["key"]
    assert saved(folder)["account"]["charged"] == saved(folder)["steps"][0] == 4
    document = json.loads(path.read_text())
    path.unlink()
    if left is not None:
        path.write_text(json.dumps({**document, "charged": left}))
    assert train.train(folder) == 0
    assert charged(folder) == STEPS and saved(folder)["steps"][0] == STEPS - 4, "8 are charged for 7 that were taken"
    assert saved(folder)["stream"]["key"] != key


def test_the_account_of_a_checkpoint_in_the_place_of_a_later_one_brings_no_noise_back(
    make_private: MakeRun, monkeypatch: pytest.MonkeyPatch
):
    folder = make_private()
    checkpoint_every(folder, 4)
    killed_after(monkeypatch, folder, 7)
    path, key = folder.path / "privacy.json", saved(folder)["stream"]["key"]
    path.write_text(json.dumps(saved(folder)["account"]))
    assert train.train(folder) == 0
    assert saved(folder)["stream"]["key"] != key


def test_a_pause_whose_account_is_gone_goes_on_with_new_noise_and_costs_a_checkpoint(
    make_private: MakeRun, monkeypatch: pytest.MonkeyPatch
):
    folder = make_private()
    checkpoint_every(folder, 4)
    with monkeypatch.context() as patch:
        stop_after(patch, 5, lambda: folder.set_wish("pause"))
        assert train.train(folder) == 0
    key = saved(folder)["stream"]["key"]
    (folder.path / "privacy.json").unlink()
    folder.set_wish("run")
    assert train.train(folder) == 0
    assert charged(folder) == STEPS and saved(folder)["steps"][0] == STEPS - 4
    assert saved(folder)["stream"]["key"] != key


def test_a_pause_that_was_gone_on_from_is_clean_no_more(make_private: MakeRun, monkeypatch: pytest.MonkeyPatch):
    """Killed after a resumed step, the noise of that step is not drawn again, even with the account of the pause."""
    folder = make_private()
    with monkeypatch.context() as patch:
        stop_after(patch, 5, lambda: folder.set_wish("pause"))
        assert train.train(folder) == 0
    path, key = folder.path / "privacy.json", saved(folder)["stream"]["key"]
    account = path.read_bytes()
    folder.set_wish("run")
    killed_after(monkeypatch, folder, 8)
    assert saved(folder)["stream"]["key"] == key
    path.write_bytes(account)
    assert train.train(folder) == 0
    assert saved(folder)["stream"]["key"] != key


def test_a_pause_that_is_taken_back_while_it_is_written_is_clean_no_more_and_costs_nothing(
    make_private: MakeRun, monkeypatch: pytest.MonkeyPatch
):
    folder, clean = make_private(), []
    save = PrivateTrainer._save

    def saved_and_wished(self: PrivateTrainer, **how: bool) -> None:
        save(self, **how)
        clean.append(how.get("clean", False))
        if folder.wish() == "pause":
            folder.set_wish("run")

    monkeypatch.setattr(PrivateTrainer, "_save", saved_and_wished)
    stop_after(monkeypatch, 5, lambda: folder.set_wish("pause"))
    assert train.train(folder) == 0
    assert folder.state()["state"] == "finished" and "pause" not in events(folder)
    assert clean == [False, True, False, False], "begun; for the pause; before the next step; at the end"
    assert charged(folder) == saved(folder)["steps"][0] == STEPS


@pytest.mark.slow
def test_killed_for_real_it_spends_no_more_than_was_promised(make_private: MakeRun):
    folder = make_private(steps=30)
    environment = {**os.environ, "MEDSYNTH_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "medsynth_engine.gan.train", str(folder.path)]
    process, begin = subprocess.Popen(command, env=environment), time.monotonic()
    while len(ticks(folder)) < 3:
        assert time.monotonic() - begin < 200 and process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    lost = charged(folder)
    assert lost >= 2 * len(ticks(folder)), "a step is charged on the disk before it is told"
    assert subprocess.run(command, env=environment).returncode == 0
    told = folder.state()["privacy"]
    assert told["private_steps"] == 30 and told["epsilon"] <= 8
    assert saved(folder)["steps"][0] == 30 - lost
