"""Lists that were less than the others: the picker, the review queue, the gauge among the evidence, the accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import log_in, seen, shows, studio, until

from medsynth_engine.engine import Engine
from medsynth_tui.screens.compare import Compare
from medsynth_tui.screens.evidence_detail import Explained
from medsynth_tui.screens.picker import Picker
from medsynth_tui.screens.settings import Settings
from medsynth_tui.widgets.window_table import WindowTable


async def test_a_folder_is_filtered_and_sorted_and_esc_shows_all_of_it_before_it_closes(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    answered: list[Any] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        picker = Picker()
        app.push_screen(picker, answered.append)
        await shows(pilot, "405 rows; the first 200 are shown")
        await pilot.press("slash", *"-399", "enter")
        await shows(pilot, "1 of 405 with “-399”")
        await pilot.press("escape", "s")
        await shows(pilot, "Sort by")
        await pilot.press("down", "down", "enter")  # by size
        table = picker.query_one(WindowTable)
        await until(pilot, lambda: table.arrangement.by == "size", why="the order")
        assert table.shown[0][0] == f"{LONG}-399.png" and table.shown[-1][0].startswith("folder-")
        await pilot.press("slash", *"folder", "enter")
        await shows(pilot, "5 of 405")
        await pilot.press("enter")
        await until(pilot, lambda: table.counts() == (405, 405), why="another folder, whole")
        assert table.arrangement.by == "size" and answered == []
        await pilot.press("g", "enter")
        await until(pilot, lambda: answered, why="the file")
    assert answered == [f"/srv/inbox/{LONG}/{LONG}-399.png"]


async def test_a_folder_says_of_how_many_files_it_lists_nothing_and_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    (folder / "zz-folder").mkdir(parents=True)
    for number in range(2_100):
        (folder / f"{number:04}.png").touch()
    real = Engine(tmp_path / "home")
    await real.init(development=True)
    await real.login("alice", "password123")
    found = await real.browse(str(folder))
    real.close()
    names = [each["name"] for each in found["entries"]]
    assert (len(names), names[0], names[-1], found["left_out"]) == (2_000, "zz-folder", "1998.png", 101)

    class Full(FakeEngine):
        async def browse(self, path: str | None = None) -> dict[str, Any]:
            return found

    app = studio(tmp_path, engine=Full())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.push_screen(Picker())
        await shows(pilot, "Of 101 more nothing is listed: type the path instead.")


async def test_the_review_queue_is_sorted_and_written_as_it_is_seen(tmp_path: Path) -> None:
    asked: list[Any] = []

    class Written(FakeEngine):
        async def lists_export(self, name: str, path: str, of: Any = None, only: Any = None) -> dict[str, Any]:
            asked.append((name, only))
            return {"path": path, "rows": 300}

    app = studio(tmp_path, engine=Written())
    async with app.run_test(size=(120, 40)) as pilot:
        await log_in(pilot, "somebody", "some words")
        for dataset in (None, "chest"):
            app.go("review", dataset=dataset)
            await shows(pilot, "Read:")
            await pilot.press("W")
            await shows(pilot, "Write this list")
            await pilot.press("enter")
            await until(pilot, lambda wanted=dataset: len(asked) == 1 + bool(wanted), why="the file")  # type: ignore[misc]
        await pilot.press("s")
        await shows(pilot, "Sort by")
        await pilot.press("down", "down", "enter")  # what is decided
        await shows(pilot, "by decided, a to z")
        assert "Read:" in seen(app)
    (whole, of_one) = asked
    assert whole == ("review", None) and len(of_one[1]) == 300 and of_one[1][0].startswith("chest/")


async def test_what_is_copied_of_the_gauge_is_what_it_says(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("evidence", cohort=LONG, page="privacy")
        await shows(pilot, "Privacy gauge")
        await pilot.press("g")
        assert app.screen.copied().startswith("Data: somebody holds the cohort: ")  # type: ignore[attr-defined]
        await pilot.press("G")
        assert app.screen.copied().startswith("privacy.")  # type: ignore[attr-defined]


async def test_both_faces_say_reset_of_who_was_not_invited_just_now(tmp_path: Path) -> None:
    class Reset(FakeEngine):
        async def users_list(self) -> list[dict[str, Any]]:
            (first, second, *_) = await super().users_list()
            return [{**first, "last_login": first["created"]}, second]

    app = studio(tmp_path, engine=Reset("admin"))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("users")
        await shows(pilot, "2 accounts")
        states = [cells[2][0] for _, cells in app.screen.query_one(WindowTable).shown]
        assert states == ["reset", "invited"]


async def test_a_click_and_enter_do_no_more_than_the_keys_offer_to_the_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = studio(tmp_path, engine=FakeEngine("auditor"))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("settings")  # no key of an auditor leads here
        await shows(pilot, "a_setting_0")
        await pilot.press("enter")
        await pilot.click(WindowTable, offset=(6, 2))
        await pilot.click(WindowTable, offset=(6, 2))
        assert isinstance(app.screen, Settings)
        app.go("compare", cohorts=[LONG, f"{LONG}-2", f"{LONG}-3"])
        await shows(pilot, "lies wholly behind.")  # the whole sentence, also at this width
        monkeypatch.setattr(Compare, "offered", lambda *_: False)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Compare)
        monkeypatch.undo()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Explained), why="what is behind it")
