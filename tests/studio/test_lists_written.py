"""Writing the list that one sees, on a real store; and its columns, which are those of the window whenever it grows."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from fake_engine import FakeEngine
from fake_rows import NOW
from studio_people import complaint, fill, log_in, look_in_log, shows, studio, until
from studio_places import PLACES

from medsynth_tui.widgets.window_table import WindowTable

CHANGING = ("datasets", "runs", "cohorts", "jobs", "assessments", "disk", "evidence", "compare", "review", "scan")


class Versions(FakeEngine):
    """Two subjects, of which one was assessed three times; remembers which rows were asked for."""

    only: list[str] | None = None

    async def pia_list(self) -> list[dict[str, Any]]:
        facts = {"audience": "recipient", "author": "alexandra", "created": NOW, "expires": None}
        told = [("dataset:chest", 3, "approved"), ("brain", 1, "draft")]
        told += [("dataset:chest", 2, "returned"), ("dataset:chest", 1, "rejected")]
        return [{"subject": subject, "version": version, "state": state, **facts} for subject, version, state in told]

    async def lists_export(self, name: str, path: str, of: str | None = None, only: Any = None) -> dict[str, Any]:
        self.only = list(only)
        return {"path": path, "rows": len(self.only), "digest": "ab" * 32}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


async def test_the_list_that_one_sees_is_written_where_one_says_and_the_log_says_so(
    store: Path, tmp_path: Path
) -> None:
    app, target = studio(store), tmp_path / "accounts.csv"
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "admin")
        app.go("users")
        await shows(pilot, "3 accounts")
        await pilot.press("W")
        await shows(pilot, "Write this list")
        await fill(pilot, text=str(target))
        await pilot.press("enter")
        await shows(pilot, "3 rows")
        assert {row["name"] for row in rows_of(target)} == {"alice", "admin", "auditor"}
        await pilot.press("W")
        await fill(pilot, text=str(target))
        await pilot.press("enter")
        await until(pilot, lambda: "must be a new file" in complaint(app), why="a place that is taken is said")
        app.go("audit")
        await shows(pilot, "lists.export")


async def test_a_list_is_offered_a_place_of_its_own_where_nobody_names_another(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "auditor")
        app.go("audit")
        await shows(pilot, "session.login")
        await pilot.press("W")
        await shows(pilot, "Every record that you may see")
        await pilot.press("enter")
        await shows(pilot, " rows: ")
    (written,) = (store / "generated").glob("audit-*.csv")
    assert "session.login" in written.read_text()


async def test_a_list_is_written_as_it_is_filtered_and_sorted(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "admin")
        app.go("users")
        await shows(pilot, "W Write CSV")
        await pilot.press("slash", *"researcher", "enter")
        await shows(pilot, "1 of 3 with “researcher”")
        await pilot.press("W")
        await shows(pilot, "as you filtered and sorted them")
        await fill(pilot, text="some.csv")
        await pilot.press("enter")
        await shows(pilot, "1 row:")
        await pilot.press("escape", "s")
        await shows(pilot, "Sort by")
        await pilot.press("enter")
        await shows(pilot, "by name, a to z")
        await pilot.press("s", "enter")
        await shows(pilot, "by name, z to a")
        await pilot.press("W")
        await shows(pilot, "as you filtered and sorted them")
        await fill(pilot, text="all.csv")
        await pilot.press("enter")
        await shows(pilot, "3 rows:")
        (last, before) = (await app.session.ask(lambda engine: engine.audit_list(action="lists.export")))["records"]
    assert [row["name"] for row in rows_of(store / "generated" / "some.csv")] == ["alice"]
    assert [row["name"] for row in rows_of(store / "generated" / "all.csv")] == ["auditor", "alice", "admin"]
    assert [(each["detail"]["rows"], each["detail"]["of_rows"]) for each in (before, last)] == [(1, 3), (3, 3)]
    assert "researcher" not in str(before["detail"])


async def test_of_assessments_the_versions_that_one_sees_are_asked_for_and_no_other(tmp_path: Path) -> None:
    """A subject's versions go by one name; on the screen is the newest."""
    engine = Versions()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("assessments")
        await shows(pilot, "2 rows")
        await pilot.press("slash", *"approved", "enter")
        await shows(pilot, "1 of 2 with “approved”")
        await pilot.press("W")
        await shows(pilot, "as you filtered and sorted them")
        await pilot.press("enter")
        await shows(pilot, "1 row:")
        assert engine.only == ["dataset:chest#3"]
        await pilot.press("escape")
        await shows(pilot, "2 rows")
        assert app.screen.copied() == "dataset:chest"  # type: ignore[attr-defined]


async def test_the_log_is_written_as_it_is_filtered(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "auditor")
        await look_in_log(pilot, action="session.login")
        await shows(pilot, "with action session.login; esc shows all")
        await pilot.press("W")
        await shows(pilot, "that the filter lets through")
        await fill(pilot, text="some.csv")
        await pilot.press("enter")
        await shows(pilot, "1 row:")
        await pilot.press("escape")
        await shows(pilot, "audit.export")
    written = rows_of(store / "generated" / "some.csv")
    assert written and {row["action"] for row in written} == {"session.login"}


async def test_a_window_that_grows_or_shrinks_has_the_columns_of_its_width(tmp_path: Path) -> None:
    """And its rows are told as they are on a screen that is opened in that width."""
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")

        def table() -> list[str]:
            shown = app.screen.query(WindowTable).first()
            head = [f"{column.label} {column.width}" for column in shown.ordered_columns]
            return [*head, *(str(cell) for key in shown.rows for cell in shown.get_row(key))]

        async def opened(place: str) -> list[str]:
            app.go(place, **PLACES["researcher"][place])
            await until(pilot, lambda: any(each.row_count for each in app.screen.query(WindowTable)), why=place)
            await until(pilot, lambda: not app.screen._asked, why=f"answers for {place}")  # type: ignore[attr-defined]
            return await at_rest()

        async def at_rest() -> list[str]:
            """Columns get their widths a moment after their rows."""
            seen: list[str] = []
            while seen != (seen := table()):
                await pilot.pause(0.1)
            return seen

        for place in CHANGING:
            narrow = await opened(place)
            await pilot.resize_terminal(120, 40)
            await until(pilot, lambda before=narrow: table() != before, why=f"{place} grows")  # type: ignore[misc]
            grown = await at_rest()
            assert await opened(place) == grown, place
            await pilot.resize_terminal(80, 24)
            await until(pilot, lambda before=narrow: table() == before, why=f"{place} shrinks")  # type: ignore[misc]
