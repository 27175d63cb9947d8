"""How long a chart of many points takes to redraw: ours as it stands in the studio, and plotext; for `wire.py`."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from fake_engine import FakeEngine

from medsynth_tui.app import MedSynth
from medsynth_tui.widgets.line_chart import Curves
from medsynth_tui.widgets.plot import Series

TIMES = 9


def points(count: int) -> list[Series]:
    chance = random.Random(1)
    xs = [index / 100 for index in range(count)]
    return [Series(name, role, xs, [chance.random() for _ in xs]) for name, role in (("a", "primary"), ("b", "accent"))]


def chart_seconds(count: int) -> dict[str, float]:
    """Processor seconds of the whole chart, from `show` to the last row as Textual asks for it; two curves, 80x24."""
    return asyncio.run(_in_the_studio(count))


async def _in_the_studio(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home:
        app = MedSynth(Path(home), engine=FakeEngine())
        async with app.run_test(size=(80, 24)) as pilot:
            await app.session.log_in("somebody", "some words")
            app.enter()
            app.open("run", name="first")
            await pilot.pause(0.5)
            curves = app.screen.query_one("#loss Curves", Curves)
            series = tuple(points(count))
            times = []
            for _ in range(TIMES):
                begun = time.process_time()
                curves.show(series, None, 0.0)
                for y in range(curves.size.height):
                    curves.render_line(y)
                times.append(time.process_time() - begun)
            return {"best": round(min(times), 4), "worst": round(max(times), 4)}


def plotext_seconds(count: int) -> dict[str, float] | None:
    """The same two curves given to plotext as they are; None where it is not installed."""
    try:
        import plotext
    except ImportError:
        return None
    series = points(count)
    times = []
    for _ in range(2):
        begun = time.process_time()
        plotext.clear_figure()
        plotext.plotsize(46, 17)
        for each in series:
            plotext.plot(each.xs, each.ys, marker="braille")
        plotext.build()
        times.append(time.process_time() - begun)
    return {"best": round(min(times), 4)}


if __name__ == "__main__":
    print(chart_seconds(100_000), plotext_seconds(100_000), file=sys.stderr)
