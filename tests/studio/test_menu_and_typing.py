"""The menu, the keys and the palette offer what a role may do; what is typed reaches the screen it was meant for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG
from studio_people import seen, shows, type_words, until
from studio_places import enter, fake

from medsynth_tui.screens.upload import Upload
from medsynth_tui.typeahead import PATIENCE_SECONDS
from medsynth_tui.widgets.field import Typed


@pytest.mark.parametrize(
    ("role", "there", "not_there"),
    [
        ("researcher", ["Datasets", "Runs", "Cohorts", "Assessments", "Review", "Audit log"], ["Users"]),
        ("admin", ["Datasets", "Cohorts", "Assessments", "Audit log", "Users"], ["Runs", "Review"]),
        ("auditor", ["Datasets", "Cohorts", "Assessments", "Audit log"], ["Users", "Runs", "Review"]),
    ],
)
async def test_the_menu_follows_the_role(tmp_path: Path, role: str, there: list[str], not_there: list[str]) -> None:
    app = fake(tmp_path, role, empty=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        menu = "\n".join(line[:28] for line in seen(app).splitlines())
        assert all(name in menu for name in there)
        assert not any(name in menu for name in not_there)
        await pilot.press("ctrl+p")
        await type_words(pilot, "users")
        await until(pilot, lambda: app.screen.query_one(Typed).value == "users")
        if role == "admin":
            await shows(pilot, "Accounts and their roles")
        await pilot.pause()  # what was set off has come to rest
        assert ("Accounts and their roles" in seen(app)) == (role == "admin")


async def test_an_admin_is_not_offered_what_only_researchers_may(tmp_path: Path) -> None:
    app = fake(tmp_path, "admin")
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        app.open("dataset", name=LONG)
        await shows(pilot, "Brought in")
        bottom = seen(app).splitlines()[-1]
        assert "Train" not in bottom
        assert "Pictures" not in bottom
        await pilot.press("t")
        await pilot.pause(0.1)
        assert "New run" not in seen(app)


async def test_keys_typed_ahead_reach_the_field_they_were_meant_for(tmp_path: Path) -> None:
    from textual import events

    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "A development store")
        for key in [*"alice", "tab", *"secret", "enter"]:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await shows(pilot, "Where to")
        assert app.session.person is not None
        for key in ["1", "n", *"/a", "tab", *"b"]:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await shows(pilot, "Nothing is stored")
        await until(pilot, lambda: [field.value for field in app.screen.query("Typed")][:2] == ["/a", "b"])


async def test_keys_do_not_overtake_a_screen_that_a_busy_machine_is_slow_to_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from textual import events

    opens = Upload.compose_body

    def late(self: Upload) -> Any:
        time.sleep(PATIENCE_SECONDS + 0.5)  # as long as others have the processor
        return opens(self)

    monkeypatch.setattr(Upload, "compose_body", late)
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        for key in ["1", "n", *"/a", "tab", *"b"]:
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await shows(pilot, "Nothing is stored")
        await until(pilot, lambda: [field.value for field in app.screen.query("Typed")][:2] == ["/a", "b"])


async def test_ctrl_c_interrupts_nothing_and_says_how_to_leave(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        await pilot.press("ctrl+c")
        await shows(pilot, "^q leaves")


async def test_help_and_palette_come_from_the_commands(tmp_path: Path) -> None:
    app = fake(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await enter(pilot)
        await pilot.press("1", "question_mark")
        await shows(pilot, "Datasets: keys")
        await shows(pilot, "Bring in")
        await pilot.press("escape", "colon")
        await pilot.pause(0.1)
        assert "Screenshot" not in seen(app)
        await type_words(pilot, "bring")
        await pilot.press("enter")
        await shows(pilot, "Nothing is stored")
