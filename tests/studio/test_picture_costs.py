"""On a slow line pictures say what they cost before they are sent, and a key has them drawn; a fast one shows them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import log_in, seen, shows, until
from test_wire_budgets import Counted, settled

from medsynth_tui.app import MedSynth
from medsynth_tui.commands_pictures import PicturesDraw
from medsynth_tui.terminal.profile import FAST
from medsynth_tui.view import View
from medsynth_tui.widgets.picture import Pictures

WAYS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "dataset": ({"name": LONG}, ["p"]),
    "cohort": ({"name": LONG}, ["right"]),
    "nearest_pairs": ({"cohort": LONG}, []),
}


async def offered(pilot: Any, app: MedSynth, place: str) -> Pictures:
    """The place's pictures, once their cost is said."""
    arguments, keys = WAYS[place]
    app.go(place, **arguments)
    await until(pilot, lambda: isinstance(app.screen, View) and not app.screen._asked and app.screen.query(Pictures))
    await pilot.press(*keys)
    shown = app.screen.query_one(Pictures)
    await until(pilot, lambda: shown.held)
    await shows(pilot, "to have them drawn")
    return shown


@pytest.mark.parametrize("place", WAYS)
async def test_a_slow_line_is_told_the_cost_and_a_key_has_the_pictures_drawn(tmp_path: Path, place: str) -> None:
    app = MedSynth(tmp_path, engine=FakeEngine(), link="slow")
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        shown = await offered(pilot, app, place)
        assert re.search(r"\d+ pictures, about ([\d.]+ KB|\d+ bytes)", seen(app))
        assert not shown.pictures and PicturesDraw in app.screen.commands()
        await pilot.press("i")
        await until(pilot, lambda: shown.pictures and "to have them drawn" not in seen(app))
        assert PicturesDraw not in app.screen.commands(), "there is nothing more to draw"


async def test_the_cost_that_is_said_is_what_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    app = Counted(tmp_path, engine=FakeEngine(), link="slow")
    async with app.run_test(size=(80, 40)) as pilot:
        app.listen()
        await log_in(pilot, "somebody", "some words")
        shown = await offered(pilot, app, "nearest_pairs")
        await settled(pilot, app)
        said, before = shown.weight(shown.held), app.sent
        await pilot.press("i")
        await settled(pilot, app)
        assert 0.5 * said < app.sent - before < 2 * said


async def test_a_line_that_turns_out_fast_carries_what_was_held(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=FakeEngine(), link="slow")
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        shown = await offered(pilot, app, "dataset")
        app.profile = replace(FAST, auto=True)
        app.profile_changed()
        await until(pilot, lambda: shown.pictures and not shown.held)


async def test_the_key_that_asked_for_pictures_also_takes_them_back_unseen(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=FakeEngine(), link="slow")
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        shown = await offered(pilot, app, "dataset")
        await pilot.press("p")
        await until(pilot, lambda: not shown.held and app.screen.query_one("#composition").display)


async def test_a_fast_line_is_asked_nothing(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=FakeEngine(), link="fast")
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("nearest_pairs", cohort=LONG)
        await until(pilot, lambda: app.screen.query(Pictures) and app.screen.query_one(Pictures).pictures)
