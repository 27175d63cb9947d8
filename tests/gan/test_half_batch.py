"""A batch that memory cannot hold is learned in halves, and the run's story says so."""

from __future__ import annotations

from typing import Any

import pytest
from gan_runs import BATCH, MakeRun, event, events, with_plan

from medsynth_engine.gan import graphs, train


def test_a_batch_that_memory_cannot_hold_is_halved_once_and_that_is_told(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = with_plan(make_run(), 4 * BATCH)
    whole = graphs.Halves.teach_generator

    def teach(self: graphs.Halves, part: Any, *arguments: Any) -> Any:
        if len(part) == BATCH:
            raise MemoryError
        return whole(self, part, *arguments)

    monkeypatch.setattr(graphs.Halves, "teach_generator", teach)
    assert train.train(folder) == 0
    assert events(folder).count("half_batch") == 1
    assert event(folder, "half_batch")["micro"] == (BATCH + 1) // 2
    assert event(folder, "half_batch")["kimg"] == BATCH / 1000
    assert folder.plan()["batch"] == BATCH
