"""The README's pictures of the studio: taken by a test from the real program, small enough for a page, of cells alone.

A ground is a stroke, a run of words with one look a `<text>` that is as long as its cells; the two halves of a
picture's cell are strokes, in one of 32 levels a channel. Nothing is loaded from anywhere: whatever monospaced font
there is fits, because every run says how long it is. `make pictures` writes them.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from pathlib import Path

from rich.style import Style

from medsynth_tui.app import MedSynth

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
UPDATE = os.environ.get("MEDSYNTH_UPDATE_SVG") == "1"
LARGEST = 60_000
WIDTH, HEIGHT = 8, 16
"""Of a cell, in units of the picture."""
HALF = "▀"
Run = tuple[int, str, Style]
"""The column where it begins, its characters, how they look."""


def runs(app: MedSynth) -> list[list[Run]]:
    """The screen row by row, neighbouring segments of one look put together."""
    rows: list[list[Run]] = []
    for strip in app.screen._compositor.render_strips(app.size):
        row: list[Run] = []
        column = 0
        for text, style, _ in strip:
            look = style or Style()
            if row and row[-1][2] == look:
                row[-1] = (row[-1][0], row[-1][1] + text, look)
            else:
                row.append((column, text, look))
            column += len(text)
        rows.append(row)
    return rows


def take(app: MedSynth) -> str:
    """The screen as SVG."""
    theme, (columns, lines) = app.current_theme, app.size
    ground, ink = theme.background or "#000000", theme.foreground or "#ffffff"
    strokes: dict[tuple[int, str], list[list[int]]] = {}
    texts: list[str] = []
    for y, row in enumerate(runs(app)):
        for x, text, style in row:
            for thick, colour, middle in _filled(text, style, ground):
                drawn = strokes.setdefault((thick, colour), [])
                here = [x * WIDTH, y * HEIGHT + middle, len(text) * WIDTH]
                if drawn and drawn[-1][1] == here[1] and drawn[-1][0] + drawn[-1][2] == here[0]:
                    drawn[-1][2] += here[2]
                else:
                    drawn.append(here)
            texts += [_text(x + at, y, words, style, ink) for at, words in _spoken(text)]
    paths = [
        f'<path stroke="{colour}" stroke-width="{thick}" d="{"".join(f"M{x} {y}h{w}" for x, y, w in drawn)}"/>'
        for (thick, colour), drawn in strokes.items()
    ]
    size = f'viewBox="0 0 {columns * WIDTH} {lines * HEIGHT}"'
    font = f'font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="{HEIGHT - 3}" fill="{ink}"'
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font} shape-rendering="crispEdges">'
    return "\n".join([begin, f'<rect width="100%" height="100%" fill="{ground}"/>', *paths, *texts, "</svg>", ""])


def _filled(text: str, style: Style, everywhere: str) -> Iterator[tuple[int, str, int]]:
    """Thickness, colour and middle of what is filled behind the words; for half blocks both halves."""
    ground = _hex(style.bgcolor, everywhere)
    if text.strip(HALF):
        if ground != everywhere:
            yield HEIGHT, ground, HEIGHT // 2
    else:
        yield HEIGHT // 2, _rounded(_hex(style.color, everywhere)), HEIGHT // 4
        yield HEIGHT // 2, _rounded(ground), HEIGHT // 2 + HEIGHT // 4


def _rounded(colour: str) -> str:
    return "#" + "".join(f"{int(colour[at : at + 2], 16) & 0xF8:02x}" for at in (1, 3, 5))


def _spoken(text: str) -> Iterator[tuple[int, str]]:
    """Words with where they begin, apart where a wide gap is."""
    for found in re.finditer(r"\S+(?: {1,2}\S+)*", text if text.strip(HALF) else ""):
        yield found.start(), found.group()


def _text(x: int, y: int, words: str, style: Style, usual: str) -> str:
    colour = _hex(style.color, usual)
    fill = "" if colour == usual else f' fill="{colour}"'
    bold = ' font-weight="bold"' if style.bold else ""
    place = f'x="{x * WIDTH}" y="{y * HEIGHT + HEIGHT - 4}" textLength="{len(words) * WIDTH}"'
    return f"<text {place}{fill}{bold}>{html.escape(words)}</text>"


def _hex(colour: object, otherwise: str) -> str:
    triplet = getattr(colour, "triplet", None)
    return triplet.hex if triplet is not None else otherwise


def words(svg: str) -> str:
    """What stands in it, in one line."""
    return " ".join(html.unescape(text) for text in re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL))


def keep_or_compare(name: str, app: MedSynth, must_say: list[str], folder: Path) -> None:
    """Write it beside the test's files; refresh the committed one when asked to, else see that it says the same."""
    svg, committed = take(app), PICTURES / name
    (folder / name).write_text(svg)
    if UPDATE:
        PICTURES.mkdir(exist_ok=True)
        committed.write_text(svg)
    for picture in (svg, committed.read_text()):
        assert len(picture.encode()) < LARGEST, f"{name} is {len(picture.encode())} bytes large"
        assert "http" not in picture.replace("http://www.w3.org", ""), "the picture must not load anything"
        for text in must_say:
            assert text in words(picture), f"{name} lacks {text!r}: `make pictures` draws it anew"
