"""Jump mode: every thing that can be focused gets a letter, the letter goes there, and hardly a byte is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import log_in, seen, shows, studio, until
from test_wire_budgets import Counted, settled
from textual.widgets import Input

from medsynth_tui.screens.jump import Jump, within_reach

BUDGET = 1_500
"""Bytes on an 80x24 terminal, there and back."""


async def test_each_thing_that_can_be_focused_has_a_letter_and_the_letter_goes_there(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("upload")
        await shows(pilot, "Scan")
        under = app.screen
        targets = within_reach(under)
        assert len(targets) > 3
        before = seen(app)
        await pilot.press("ctrl+o")
        await shows(pilot, "A letter goes there")
        assert isinstance(app.screen, Jump)
        lines = seen(app).splitlines()
        for letter, widget in app.screen.targets.items():
            assert lines[widget.region.y][widget.region.x - 1] == letter
        assert sum(a != b for a, b in zip(before[:1800], seen(app)[:1800], strict=True)) <= len(targets)
        letter, last = list(app.screen.targets.items())[-1]
        await pilot.press(letter)
        await until(pilot, lambda: app.screen is under and under.focused is last, why="the jump")


async def test_what_is_below_the_fold_has_no_letter_and_that_is_said(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run_new")
        await shows(pilot, "Minutes")
        hidden = len(app.screen.focus_chain) > len(within_reach(app.screen))
        await pilot.press("ctrl+o")
        await shows(pilot, "A letter goes there")
        assert hidden and "has none: tab leads there." in seen(app)


async def test_escape_stays_where_one_was_and_no_letter_is_typed(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        login, focused = app.screen, app.screen.focused
        assert isinstance(focused, Input)
        for key in ("escape", "9"):
            await pilot.press("ctrl+o")
            await until(pilot, lambda: isinstance(app.screen, Jump), why="the letters")
            await pilot.press(key)
            await until(pilot, lambda: app.screen is login, why="the login again")
            assert login.focused is focused
        assert focused.value == ""


async def test_it_works_in_a_question_too(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("dataset", name=LONG)
        await shows(pilot, "Brought in")
        await pilot.press("D")
        await shows(pilot, "To confirm, type")
        question = app.screen
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, Jump), why="the letters")
        assert isinstance(app.screen, Jump)
        letter, last = list(app.screen.targets.items())[-1]
        await pilot.press(letter)
        await until(pilot, lambda: app.screen is question and question.focused is last, why="the jump")


@pytest.mark.parametrize("place", ["upload", "cohort_new", "dataset", "home"])
async def test_it_costs_at_most_a_kilobyte_and_a_half(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    app = Counted(tmp_path, engine=FakeEngine(), link="slow")
    async with app.run_test(size=(80, 24)) as pilot:
        app.listen()
        await log_in(pilot, "somebody", "some words")
        app.go(place, **({"name": LONG} if place == "dataset" else {}))
        await settled(pilot, app)
        before, under = app.sent, app.screen
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, Jump), why="the letters")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is under, why="the screen again")
        await settled(pilot, app)
        assert 0 < app.sent - before <= BUDGET, place
