"""Filtering and sorting a list, and copying what its row is called: one implementation, tried on several lists."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from fake_engine import LONG, FakeEngine
from studio_people import complaint, log_in, seen, shows, studio, until
from studio_places import PLACES
from textual.pilot import Pilot
from textual.widgets import OptionList

from medsynth_tui.app import MedSynth
from medsynth_tui.glyphs import to_ascii
from medsynth_tui.screens.compare import _drawn, measure_rows
from medsynth_tui.screens.table import DatasetTable
from medsynth_tui.terminal.clipboard import takes_clipboard
from medsynth_tui.theme import DARK
from medsynth_tui.widgets.arranged import Arrangement, kind_of, order_words
from medsynth_tui.widgets.boxed_picture import BoxedPicture
from medsynth_tui.widgets.cell import NUMBERS, TIMES, WORDS, Cell, at
from medsynth_tui.widgets.window_table import WindowTable
from medsynth_tui.words import number

NAMES = ("set-2", "set-10", "Other", "none")
SIZES = ("1,234", "<11", ("99", "bold"), "–")
ROWS = [(name, [name, size]) for name, size in zip(NAMES, SIZES, strict=True)]
TITLES = ("name", "size")


def names(arrangement: Arrangement, rows: Any = ROWS) -> list[str]:
    return [key for key, _ in arrangement.of(rows, TITLES)]


def test_numbers_in_names_count_and_what_has_no_value_is_last_in_both_directions() -> None:
    assert names(Arrangement(by="name")) == ["none", "Other", "set-2", "set-10"]
    assert names(Arrangement(by="size")) == ["set-10", "Other", "set-2", "none"]
    assert names(Arrangement(by="size", down=True)) == ["set-2", "Other", "set-10", "none"]
    assert names(Arrangement(by="a column of another width")) == list(NAMES)
    assert [key for key, _ in Arrangement(words="t").of(ROWS, ("", "size"))] == ["set-2", "set-10", "Other"]


def test_a_row_holds_every_word_of_the_filter_in_any_cell_or_in_its_key() -> None:
    assert names(Arrangement(words="SET 1,2")) == ["set-2"]
    assert names(Arrangement(words="  ")) == list(NAMES)
    assert names(Arrangement(words="key"), [("by-its-key", ["…y", ""])]) == ["by-its-key"]


def test_a_section_is_sorted_within_itself_and_its_heading_goes_with_its_last_row() -> None:
    rows = [("-a", ["A", ""]), ("x", ["x", "1"]), ("y", ["y", "2"]), ("-b", ["B", ""]), ("z", ["z", "3"])]
    assert names(Arrangement(by="size", down=True), rows) == ["-a", "y", "x", "-b", "z"]
    assert names(Arrangement(words="z"), rows) == ["-b", "z"]


def test_times_and_sizes_are_sorted_by_what_they_are_not_by_their_words() -> None:
    times = ["2025-12-31T10:00:00+00:00", "2026-01-02T10:00:00", "2026-01-01T10:00:00+00:00"]
    rows = [(time, [at(time), Cell(f"{9 - place} MB", by=place)]) for place, time in enumerate(times)]
    assert names(Arrangement(by="name", down=True), rows) == [times[1], times[2], times[0]]
    assert names(Arrangement(by="size"), rows) == times
    assert [kind_of(rows, place) for place in (0, 1)] == [TIMES, NUMBERS]
    assert kind_of(ROWS, 0) == WORDS
    assert order_words(TIMES, True) == "newest first"


def test_small_numbers_are_sorted_by_their_size_whatever_mark_and_letters_they_are_written_with() -> None:
    values = (0.9, 0.00004, 0.2, 0.0009, 12345.0)
    rows = [(str(value), [str(value), number(value)]) for value in values]
    assert names(Arrangement(by="size"), rows) == [str(value) for value in sorted(values)]
    measured = [
        {"name": f"fidelity.{value}", "values": [{"value": value}], "worse": [], "best": []} for value in values
    ]
    measured[1]["worse"], measured[2]["best"] = [0], [0]
    marked = [(key, [_drawn(cell, to_ascii) for cell in cells]) for key, cells in measure_rows(measured, {}, DARK)]
    assert names(Arrangement(by="size"), marked[1:]) == [f"fidelity.{value}" for value in sorted(values)]


def test_a_name_of_more_digits_than_python_reads_is_sorted_like_any_other() -> None:
    long = "set-" + "9" * 5000
    assert names(Arrangement(by="name"), [(name, [name, ""]) for name in (long, "set-10", "set-9")]) == [
        "set-9",
        "set-10",
        long,
    ]


def table(app: MedSynth) -> WindowTable:
    return app.screen.query(WindowTable).first()


async def opened(pilot: Pilot[Any], place: str, words: str) -> None:
    app = pilot.app
    assert isinstance(app, MedSynth)
    await log_in(pilot, "somebody", "some words")
    app.go(place, **PLACES["researcher"][place])
    await shows(pilot, words)


async def test_what_is_typed_filters_at_once_and_esc_shows_all_before_it_leaves(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "datasets", "41 rows")
        await pilot.press("slash", *"set 12")
        await shows(pilot, "1 of 41 with “set 12”")
        assert "To the list" in seen(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.focused is table(app))
        assert table(app).current_key == "set-12"
        await pilot.press("r")
        await until(pilot, lambda: not app.screen._asked)  # type: ignore[attr-defined]
        assert "1 of 41 with “set 12”" in seen(app) and "esc Show all" in seen(app)
        await pilot.press("escape")
        await shows(pilot, "41 rows")
        assert table(app).current_key == "set-12"
        await pilot.press("slash", *"nowhere")
        await shows(pilot, "0 of 41 with “nowhere”")
        await pilot.press("enter", "enter", "y", "escape", "escape")
        await shows(pilot, "Where to")


async def test_the_column_that_sorts_wears_an_arrow_and_turns_round_when_it_is_chosen_again(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "runs", "7 rows")
        came = [key for key, _ in table(app).shown]
        await pilot.press("s")
        await shows(pilot, "newest first")
        await pilot.press("enter")
        await shows(pilot, "run▲")
        assert [key for key, _ in table(app).shown] == sorted(came)
        await pilot.press("s")
        await shows(pilot, "Sort by")
        await pilot.press("enter")
        await shows(pilot, "run▼")
        assert [key for key, _ in table(app).shown] == sorted(came, reverse=True)
        await pilot.press("s")
        await shows(pilot, "as it comes")
        await pilot.press("G", "end", "enter")
        await until(pilot, lambda: "▼" not in seen(app) and "7 rows " in seen(app))
        assert [key for key, _ in table(app).shown] == came


async def test_a_column_that_went_away_with_a_larger_window_is_not_sorted_by(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(130, 40)) as pilot:
        await opened(pilot, "datasets", "41 rows")
        came = [key for key, _ in table(app).shown]
        await pilot.press("s")
        await shows(pilot, "Sort by")
        titles = [str(each.prompt) for each in app.screen.query_one(OptionList).options]
        app.screen.query_one(OptionList).highlighted = next(at for at, each in enumerate(titles) if "training" in each)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: not app.screen_stack[-2].query_one(WindowTable).wide)
        await pilot.press("enter")
        await shows(pilot, "41 rows")
        assert [key for key, _ in table(app).shown] == came and not table(app).arrangement


async def test_of_a_column_that_was_not_kept_the_name_is_copied_as_one_would_type_it(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "table", "NOT KEPT")
        await pilot.press("G")
        await shows(pilot, "in no row, real or")
        view = app.screen
        assert isinstance(view, DatasetTable)
        assert view.copied() in view.document["not_kept"]


async def test_the_name_of_a_row_goes_to_the_clipboard_or_is_said_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    sent: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "datasets", "41 rows")
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", sent.append)
        monkeypatch.setenv("TERM", "xterm-256color")
        for name in ("TERM_PROGRAM", "STY"):
            monkeypatch.delenv(name, raising=False)
        await pilot.press("y")
        await until(pilot, lambda: LONG in complaint(app))
        assert f"\x1b]52;c;{base64.b64encode(LONG.encode()).decode()}\a" in sent
        sent.clear()
        monkeypatch.setenv("TERM", "linux")
        await pilot.press("down", "y")
        await until(pilot, lambda: "Here it is: set-0" in complaint(app))
        assert not [each for each in sent if "]52;" in each]


def test_no_terminal_is_sent_what_it_would_print_or_keep_to_itself() -> None:
    assert takes_clipboard({"TERM": "xterm-256color"}) and takes_clipboard({"TERM": "tmux-256color"})
    for environ in ({"TERM": "linux"}, {"TERM": "vt220"}, {"TERM": "screen", "STY": "1.pts"}):
        assert not takes_clipboard(environ)
    assert not takes_clipboard({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"})


async def test_each_page_of_evidence_is_filtered_for_itself(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "evidence", "KID")
        await pilot.press("slash", *"kid", "enter")
        await shows(pilot, "1 of ")
        assert "KID ·" in seen(app)
        await pilot.press("slash", *"x", "enter")
        await shows(pilot, "0 of ")
        assert "KID ·" not in seen(app)
        await pilot.press("slash", "backspace", "enter")
        await shows(pilot, "1 of ")
        await pilot.press("right")
        await until(pilot, lambda: "1 of " not in seen(app))
        await pilot.press("left")
        await shows(pilot, "with “kid”")


async def test_a_filtered_queue_of_pictures_is_gone_through_in_its_own_order(tmp_path: Path) -> None:
    """Also what lies outside of the window that the whole queue shows first."""
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "review", "3 of 300 decided")
        await pilot.press("slash", *"0299", "enter")
        await shows(pilot, "1 of 300 with “0299”")
        assert str(table(app).current_key).endswith("0299")
        await shows(pilot, "Read:")
        await pilot.press("slash", "x")
        await shows(pilot, "0 of 300")
        await until(pilot, lambda: app.screen.query_one(BoxedPicture).full is None, why="no picture without a row")
        assert "Read:" not in seen(app) and "must look" not in seen(app)
        await pilot.press("backspace")
        await shows(pilot, "Read:")
        assert app.screen.query_one(BoxedPicture).full is not None
