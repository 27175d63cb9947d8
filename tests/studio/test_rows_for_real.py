"""From a real table to a cohort of a population set by hand, with the real engine: table, rules, margins, rows."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest
from studio_people import fill, log_in, seen, shows, studio, until
from textual.pilot import Pilot

from medsynth_engine.engine import Engine
from medsynth_tui.app import MedSynth
from medsynth_tui.screens.cohort import CohortDetail
from medsynth_tui.screens.population import PopulationEditor
from medsynth_tui.widgets.sliders import Sliders

LONG = 120


def write_table(path: Path, people: int = 400) -> None:
    """One in three is a woman; pressure is high where the stage is; twelve are of a small group."""
    chance = random.Random(3)
    with path.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["patient_id", "age", "sex", "ethnicity", "stage", "pressure"])
        for number in range(people):
            pressure = chance.randint(100, 180)
            sex, ethnicity = ("F" if number % 3 == 0 else "M"), ("Inuit" if number < 24 else chance.choice(["A", "B"]))
            stage = "high" if pressure > 140 else "low"
            table.writerow([f"P{number:04d}", chance.randint(18, 90), sex, ethnicity, stage, pressure])


async def bring_in(store: Path, table: Path) -> None:
    engine = Engine(store)
    await engine.login("alice", "password123")
    columns = {"condition": "stage", "column": "pressure"}
    await engine.finish((await engine.datasets_add("clinic", str(table), columns=columns))["job"])
    engine.close()


@pytest.mark.slow
async def test_a_researcher_looks_at_the_table_confirms_a_rule_and_draws_more_women(
    store: Path, tmp_path: Path
) -> None:
    write_table(tmp_path / "table.csv")
    await bring_in(store, tmp_path / "table.csv")
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        app.open("dataset", name="clinic")
        await shows(pilot, "b Table")
        await look_at_the_table(pilot)
        await confirm_rules(pilot)
        await ask_for_women(pilot, app)
        await until(pilot, lambda: isinstance(app.screen, CohortDetail), LONG, "the cohort")
        await shows(pilot, "80 records")
        await pilot.press("b")
        await shows(pilot, "80 drawn records beside 400", LONG)
        await pilot.press("right")
        await shows(pilot, "Synthetic rows 1 to 50 of 80")
        assert "P00" not in seen(app)
    with (store / "data" / "cohorts" / "women" / "metadata.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert sum(row["sex"] == "F" for row in rows) == 64
    assert all(float(row["pressure"]) > 130 for row in rows if row["stage"] == "high" and row["pressure"])


async def look_at_the_table(pilot: Pilot[Any]) -> None:
    await pilot.press("b")
    await shows(pilot, "400 records", LONG)
    await shows(pilot, "Learned in bins")
    await pilot.press("G")
    await shows(pilot, "It names a patient")


async def confirm_rules(pilot: Pilot[Any]) -> None:
    await pilot.press("u")
    await shows(pilot, "n looks for some")
    await pilot.press("n")
    await shows(pilot, "hold well enough", LONG)
    await pilot.press("C")
    await shows(pilot, "All of them bind")
    await pilot.press("escape", "escape")


async def ask_for_women(pilot: Pilot[Any], app: MedSynth) -> None:
    await shows(pilot, "c Cohort")
    await pilot.press("c")
    await shows(pilot, "rows of clinic")
    await fill(pilot, name="women", n="80")
    await pilot.press("f3")
    await until(pilot, lambda: isinstance(app.screen, PopulationEditor) and app.screen.query_one(Sliders).margins)
    sliders = app.screen.query_one(Sliders)
    await pilot.press("space", "down")
    for _ in range(100):
        points = sliders.margins[0].points[0]
        if points == 80:
            break
        await pilot.press("right" if points < 80 else "left")
    await shows(pilot, "80 records in 2 cells")
    await shows(pilot, "No cell is too small")
    await pilot.press("f6")
    await shows(pilot, "(by hand)")
    app.screen.query_one("#draw").focus()
    await pilot.press("enter")
