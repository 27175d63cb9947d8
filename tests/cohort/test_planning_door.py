"""Planning and looking at tables through the engine's door, on a real store."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import BadInput, Denied, NotFound
from medsynth_engine.operations.tables import not_kept

PEOPLE = 500


def run(work: Any) -> Any:
    return asyncio.run(work)


@pytest.fixture(scope="module")
def alice(tmp_path_factory) -> Engine:
    """A table of 500 patients: one in seven is Asian, five are Black, a note is free text."""
    folder = tmp_path_factory.mktemp("planning")
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"patient_id": [f"P{number:04d}" for number in range(PEOPLE)]})
    table["age"] = rng.integers(5, 95, PEOPLE)
    table["sex"] = rng.choice(["F", "M"], PEOPLE, p=[0.3, 0.7])
    table["ethnicity"] = rng.choice(["White", "Asian"], PEOPLE, p=[0.85, 0.15])
    table.loc[:19, "ethnicity"] = "Black"
    table["finding"] = rng.choice(["effusion", "healthy"], PEOPLE)
    table["pressure"] = (100 + 0.5 * table["age"] + rng.normal(0, 9, PEOPLE)).round()
    table.to_csv(folder / "table.csv", index=False)
    engine = Engine(folder / "home")
    run(engine.init(development=True))
    run(engine.login("alice", "password123"))
    columns = {"column": "pressure"}
    run(done(engine, engine.datasets_add("clinic", str(folder / "table.csv"), columns=columns)))
    return engine


async def done(engine: Engine, asked: Any) -> dict[str, Any]:
    return await engine.finish((await asked)["job"])


@pytest.fixture(scope="module")
def beside(alice) -> str:
    """A cohort of rows alone, and the description of the table it came from."""
    run(done(alice, alice.generate("beside", 150, dataset="clinic")))
    run(done(alice, alice.datasets_describe("clinic")))
    return "beside"


def as_somebody(alice: Engine, name: str, password: str) -> Engine:
    other = Engine(alice.home_folder.root)
    run(other.login(name, password))
    return other


def test_what_is_offered_are_attributes_with_whole_points_and_no_small_value(alice):
    offered = {each["name"]: each["values"] for each in run(alice.population_offered(dataset="clinic"))["attributes"]}
    assert {"sex", "age_band", "ethnicity", "finding"} <= set(offered) and "pressure" not in offered
    assert sum(value["points"] for value in offered["sex"]) == 100
    assert "patient" not in str(offered) and "P0001" not in str(offered)


def test_a_plan_tells_the_cells_the_small_ones_and_what_is_assumed_and_draws_nothing(alice):
    asked = {"axis": {"sex": {"values": {"F": 0.5, "M": 0.5}}, "ethnicity": {"values": {"White": 0.5, "Black": 0.5}}}}
    made = run(alice.cohorts_plan(200, dataset="clinic", population=asked, given={"finding": "effusion"}))
    assert sum(cell["n"] for cell in made["cells"]) == 200
    assert made["margins"]["sex"] == {"F": 100, "M": 100} and "training data" in made["assumed"][0]
    small = [cell for cell in made["cells"] if cell["small"]]
    assert small and made["refused"]["code"] == "small_cells" and len(small) == made["small"]
    assert {cell["cell"]["ethnicity"] for cell in small} == {"Black"}
    assert all(cell["patients"] in ("0", "<11", None) for cell in made["cells"])
    wide = run(alice.cohorts_plan(200, dataset="clinic", population=asked, small_cells="broaden"))
    assert wide["refused"] is None and wide["mergers"] and any(cell["merged"] for cell in wide["cells"])
    assert not any(one["n"] == 200 for one in run(alice.cohorts_list()))


def test_the_refusal_of_a_plan_is_the_refusal_of_the_drawing(alice):
    asked = {"balance": ["ethnicity", "sex"], "dataset": "clinic"}
    refused = run(alice.cohorts_plan(60, **asked))["refused"]
    with pytest.raises(BadInput) as caught:
        run(done(alice, alice.generate("refused", 60, **asked)))
    assert (refused["code"], refused["why"], refused["what_to_do"]) == (
        caught.value.code,
        caught.value.message,
        caught.value.hint,
    )


def test_margins_by_hand_are_drawn_exactly_and_kept_as_a_file_that_draws_the_same(alice, tmp_path: Path):
    asked = {"name": "Mostly women", "axis": {"sex": {"values": {"F": 0.8, "M": 0.2}}}}
    by_hand = run(done(alice, alice.generate("by-hand", 100, dataset="clinic", population=asked)))
    assert {cell["sex"]: cell["n"] for cell in by_hand["cells"]} == {"F": 80, "M": 20}
    assert run(alice.cohorts_show("by-hand"))["asked"]["population"] == "margins by hand"
    saved = run(alice.population_save(str(tmp_path / "women.toml"), asked))["path"]
    assert run(alice.population_read(saved))["axis"] == asked["axis"]
    assert run(alice.cohorts_plan(100, dataset="clinic", population=saved))["margins"]["sex"] == {"F": 80, "M": 20}
    with pytest.raises(BadInput):
        run(alice.population_save(saved, asked))


def test_a_run_is_planned_by_the_dataset_that_it_was_trained_on(alice):
    from sqlmodel import select

    from db.tables import Dataset, Run

    with alice.ledger().write("cli") as change:
        row = change.session.exec(select(Dataset)).one()
        change.session.add(
            Run(
                name="first",
                dataset_id=row.id,
                owner_id=row.owner_id,
                preset="nano32",
                folder="first",
                state="finished",
            )
        )
        change.record(actor="anyone", face="cli", action="test.run")
    by_run = run(alice.cohorts_plan(60, run="first", balance=["sex"]))
    assert by_run == run(alice.cohorts_plan(60, dataset="clinic", balance=["sex"]))
    assert run(alice.population_offered(run="first")) == run(alice.population_offered(dataset="clinic"))
    with pytest.raises(NotFound):
        run(alice.cohorts_plan(60, run="second"))
    with pytest.raises(BadInput) as caught:
        run(alice.cohorts_plan(60))
    assert caught.value.code == "which_source"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"population": {"axis": {"sex": {"values": {"F": 0.9}}}}}, "bad_population"),
        ({"population": {"axis": {"planet": {"values": {"Mars": 1.0}}}}}, "no_such_attribute"),
        ({"given": {"sex": "Q"}}, "unknown_value"),
        ({"balance": ["sex"], "population": "uniform"}, "two_targets"),
        ({"small_cells": "shrug"}, "bad_small_cells"),
    ],
)
def test_what_cannot_be_planned_says_why(alice, wrong, code):
    with pytest.raises(BadInput) as caught:
        run(alice.cohorts_plan(100, dataset="clinic", **wrong))
    assert caught.value.code == code


def test_a_table_is_described_once_and_holds_no_row_of_anybody(alice):
    with pytest.raises(NotFound, match="described"):
        run(as_somebody(alice, "auditor", "auditor123").datasets_table("clinic"))
    run(done(alice, alice.datasets_describe("clinic")))
    table = run(as_somebody(alice, "auditor", "auditor123").datasets_table("clinic"))
    names = [column["name"] for column in table["columns"]]
    assert {"age", "sex", "pressure"} <= set(names) and not {"patient", "patient_id", "record"} & set(names)
    assert "new patients" in table["not_kept"]["patient_id"]
    pressure = next(column for column in table["columns"] if column["name"] == "pressure")
    assert len(pressure["bins"]) == len(pressure["edges"]) + 1 and set(pressure["quantiles"]) == {"p10", "p50", "p90"}


def test_a_cohorts_table_stands_beside_the_real_one_and_its_rows_can_be_paged(alice, beside):
    table = run(alice.cohorts_table(beside))
    sex = next(column for column in table["columns"] if column["name"] == "sex")
    assert sum(sex["synthetic"]["values"].values()) == 150 and 0 <= sex["difference"] < 0.2
    page = run(alice.cohorts_rows("beside", start=140, count=50))
    assert len(page["rows"]) == 10 and page["columns"][0] == "patient" and page["rows"][0][0].startswith("S")
    with pytest.raises(BadInput):
        run(alice.cohorts_rows("beside", count=10_000))


def test_who_may_not_draw_may_not_plan_or_read_rows(alice):
    auditor = as_somebody(alice, "auditor", "auditor123")
    for asked in (
        auditor.cohorts_plan(100, dataset="clinic"),
        auditor.population_offered(dataset="clinic"),
        auditor.population_save("x.toml", {}),
        auditor.datasets_describe("clinic"),
        auditor.cohorts_rows("beside"),
    ):
        with pytest.raises(Denied):
            run(asked)


def test_a_comparison_checks_its_declarations_before_it_starts(alice):
    for declare, learners, code in (
        ({"planet": "schema"}, None, "bad_declaration"),
        ({}, ["dp"], "undeclared"),
        ({"pressure": "60..260"}, ["trees"], "not_private"),
    ):
        with pytest.raises(BadInput) as caught:
            run(alice.rows_compare("clinic", learners=learners, declare=declare))
        assert caught.value.code == code


def test_none_of_this_brought_pandas_or_torch_into_a_faces_process(alice, beside):
    import subprocess

    code = f"""
import asyncio, sys
from pathlib import Path
from medsynth_engine.engine import Engine
engine = Engine(Path({str(alice.home_folder.root)!r}), token={alice.token!r})
asyncio.run(engine.cohorts_plan(100, dataset="clinic", balance=["sex"]))
asyncio.run(engine.population_offered(dataset="clinic"))
asyncio.run(engine.cohorts_table("beside"))
asyncio.run(engine.cohorts_rows("beside"))
sys.exit(any(name in sys.modules for name in ("pandas", "torch", "sklearn", "scipy")))
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_column_that_names_lesions_is_told_among_those_that_are_not_kept():
    told = not_kept({"columns": {"group": "lesion_id", "sex": "sex"}, "dropped_columns": {"note": "free text"}})
    assert list(told) == ["lesion_id", "note"] and "lesion" in told["lesion_id"]
