"""Every screen as it was looked at last, at both sizes and in three palettes: what changes must be meant.

`snapshots/NAME.txt` holds a screen: a line a row, its words, and before them a digest of how they look in each palette.
Where the program draws something else, the test shows the rows that differ; `make snapshots` takes them over. On the
way every pair of colours that is on the screen is looked at: words at 4.5:1 (WCAG 2.2, 1.4.3), drawn marks at 3:1
(1.4.11).
"""

from __future__ import annotations

import difflib
import fcntl
import hashlib
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import families
import pytest
from fake_engine import LONG, FakeEngine
from studio_fit import demand_fit
from studio_people import SIZES, log_in, shows, studio, type_words, until
from studio_places import PLACES
from svg import HALF, runs
from textual.pilot import Pilot

from medsynth_tui import words
from medsynth_tui.app import MedSynth
from medsynth_tui.theme import contrast, theme_name
from medsynth_tui.view import View

KEPT = Path(__file__).parent / "snapshots"
UPDATE = os.environ.get("MEDSYNTH_UPDATE_SNAPSHOTS") == "1"
THEMES = ("dark", "light", "contrast")
ONLY_ADMINS = {place: arguments for place, arguments in PLACES["admin"].items() if place not in PLACES["researcher"]}
PATIENCE = (60.0, 5.0)
"""Seconds for which a screen may still become what is kept, on a busy machine: at first, and after one that did not."""
WIDTHS = {size: f"{size[0]}x{size[1]}" for size in SIZES}
Dialogs = dict[str, Callable[[Pilot[Any]], Awaitable[None]]]


class Noon(datetime):
    """The moment of every test: what was made today is told by its hour."""

    @classmethod
    def now(cls, tz: Any = None) -> Noon:
        return cls(2026, 11, 26, 12, 0, tzinfo=tz or UTC)


@pytest.fixture(autouse=True)
def the_same_day_and_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(words, "datetime", Noon)
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.chdir(tmp_path)


LAST = {"review": "Read:", "run": "drawn at", "compare_runs": "kimg", "nearest_pairs": "correlation", "store": "checks"}
"""What comes a moment after the screen, because it is asked for when the cursor has stood still."""


async def at_rest(pilot: Pilot[Any]) -> list[list[Any]]:
    """Its rows, once three looks in a row saw the same and nothing is asked any more."""
    app = of(pilot)
    await until(pilot, lambda: not (isinstance(app.screen, View) and app.screen._asked), 60, "answers")
    looks: list[list[list[Any]]] = []
    for _ in range(200):
        await pilot.pause()
        await pilot.pause(0.02)
        looks = [*looks[-2:], runs(app)]
        if len(looks) == 3 and looks[0] == looks[1] == looks[2]:
            return looks[0]
    raise AssertionError("the screen never comes to rest")


def of(pilot: Pilot[Any]) -> MedSynth:
    assert isinstance(pilot.app, MedSynth)
    return pilot.app


async def picture(pilot: Pilot[Any], name: str, faults: list[str], hurried: bool = False) -> str:
    """The screen as text in three palettes; what cannot be read on it goes to `faults`."""
    app, rows = of(pilot), []
    kept, patience = kept_rows(name, app.size), PATIENCE[hurried]
    looks: dict[str, list[str]] = {}
    for theme in sorted(THEMES, key=lambda each: theme_name(each) != app.theme):  # the one that is worn first
        app.theme = theme_name(theme)
        wanted, end = [(row[THEMES.index(theme)], row[-1]) for row in kept], time.monotonic() + patience
        await until(pilot, lambda: app.screen.styles.background.hex.lower() == app.current_theme.background, 60, theme)
        while True:
            # Only its colours change after the first palette: it need not come to rest again to be as it is kept.
            rows = runs(app) if looks and wanted == as_kept(runs(app)) else await at_rest(pilot)
            if UPDATE or time.monotonic() > end or as_kept(rows) == wanted:
                break
        looks[theme] = [digest(row) for row in rows]
        faults += [f"{name}, {theme}: {fault}" for row in rows for fault in unreadable(row)]
    lines = zip(*(looks[theme] for theme in THEMES), map(said, rows), strict=True)
    return "\n".join(" ".join(parts).rstrip() for parts in lines) + "\n"


def as_kept(rows: list[list[Any]]) -> list[tuple[str, str]]:
    return [(digest(row), said(row)) for row in rows]


def said(row: list[Any]) -> str:
    return "".join(text for _, text, _ in row).rstrip()


def kept_rows(name: str, size: tuple[int, int]) -> list[tuple[str, ...]]:
    """What is kept of a screen, row by row: a digest for each palette, and the words."""
    file = KEPT / f"{name}.txt"
    section = sections(file.read_text()).get(WIDTHS[size], "") if file.exists() else ""
    width = 5 * len(THEMES)
    return [(*line[:width].split(), line[width:]) for line in section.splitlines()]


def digest(row: list[Any]) -> str:
    """Of colours and emphasis, run by run; the words are kept as they are."""
    parts = [f"{x}:{len(text)}:{style.color}:{style.bgcolor}:{style.bold}:{style.reverse}" for x, text, style in row]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:4]


def unreadable(row: list[Any]) -> list[str]:
    found = []
    for _, text, style in row:
        ink, ground = getattr(style.color, "triplet", None), getattr(style.bgcolor, "triplet", None)
        if ink is None or ground is None or not text.strip() or not text.strip(HALF):
            continue  # nothing is written there, or it is a picture
        ratio = contrast(ink.hex, ground.hex)
        if ratio < (4.5 if any(character.isalnum() for character in text) else 3):
            found.append(f"{text.strip()[:30]!r}, {ink.hex} on {ground.hex}: {ratio:.1f}")
    return found


def compared(name: str, size: tuple[int, int], now: str) -> list[str]:
    """The rows that differ from what is kept; with MEDSYNTH_UPDATE_SNAPSHOTS=1 `now` is kept from now on."""
    file = KEPT / f"{name}.txt"
    if UPDATE:
        KEPT.mkdir(exist_ok=True)
        with (KEPT.parent / "conftest.py").open() as lock:  # both sizes may be drawn at the same time
            fcntl.flock(lock, fcntl.LOCK_EX)
            parts = (sections(file.read_text()) if file.exists() else {}) | {WIDTHS[size]: now}
            file.write_text("".join(f"== {each}\n{parts[each]}" for each in WIDTHS.values() if each in parts))
    before = sections(file.read_text()).get(WIDTHS[size], "") if file.exists() else ""
    return list(
        difflib.unified_diff(before.splitlines(), now.splitlines(), f"{name} kept", f"{name} now", lineterm="", n=0)
    )


def sections(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split("== ")[1:] if text.startswith("== ") else []:
        heading, _, rows = part.partition("\n")
        found[heading] = rows
    return found


async def walk(pilot: Pilot[Any], places: dict[str, dict[str, Any]], size: tuple[int, int], share: float) -> None:
    """At the size that most have, all screens; at the other, in `make test`, a third of them."""
    seen = places if UPDATE or size == SIZES[0] else families.chosen(places, max(share, 0.34))
    app = of(pilot)
    faults: list[str] = []
    differing: list[str] = []
    for place, arguments in places.items():
        if place not in seen:
            continue
        app.go(place, **arguments)
        await shows(pilot, LAST.get(place, "DEVELOPMENT"), 60)
        differing += compared(place, size, await picture(pilot, place, faults, bool(differing)))
        demand_fit(app, place)
    judge(faults, differing)


def judge(faults: list[str], differing: list[str]) -> None:
    assert not faults, "hard to read:\n" + "\n".join(faults)
    assert not differing, "not as it was kept (`make snapshots` takes it over):\n" + "\n".join(differing)


@pytest.mark.parametrize("size", SIZES, ids=WIDTHS.values())
@pytest.mark.parametrize(("role", "places"), [("researcher", PLACES["researcher"]), ("admin", ONLY_ADMINS)])
async def test_every_screen_is_as_it_was_looked_at(
    tmp_path: Path, role: str, places: dict[str, dict[str, Any]], size: tuple[int, int], share: float
) -> None:
    app = studio(tmp_path / "home", engine=FakeEngine(role))
    async with app.run_test(size=size) as pilot:
        await log_in(pilot, "somebody", "some words")
        await walk(pilot, places, size, share)


async def help_(pilot: Pilot[Any]) -> None:
    of(pilot).go("run", name=LONG)
    await at_rest(pilot)
    await pilot.press("f1")


async def palette(pilot: Pilot[Any]) -> None:
    await pilot.press("ctrl+p")
    await pilot.pause()
    await type_words(pilot, "co")


async def colours(pilot: Pilot[Any]) -> None:
    of(pilot).do_theme()


async def question(pilot: Pilot[Any]) -> None:
    of(pilot).go("disk")
    await shows(pilot, "can be removed by you")
    await pilot.press("D")


async def lock(pilot: Pilot[Any]) -> None:
    of(pilot).do_lock()


DIALOGS: Dialogs = {"help": help_, "palette": palette, "themes": colours, "question": question, "lock": lock}


@pytest.mark.parametrize("size", SIZES, ids=WIDTHS.values())
async def test_the_way_in_and_what_opens_over_a_screen_is_as_it_was_looked_at(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = studio(tmp_path / "home", engine=FakeEngine())
    faults: list[str] = []
    differing: list[str] = []
    async with app.run_test(size=size) as pilot:
        await shows(pilot, "A development store")
        differing += compared("login", size, await picture(pilot, "login", faults))
        for name, place in (("activate", "activate"), ("setup", "setup")):
            app.open(place)
            differing += compared(name, size, await picture(pilot, name, faults, bool(differing)))
            app.back()
        await log_in(pilot, "somebody", "some words")
        for name, opening in DIALOGS.items():
            app.go("home")
            await at_rest(pilot)
            await opening(pilot)
            differing += compared(name, size, await picture(pilot, name, faults, bool(differing)))
            if name != "lock":
                await pilot.press("escape")
                await at_rest(pilot)
    judge(faults, differing)


def test_nothing_is_kept_of_a_screen_that_is_gone() -> None:
    known = {*PLACES["researcher"], *PLACES["admin"], *DIALOGS, "login", "activate", "setup"}
    assert {file.stem for file in KEPT.glob("*.txt")} == known
