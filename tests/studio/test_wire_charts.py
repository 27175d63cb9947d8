"""Curves: every spike is seen, axes stay put, a new point costs a row or two, and 100,000 points take a blink."""

from __future__ import annotations

import math
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fake_engine import FakeEngine
from hypothesis import given
from hypothesis import strategies as st
from studio_people import log_in, until
from textual.geometry import Region

from medsynth_tui.app import MedSynth
from medsynth_tui.run_charts import GENERATOR
from medsynth_tui.screens.curves import Curves as Gathered
from medsynth_tui.widgets.chart_view import ChartView, Smoothed
from medsynth_tui.widgets.line_chart import Curves, LineChart
from medsynth_tui.widgets.log_tail import LogTail
from medsynth_tui.widgets.plot import Frame, Line, Series, draw
from medsynth_tui.widgets.scales import envelope
from medsynth_tui.widgets.units import Unit

REDRAW_SECONDS = 0.020
SLACK = 2.0
"""A shared machine's caches; the figure itself is in benchmarks/results/wire.json."""


def text(frame: Frame, *series: Series, level: Line | None = None) -> list[str]:
    return ["".join(words for words, _ in row) for row in draw(frame, series, level, Unit())]


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=400), st.integers(1, 60))
def test_the_envelope_keeps_every_extreme(values: list[float], columns: int) -> None:
    xs = [float(index) for index in range(len(values))]
    found = envelope(xs, values, 0, max(1.0, xs[-1]), columns)
    assert len(found) <= columns
    assert min(column.least for column in found.values()) == min(values)
    assert max(column.greatest for column in found.values()) == max(values)


def test_what_is_not_finite_is_a_gap_and_is_marked() -> None:
    xs = [float(index) for index in range(40)]
    ys = [1.0] * 20 + [math.nan] * 4 + [1.0] * 16
    found = envelope(xs, ys, 0, 40, 40)
    assert found[21].first is None and found[21].broken
    rows = text(Frame(60, 8, 0, 2, 40), Series("g", "primary", xs, ys))
    assert "!" in rows[0]
    assert not envelope([0.0], [math.inf], 0, 1, 4)[0].first


def test_a_single_spike_among_a_hundred_thousand_points_is_seen() -> None:
    xs = [index / 100 for index in range(100_000)]
    ys = [0.1] * 100_000
    ys[61_803] = 0.9
    rows = text(Frame(67, 12, 0, 1, 1000), Series("g", "primary", xs, ys))
    assert rows[1][7:].strip(), "the spike's top"
    assert not rows[3][7:30].strip(), "and nothing beside it"


def test_two_points_are_joined_by_a_line_and_the_newest_wears_its_mark() -> None:
    frame = Frame(27, 10, 0, 4, 10, ascii=True)
    rows = text(frame, Series("g", "primary", [0.0, 10.0], [0.0, 4.0]), level=Line("half", 2.0))
    assert rows[0].rstrip().endswith("●")
    assert "┄" in rows[4]
    drawn = [row[7:].rstrip() for row in rows[:8]]
    assert all(len(above) > len(below.split("┄")[0]) for above, below in zip(drawn[:3], drawn[5:8], strict=True))


def test_a_chart_without_room_is_empty() -> None:
    assert draw(Frame(12, 3, 0, 1, 1), [], None, Unit()) == []


def test_a_hundred_thousand_points_are_redrawn_in_a_blink() -> None:
    chance = random.Random(1)
    xs = [index / 100 for index in range(100_000)]
    series = [Series(name, "primary", xs, [chance.random() for _ in xs]) for name in ("one", "two")]
    frame = Frame(73, 18, 0, 1, 1000)
    best = min(_seconds(frame, series) for _ in range(5))
    assert best < REDRAW_SECONDS * SLACK


def _seconds(frame: Frame, series: list[Series]) -> float:
    begun = time.process_time()
    draw(frame, series, None, Unit())
    return time.process_time() - begun


def test_a_run_taken_up_again_goes_over_its_last_steps() -> None:
    curves = Gathered()
    curves.add([{"kind": "tick", "kimg": kimg, "loss_generator": kimg} for kimg in (1, 2, 3, 4)])
    curves.add([{"kind": "tick", "kimg": kimg, "loss_generator": -kimg} for kimg in (3, 4)])
    generator = curves.series(GENERATOR)
    assert list(generator.xs) == [1, 2, 3, 4]
    assert list(generator.ys) == [1, 2, -3, -4]


def test_a_zoomed_window_follows_the_newest_by_quarters() -> None:
    view = ChartView().closer().closer()
    assert view.window(99.0, 100.0) == (75.0, 100.0)
    assert view.window(60.0, 100.0) == (37.5, 62.5)
    assert view.window(61.0, 100.0) == view.window(62.0, 100.0), "the axis stays for a quarter"
    assert view.earlier().window(99.0, 100.0) == (68.75, 93.75)
    assert view.earlier().later() == view
    assert view.farther().farther() == ChartView()
    assert ChartView().earlier() == ChartView()


@given(st.integers(-400, 400), st.integers(0, 6), st.floats(1, 100))
def test_the_cursor_stays_on_the_training_and_in_the_window(by: int, zooms: int, newest: float) -> None:
    view = ChartView()
    for _ in range(zooms):
        view = view.closer()
    view = view.moved(by, newest, 100.0, 60)
    left, right = view.window(newest, 100.0)
    assert view.cursor is not None
    assert 0 <= view.cursor <= newest
    assert left - 1e-6 <= view.cursor <= right + 1e-6


def test_smoothing_begins_at_the_first_value_and_goes_on_where_it_was() -> None:
    values = [2.0, 4.0, math.nan, 6.0]
    mean = Smoothed(0.9)
    first = list(mean.of(values[:2]))
    assert first[0] == pytest.approx(2.0)
    assert mean.of(values)[:2] == first
    assert math.isnan(mean.of(values)[2])
    assert first[1] < mean.of(values)[3] < 6.0
    assert Smoothed(0.9).of(values)[3] == mean.of(values)[3]


def test_on_a_logarithmic_scale_equal_ratios_are_equally_far() -> None:
    frame = Frame(60, 14, -2, 2, 10, log=True)
    steps = [frame.pixel(value, 4) for value in (0.1, 1.0, 10.0)]
    assert steps[0] - steps[1] == pytest.approx(steps[1] - steps[2], abs=1)
    assert frame.pixel(0.0, 4) == frame.pixel(0.01, 4), "what is not positive lies at the bottom"


async def test_the_keys_of_a_chart_zoom_read_smooth_and_go_back(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=FakeEngine())
    app.profile = replace(app.profile, look_seconds=1_000.0)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run", name="first")
        await until(pilot, lambda: app.screen.query("#loss Curves") and app.screen.query_one("#loss Curves")._rows)
        chart = app.screen.query_one("#loss", LineChart)
        foot = "".join(words for words, _ in chart.curves._rows[-1])
        await pilot.press("plus", "left", "left", "m", "y")
        heading = str(chart.query_one(".chart-heading").content)
        assert "kimg" in heading and "smooth 0.6" in heading and "log" in heading
        assert "".join(words for words, _ in chart.curves._rows[-1]) != foot
        await pilot.press("0")
        assert "".join(words for words, _ in chart.curves._rows[-1]) == foot
        assert "kimg" not in str(chart.query_one(".chart-heading").content)


async def test_a_new_point_redraws_only_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = MedSynth(tmp_path, engine=FakeEngine())
    app.profile = replace(app.profile, look_seconds=1_000.0)
    async with app.run_test(size=(120, 40)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run", name="first")
        await until(pilot, lambda: app.screen.query("#loss Curves") and app.screen.query_one("#loss Curves")._rows)
        chart = app.screen.query_one("#loss", LineChart)
        curves = chart.query_one(Curves)
        xs, ys = [0.0, 50.0, 99.0], [0.4, 1.6, 1.0]
        chart.show([Series("generator", "primary", xs, ys)], None, 0.0)
        await pilot.pause(0.1)
        asked: list[Region] = []
        monkeypatch.setattr(curves, "refresh", lambda *regions, **_: asked.extend(regions))
        xs.append(99.8)
        ys.append(1.0)
        chart.show([Series("generator", "primary", xs, ys)], None, 0.0)
        assert len(asked) <= 2
        chart.show([Series("generator", "primary", xs, ys)], None, 0.0)
        assert len(asked) <= 2, "nothing new, nothing redrawn"


async def test_a_line_of_the_log_takes_the_place_of_the_oldest(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=FakeEngine(), link="slow")
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run", name="first")
        await until(pilot, lambda: app.screen.query("#log") and app.screen.query_one("#log", LogTail).shown)
        log = app.screen.query_one("#log", LogTail)
        assert log.display, "on a slow line the log is there without a key"
        log.show(["a", "b", "c"], 3, strip=True)
        log.show(["a", "b", "c", "d"], 3, strip=True)
        assert (log.shown, log.newest) == (["d", "b", "c"], 0)
        log.show(["c", "d", "e"], 3, strip=True)
        assert (log.shown, log.newest) == (["d", "e", "c"], 1)
        log.show(["c", "d", "e"], 2, strip=False)
        assert (log.shown, log.newest) == (["d", "e"], None)


async def test_a_slow_line_is_told_what_a_picture_costs_before_it_is_sent(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=FakeEngine(), link="slow")
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run", name="first")
        await until(pilot, lambda: any("about" in str(each.content) for each in app.screen.query("#caption")))
        assert app.screen.shown_sample is None
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: app.screen.shown_sample is not None)
        assert "slow line" in str(app.screen.query_one("StatusLine").lines(80)[0])
