"""A real table is described with nothing small in it; a cohort's table in the same values and bins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medsynth_engine.cohort.cells import suppressed
from medsynth_engine.cohort.composition import composition
from medsynth_engine.cohort.described import OTHERS, alike, describe, round_edges
from medsynth_engine.cohort.difference import difference

NUMBER = {"name": "x", "role": "column", "kind": "number", "per": "record"}
WORD = {"name": "w", "role": "condition", "kind": "category", "per": "record"}
MULTI = {"name": "m", "role": "finding", "kind": "multi", "per": "record"}


def described(frame: pd.DataFrame, *columns: dict) -> list[dict]:
    return describe(pa.Table.from_pandas(frame, preserve_index=False), {"columns": list(columns)})


def words(*counts: int, missing: int = 0) -> pd.DataFrame:
    cells = [f"v{number}" for number, count in enumerate(counts) for _ in range(count)] + [None] * missing
    return pd.DataFrame({"w": cells, "patient": [f"p{number}" for number in range(len(cells))]})


def test_every_column_of_a_hospital_is_described_in_its_order(records, schema):
    found = describe(pa.Table.from_pandas(records, preserve_index=False), schema)
    assert [column["name"] for column in found] == [column["name"] for column in schema["columns"]]
    by_name = {column["name"]: column for column in found}
    assert by_name["ethnicity"]["values"]["Black"] == "<11" and by_name["ethnicity"]["rare"] == 1
    assert "hidden" in by_name["ethnicity"]["values"].values()
    assert list(by_name["age_band"]["values"]) == ["0-17", "18-39", "40-64", "65-79", "80+"]
    assert sum(by_name["pressure"]["bins"]) == len(records) and by_name["pressure"]["missing"] == 0
    assert by_name["sex"]["missing"] == int(records["sex"].isna().sum())


@pytest.mark.parametrize("missing", [3, 200])
def test_a_lone_small_count_is_never_left_to_subtraction(missing):
    (column,) = described(words(100, 60, missing=missing), WORD)
    told = [*column["values"].values(), column["missing"]]
    gone = [count for count in told if not isinstance(count, int)]
    assert len(gone) != 1
    assert (missing == 3) == ("<11" in told)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ((500, 1, 1), ("hidden", "<11", "<11")),
        ((10, 10, 500), ("<11", "<11", "hidden")),
        ((1, 11, 500), ("<11", "hidden", "hidden")),
        ((9, 8, 12, 500), ("<11", "<11", "hidden", 500)),
        ((1, 11), ("hidden", "hidden")),
        ((5, 6), ("<11", "<11")),
        ((3, 0, 40, 60), ("<11", 0, "hidden", 60)),
    ],
)
def test_the_sum_of_what_is_hidden_leaves_the_small_counts_open(counts, told):
    cells = {f"v{number}": (count, count) for number, count in enumerate(counts)}
    assert tuple(suppressed(cells).values()) == told


def test_a_column_is_hidden_alike_wherever_it_is_counted():
    for cells in (
        ["D"] * 100 + ["C"] * 30 + ["B"] * 30 + ["A"] * 5,
        ["A"] * 100 + ["B"] * 20 + ["unknown"] * 30 + [None] * 5,
        [f"v{number:02}" for number in range(60) for _ in range(20)] + ["rare"] * 4,
    ):
        frame = pd.DataFrame({"w": cells, "patient": range(len(cells))})
        (column,) = described(frame, WORD)
        counted = composition(frame, {"columns": [WORD]}, suppress=True)["w"]
        both = {**column["values"], "unknown": column["missing"]}
        assert {value: both[value] for value in counted if value in both} == {
            value: count for value, count in counted.items() if value in both
        }


def test_many_images_of_few_patients_are_few():
    frame = words(40, 60)
    frame.loc[:39, "patient"] = "p-one"
    (column,) = described(frame, WORD)
    assert column["values"]["v0"] == "<11" and column["rare"] == 1 and "fewer than 11" in column["why"]


def test_what_nobody_has_cannot_be_learned():
    (column,) = described(pd.DataFrame({"w": pd.Series([None] * 50, dtype="str"), "patient": range(50)}), WORD)
    assert not column["learned"] and column["values"] == {} and column["missing"] == 50


def test_findings_that_stand_together_are_counted_one_by_one_and_their_absence_is_protected():
    frame = pd.DataFrame({"m": ["a|b"] * 95 + ["b"] * 5, "patient": range(100)})
    (column,) = described(frame, MULTI)
    assert column["values"] == {"b": 100, "a": "hidden"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=25, max_size=120), st.integers(0, 3))
def test_no_number_of_the_outermost_ten_patients_is_told(numbers, extra):
    frame = pd.DataFrame({"x": np.array(numbers) + extra, "patient": range(len(numbers))})
    (column,) = described(frame, NUMBER)
    ranked = np.sort(frame["x"])
    slack = 0.005 * np.abs(ranked).max()
    for value in column["quantiles"].values():
        assert ranked[10] - slack <= value <= ranked[-11] + slack
    assert len(column["edges"]) <= 11 and column["edges"] == sorted(set(column["edges"]))
    counts = [count for count in column["bins"] if isinstance(count, int)]
    assert all(count == 0 or count > 10 for count in counts)
    assert sum(not isinstance(count, int) for count in [*column["bins"], column["missing"]]) != 1 or not any(counts)


def test_few_patients_have_no_bins():
    (column,) = described(pd.DataFrame({"x": [1.5, 2.5, 3.5], "patient": range(3)}), NUMBER)
    assert column["edges"] == [] and column["quantiles"] == {} and not column["learned"]


def test_edges_are_round():
    assert round_edges(38, 81) == [40, 45, 50, 55, 60, 65, 70, 75, 80]
    assert round_edges(0.11, 0.19) == pytest.approx([0.12, 0.13, 0.14, 0.15, 0.16, 0.17, 0.18, 0.19])
    assert round_edges(5, 5) == []


def test_a_cohort_is_described_in_the_same_bins_and_how_far_it_is_apart(records, schema):
    real = describe(pa.Table.from_pandas(records, preserve_index=False), schema)
    same = alike(pa.Table.from_pandas(records, preserve_index=False), real)
    for one, other in zip(real, same, strict=True):
        assert difference(one, other, len(records))["difference"] == pytest.approx(0, abs=1e-3), one["name"]
    women = alike(pa.Table.from_pandas(records.assign(sex="F", note="odd"), preserve_index=False), real)
    apart = {one["name"]: difference(one, other, len(records)) for one, other in zip(real, women, strict=True)}
    assert apart["sex"]["difference"] == pytest.approx(0.71, abs=0.05)
    assert apart["note"]["difference"] == pytest.approx(1)
    assert next(one for one in women if one["name"] == "note")["values"][OTHERS] == len(records)


def test_a_column_that_was_not_drawn_is_left_out(records, schema):
    real = describe(pa.Table.from_pandas(records, preserve_index=False), schema)
    drawn = alike(pa.Table.from_pandas(records[["sex"]], preserve_index=False), real)
    assert [column["name"] for column in drawn] == ["sex"]


def test_numbers_too_large_to_be_told_apart_are_described_all_the_same():
    table = pa.table({"x": pa.array([2**60 + 1] * 30), "patient": list(range(30))})
    (column,) = describe(table, {"columns": [{**NUMBER, "kind": "integer"}]})
    assert list(column["values"].values()) == [30]
