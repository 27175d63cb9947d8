"""The pictures of the studio in the README: taken by a test from the real program, compared by what they say."""

from __future__ import annotations

import html
import os
import re
from pathlib import Path

from medsynth_tui.app import MedSynth

DOCS = Path(__file__).resolve().parents[2] / "docs"
UPDATE = os.environ.get("MEDSYNTH_UPDATE_SVG") == "1"
NOTE = re.compile(r"\s*<!--.*?-->", re.DOTALL)
REMOTE_FONT = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)


def take(app: MedSynth) -> str:
    """The screen as SVG, without the fonts that Textual would load from a server, and its note on who made it."""
    return NOTE.sub("", REMOTE_FONT.sub("", app.export_screenshot(title="MedSynth")))


def words(svg: str) -> str:
    """What stands in it, in one line."""
    texts = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return " ".join(html.unescape(text).replace("\xa0", " ") for text in texts)


def keep_or_compare(name: str, app: MedSynth, must_say: list[str], folder: Path) -> None:
    """Write it beside the test's files; refresh the committed one when asked to, else see that it says the same."""
    svg, committed = take(app), DOCS / name
    (folder / name).write_text(svg)
    if UPDATE:
        committed.write_text(svg)
    assert "http" not in svg.replace("http://www.w3.org", ""), "the picture must not load anything"
    for text in must_say:
        assert text in words(svg), text
        assert text in words(committed.read_text()), f"{name} lacks {text!r}: MEDSYNTH_UPDATE_SVG=1 refreshes it"
