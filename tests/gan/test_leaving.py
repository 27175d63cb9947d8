"""Whatever becomes of a training, its process leaves the group of processes before it ends."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from gan_runs import MakeRun
from torch import distributed

from medsynth_engine.gan import team, train
from medsynth_engine.gan.heed import Wished
from medsynth_engine.kernel.errors import BadInput, Interrupted

WAYS = [
    ("finished", 0),
    ("interrupted", 130),
    (BadInput("too_bad", "It cannot be trained.", ""), 4),
    (Interrupted("interrupted", "It was interrupted.", ""), 130),
    (Wished("stop"), 0),
    (team.died(2), 1),
    (RuntimeError("what nobody thought of"), 1),
]


@pytest.fixture(autouse=True)
def of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real group, of this process alone."""

    def gather() -> team.Alone:
        distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
        return team.Alone()

    monkeypatch.setattr(train, "gather", gather)


def trainer(way: str | Exception) -> type:
    class Trainer:
        def __init__(self, folder: Any, started: float, members: team.Alone) -> None:
            assert distributed.is_initialized()

        def run(self) -> str:
            if isinstance(way, Exception):
                raise way
            return way

    return Trainer


@pytest.mark.parametrize(("way", "code"), WAYS, ids=[str(way) for way, _ in WAYS])
def test_on_every_way_out_the_group_is_left(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, way: str | Exception, code: int
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(train, "Trainer", trainer(way))
    assert train.train(make_run()) == code
    assert not distributed.is_initialized()
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("trouble", [None, RuntimeError("Connection closed by peer")])
def test_a_signal_or_a_broken_connection_while_it_leaves_changes_nothing(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, trouble: Exception | None
) -> None:
    leave = distributed.destroy_process_group

    def signalled() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        leave()
        if trouble:
            raise trouble

    monkeypatch.setattr(train, "Trainer", trainer("finished"))
    monkeypatch.setattr(distributed, "destroy_process_group", signalled)
    folder = make_run()
    assert train.train(folder) == 0
    assert folder.state()["state"] == "running"  # the last that was written: this trainer writes none of its own
    assert not distributed.is_initialized()
