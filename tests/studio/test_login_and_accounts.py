"""A login that fails or ends is told in words; the code of a new account is shown once."""

from __future__ import annotations

from pathlib import Path

from fake_engine import FakeEngine
from studio_people import complaint, fill, seen, shows, studio, type_words, until
from studio_places import enter, fake

from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field


async def test_a_wrong_password_is_a_sentence_in_the_words_of_the_studio(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        await fill(pilot, name="alice", password="wrong")
        await pilot.press("enter")
        await until(pilot, lambda: "name or the password is wrong" in complaint(app))
        assert "press F2" in seen(app)
        assert "medsynth activate" not in seen(app)


async def test_a_login_that_ended_leads_back_to_the_first_screen(tmp_path: Path) -> None:
    engine = FakeEngine()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        engine.session_over = True
        await pilot.press("3")
        await shows(pilot, "nobody was there for half an hour")
        assert app.session.person is None


async def test_an_activation_code_is_shown_once(tmp_path: Path) -> None:
    app = fake(tmp_path, "admin")
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("users")
        await shows(pilot, "30 accounts")
        await pilot.press("n")
        await shows(pilot, "Add an account")
        await type_words(pilot, "carla")  # the name has the cursor: no letter of it chooses a role
        asked = app.screen
        assert (asked.query_one(Field).value, asked.query_one(Choice).value) == ("carla", "researcher")
        await pilot.press("enter", "enter", "enter")  # on to the role, on to the button
        await shows(pilot, "ABCD-EFGH-IJKL")
        await pilot.press("escape")
        await shows(pilot, "30 accounts")
        assert "ABCD" not in seen(app)
