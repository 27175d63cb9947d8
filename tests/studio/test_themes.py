"""Colours that everybody can read: contrast of every pair in use, and status colours for eyes that see fewer."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from studio_people import log_in, log_out, shows, studio, type_words, until
from textual.pilot import Pilot

from medsynth_tui.theme import PALETTES, Palette, contrast, mix, palette_of, theme_name

SOURCES = Path(__file__).resolve().parents[2] / "medsynth_tui"
Colour = tuple[float, float, float]
Matrix = tuple[Colour, Colour, Colour]
SEEING: dict[str, Matrix | None] = {
    "everything": None,
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
    ),
}  # fmt: skip
"""Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB."""
APART = {"safe": 40.0}
APART_ELSEWHERE = 20.0
"""Least distance of two status colours in CIELAB (1976); 2.3 is just noticeable. Words always stand beside."""


def variables(palette: Palette) -> dict[str, str]:
    """What the style sheets call `$name`, as far as it is a colour."""
    return {
        **palette.words(), **palette.grounds(), "ink": palette.ink, "line": palette.line, "field": palette.field,
        "cursor-row": palette.cursor, "cursor-ink": palette.cursor_ink,
        "block-cursor-blurred-background": palette.panel,
    }  # fmt: skip


def linear(colour: str) -> Colour:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def seen_by(colour: str, matrix: Matrix | None) -> Colour:
    """Linear RGB as that eye sees it."""
    own = linear(colour)
    if matrix is None:
        return own
    red, green, blue = (min(1.0, max(0.0, sum(a * b for a, b in zip(row, own, strict=True)))) for row in matrix)
    return red, green, blue


def lab(colour: Colour) -> Colour:
    """CIELAB under D65, of linear sRGB."""
    rows = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
    x, y, z = (sum(a * b for a, b in zip(row, colour, strict=True)) for row in rows)

    def root(t: float) -> float:
        return t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116

    fx, fy, fz = root(x / 0.95047), root(y), root(z / 1.08883)
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one: str, other: str, matrix: Matrix | None) -> float:
    pair = (lab(seen_by(one, matrix)), lab(seen_by(other, matrix)))
    return float(sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) ** 0.5)


@pytest.mark.parametrize("name", PALETTES)
def test_words_can_be_read_on_every_ground(name: str) -> None:
    palette = PALETTES[name]
    least = 7.0 if name == "contrast" else 4.5
    for role, colour in palette.words().items():
        for ground_name, ground in palette.grounds().items():
            assert contrast(colour, ground) >= least, f"{role} on {ground_name}"
    for filled in (palette.primary, palette.warning):
        assert contrast(palette.ink, filled) >= least
    assert contrast(palette.cursor_ink, palette.cursor) >= 4.5
    assert contrast(palette.foreground, palette.field) >= least
    for mark in (palette.error, palette.secondary):  # cells of the prevalence table that have a ground
        assert contrast(palette.foreground, mix(palette.background, mark, 0.35)) >= 4.5


@pytest.mark.parametrize("name", PALETTES)
def test_what_is_no_text_can_be_told_from_its_ground(name: str) -> None:
    palette = PALETTES[name]
    for ground_name, ground in palette.grounds().items():
        assert contrast(palette.line, ground) >= 3, f"lines on {ground_name}"
        assert contrast(palette.cursor, ground) >= 3, f"the row under the cursor on {ground_name}"
    assert contrast(palette.foreground, palette.field) >= 3, "the cursor in a field"


@pytest.mark.parametrize("seeing", SEEING)
@pytest.mark.parametrize("name", PALETTES)
def test_good_doubtful_and_bad_stay_apart_for_every_kind_of_eye(name: str, seeing: str) -> None:
    palette = PALETTES[name]
    for one, other in combinations((palette.success, palette.warning, palette.error), 2):
        found = distance(one, other, SEEING[seeing])
        assert found >= APART.get(name, APART_ELSEWHERE), f"{one} and {other}: {found:.1f}"


RULE = re.compile(r"\{([^{}]*)\}")
INK = re.compile(r"(?<![-\w])color:\s*\$([\w-]+)")
GROUND = re.compile(r"background:\s*\$([\w-]+)")
ON = re.compile(r"\"(?:bold )?\$([\w-]+) on \$([\w-]+)\"")


def pairs_in_use() -> set[tuple[str, str]]:
    """Ink and ground that one rule of a style sheet, or one style in the code, names together; an ink alone lies on
    every ground."""
    found: set[tuple[str, str]] = set()
    for path in [*SOURCES.rglob("*.tcss"), *SOURCES.rglob("*.py")]:
        text = path.read_text()
        found |= set(ON.findall(text))
        for rule in RULE.findall(text):
            inks, grounds = INK.findall(rule), GROUND.findall(rule)
            found |= {(ink, ground) for ink in inks for ground in grounds or ("background", "surface", "panel")}
    return found


def test_every_pair_that_the_style_sheets_name_can_be_read() -> None:
    pairs = pairs_in_use()
    assert len(pairs) > 15
    for name, palette in PALETTES.items():
        known = variables(palette)
        for ink, ground in pairs:
            if "{" not in ink:
                assert contrast(known[ink], known[ground]) >= 4.5, f"{name}: {ink} on {ground}"


def test_a_word_that_is_no_palette_is_the_dark_one() -> None:
    assert theme_name("nonsense") == theme_name("dark") == "medsynth-dark"
    assert palette_of("textual-dark") is PALETTES["dark"]
    assert palette_of(theme_name("safe")) is PALETTES["safe"]


async def test_colours_are_tried_on_kept_with_the_account_and_worn_at_the_next_login(store: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        await choose_colours(pilot)
        await pilot.press("down", "down")
        await until(pilot, lambda: app.theme == "medsynth-contrast", why="trying it on")
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "medsynth-dark", why="taking it off")
        await choose_colours(pilot)
        await pilot.press("up", "enter")
        await shows(pilot, "Kept for you")
        assert app.theme == "medsynth-safe"
    again = studio(store)
    async with again.run_test(size=(80, 24)) as pilot:
        assert again.theme == "medsynth-dark"
        await log_in(pilot, "alice")
        assert again.theme == "medsynth-safe"
        await log_out(pilot)
        await log_in(pilot, "auditor")
        assert again.theme == "medsynth-dark"


async def choose_colours(pilot: Pilot[Any]) -> None:
    await pilot.press("ctrl+p")
    await pilot.pause()
    await type_words(pilot, "colours")
    await pilot.press("enter")
    await shows(pilot, "High contrast")
