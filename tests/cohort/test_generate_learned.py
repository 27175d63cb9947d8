"""`generate --given` reaches no value that training did not offer: the step of the job itself, from its arguments."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch

from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Categorical, Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.work import generate

VOCABULARY = Vocabulary(
    (
        Categorical("finding", ("healthy", "effusion"), (1600, 19)),
        Categorical("sex", ("M",), (1500,)),
    )
)


class Reached(Exception):
    """The refusals are behind it."""


@pytest.fixture
def desk(
    tmp_path: Path, records: pd.DataFrame, schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    """A desk whose dataset is real and whose weights saw 19 effusions and no women."""
    torch.manual_seed(0)
    network = Generator(Architecture((8, 8), 1, 1), VOCABULARY)
    path = tmp_path / "weights" / "w.pth"
    weights.save(path, weights.document(network, {"preset": "nano32"}, rows=None))
    records.to_parquet(tmp_path / "records.parquet")
    (tmp_path / "schema.json").write_text(json.dumps(schema))

    def no_further(*words: object) -> None:
        raise Reached

    monkeypatch.setattr(generate, "row_model", no_further)
    return SimpleNamespace(
        arguments={
            **{"dataset_id": "d", "cohort": "c", "n": 40, "seed": 1, "weights": "w", "run_id": None},
            **{"generator_digest": file_digest(path), "balance": [], "population": None, "path": None},
            **{"given": {}, "small_cells": "refuse"},
        },
        dataset=lambda dataset_id: (None, tmp_path),
        progress=lambda unit: lambda *told: None,
        home=SimpleNamespace(weights=tmp_path / "weights", cohorts=tmp_path / "cohorts"),
    )


@pytest.mark.parametrize("small_cells", ["refuse", "broaden"])
@pytest.mark.parametrize(
    "wish",
    [{"given": {"finding": "effusion"}}, {"given": {"sex": "F"}}, {"balance": ["sex"]}, {"balance": ["finding"]}],
)
def test_a_value_the_generator_has_not_learned_is_refused(
    desk: SimpleNamespace, wish: dict[str, Any], small_cells: str
):
    """The dataset has hundreds of each: only the generator has not."""
    desk.arguments |= {**wish, "small_cells": small_cells}
    with pytest.raises(BadInput) as caught:
        generate.work(desk)
    assert caught.value.code == "not_learned" and caught.value.exit_code == 4 and caught.value.hint
    assert not desk.home.cohorts.exists()


@pytest.mark.parametrize("wish", [{}, {"given": {"finding": "healthy"}}, {"given": {"sex": "M"}}, {"balance": ["age"]}])
def test_what_it_has_learned_or_is_left_open_is_drawn(desk: SimpleNamespace, wish: dict[str, Any]):
    desk.arguments |= wish
    with pytest.raises(Reached):
        generate.work(desk)


def test_a_value_with_too_few_patients_in_the_dataset_is_refused_before(desk: SimpleNamespace):
    desk.arguments |= {"given": {"ethnicity": "Black"}}
    with pytest.raises(BadInput) as caught:
        generate.work(desk)
    assert caught.value.code == "small_cells"
