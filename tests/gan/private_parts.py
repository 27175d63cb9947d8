"""Small private learners for tests, noise that can be switched off, and trainings that are killed where it hurts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medsynth_engine.gan import checkpoint, schedule, train
from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.data import Fold
from medsynth_engine.gan.networks import Architecture
from medsynth_engine.gan.presets import DP32
from medsynth_engine.gan.private.budget import Account, Promise
from medsynth_engine.gan.private.learner import PrivateLearner
from medsynth_engine.gan.private.patients import Patients
from medsynth_engine.gan.private.stream import Stream
from medsynth_engine.kernel.folders import RunFolder

VOCABULARY = Vocabulary(
    (Categorical("finding", ("disc", "bar"), (60, 60)),), (Continuous("age", 50.0, 25.0, 0.0, 100.0),)
)
STEPS, BATCH = 12, 4
KEY = b"a key for tests, of 32 bytes ..."


def promised(**changes: Any) -> Promise:
    usual = Promise(8.0, 1e-5, 40, 0.2, 1.0, 1.5, 60, 20.0)
    return Promise(**{**vars(usual), **changes})


def fold_of(owner: np.ndarray, side: int = 8, seed: int = 0) -> Fold:
    rng = np.random.default_rng(seed)
    count = len(owner)
    codes = rng.integers(-1, 2, (count, 1))
    return Fold(
        torch.from_numpy(rng.integers(0, 256, (count, 1, side, side)).astype(np.uint8)),
        VOCABULARY.encode(codes, np.where(rng.random((count, 1)) < 0.2, np.nan, rng.uniform(20, 80, (count, 1)))),
        codes,
        owner,
    )


def learner_of(path: Path | None = None, owner: np.ndarray | None = None, **changes: Any) -> PrivateLearner:
    """Forty patients of two images each at 8 pixels, unless `owner` says otherwise."""
    owner = np.arange(80) // 2 if owner is None else owner
    small = Architecture((12, 8), 1, 1, latent=8, condition=8, features=8)
    account = Account(promised(**changes), VOCABULARY.document(), path)
    fold = fold_of(owner)
    cpu = torch.device("cpu")
    return PrivateLearner(small, small, VOCABULARY, fold, Patients(owner), account, 3, Stream(KEY), 0.1, cpu)


def planned(folder: RunFolder, steps: int) -> RunFolder:
    """Write the plan of a private run beforehand: `steps` steps of BATCH expected patients, a tick every second one."""
    plan = schedule.plan(DP32, 1068, steps * BATCH, 1, 0.01).document()
    often = {"tick": 2 * BATCH, "evaluate": 6 * BATCH, "checkpoint": 10**9}
    changed = {**plan, "batch": BATCH, "images": steps * BATCH, **often}
    (folder.path / "plan.json").write_text(json.dumps(changed))
    return folder


def charged(folder: RunFolder) -> int:
    return json.loads((folder.path / "privacy.json").read_text())["charged"]


def saved(folder: RunFolder) -> dict[str, Any]:
    found = checkpoint.load(folder.checkpoints / "last.pt")
    assert found is not None
    return found["learner"]


def stop_after(monkeypatch: pytest.MonkeyPatch, steps: int, what: Callable[[], None]) -> None:
    """Let `what` happen when a learner has taken so many steps."""
    step = PrivateLearner.step

    def counted(self: PrivateLearner, rates: schedule.Rates) -> Any:
        told = step(self, rates)
        if self.account.path is not None and self.steps == steps:
            what()
        return told

    monkeypatch.setattr(PrivateLearner, "step", counted)


class Killed(BaseException):
    pass


def killed_after(monkeypatch: pytest.MonkeyPatch, folder: RunFolder, steps: int) -> None:
    """Train until `steps` steps were taken in this process, and leave no word of it but what is on the disk."""

    def kill() -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        stop_after(patch, steps, kill)
        train.train(folder)


def checkpoint_every(folder: RunFolder, steps: int) -> None:
    path = folder.path / "plan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "checkpoint": steps * BATCH}))


def ticks(folder: RunFolder) -> list[dict[str, Any]]:
    return [line for line in folder.lines()[0] if line["kind"] == "tick"]
