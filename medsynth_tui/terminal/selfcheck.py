"""Before the first frame: is this the Textual that the output layer was written for, and do both show the same?

A few milliseconds. Where the answer is no, the studio writes as plain Textual does: slower, never wrong.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import textual
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip

from medsynth_tui.terminal.inks import Depth, Inks
from medsynth_tui.terminal.painter import Hand, Skills, paint
from medsynth_tui.terminal.reading import Reading
from medsynth_tui.terminal.window import Window

PINNED = "8.2.8"
USED = {
    App: ("_display", "_begin_update", "post_display_hook", "_handle_exception"),
    ChopsUpdate: ("render_segments",),
    LayoutUpdate: ("render_segments",),
    Strip: ("crop", "render", "render_ansi"),
}
WIDTH, HEIGHT = 12, 4


def trouble() -> str:
    """What speaks against our own output, in a few words for the log; nothing when all is as expected."""
    found = installed()
    if found != PINNED:
        return f"Textual {found} is not the pinned {PINNED}"
    for kind, names in USED.items():
        missing = [name for name in names if not callable(getattr(kind, name, None))]
        if missing:
            return f"{kind.__name__} has no {missing[0]}"
    if list(inspect.signature(App._display).parameters) != ["self", "screen", "renderable"]:
        return "App._display takes other arguments"
    try:
        return "" if shows_the_same() else "a test picture came out differently"
    except Exception as error:  # noqa: BLE001 - whatever is wrong, plain Textual still works
        return f"the test picture failed: {type(error).__name__}"


def installed() -> str:
    """Textual's version, by the folder installed beside it: to ask Python's metadata takes fifteen milliseconds."""
    if (Path(textual.__file__).parents[1] / f"textual-{PINNED}.dist-info").is_dir():
        return PINNED
    return str(textual.__version__)


def shows_the_same() -> bool:
    """Draw one picture over another both ways, and read the window after each."""
    ours, theirs = Reading(WIDTH, HEIGHT), Reading(WIDTH, HEIGHT)
    window = Window(WIDTH, HEIGHT, Inks(Depth.all))
    console = Console(force_terminal=True, color_system="truecolor", legacy_windows=False)
    assert console._color_system is ColorSystem.TRUECOLOR
    hand = Hand()
    for update in pictures():
        window.take(update)
        frame = paint(window, hand, Skills())
        window.written(frame.rows, frame.emptied)
        hand = frame.hand
        ours.feed(frame.data)
        theirs.feed(update.render_segments(console))
        if ours.cells != theirs.cells:
            return False
    return True


def pictures() -> list[CompositorUpdate]:
    """Text over grounds, attributes, changes in the middle, a row that becomes empty."""
    filled = Style.parse("#dfe7ea on #10161b")
    loud = Style.parse("bold reverse #f39a91 on #10161b")
    lines = [
        [Strip([Segment("MedSynth", loud), Segment("    ", filled)])],
        [Strip([Segment("abcdef", filled)]), Strip([Segment("ghijkl", Style.parse("italic on #1e2830"))])],
        [Strip([Segment(" " * WIDTH, filled)])],
        [Strip([Segment("─" * WIDTH, Style.parse("underline #40515d on #10161b"))])],
    ]
    chops: Any = [
        {0: Strip([Segment("MedSynth", filled), Segment("    ", filled)])},
        {0: None, 6: Strip([Segment("gh", filled), Segment("IJ", loud), Segment("kl", filled)])},
        {0: Strip([Segment(" x", filled), Segment(" " * (WIDTH - 2), Style.parse("on #1e2830"))])},
        {0: Strip([Segment(" " * WIDTH, filled)])},
    ]
    ends = [[WIDTH], [6, WIDTH], [WIDTH], [WIDTH]]
    spans = [(0, 0, WIDTH), (1, 6, 10), (2, 0, WIDTH), (3, 0, WIDTH)]
    return [LayoutUpdate(lines, Region(0, 0, WIDTH, HEIGHT)), ChopsUpdate(chops, spans, ends)]  # type: ignore[arg-type]
