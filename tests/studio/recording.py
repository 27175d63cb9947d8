"""A recording of the studio as one SVG: its screens one after the other by CSS keyframes, with a line of words each.

No script and nothing loaded, so that a page that shows pictures shows it too. Who asks for less motion sees the last.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import svg

LARGEST = 300_000
INNER = re.compile(r"<svg [^>]*>\n(.*)</svg>", re.DOTALL)
BEGIN = re.compile(r'<svg xmlns="[^"]*" viewBox="0 0 (\d+) (\d+)" (font[^>]*?) shape-rendering="crispEdges">')
BAR = 28
"""Height of the line of words under the screens."""


@dataclass(frozen=True)
class Frame:
    """A screen as `svg.take` draws it, what is said under it, and for how many seconds it stands."""

    picture: str
    words: str
    seconds: float


def recorded(frames: list[Frame]) -> str:
    """All frames in one picture that begins again after the last."""
    found = BEGIN.search(frames[0].picture)
    assert found is not None
    width, height = int(found[1]), int(found[2])
    whole, at = sum(frame.seconds for frame in frames), 0.0
    rules, groups = [], []
    for number, frame in enumerate(frames):
        begins, at = at, at + frame.seconds
        steps = [f"{100 * begins / whole:.3f}%{{visibility:visible}}", f"{100 * at / whole:.3f}%{{visibility:hidden}}"]
        if number:
            steps.insert(0, "0%{visibility:hidden}")
        rules.append(f"@keyframes k{number}{{{''.join(steps)}}}")
        rules.append(f"#f{number}{{animation:k{number} {whole:g}s step-end infinite}}")
        inner = INNER.search(frame.picture)
        assert inner is not None
        said = f'<text x="8" y="{height + 19}" font-family="sans-serif">{html.escape(frame.words)}</text>'
        groups.append(f'<g id="f{number}">\n{inner[1].rstrip()}\n{said}\n</g>')
    last = f"#f{len(frames) - 1}"
    still = f"@media (prefers-reduced-motion:reduce){{g{{animation:none!important}}{last}{{visibility:visible}}}}"
    style = f"<style>g{{visibility:hidden}}{''.join(rules)}{still}</style>"
    size = f'viewBox="0 0 {width} {height + BAR}" {found[3]}'
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" {size} shape-rendering="crispEdges">'
    ground = '<rect width="100%" height="100%" fill="#101418"/>'
    return "\n".join([begin, style, ground, *groups, "</svg>", ""])


def check(picture: str, must_say: list[str]) -> None:
    """Small, of cells alone, without a script or anything to load, and about what it says it is about."""
    assert len(picture.encode()) < LARGEST
    assert "<script" not in picture and "http" not in picture.replace("http://www.w3.org", "")
    for text in must_say:
        assert text in svg.words(picture), f"the recording lacks {text!r}: `make recording` makes it anew"
