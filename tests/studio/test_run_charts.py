"""A run's curves along four axes, what happened to it on them, and one to four charts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from run_stories import Story, happened, opened, tick
from studio_people import seen, shows, until

from medsynth_tui import run_events
from medsynth_tui.app import MedSynth
from medsynth_tui.glyphs import to_ascii
from medsynth_tui.run_charts import BY_ID, CHARTS, COMPARED, DRAWN, EPSILON, FRECHET, GENERATOR, MEASURES, SIGNAL
from medsynth_tui.screens.curves import Curves
from medsynth_tui.screens.run import LiveRun
from medsynth_tui.widgets.line_chart import LineChart
from medsynth_tui.widgets.plot import HEADS, Frame, Mark, Series, draw
from medsynth_tui.widgets.units import NAMES, Unit, unit_of

BEST = Mark(50.0, "b", "success")


def foot(chart: LineChart) -> tuple[str, str]:
    """The axis of a chart and the words under it."""
    axis, words = chart.curves._rows[-2:]
    return "".join(text for text, _ in axis), "".join(text for text, _ in words)


# --- gathered ---------------------------------------------------------------------------------------------------


def test_a_record_has_a_place_on_every_axis() -> None:
    curves = Curves(images_per_step=50)
    curves.add([tick(2.0, epsilon=0.5), tick(4.0, epsilon=0.75)])
    assert curves.units() == list(NAMES)
    assert [list(curves.series(GENERATOR, unit).xs) for unit in NAMES] == [[2, 4], [40, 80], [60, 120], [0.5, 0.75]]
    assert curves.place(4.0, "kimg", "step") == 80
    assert curves.place(3.0, "kimg", "time") == 60, "the newest record before it"


def test_without_a_batch_there_are_no_steps_and_without_a_budget_no_epsilon() -> None:
    curves = Curves()
    curves.add([tick(2.0)])
    assert curves.units() == ["kimg", "time"]


def test_a_clock_that_goes_back_is_no_way_back_on_the_axis() -> None:
    curves = Curves()
    curves.add([tick(1.0), tick(2.0, seconds=10.0)])
    assert list(curves.series(GENERATOR, "time").xs) == [30, 30]


def test_a_generator_without_a_turn_is_no_broken_number_in_a_private_training() -> None:
    curves = Curves()
    curves.add([tick(1.0, epsilon=0.1, accuracy_fake=None), tick(2.0, epsilon=0.2), tick(3.0, loss_generator=None)])
    assert list(curves.series(DRAWN).ys) == [0.4, 0.4]
    assert list(curves.series(EPSILON).ys) == [0.1, 0.2]
    ordinary = Curves()
    ordinary.add([tick(1.0, loss_generator=None)])
    assert str(ordinary.series(GENERATOR).ys[0]) == "nan"


def test_what_was_not_measured_is_no_broken_number_and_a_later_value_is_where_it_belongs() -> None:
    curves = Curves()
    unmeasured = {"fd_ratio_validation": None, "nearest_neighbour_risk": None, "kid": None}
    curves.add([tick(1.0, overfitting=None, augmentation=0.2), {"kind": "evaluation", "kimg": 1.0, **unmeasured}])
    assert [each.name for each in curves.of(BY_ID["overfitting"])] == ["augmentation"]
    assert not any(curves.measured(BY_ID[chart]) for chart in ("frechet", "copying", "kid"))
    curves.add([tick(2.0, overfitting=0.4, augmentation=0.3)])
    assert (list(curves.series(SIGNAL).xs), list(curves.series(SIGNAL).ys)) == ([2], [0.4])


def test_steps_that_are_gone_over_again_are_taken_back_for_every_measure() -> None:
    curves = Curves()
    curves.add([tick(float(at), overfitting=0.1) for at in (1, 2, 3, 4)])
    curves.add([{"kind": "evaluation", "kimg": 4.0, "fd_ratio_validation": 3.0}, tick(3.0)])
    assert list(curves.series(GENERATOR).xs) == [1, 2, 3]
    assert (list(curves.series(SIGNAL).xs), list(curves.series(SIGNAL).ys)) == ([1, 2], [0.1, 0.1])
    assert list(curves.series(FRECHET).xs) == [4], "it counts until there is another"


def test_what_happened_is_marked_where_it_happened_and_the_weightiest_is_seen() -> None:
    curves = Curves(images_per_step=100)
    early = happened("early_stop", 2.0)
    curves.add([tick(1.0), tick(2.0), early, happened("checkpoint", 2.0), {**happened("best", 1.0), "seconds": None}])
    assert [(mark.sign, mark.x) for mark in curves.marks()] == [("c", 2.0), ("b", 1.0), ("e", 2.0)]
    assert [(mark.sign, mark.x) for mark in curves.marks("step")] == [("c", 20), ("b", 10), ("e", 20)]
    assert [(mark.sign, mark.x) for mark in curves.marks("time")] == [("c", 60), ("b", 30), ("e", 60)]
    rows = draw(Frame(47, 6, 0, 1, 4), [Series("g", "primary", [1, 2], [0, 1])], None, Unit(), None, curves.marks())
    axis = "".join(words for words, _ in rows[-2])[7:]
    assert (axis[10], axis[20]) == ("b", "e"), "and the checkpoint of the same place is not"


def test_a_letter_that_would_fill_the_axis_stands_at_its_newest_place_alone() -> None:
    many = [Mark(float(at), "c", "muted") for at in range(100)]
    rows = draw(Frame(67, 6, 0, 1, 100), [Series("g", "primary", [1, 2], [0, 1])], None, Unit(), None, [*many, BEST])
    axis = "".join(words for words, _ in rows[-2])[7:]
    assert (axis.count("c"), axis.count("b")) == (1, 1) and axis.index("c") == int(0.99 * 60)


def test_every_kind_of_event_has_its_own_sign_and_a_sentence() -> None:
    signs = [kind.sign for kind in run_events.KINDS.values()]
    assert len(set(signs)) == len(signs) and all(sign.isascii() for sign in signs)
    for what in run_events.KINDS:
        words = run_events.sentence(happened(what, 1.0, micro=8, fd_ratio_validation=2.0))
        assert words[0].isupper() and words.endswith("."), what
    assert run_events.sentence(happened("best", 1.0)) == "Best generator so far."
    assert run_events.kind_of({"what": "news"}) is run_events.UNKNOWN


@pytest.mark.parametrize(
    ("name", "reach", "value", "words"),
    [
        ("kimg", 10.0, 2.5, "2.5 kimg"),
        ("step", 5000.0, 1250.0, "1,250 steps"),
        ("time", 90.0, 45.0, "45 s"),
        ("time", 900.0, 450.0, "7.5 min"),
        ("time", 90_000.0, 5_400.0, "1.5 h"),
        ("epsilon", 8.0, 0.5, "0.5 epsilon"),
    ],
)
def test_a_place_of_an_axis_is_said_in_its_unit(name: str, reach: float, value: float, words: str) -> None:
    assert unit_of(name, reach).said(value) == words


def test_an_axis_of_time_has_round_minutes() -> None:
    frame = Frame(67, 6, 0, 1, 900.0)
    rows = draw(frame, [Series("g", "primary", [0, 900], [0, 1])], None, unit_of("time", 900.0))
    words = "".join(text for text, _ in rows[-1]).split()
    assert words[:3] == ["0", "min", "5"] and words[-1] == "15"


def test_more_than_two_curves_wear_their_marks_along_the_way() -> None:
    xs = [index / 10 for index in range(1000)]
    series = [Series(str(level), "primary", xs, [level] * 1000) for level in (0.1, 0.4, 0.7, 0.9)]
    frame = Frame(107, 14, 0, 1, 100)
    four = "".join(words for row in draw(frame, series, None, Unit()) for words, _ in row)
    two = "".join(words for row in draw(frame, series[:2], None, Unit()) for words, _ in row)
    assert all(four.count(sign) >= 4 for sign in HEADS)
    assert (two.count(HEADS[0]), two.count(HEADS[1])) == (1, 1)
    assert draw(frame, [], None, Unit(), None, [Mark(5.0, "c", "muted")])[-2] != draw(frame, [], None, Unit())[-2]


def test_four_curves_have_four_marks_without_any_typography() -> None:
    assert len(set(to_ascii(HEADS))) == len(HEADS) and "?" not in to_ascii(HEADS)


def test_what_is_compared_is_what_is_drawn() -> None:
    assert {measure for measure, _, _ in COMPARED} <= set(MEASURES)
    assert len({chart.id for chart in CHARTS}) == len(CHARTS)


# --- one run ----------------------------------------------------------------------------------------------------


async def test_x_goes_through_the_axes_and_the_cursor_says_where_it_is_in_each(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=Story())
    async with app.run_test(size=(80, 24)) as pilot:
        chart = await opened(pilot, "run", "loss", name="first")
        await pilot.press("left")
        assert "kimg" in foot(chart)[1]
        at = app.screen.chart_view.cursor
        for word in ("steps", "min", "kimg"):
            await pilot.press("x")
            heading = str(chart.query_one(".chart-heading").content)
            assert word in foot(chart)[1] and f"{word}" in heading
        assert app.screen.chart_view.cursor == pytest.approx(at, abs=1.0), "at the record before that place"
        await pilot.press("0")
        assert app.screen.chart_view.cursor is None and app.screen.chart_view.unit == "kimg"


async def test_a_private_training_is_drawn_along_its_budget_and_shows_what_is_spent(tmp_path: Path) -> None:
    engine = Story()
    engine.private = True
    app = MedSynth(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        chart = await opened(pilot, "run", "loss", name="first")
        assert isinstance(app.screen, LiveRun)
        assert [each.id for each in app.screen.available()] == ["loss", "accuracy", "epsilon"]
        assert "Privacy spent" in seen(app) and "2.98 of 8" in seen(app)
        assert "Copy risk" not in seen(app), "that would be paid for"
        await pilot.press("x", "x", "x")
        assert "epsilon" in foot(chart)[1]


async def test_one_two_and_four_charts_by_key(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=Story())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "run", "loss", name="first")

        def shown() -> list[str | None]:
            return [each.id for each in app.screen.query(LineChart) if each.display]

        assert shown() == ["loss"]
        await pilot.press("2")
        assert shown() == ["loss", "accuracy"] and app.screen.query_one("#side").display
        await pilot.press("4")
        assert shown() == ["loss", "accuracy", "frechet", "overfitting"]
        assert not app.screen.query_one("#side").display, "four take the whole width"
        regions = [each.region for each in app.screen.query(LineChart) if each.display]
        assert len({(region.x, region.y) for region in regions}) == 4 and all(region.height > 5 for region in regions)
        await pilot.press("l")
        assert app.screen.query_one("#log").display, "the log comes when it is asked for"
        await until(pilot, lambda: "l Picture" in seen(app).splitlines()[-1], why="the key by what it shows next")
        await pilot.press("l", "4")
        assert shown() == ["loss"]
        await pilot.press("v", "v", "v", "v")
        assert shown() == ["copying"], "what was measured besides"


async def test_what_happened_stands_on_the_axis_and_in_a_list(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=Story())
    async with app.run_test(size=(80, 24)) as pilot:
        chart = await opened(pilot, "run", "loss", name="first")
        for sign in "cbprhuef":
            assert sign in foot(chart)[0], sign
        await pilot.press(*["left"] * 7)
        for _ in range(60):
            if "stopped early" in str(chart.query_one(".chart-heading").content):
                break
            await pilot.press("left")
        else:
            raise AssertionError("the cursor passed it without a word")
        await pilot.press("e")
        await shows(pilot, "Stopped early. It was time.")
        assert "at half the learning rate" in seen(app) and "Finished." in seen(app)


class Short(Story):
    """A minute's training: nothing of its overfitting was measured, and its nearest images are near without copies."""

    total = 0.112

    async def runs_show(self, run: str) -> dict[str, Any]:
        return {**await super().runs_show(run), "state": "finished", "kimg": self.total, "kimg_total": self.total}

    async def runs_watch(self, run: str, offset: int = 0) -> dict[str, Any]:
        records = [{**tick(self.total * step / 10), "overfitting": None} for step in range(1, 11)]
        judged = {"nearest_neighbour_risk": 0.92, "copying": False, "fd_ratio_validation": 3.0}
        records.append({"kind": "evaluation", "kimg": self.total, **judged})
        return {**await super().runs_watch(run, offset), "state": "finished", "records": [] if offset else records}


async def test_a_short_training_fills_its_charts_and_all_have_one_axis(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=Short())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "run", "loss", name="first")
        await until(pilot, lambda: all(each.curves._rows for each in app.screen.query(LineChart) if each.display))
        reaches = {each.curves.reach for each in app.screen.query(LineChart) if each.display}
        assert [round(reach, 6) for reach in reaches] == [0.15]
        assert "0.112 of 0.112 kimg" in seen(app)


async def test_a_training_that_is_over_says_what_was_not_measured_and_no_verdict_that_nobody_gave(
    tmp_path: Path,
) -> None:
    app = MedSynth(tmp_path, engine=Short())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "run", "loss", name="first")
        await shows(pilot, "Overfitting was not measured")
        assert "92 %" in seen(app) and "nearer, but no copies found" in seen(app)


class Wordy(Short):
    """Its log is one line, longer than the panel beside the charts."""

    async def runs_watch(self, run: str, offset: int = 0) -> dict[str, Any]:
        line = "2026-11-26T12:00:00Z The training ended because its minutes were over, as planned"
        return {**await super().runs_watch(run, offset), "log": [line]}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_long_line_of_the_log_is_read_to_its_end_and_the_log_takes_the_pictures_place(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = MedSynth(tmp_path, engine=Wordy())
    async with app.run_test(size=size) as pilot:
        await opened(pilot, "run", "loss", name="first")
        await pilot.press("l")
        await shows(pilot, "planned ")
        assert "Copy risk (" not in seen(app)
        await pilot.press("l")
        await shows(pilot, "Copy risk (")
