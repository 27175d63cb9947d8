"""An admin makes a backup, tries it and puts it back, at the studio and by keyboard; the passphrase is never shown."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine
from studio_people import complaint, fill, log_in, seen, shows, studio, until
from textual.pilot import Pilot

from db.ledger import Ledger
from medsynth_engine.kernel import age
from medsynth_engine.operations import backup_file
from medsynth_tui.app import MedSynth
from medsynth_tui.screens.backup_new import BackupNew
from medsynth_tui.screens.backup_read import BackupRead, becomes
from medsynth_tui.screens.backups import Backups
from medsynth_tui.screens.confirm import Sure
from medsynth_tui.widgets.field import Field

PASSPHRASE = "velvet turbine oxbow 81"
LONG = 180.0


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(age, "WORK", 8)


async def at_backups(pilot: Pilot[Any]) -> None:
    pilot.app.go("store")  # type: ignore[attr-defined]
    await shows(pilot, "checks", LONG)
    await pilot.press("b")
    await until(pilot, lambda: isinstance(pilot.app.screen, Backups) and not pilot.app.screen._asked, LONG)


async def make(pilot: Pilot[Any], file: Path, passphrase: str = PASSPHRASE, again: str = PASSPHRASE) -> None:
    await pilot.press("n")
    await until(pilot, lambda: isinstance(pilot.app.screen, BackupNew), LONG)
    await fill(pilot, path=str(file), passphrase=passphrase, again=again)
    await pilot.press("enter")


async def check(pilot: Pilot[Any], file: Path, passphrase: str = PASSPHRASE) -> None:
    if not isinstance(pilot.app.screen, BackupRead):
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, BackupRead), LONG)
    await fill(pilot, path=str(file), passphrase=passphrase)
    await pilot.press("enter")


async def test_a_store_is_backed_up_tried_and_put_back(store: Path, tmp_path: Path) -> None:
    file, app = tmp_path / "safe.age", studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "admin")
        await at_backups(pilot)
        await shows(pilot, "No backup of this store was ever made", LONG)
        await make(pilot, file)
        await shows(pilot, "The backup is written", LONG)
        await pilot.press("enter")
        await shows(pilot, "The last one", LONG)
        await shows(pilot, "the ledger", LONG)
        await pilot.press("enter")
        await shows(pilot, "sha256sum FILE", LONG)
        await pilot.press("escape")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, BackupRead), LONG)
        assert app.screen.query_one("#path", Field).value == str(file), "the one that was just made"
        await check(pilot, file)
        await shows(pilot, "The backup is whole", LONG)
        assert "ledger, key" in seen(app)
        await pilot.press("f7")
        await shows(pilot, "Replace the store home", LONG)
        await fill(pilot, typed="house")
        await pilot.press("enter")
        await shows(pilot, "That is not its name", LONG)
        assert not list(store.glob("data/before-restore-*"))
        await fill(pilot, typed="home")
        await pilot.press("enter")
        await shows(pilot, "The store is back", LONG)
        assert len(list(store.glob("data/before-restore-*"))) == 1
        await pilot.press("enter")
        await shows(pilot, "The store was put back. Log in again.", LONG)
        await log_in(pilot, "admin")
        assert not app.failures
    with Ledger.open(store / "data" / "medsynth.sqlite3") as ledger:
        assert ledger.verify().ok


async def test_the_passphrase_stands_nowhere(store: Path, tmp_path: Path) -> None:
    """Not on a screen, not in a file of the store, and not in the form that comes next."""
    app = studio(store)
    screens: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "admin")
        await at_backups(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, BackupNew), LONG)
        await fill(pilot, path=str(tmp_path / "b.age"), passphrase=PASSPHRASE)
        screens.append(seen(app))
        await fill(pilot, again=PASSPHRASE)
        screens.append(seen(app))
        await pilot.press("enter")
        await shows(pilot, "The backup is written", LONG)
        screens.append(seen(app))
        form = app.screen_stack[-2]
        assert [field.value for field in form.query(Field) if field.typed.password] == ["", ""]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Backups), LONG)
        await check(pilot, tmp_path / "b.age")
        await shows(pilot, "The backup is whole", LONG)
        screens.append(seen(app))
    words = [word for word in PASSPHRASE.split() if word.isalpha()]  # its number may be one of a digest
    assert len(screens) == 4 and not any(word in shown for shown in screens for word in words)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3 and not any(PASSPHRASE.encode() in path.read_bytes() for path in files)


async def test_what_is_wrong_is_said_at_the_field_and_nothing_is_written(store: Path, tmp_path: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "admin")
        await at_backups(pilot)
        await make(pilot, tmp_path / "b.age", again="velvet turbine oxbow 82")
        await shows(pilot, "The two passphrases differ", LONG)
        await fill(pilot, passphrase="short one", again="short one")
        await pilot.press("enter")
        await shows(pilot, "has at least 15 characters", LONG)
        await fill(pilot, path=str(store / "data" / "b.age"), passphrase=PASSPHRASE, again=PASSPHRASE)
        await pilot.press("enter")
        await shows(pilot, "inside the store itself", LONG)
        await fill(pilot, path="b.age")
        await pilot.press("f6")
        await shows(pilot, "A path from the root", LONG)
    assert not list(tmp_path.rglob("*.age"))


async def test_only_what_was_just_found_whole_can_be_put_back(store: Path, tmp_path: Path) -> None:
    file, app = tmp_path / "b.age", studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "admin")
        await at_backups(pilot)
        await make(pilot, file)
        await shows(pilot, "The backup is written", LONG)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Backups), LONG)
        await check(pilot, file, "not the right passphrase")
        await shows(pilot, "That is not the passphrase", LONG)
        await pilot.press("f7")
        await pilot.pause()
        assert isinstance(app.screen, BackupRead) and app.screen.checked is None
        await check(pilot, file)
        await shows(pilot, "The backup is whole", LONG)
        damaged = tmp_path / "damaged.age"
        damaged.write_bytes(file.read_bytes()[:-40])
        await check(pilot, damaged)
        await until(pilot, lambda: not app.screen._asked, LONG)  # type: ignore[attr-defined]
        assert "The backup is whole" not in seen(app)
        await pilot.press("f7")
        await pilot.pause()
        assert isinstance(app.screen, BackupRead) and app.screen.checked is None
        assert not complaint(app)
    assert not list(store.glob("data/before-restore-*"))


async def test_a_backup_under_way_is_not_left_nor_begun_again_without_a_word(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, real = list[object](), threading.Event(), backup_file.pack

    def pack(*given: Any) -> backup_file.Packed:
        begun.append(given)
        assert go_on.wait(LONG)
        return real(*given)

    monkeypatch.setattr(backup_file, "pack", pack)
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        try:
            await log_in(pilot, "admin")
            await at_backups(pilot)
            await make(pilot, tmp_path / "b.age")
            await until(pilot, lambda: begun, LONG)
            await pilot.press("f6", "escape")
            await until(pilot, lambda: "is still being written" in complaint(app), LONG)
            assert isinstance(app.screen, BackupNew) and len(begun) == 1
            for identifier in ("logout", "datasets", "quit"):
                await app.action_command(identifier)
                await shows(pilot, "nothing will say how it ended", LONG)
                await pilot.press("enter")  # the answer that has the focus
                await until(pilot, lambda: isinstance(app.screen, BackupNew), LONG)
            await pilot.press("ctrl+q")
            await shows(pilot, "gives the terminal back only then", LONG)
        finally:
            go_on.set()
        await shows(pilot, "The backup is written", LONG)
        assert not [each for each in app.screen_stack if isinstance(each, Sure)], "what has ended needs no question"
        assert app.session.person is not None
    assert (tmp_path / "b.age").exists()


class NeverDone(FakeEngine):
    async def backup(self, *_: Any, **__: Any) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}


async def asked_whether_to_leave(pilot: Pilot[Any]) -> None:
    """Logged in, with a backup under way, and the key for logging out pressed."""
    app = pilot.app
    assert isinstance(app, MedSynth)
    await log_in(pilot, "somebody", "some words")
    app.open("backup_new")
    await shows(pilot, "The same again", LONG)
    await fill(pilot, path="/mnt/b.age", passphrase=PASSPHRASE, again=PASSPHRASE)
    await pilot.press("enter")
    await until(pilot, app.under_way, LONG)
    await app.action_command("logout")
    await until(pilot, lambda: isinstance(app.screen, Sure), LONG)


async def test_who_leaves_all_the_same_may(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=NeverDone("admin"))
    async with app.run_test(size=(80, 24)) as pilot:
        await asked_whether_to_leave(pilot)
        await pilot.press("right", "enter")
        await shows(pilot, "You are logged out", LONG)


async def test_a_question_that_went_with_its_screens_or_lies_behind_the_lock_is_asked_again(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=NeverDone("admin"))
    async with app.run_test(size=(80, 24)) as pilot:
        for ends in ("the login ends", "the lock"):
            await asked_whether_to_leave(pilot)
            if ends == "the login ends":
                app.leave("Your login has ended.")
                await shows(pilot, "Your login has ended", LONG)
                continue
            app.do_lock()
            await shows(pilot, "You hid the screen", LONG)
            await pilot.press("f8")
            await until(pilot, lambda: isinstance(app.screen, Sure), LONG)
            await pilot.press("right", "enter")
            await shows(pilot, "You are logged out", LONG)


@pytest.mark.parametrize("role", ["researcher", "auditor"])
async def test_nobody_else_is_offered_it(tmp_path: Path, role: str) -> None:
    app = studio(tmp_path, engine=FakeEngine(role))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("store")
        await pilot.press("b")
        await pilot.pause()
        assert not isinstance(app.screen, Backups)
        app.open("backups")
        await until(pilot, lambda: isinstance(app.screen, Backups), LONG)
        for key in ("n", "c"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, Backups)


def test_the_question_says_what_becomes_of_what_is_not_in_the_backup() -> None:
    found = {"made": "2026-11-23T09:41:00+00:00", "parts": ["ledger", "key"]}
    assert "stay as they lie here" in becomes(found)
    whole = becomes({**found, "parts": ["ledger", "key", *backup_file.FOLDERS]})
    assert whole.startswith("The store becomes what it was at") and "not in this backup" not in whole
