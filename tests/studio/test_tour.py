"""The tour: ten steps, each ended by what it asks for; it goes on where it was left, and no real store is touched."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import log_in, seen, shows, studio, until
from terminal import Terminal

from medsynth_tui.app import MedSynth
from medsynth_tui.command import REGISTRY
from medsynth_tui.commands import TourNext
from medsynth_tui.keymap import Keymap
from medsynth_tui.places import SCREENS
from medsynth_tui.screens.evidence import EvidenceView
from medsynth_tui.tour import FINISHED, LOG_IN, STEPS, Tour
from medsynth_tui.widgets.tour_line import LINES, TourLine
from medsynth_tui.words import wrapped


def touring(tmp_path: Path, **options: object) -> MedSynth:
    return studio(tmp_path, engine=FakeEngine(), tour=Tour(tmp_path / "step.json"), **options)


def test_ten_steps_each_say_one_thing_in_two_lines_and_how_to_get_there() -> None:
    assert len(STEPS) == 10
    for step in STEPS:
        for says in (step.says, step.way):
            assert len(wrapped(f"Tour 10 of 10: {re.sub('{[a-z]+}', 'F10', says)}", 78)) <= LINES, says
        assert step.command.id in REGISTRY
        assert {*step.here, step.done} <= {*SCREENS, "help", "judged"}
    for says in (LOG_IN, FINISHED):
        assert len(wrapped(f"Tour: {says}", 78)) <= LINES


async def test_a_step_ends_by_what_it_asks_for_and_the_next_is_said(tmp_path: Path) -> None:
    app = touring(tmp_path, keymap=Keymap({"help": "f10", "palette": "f7"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "This store is the tour's alone")
        await log_in(pilot, "somebody", "some words")
        await shows(pilot, "Tour 1 of 10: Home")
        assert "F10 shows every key" in seen(app)
        await pilot.press("f10")
        await until(pilot, lambda: app.tour is not None and app.tour.at == 1, why="the second step")
        await pilot.press("escape")
        await shows(pilot, "Tour 2 of 10: Where to?")
        await pilot.press("1")
        await shows(pilot, "Tour 3 of 10")
        app.go("audit")
        await shows(pilot, "Tour 3 of 10: Press F7,")


async def test_a_form_under_the_finder_is_still_where_one_is(tmp_path: Path) -> None:
    (tmp_path / "step.json").write_text('{"step": 7}')
    app = touring(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("cohort_new")
        await shows(pilot, "Tour 8 of 10: It goes on without you.")
        await pilot.press("ctrl+p")
        await until(pilot, lambda: type(app.screen).__name__ == "Palette", why="the finder")
        assert app.tour is not None and app.tour.say(app)[1].startswith("It goes on without you.")


def test_a_disk_that_is_full_does_not_end_the_tour(tmp_path: Path) -> None:
    tour = Tour(tmp_path / "no folder" / "step.json")
    tour.move(1)
    assert tour.at == 1


async def test_it_goes_on_where_it_was_left_and_steps_can_be_passed_over(tmp_path: Path) -> None:
    app = touring(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        for step in range(2, 5):
            await pilot.press("ctrl+n")
            await shows(pilot, f"Tour {step} of 10")
    again = touring(tmp_path)
    async with again.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        await shows(pilot, "Tour 4 of 10")
        await again.action_command("tour.before")
        await shows(pilot, "Tour 3 of 10")
        for _ in range(12):
            await pilot.press("ctrl+n")
        await shows(pilot, "That was it")
        assert "--remove" in seen(again)


async def test_its_last_steps_see_evidence_and_the_gate(tmp_path: Path) -> None:
    (tmp_path / "step.json").write_text('{"step": 8}')
    app = touring(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("evidence", cohort=LONG)
        await shows(pilot, "Tour 10 of 10: Nothing leaves unseen")
        app.open("export", cohort=LONG)
        await shows(pilot, "That was it")
        await shows(pilot, "Commands of the shell go to your own store: F7 does it here.")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, EvidenceView), why="the evidence again")
        await shows(pilot, "That was it")


@pytest.mark.parametrize("kept", ["", "[]", '{"step": "x"}', '{"step": 99}', '{"step": -1}'])
def test_a_step_that_cannot_be_read_is_no_trouble(tmp_path: Path, kept: str) -> None:
    (tmp_path / "step.json").write_text(kept)
    assert Tour(tmp_path / "step.json").at in (0, len(STEPS))


async def test_who_is_on_no_tour_sees_and_is_offered_nothing_of_it(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        assert not app.screen.query(TourLine)
        assert TourNext not in app.everywhere()
        await pilot.press("ctrl+n")
        await pilot.pause(0.1)
        assert "Where to" in seen(app)


def medsynth(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    order = [sys.executable, "-m", "medsynth_tui", "tour", "--home", str(home), *words]
    return subprocess.run(order, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def test_it_needs_a_terminal_and_says_so_before_it_makes_anything(tmp_path: Path) -> None:
    done = medsynth(tmp_path)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert not (tmp_path / "data" / "tour").exists()


def test_a_folder_that_no_tour_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data" / "tour").mkdir(parents=True)
    (tmp_path / "data" / "tour" / "precious").write_text("x")
    assert medsynth(tmp_path, "--remove").returncode == 2
    assert (tmp_path / "data" / "tour" / "precious").exists()


def test_the_tour_opens_on_a_store_of_its_own_and_takes_all_of_it_away(tmp_path: Path, store: Path) -> None:
    before = sorted(path.relative_to(store) for path in store.rglob("*") if "tour" not in path.parts)
    order = [sys.executable, "-m", "medsynth_tui", "tour", "--home", str(store)]
    terminal = Terminal(order, environment={"OMP_NUM_THREADS": "1", "XDG_CONFIG_HOME": str(tmp_path)})
    try:
        terminal.wait_for("This store is the tour's alone", 240)
        terminal.press("\x11")
        assert terminal.wait(60) == 0
    finally:
        terminal.close()
    tour = store / "data" / "tour"
    assert len(list((tour / "inbox" / "phantom" / "images").iterdir())) == 400
    assert asyncio.run(arrivals(tour / "store")) == ["phantom"]
    assert medsynth(store, "--remove").returncode == 0
    assert not tour.exists()
    after = sorted(path.relative_to(store) for path in store.rglob("*") if "tour" not in path.parts)
    assert [path for path in after if path.name != "tour.lock"] == before


async def arrivals(home: Path) -> list[str]:
    from medsynth_engine.engine import Engine

    engine = Engine(home)
    await engine.login("alice", "password123")
    found = await engine.arrivals()
    engine.close()
    return [Path(each["path"]).name for each in found]
