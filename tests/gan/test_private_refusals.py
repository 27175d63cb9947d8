"""Promises that cannot be kept are refused, with the reason and with what to do instead."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from medsynth_engine.gan import train
from medsynth_engine.gan.private import limits
from medsynth_engine.gan.private import trainer as room
from medsynth_engine.gan.team import Alone
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.folders import RunFolder

MakeRun = Callable[..., RunFolder]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"count": 900}, "too_few_for_privacy"),
        ({"privacy": {"epsilon": 8, "delta": 0.01}}, "bad_delta"),
        ({"privacy": {"epsilon": 8, "delta": 9.5e-4}}, "bad_delta"),
        ({"privacy": {"epsilon": -1}}, "bad_epsilon"),
        ({"privacy": {"epsilon": float("nan")}}, "bad_epsilon"),
        ({"privacy": {"epsilon": 1e-3}}, "too_much_noise"),
    ],
)
def test_a_promise_that_cannot_be_kept_is_refused_with_what_to_do(
    make_private: MakeRun, changes: dict[str, Any], code: str
):
    folder = make_private(**changes)
    assert train.train(folder) == 4
    error = folder.state()["error"]
    assert error["code"] == code and error["hint"]
    assert not (folder.checkpoints / "last.pt").exists() and not folder.lines()[0]


def test_few_patients_are_told_what_to_expect():
    with pytest.raises(BadInput) as caught:
        limits.delta_for(600, None)
    assert "5,000" in caught.value.message and "poor" in caught.value.message and "nano32" in caught.value.hint
    assert limits.delta_for(2_000, None) == 1e-5 and limits.delta_for(100_000, None) == 1e-6


def test_several_processes_are_refused(make_private: MakeRun):
    team = Alone()
    team.size = 2
    with pytest.raises(BadInput, match="one process"):
        room.PrivateTrainer(make_private(), time.time(), team)
