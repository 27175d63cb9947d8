"""Columns of an append beside those of the dataset: what is there keeps its kind and its values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from test_intake_append import add

from medsynth_engine.intake.dataset import Dataset


def cells(path: Path, values: list[str], first: int = 0) -> Path:
    """A table of 60 people with a column `smoker`, whose values go round."""
    rows = [f"P{first + n},{30 + n % 40},{values[n % len(values)]}" for n in range(60)]
    path.write_text("patient_id,age,smoker\n" + "\n".join(rows) + "\n")
    return path


def both(tmp_path: Path, take: Callable, one: list[str], other: list[str]) -> tuple[dict, pd.DataFrame, pd.Series]:
    """The document of the append, the column as it was before (by record), and as it is after."""
    _, folder = take(cells(tmp_path / "one.csv", one))
    before = Dataset(folder).records().set_index("record")["smoker"]
    document = add(cells(tmp_path / "other.csv", other, 60), folder, tmp_path / "v2")
    after = Dataset(tmp_path / "v2").records().set_index("record")["smoker"]
    assert after.dtype == before.dtype
    pd.testing.assert_series_equal(after[before.index], before)
    return document, before, after.drop(before.index)


@pytest.mark.parametrize("words", [["1", "0"], ["ja", "nein"]])
def test_yes_and_no_in_other_words_stay_yes_and_no(words: list[str], tmp_path: Path, take: Callable) -> None:
    document, _, new = both(tmp_path, take, ["yes", "no", "no"], words)
    assert new.dtype == "boolean"
    assert new.value_counts().to_dict() == {True: 30, False: 30}
    assert not any("another kind" in line for line in document["warnings"])


def test_words_that_are_no_yes_or_no_go_missing_and_that_is_said(tmp_path: Path, take: Callable) -> None:
    document, _, new = both(tmp_path, take, ["yes", "no"], ["never", "former", "current"])
    assert new.isna().all()
    assert any(line.startswith("smoker: is of another kind") for line in document["warnings"])


def test_numbers_beside_levels_are_levels(tmp_path: Path, take: Callable) -> None:
    _, _, new = both(tmp_path, take, ["stage I", "stage II"], ["3", "4", "5"])
    assert set(new) == {"3", "4", "5"}


def test_yes_and_no_beside_levels_take_the_words_that_are_there(tmp_path: Path, take: Callable) -> None:
    _, _, new = both(tmp_path, take, ["Yes", "No", "Unclear"], ["true", "false"])
    assert set(new) <= {"Yes", "No"} and len(set(new)) == 2


def test_levels_beside_numbers_go_missing(tmp_path: Path, take: Callable) -> None:
    document, _, new = both(tmp_path, take, [str(n) for n in range(20)], ["low", "high"])
    assert new.isna().all()
    assert any("another kind" in line for line in document["warnings"])
