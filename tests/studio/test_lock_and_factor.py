"""At the studio: the code of a second factor, the password asked for again, and a screen that hides itself."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from fake_engine import FakeEngine
from studio_people import ACCOUNTS, fill, log_in, seen, shows, studio, until
from textual.widgets import Static

from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import Denied
from medsynth_tui.app import MedSynth
from medsynth_tui.keymap import Keymap
from medsynth_tui.screens.home import HomeView
from medsynth_tui.screens.prove import Lock, Prove
from medsynth_tui.screens.too_small import TooSmall
from medsynth_tui.widgets.window_table import WindowTable


def code_at(secret: str, steps: int = 0) -> str:
    """The app's code, some steps of thirty seconds from now: a code is taken once."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


async def asked_of(store: Path, roles: str) -> None:
    engine = Engine(store)
    await engine.login("admin", ACCOUNTS["admin"])
    await engine.settings_set("second_factor_roles", roles)
    engine.close()


def password_given_long_ago(store: Path) -> None:
    with closing(sqlite3.connect(store / "data" / "medsynth.sqlite3")) as connection, connection:
        connection.execute("UPDATE session SET created_at = '2026-01-01T00:00:00.000000+00:00', proved_at = NULL")


async def idle(app: MedSynth) -> None:
    """As if nobody had pressed a key for an hour."""
    assert app.session.person is not None
    app.session.person = replace(app.session.person, lock_minutes=0)
    app.lock_if_idle()
    app.session.person = replace(app.session.person, lock_minutes=10)


async def test_a_role_that_needs_a_second_factor_sets_it_up_before_anything_else(store: Path) -> None:
    await asked_of(store, "researcher")
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "Log in")
        await until(pilot, lambda: getattr(app.screen, "store", None) is not None)
        await fill(pilot, name="alice", password="password123")
        await pilot.press("enter")
        await shows(pilot, "Your role needs a second factor")
        await pilot.press("enter")
        await shows(pilot, "Scan this")
        assert "▀" in seen(app) and "Secret" in seen(app)
        secret = str(app.screen.query_one("#secret", Static).content).split("Secret")[-1].replace(" ", "")
        await fill(pilot, code="000000")
        await pilot.press("enter")
        await shows(pilot, "That code does not fit")
        await fill(pilot, code=code_at(secret))
        await pilot.press("enter")
        await shows(pilot, "These codes are shown once")
        await pilot.press("enter")
        await shows(pilot, "Where to")
        app.do_logout()
        await shows(pilot, "You are logged out")
        await until(pilot, lambda: getattr(app.screen, "store", None) is not None)
        await fill(pilot, name="alice", password="password123")
        await pilot.press("enter")
        await shows(pilot, "its code is needed too")
        await fill(pilot, code=code_at(secret, 1))
        await pilot.press("enter")
        await shows(pilot, "Where to", 30)


async def test_the_lock_hides_everything_until_the_same_person_gives_the_password(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        before = seen(app)
        await idle(app)
        await shows(pilot, "Locked")
        assert "Where to" not in seen(app) and "Home" not in seen(app)
        for key in ("escape", "q", "ctrl+p", "question_mark", "f1", "f5"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, Lock), key
        await fill(pilot, password="wrong")
        await pilot.press("enter")
        await shows(pilot, "The password is wrong.")
        assert isinstance(app.screen, Lock)
        await fill(pilot, password="password123")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HomeView))
        await shows(pilot, "Where to")
        assert seen(app).splitlines()[0] == before.splitlines()[0]


async def test_from_the_lock_one_can_leave_by_the_key_that_it_names(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine(), keymap=Keymap({"quit": "f9"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.do_lock()
        await shows(pilot, "You hid the screen.")
        await shows(pilot, "F9 leaves the studio")
        await pilot.press("f9")
        await until(pilot, lambda: app.return_code == 0)


async def test_what_is_answered_while_the_screen_is_hidden_is_shown_afterwards(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        view, answers = app.top_view(), list[object]()
        assert view is not None
        await idle(app)
        view.ask(lambda engine: engine.whoami(), answers.append, group="late")
        await pilot.pause(0.5)
        assert answers == [] and isinstance(app.screen, Lock)
        await shows(pilot, "Locked")
        await fill(pilot, password="password123")
        await pilot.press("enter")
        await until(pilot, lambda: answers)


async def test_a_login_that_ended_behind_the_lock_is_opened_anew_with_the_password(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        await idle(app)
        await shows(pilot, "Locked")
        with closing(sqlite3.connect(store / "data" / "medsynth.sqlite3")) as connection, connection:
            connection.execute("UPDATE session SET last_seen_at = '2026-01-01T00:00:00.000000+00:00'")
        await fill(pilot, password="password123")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HomeView))


async def test_a_window_that_grew_behind_the_lock_is_large_enough_again(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        await idle(app)
        await until(pilot, lambda: isinstance(app.screen, Lock))
        await pilot.resize_terminal(80, 24)
        await shows(pilot, "Locked")
        await fill(pilot, password="password123")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, HomeView))


async def test_from_the_lock_somebody_else_can_log_in(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        await idle(app)
        await shows(pilot, "Locked")
        await pilot.press("f8")
        await shows(pilot, "You are logged out")
        assert not app.locked


async def test_a_change_of_role_asks_for_the_password_again_and_then_happens(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "admin")
        app.go("users")
        await until(pilot, lambda: app.screen.query(WindowTable) and app.screen.query_one(WindowTable).row_count == 3)
        password_given_long_ago(store)
        view = app.top_view()
        assert view is not None
        done: list[object] = []
        view.ask(lambda engine: engine.users_role("alice", "auditor"), done.append, group="change")
        await until(pilot, lambda: isinstance(app.screen, Prove))
        assert not done
        await fill(pilot, password="admin123")
        await pilot.press("enter")
        await until(pilot, lambda: done)
        assert done[0] == {"name": "alice", "role": "auditor", "state": "active"}


async def test_wrong_attempts_before_a_login_are_told_to_who_logs_in(store: Path) -> None:
    engine = Engine(store)
    with pytest.raises(Denied):
        await engine.login("alice", "guessed")
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        await shows(pilot, "Wrong attempts before this login: 1.")
