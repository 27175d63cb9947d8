"""The studio behind a server's door: the key's name stands in the login, and a training under way is seen first."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import FakeEngine
from studio_people import SIZES, seen, shows, studio

from medsynth_engine.access.roles import Role
from medsynth_tui.screens.home import HomeView
from medsynth_tui.screens.run import LiveRun
from medsynth_tui.widgets.field import Field


class Alice(FakeEngine):
    async def whoami(self) -> dict[str, object]:
        return {**await super().whoami(), "name": "alice"}


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
async def test_the_name_of_the_key_stands_there_and_the_training_that_runs_is_the_first_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("MEDSYNTH_USER", "alice")
    app = studio(tmp_path, engine=Alice())
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "alice")
        assert app.screen.query_one("#password", Field).typed.has_focus
        await pilot.press(*"some words", "enter")
        await shows(pilot, "-running")
        assert isinstance(app.screen, LiveRun)
        await pilot.press("escape")
        await shows(pilot, "Where to")
        assert isinstance(app.screen, HomeView) and "alice" in seen(app)
        assert not app.failures


@pytest.mark.parametrize(("key", "role"), [("", Role.RESEARCHER), ("alice", Role.ADMIN)])
async def test_without_a_key_or_without_trainings_home_is_the_first_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, role: Role
) -> None:
    monkeypatch.setenv("MEDSYNTH_USER", key)
    engine = Alice()
    engine.role = role

    async def none() -> list[dict[str, object]]:
        return []

    if role is Role.ADMIN:
        engine.runs_list = none
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "F1 Help")
        app.screen.query_one("#name", Field).value = "alice"
        app.screen.query_one("#password", Field).value = "some words"
        app.screen.query_one("#password", Field).focus_input()
        await pilot.press("enter")
        await shows(pilot, "Where to")
        assert isinstance(app.screen, HomeView)
