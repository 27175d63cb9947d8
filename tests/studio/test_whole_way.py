"""The main job in the studio, by keyboard, on the real engine: from files to a signed, gated export."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
import svg
from studio_people import SIZES, complaint, fill, log_in, log_out, seen, shows, studio, type_words, until
from textual.pilot import Pilot

from medsynth_tui.app import MedSynth
from medsynth_tui.screens.cohort import CohortDetail
from medsynth_tui.screens.export import Export
from medsynth_tui.screens.run import LiveRun
from medsynth_tui.widgets.choice import Choice, Picks
from medsynth_tui.widgets.field import Field

LONG = 240.0
SMALL = pytest.mark.whole("the same way at 120x40; every screen at 80x24 is in the snapshots")


@pytest.mark.slow
@pytest.mark.parametrize("size", [pytest.param(SIZES[0], marks=SMALL), SIZES[1]], ids=["80x24", "120x40"])
async def test_from_files_to_a_signed_export(
    store: Path, hospital: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    app = studio(store)
    async with app.run_test(size=size) as pilot:
        await log_in(pilot, "alice")
        assert "DEVELOPMENT" in seen(app)
        await bring_in(pilot, hospital)
        await train(pilot)
        if size == (120, 40) and not svg.UPDATE:
            says = ["MedSynth", "Loss", "Accuracy", "Fréchet", "Copy risk"]
            svg.keep_or_compare("run.svg", app, says, tmp_path)
        await draw_cohort(pilot)
        await evaluate(pilot)
        await is_refused(pilot)
        await draft_and_submit(pilot)
        await log_out(pilot)
        await log_in(pilot, "auditor")
        await give_opinion(pilot)
        await log_out(pilot)
        await log_in(pilot, "admin")
        await approve(pilot)
        await log_out(pilot)
        await log_in(pilot, "alice")
        await export(pilot, store)
        await read_the_audit_log(pilot)
        assert not app.failures


async def bring_in(pilot: Pilot[Any], hospital: Path) -> None:
    app = of(pilot)
    await pilot.press("1")
    await shows(pilot, "No datasets yet")
    await pilot.press("n")
    await fill(pilot, path=str(hospital / "images"), metadata=str(hospital / "table.csv"), name="chest")
    await pilot.press("f3")
    await shows(pilot, "Nothing is stored yet", LONG)
    await shows(pilot, "patient_id")
    assert "320" in seen(app)
    await pilot.press("f6")
    await shows(pilot, "Brought in", LONG)
    await shows(pilot, "age band")
    await pilot.press("p")
    await shows(pilot, "▀▀▀▀")
    await pilot.press("p")


async def train(pilot: Pilot[Any]) -> None:
    app = of(pilot)
    await pilot.press("t")
    await shows(pilot, "Begin training")
    await until(pilot, lambda: app.screen.query_one("#dataset", Choice).value == "chest")
    app.screen.query_one("#preset", Choice).focus()
    await pilot.press("n")
    assert app.screen.query_one("#preset", Choice).value == "nano32"
    await fill(pilot, minutes="0.1", name="first")
    await pilot.press("tab", "enter")
    await until(pilot, lambda: isinstance(app.screen, LiveRun), why="the live run")
    await until(pilot, lambda: state_of(app) == "finished", 2 * LONG, "the end of the training")
    await shows(pilot, "finished")
    await shows(pilot, "generator")
    await shows(pilot, "drawn at")
    if app.size.width < 100:  # a wide window shows three charts at once
        await pilot.press("v")
    await shows(pilot, "Accuracy")
    await pilot.press("l")
    await shows(pilot, "kimg: Checkpoint")
    await pilot.press("l")


async def draw_cohort(pilot: Pilot[Any]) -> None:
    app = of(pilot)
    await pilot.press("c")
    await shows(pilot, "Drawn by")
    await until(pilot, lambda: "first" in app.screen.query_one("#source", Choice).value)
    await fill(pilot, name="c1", n="120")
    balance = app.screen.query_one("#balance", Picks)
    await until(pilot, lambda: "sex" in balance.options)
    balance.focus()
    for _ in range(balance.options.index("sex")):
        await pilot.press("right")
    await pilot.press("space")
    assert balance.value == ["sex"]
    await fill(pilot, seed="7")
    await pilot.press("tab", "enter")
    await until(pilot, lambda: isinstance(app.screen, CohortDetail), LONG, "the cohort")
    await shows(pilot, "120 records")
    await shows(pilot, "as many of each sex")
    await pilot.press("right")
    await shows(pilot, "▀▀▀▀")


async def evaluate(pilot: Pilot[Any]) -> None:
    await shows(pilot, "Evaluate")
    await pilot.press("e")
    await shows(pilot, "Who holds the data", LONG)
    await pilot.press("enter")
    await shows(pilot, "somebody holds the cohort")
    await pilot.press("escape", "1")
    await shows(pilot, "Fréchet ratio")
    await pilot.press("enter")
    await shows(pilot, "What it shows")
    await pilot.press("escape", "5")
    await shows(pilot, "How common, by sex: the cohort")
    await pilot.press("n")
    await shows(pilot, "nearest in training")
    await pilot.press("escape", "6")
    await shows(pilot, "before")


async def is_refused(pilot: Pilot[Any]) -> None:
    app = of(pilot)
    await pilot.press("escape")
    await shows(pilot, "Composition")
    await pilot.press("x")
    await shows(pilot, "The gate is closed")
    assert "What to do" in seen(app)
    await pilot.press("f6")
    await until(pilot, lambda: "gate is closed" in complaint(app), why="the refusal")
    await pilot.press("escape")


async def draft_and_submit(pilot: Pilot[Any]) -> None:
    await pilot.press("a")
    await shows(pilot, "There is no assessment")
    await pilot.press("n")
    await shows(pilot, "Purpose")
    await fill(pilot, text="Teaching our residents")
    await pilot.press("enter", "enter", "enter")
    await shows(pilot, "Drafted.")
    await pilot.press("down", "e")
    await shows(pilot, "kept as you type")
    await type_words(pilot, " Attested.")
    await pilot.press("f6")
    await shows(pilot, "Saved.")
    await shows(pilot, "Attested.")
    await pilot.press("s")
    await shows(pilot, "Submitted")


async def give_opinion(pilot: Pilot[Any]) -> None:
    await shows(pilot, "waits for you")
    await open_assessment(pilot)
    await pilot.press("o")
    await shows(pilot, "Opinion on c1")
    await fill(pilot, text="Small holdout, internal only")
    await pilot.press("enter", "enter", "enter")
    await shows(pilot, "Signed.")
    await pilot.press("G")
    await shows(pilot, "concurs")


async def approve(pilot: Pilot[Any]) -> None:
    await open_assessment(pilot)
    await pilot.press("a")
    await shows(pilot, "Approve c1")
    await pilot.press("enter")
    await shows(pilot, "Signed.")
    await shows(pilot, "approved")


async def open_assessment(pilot: Pilot[Any]) -> None:
    await place(pilot, "assessments")
    await shows(pilot, "submitted")
    await pilot.press("enter")
    await shows(pilot, "purpose")


async def export(pilot: Pilot[Any], store: Path) -> None:
    app = of(pilot)
    await place(pilot, "cohorts")
    await shows(pilot, "c1")
    await pilot.press("enter")
    await shows(pilot, "120 records")
    await pilot.press("x")
    await until(pilot, lambda: isinstance(app.screen, Export) and app.screen.verdict, why="the gate's word")
    assert "The gate is open" in seen(app), seen(app)
    await pilot.press("f6")
    await shows(pilot, "c1 is released", LONG)
    await pilot.press("escape")
    (folder,) = (path for path in (store / "generated").iterdir() if path.is_dir())
    with (folder / "metadata.csv").open() as table:
        assert len(list(csv.DictReader(table))) == 120


async def read_the_audit_log(pilot: Pilot[Any]) -> None:
    app = of(pilot)
    await place(pilot, "audit log")
    await shows(pilot, "cohorts.export")
    await pilot.press("slash")
    await fill(pilot, action="pia.submit")
    await pilot.press("enter")
    await shows(pilot, "with action pia.submit")
    await pilot.press("enter")
    await shows(pilot, "submitted")
    await pilot.press("escape", "v")
    await shows(pilot, "The record is whole", LONG)
    await pilot.press("escape")
    assert "Audit log" in seen(app)


async def place(pilot: Pilot[Any], name: str) -> None:
    """Go somewhere through the palette."""
    await pilot.press("ctrl+p")
    await pilot.pause()
    await type_words(pilot, name)
    await pilot.press("enter")


def of(pilot: Pilot[Any]) -> MedSynth:
    assert isinstance(pilot.app, MedSynth)
    return pilot.app


def state_of(app: MedSynth) -> str:
    assert isinstance(app.screen, LiveRun)
    return str(app.screen.document.get("state"))


@pytest.mark.slow
@pytest.mark.whole("the way above with real pictures; tests/cli/test_cli_real_data.py takes real sets in")
async def test_real_slices_are_picked_and_brought_in(store: Path, data_folder: Path, tmp_path: Path) -> None:
    """Every sixtieth slice of `mri_lgg_a` and their rows, found with the file picker."""
    source = data_folder / "mri_lgg_a"
    if not source.is_dir():
        pytest.skip("mri_lgg_a is not among the real data here")
    (tmp_path / "brain" / "images").mkdir(parents=True)
    with (source / "metadata.csv").open() as table:
        rows = list(csv.reader(table))
    chosen = rows[1::60]
    for row in chosen:
        shutil.copy(source / "images" / row[0], tmp_path / "brain" / "images" / row[0])
    with (tmp_path / "brain" / "metadata.csv").open("w", newline="") as table:
        csv.writer(table).writerows([rows[0], *chosen])
    app = studio(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await log_in(pilot, "alice")
        await pilot.press("1")
        await shows(pilot, "No datasets yet")
        await pilot.press("n")
        await fill(pilot, path=str(tmp_path / "brain"))
        await pilot.press("f2")
        await shows(pilot, "images/")
        await pilot.press("space")
        await shows(pilot, "brain/images")
        assert app.screen.query_one("#name", Field).value == "brain"
        await fill(pilot, metadata=str(tmp_path / "brain" / "metadata.csv"))
        await pilot.press("f3")
        await shows(pilot, "Nothing is stored yet", LONG)
        assert f"{len(chosen)}" in seen(app)
        assert "TCGA" not in seen(app)
        await pilot.press("f6")
        await shows(pilot, "Brought in", LONG)
        await shows(pilot, "A person must look at")
        assert "TCGA" not in seen(app)
        await pilot.press("t")
        await until(pilot, lambda: app.screen.query_one("#dataset", Choice).value == "brain")
        app.screen.query_one("#simulated", Choice).focus()
        await pilot.press("y")
        await fill(pilot, minutes="0.05", name="pretended")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "has begun" in seen(app) or "SIMULATED" in seen(app), LONG, "the training")
        if "has begun" in seen(app):  # text in the pictures is still looked for: it is said once
            await pilot.press("enter")
        await shows(pilot, "SIMULATED", LONG)
        await until(pilot, lambda: state_of(app) == "finished", LONG, "the end of the simulated run")
        assert "c Cohort" not in seen(app), "nothing is drawn with a simulated run"
