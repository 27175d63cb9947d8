"""A population is planned without pandas: what is offered, what is decided, what of it is told, and the file of it."""

from __future__ import annotations

import tomllib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medsynth_engine.cohort import offered
from medsynth_engine.cohort.cells import Count, Training, ground
from medsynth_engine.cohort.decide import decide, too_small
from medsynth_engine.cohort.population import plan
from medsynth_engine.cohort.population_file import document, toml
from medsynth_engine.cohort.request import Population, requested
from medsynth_engine.cohort.target import read
from medsynth_engine.kernel.errors import BadInput

EDITED = {"axis": {"sex": {"values": {"F": 0.8, "M": 0.2}}, "age": {"edges": [0, 40, 65, 120], "p": [0.2, 0.3, 0.5]}}}


def arrow(records, columns=None) -> pa.Table:
    return pa.Table.from_pandas(records if columns is None else records[columns], preserve_index=False)


def decided(records, n, small_cells="refuse", **asked):
    table = arrow(records)
    request = requested(table.schema, n, Population(small_cells=small_cells, **asked))
    return decide(Training.of(table, request.attributes), request)


def test_what_is_planned_live_is_what_is_drawn(records):
    made = decided(records, 777, population=EDITED, given={"finding": "effusion"})
    drawn = plan(records, 777, population=EDITED, given={"finding": "effusion"})
    assert made.counts.tolist() == drawn.cells["n"].tolist()
    assert made.cells == drawn.allowed and made.assumed == drawn.assumed and not made.small


def test_a_decision_counts_the_small_cells_that_a_plan_refuses(records):
    made = decided(records, 90, balance=("ethnicity",))
    assert [cell for cell, _ in made.small] == [{"ethnicity": ("Black",)}]
    with pytest.raises(BadInput) as caught:
        plan(records, 90, balance=("ethnicity",))
    assert caught.value.code == "small_cells"
    wide = decided(records, 90, "broaden", balance=("ethnicity",))
    assert not wide.small and wide.mergers[0]["merged_with"] == ["Asian"]
    assert wide.asked[1] == {"ethnicity": ("Black",)} and wide.cells[1] == {"ethnicity": ("Black", "Asian")}


def test_nothing_asked_is_one_cell_of_everything(records):
    made = decided(records, 12)
    assert made.attributes == () and made.counts.tolist() == [12] and made.source == {"name": "training"}


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (Count(500, 200), {"images": None, "patients": None}),
        (Count(0, 0), {"images": "0", "patients": "0"}),
        (Count(10, 3), {"images": "<11", "patients": "<11"}),
        (Count(15, 12), {"images": "11-19", "patients": None}),
        (Count(400, 9), {"images": None, "patients": "<11"}),
    ],
)
def test_the_ground_of_a_cell_is_told_roughly(count, told):
    assert ground(count) == told


def test_a_refusal_tells_no_more_of_its_cells_than_the_plan_does():
    refused = too_small([({"ethnicity": ("B", "C")}, Count(14, 12)), ({"ethnicity": ("D",)}, Count(400, 9))], "refuse")
    assert refused.hint.endswith(" Too small: ethnicity=B or C: 11-19 images; ethnicity=D: <11 patients.")


def test_offered_margins_are_whole_points_and_hide_what_few_patients_have(records, schema):
    names = offered.names(schema)
    assert names[:3] == ["sex", "age_band", "ethnicity"] and "pressure" not in names
    found = {each["name"]: each["values"] for each in offered.margins(Training.of(arrow(records), names))}
    assert {each["value"]: each["points"] for each in found["ethnicity"]}["Black"] is None
    for values in found.values():
        assert sum(each["points"] or 0 for each in values) == 100


def test_a_value_of_one_patient_with_many_images_is_not_told(records):
    many = records[records["fold"] == "training"].copy()
    many.loc[many.index[:40], ["sex", "patient"]] = ["X", "p-one"]
    (sex,) = offered.margins(Training.of(arrow(many), ["sex"]))
    assert {each["value"]: each["points"] for each in sex["values"]}["X"] is None


def test_a_population_file_comes_back_as_it_was_written():
    asked = {
        "name": 'Town "A" \\ \x7f é',
        "year": "2024",
        "axis": {
            "sex": {"values": {"F": 0.51, "M": 0.49}, "map": {"female": "F"}},
            "age": {"edges": [0, 18, 65, 120], "p": [0.2, 0.5, 0.3]},
        },
        "joint": [{"axes": ["sex", "age_band"], "cells": [{"k": ["F", "0-17"], "p": 0.1}]}],
    }
    once = document(read(asked))
    again = document(read(tomllib.loads(toml(once))))
    assert again == once
    assert once["axis"]["age_band"]["map"]["18-39"] == "18-64"


NAMES = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, st.integers(1, 50), min_size=2, max_size=6), NAMES)
def test_any_words_survive_the_file(points, axis):
    total = sum(points.values())
    asked = {"axis": {axis: {"values": {value: each / total for value, each in points.items()}}}}
    again = read(tomllib.loads(toml(asked)))
    wanted = read(asked)
    assert again.axes[0].name == wanted.axes[0].name
    assert list(again.axes[0].shares) == list(wanted.axes[0].shares)
    assert np.allclose(list(again.axes[0].shares.values()), list(wanted.axes[0].shares.values()), atol=1e-5)


def test_planning_loads_no_pandas():
    import subprocess
    import sys

    code = "import sys, medsynth_engine.cohort.request, medsynth_engine.cohort.offered, medsynth_engine.cohort.decide"
    code += ", medsynth_engine.cohort.population_file; sys.exit('pandas' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
