"""The screen of disk use: sums for everybody, names as the role may see them, and removal with its name typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import log_in, seen, shows, studio, type_words

from medsynth_tui.disk_words import size
from medsynth_tui.widgets.arranged import Arrangement
from medsynth_tui.widgets.window_table import WindowTable


@pytest.mark.parametrize(
    ("octets", "words"),
    [(0, "0 B"), (812, "812 B"), (4_000, "4.0 kB"), (9_960, "10 kB"), (999_700, "1.0 MB"), (48_000_000_000, "48 GB")],
)
def test_sizes_read_as_people_write_them(octets: int, words: str) -> None:
    assert size(octets) == words


async def test_what_is_ones_own_is_removed_after_its_name_was_typed(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("disk")
        await shows(pilot, "9.3 GB in this store")
        await shows(pilot, "can be removed by you")
        await pilot.press("D")
        await shows(pilot, "Nothing brings it back")
        await type_words(pilot, "not-its-name")
        await pilot.press("enter")
        await shows(pilot, "That is not its name")
        await pilot.press("escape")
        await shows(pilot, "can be removed by you")
        await pilot.press("D")
        await type_words(pilot, f"{LONG}-0")
        await pilot.press("enter")
        await shows(pilot, "What remains of it")
        assert "generators: first" in seen(app)


async def test_who_maintains_the_store_sees_the_owners_and_is_not_offered_removal(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine("admin"))
    async with app.run_test(size=(120, 40)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("disk")
        await shows(pilot, "can be removed by its owner")
        assert "alexandra" in seen(app)
        assert "Remove" not in seen(app).splitlines()[-1]
        await pilot.press("D")
        await pilot.pause(0.1)
        assert "Nothing brings it back" not in seen(app)


async def test_what_has_no_names_is_a_section_of_its_own_and_is_sorted_within_it(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("disk")
        await shows(pilot, "9.3 GB in this store")
        table = app.screen.query_one(WindowTable)
        table.arrange_rows(Arrangement(by="size"))
        keys = [key for key, _ in table.shown]
        whole = keys.index("-whole")
        assert keys[whole : whole + 4] == ["-whole", "rest:work", "rest:unfinished", "rest:ledger"]
        assert keys[whole - 1] == "rest:generator"  # the largest of its section
        table.arrange_rows(Arrangement(words="ledger"))
        assert [key for key, _ in table.shown] == ["-whole", "rest:ledger"]
        table.arrange_rows(Arrangement(words="unfinished"))
        table.move_cursor(row=1)
        await shows(pilot, "Unfinished work: 4.0 kB of datasets, 1.0 kB of runs.")
        await shows(pilot, "broken off is swept when")
        await shows(pilot, "doctor tells an admin")


async def test_an_auditor_sees_sums_and_no_name(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine("auditor"))
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("disk")
        await shows(pilot, "Datasets")
        assert LONG not in seen(app)
