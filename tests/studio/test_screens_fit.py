"""Every screen, for every role, at both sizes: it opens, fits, says what it must; in every palette and in ASCII."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine
from studio_fit import demand_fit
from studio_people import seen, shows, studio, until
from studio_places import PLACES, RESEARCHER, enter, fake

from medsynth_tui.view import View


@pytest.mark.parametrize("role", sorted({*PLACES} - {"researcher"}))  # theirs are looked at in test_snapshots
async def test_every_screen_opens_and_fits(tmp_path: Path, role: str) -> None:
    app = fake(tmp_path, role)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        for place, arguments in PLACES[role].items():
            app.go(place, **arguments)
            await until(
                pilot, lambda: isinstance(app.screen, View) and not app.screen._asked, why=f"answers for {place}"
            )
            await until(pilot, lambda: role in seen(app) and "Asking" not in seen(app), why=f"{place} drawn")
            await pilot.pause(0.05)
            demand_fit(app, place)
            words = seen(app)
            assert "DEVELOPMENT" in words, place
            assert role in words, place
            assert "Asking" not in words, words


async def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    app = fake(tmp_path, empty=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        await shows(pilot, "Bring in a dataset to begin")
        for place in ("datasets", "runs", "cohorts", "assessment", "assessments"):
            app.go(place, **RESEARCHER[place])
            await shows(pilot, "Press ")
        app.go("evidence", cohort=LONG, page="privacy")
        await shows(pilot, "Press e")


async def test_who_has_a_dataset_is_told_to_train_on_it_where_nothing_happens(tmp_path: Path) -> None:
    class Idle(FakeEngine):
        async def home(self) -> dict[str, Any]:
            self.empty = True
            nothing = await super().home()
            self.empty = False
            return nothing

    app = studio(tmp_path, engine=Idle())
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        await shows(pilot, "Train on a dataset")
        assert "Bring in a dataset" not in seen(app)


async def test_every_page_of_a_cohort_fits_and_left_and_right_turn_them(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("cohort", name=LONG)
        for words in ("Target", "▀▀▀▀"):
            await shows(pilot, words)
            demand_fit(app)
            await pilot.press("right")
        await shows(pilot, "Target")
        await pilot.press("left")
        await shows(pilot, "▀▀▀▀")


async def test_too_small_a_window_is_one_line_that_says_what_it_needs(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        await pilot.resize_terminal(60, 15)
        await shows(pilot, "window 60x15, needs 80x24")
        assert len(seen(app).split("\n")) == 15
        await pilot.resize_terminal(100, 30)
        await shows(pilot, "A development store")


async def test_nothing_moves_by_itself(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        assert app.animation_level == "none"
        assert not app.screen.query("LoadingIndicator")
        assert not any(field.cursor_blink for field in app.screen.query("Typed"))  # type: ignore[attr-defined]


async def test_ascii_terminals_get_ascii_alone(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine(), ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("evidence", cohort=LONG, page="privacy")
        await shows(pilot, "Who holds the data")
        odd = {character for character in seen(app) if not character.isascii()}
        assert odd <= {"‹", "›", "…", "▁", "▂", "▃", "▄", "▅", "▆", "▇"}, odd  # Textual's own leave through AsciiDriver


async def test_simulated_is_said_on_every_screen(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine(), simulated=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        for place in ("datasets", "runs", "cohorts", "assessments", "audit"):
            app.open(place)
            titled = app.screen.place()[-1]  # type: ignore[attr-defined]
            await until(pilot, lambda: titled in seen(app).partition("\n")[0], why=place)  # noqa: B023 - awaited here
            assert "SIMULATED" in seen(app).splitlines()[0]


@pytest.mark.parametrize("theme", ["medsynth-dark", "medsynth-light", "medsynth-contrast", "medsynth-safe"])
async def test_every_palette_can_be_worn(tmp_path: Path, theme: str) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.theme = theme
        app.open("run", name=LONG)
        await shows(pilot, "Loss")
        assert not app.failures
