"""What a person at the studio does and sees, for the tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from medsynth_tui.app import MedSynth
from medsynth_tui.widgets.field import Field
from medsynth_tui.widgets.strip import Strip

ACCOUNTS = {"alice": "password123", "admin": "admin123", "auditor": "auditor123"}
SIZES = [(80, 24), (120, 40)]
LONGEST = 120.0
"""Seconds for which a test waits for what must happen, on a busy machine."""
TYPED = 2
"""Of what `fill` writes, so many characters are pressed as keys."""


def seen(app: MedSynth) -> str:
    """The text on the screen, line by line, as a person sees it."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)  # what Textual itself writes to the terminal
    return "\n".join(strip.text.ljust(width) for strip in lines[:height])


async def until(pilot: Pilot[Any], happened: Callable[[], Any], seconds: float = LONGEST, why: str = "") -> None:
    """Wait for something, not for a time."""
    app = pilot.app
    assert isinstance(app, MedSynth)
    end = time.monotonic() + seconds
    while not happened():
        assert not app.failures, app.failures
        assert time.monotonic() < end, f"{why or 'it'} did not happen; the screen says:\n{seen(app)}"
        await pilot.pause(0.05)


async def shows(pilot: Pilot[Any], words: str, seconds: float = LONGEST) -> None:
    app = pilot.app
    assert isinstance(app, MedSynth)
    await until(pilot, lambda: words in seen(app), seconds, f"“{words}” on the screen")


async def type_words(pilot: Pilot[Any], words: str) -> None:
    await pilot.press(*words)


async def fill(pilot: Pilot[Any], **fields: str) -> None:
    """Write into the fields of the form by their ids, in the place of what they hold. Only the end of it is typed: for
    each key the pilot waits twice for an idle program."""
    for name, words in fields.items():
        field = pilot.app.screen.query_one(f"#{name}", Field)
        field.focus_input()
        field.value = ""
        await pilot.pause()
        field.value = words[:-TYPED]
        await type_words(pilot, words[-TYPED:])


async def log_in(pilot: Pilot[Any], name: str, password: str | None = None) -> None:
    await shows(pilot, "Log in")
    await until(pilot, lambda: getattr(pilot.app.screen, "store", None) is not None, why="the look for the store")
    for field, words in (("#name", name), ("#password", password or ACCOUNTS[name])):
        pilot.app.screen.query_one(field, Field).value = words
    pilot.app.screen.query_one("#password", Field).focus_input()
    await pilot.press("enter")
    await shows(pilot, "Where to")


async def look_in_log(pilot: Pilot[Any], **fields: str) -> None:
    """Open the audit log and show only the records with these words."""
    app = pilot.app
    assert isinstance(app, MedSynth)
    app.go("audit")
    await shows(pilot, "the newest first")
    await pilot.press("slash")
    await shows(pilot, "Show only records with")
    await fill(pilot, **fields)
    await pilot.press("enter")


async def log_out(pilot: Pilot[Any]) -> None:
    await pilot.press("ctrl+p")
    await pilot.pause()
    await type_words(pilot, "log out")
    await pilot.press("enter")
    await shows(pilot, "You are logged out")


def complaint(app: MedSynth) -> str:
    return app.screen.query_one(Strip).message


def studio(home: Path, **options: Any) -> MedSynth:
    return MedSynth(home, **options)
