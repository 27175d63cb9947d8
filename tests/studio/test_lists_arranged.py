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

from medsynth_tui.app import MedSynth
from medsynth_tui.terminal.clipboard import takes_clipboard
from medsynth_tui.widgets.arranged import Arrangement, kind_of, order_words
from medsynth_tui.widgets.cell import NUMBERS, TIMES, WORDS, Cell, at
from medsynth_tui.widgets.window_table import WindowTable

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
        assert "fidelity.kid" in seen(app)
        await pilot.press("slash", *"x", "enter")
        await shows(pilot, "0 of ")
        assert "fidelity.kid" not in seen(app)
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
