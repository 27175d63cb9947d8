"""Confirmed rules go where the generator goes, and private rows are learned by one process at a time."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from row_clinic import ROLES, clinic

from medsynth_engine.gan.presets import resolve
from medsynth_engine.kernel.errors import Interrupted
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.rows.rule import Rule, Test
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees
from medsynth_engine.work.binding_rules import in_force
from medsynth_engine.work.folds import write_run_folder
from medsynth_engine.work.row_models import _alone

RULE = Rule(
    "low", "Smokers have a pressure below 120.", (Test("smoker", ("True",)),), Test("pressure", high=120), rows=40
)
OTHER = Rule("other", "Healthy ones are under 70.", (Test("finding", ("healthy",)),), Test("age", high=70), rows=12)


class Table:
    """A data set of made-up images: as much of one as a run folder is written from."""

    def records(self) -> pd.DataFrame:
        table = clinic(400)
        names = [f"r{number}" for number in range(len(table))]
        return table.assign(fold="training", file=names, record=names, patient=names)

    def schema(self) -> dict[str, Any]:
        return {**Schema.of(clinic(400), ROLES).document(), "image": {"channels": 1}}

    def images(self, used: pd.DataFrame, side: int, channels: int, room: Any) -> np.ndarray:
        return room((len(used), side, side, channels))

    def digest(self) -> str:
        return "ab" * 32


def test_the_row_model_of_a_run_obeys_what_was_confirmed(tmp_path):
    folder = RunFolder(tmp_path / "run")
    write_run_folder(
        Table(), folder, name="run", preset=resolve("nano32", 32, 400, "cpu"), facts={"seed": 1}, rules=[RULE]
    )
    model = SequentialTrees.from_json(folder.rows.read_text())
    assert RULE.broken(clinic(400)).any()
    assert not RULE.broken(model.sample(2000, None, np.random.default_rng(0))).any()


def test_rules_of_weights_bind_where_nobody_can_have_dropped_them():
    assert in_force("trees", (), (RULE,), run_known=False) == (_uncounted(RULE),)
    assert in_force("trees", (), (RULE,), run_known=True) == (), "dropped since"
    assert in_force("trees", (OTHER, RULE), (RULE,), run_known=False) == (_uncounted(RULE), OTHER), "each once"


def _uncounted(rule: Rule) -> Rule:
    return Rule(rule.name, rule.sentence, rule.when, rule.then)


@contextmanager
def held(lock: Path) -> Iterator[None]:
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def test_who_comes_second_waits_until_the_first_has_published(tmp_path):
    lock, order = tmp_path / "lock", []
    willing = SimpleNamespace(stop_if_unwanted=lambda: order.append("asked"))

    def second() -> None:
        with _alone(lock, willing):
            order.append("second")

    with held(lock):
        thread = threading.Thread(target=second)
        thread.start()
        while "asked" not in order:
            thread.join(0.01)
        order.append("published")
    thread.join()
    assert [word for word in order if word != "asked"] == ["published", "second"]


def test_a_cancelled_job_does_not_wait_for_another(tmp_path):
    def unwanted() -> None:
        raise Interrupted("cancelled", "The job was cancelled.")

    with (
        held(tmp_path / "lock"),
        pytest.raises(Interrupted),
        _alone(tmp_path / "lock", SimpleNamespace(stop_if_unwanted=unwanted)),
    ):
        pass
