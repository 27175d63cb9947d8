"""Numbers, axes, pictures and colours, without a screen."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from medsynth_tui import glyphs, words
from medsynth_tui.planned import merger
from medsynth_tui.screens.cohort_pages import bars
from medsynth_tui.widgets.gauge import EDGES, position
from medsynth_tui.widgets.news import KIND
from medsynth_tui.widgets.picture import Pixels, ramp
from medsynth_tui.widgets.scales import axis, log_ticks, round_up, ticks
from medsynth_tui.widgets.sheet import chosen, tiles

FINITE = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.floats(1e-9, 1e9))
def test_an_axis_ends_at_a_round_number_that_is_not_below_the_data(value: float) -> None:
    upper = round_up(value)
    assert value <= upper * (1 + 1e-9)
    assert upper <= value * 2.01


@given(FINITE, FINITE)
def test_an_axis_holds_its_data_and_stays_while_they_fit(one: float, other: float) -> None:
    low, high = sorted((one, other))
    limits = axis(low, high)
    assert limits[0] <= low + 1e-6 * (high - low)
    assert limits[1] >= high - 1e-6 * (high - low)
    assert axis(low, high, limits) == limits or (high - low) * 3 < limits[1] - limits[0]


def test_an_axis_shrinks_when_the_data_fill_less_than_a_third() -> None:
    assert axis(0.0, 0.2, (0.0, 2.0)) != (0.0, 2.0)
    assert axis(0.0, 1.9, (0.0, 2.0)) == (0.0, 2.0)


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.0, 1.0, 5) == [0.0, 0.3, 0.6, 0.9]
    assert all(0 <= value <= 7 for value in ticks(0, 7, 4))
    assert len(ticks(0, 1234, 6)) <= 7


def test_a_scale_of_powers_is_told_in_ones_twos_and_fives() -> None:
    assert log_ticks(-0.2, 1.2, 4) == [1, 2, 5, 10]
    assert log_ticks(-2.0, 1.0, 4) == [0.01, 0.1, 1, 10], "powers of ten where there is room for no more"
    assert log_ticks(0.4, 0.6, 3) == [3.0, 3.75], "any round ones within a power"


def test_every_band_of_the_gauge_takes_a_fifth_of_the_bar() -> None:
    assert [round(position(edge), 6) for edge in EDGES] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert position(2.0) == 1.0


def test_ascii_keeps_the_number_of_columns() -> None:
    drawn = "┌─ Fréchet · 3 › 4 ─┐ ▀█▒░ … ✓ λ"
    plain = glyphs.to_ascii(drawn)
    assert plain.isascii()
    assert len(plain) == len(drawn)


def test_numbers_read_as_people_write_them() -> None:
    assert words.number(0.04321) == "0.0432"
    assert words.number(None) == "–"
    assert words.number(12345.6) == "12,346"
    assert words.number(0.00001234) == "1.2e-05"
    assert words.count(1234567) == "1,234,567"
    assert words.count("<11") == "<11"
    assert words.rests_on({"n": 0, "value": 1.0}) == "hidden", "not a number that nothing stands behind"
    assert (words.rests_on({"n": 0, "value": None}), words.rests_on({"n": 240, "value": 1.0})) == ("0", "240")
    assert words.span(65) == "65 s"
    assert words.span(3700) == "61 min 40 s"
    assert words.span(9000) == "2 h 30 min"
    assert words.share(0.064) == "6.4 %"


def test_times_are_short_today_and_long_long_ago() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert words.when("2026-11-23T09:41:00+00:00", now) == "09:41"
    assert words.when("2026-11-21T09:41:00+00:00", now) == "Nov 21 09:41"
    assert words.when("2024-01-02T09:41:00", now) == "2024-01-02"


def test_what_comes_from_outside_is_inert() -> None:
    assert words.said("a\x1b[31mred\x1b[0m\nb") == "a[31mred[0m b"


def test_evidence_has_a_name_in_words() -> None:
    assert words.measure("fidelity.fd_ratio").startswith("Fréchet ratio")
    assert words.measure("bias.representation.sex=F") == "sex = F"
    assert words.measure("bias.tvd.age_band") == "Mix of age band (TVD)"
    assert words.measure("something.new") == "something.new"


def test_a_picture_shrinks_by_means_and_keeps_its_shape() -> None:
    picture = Pixels(4, 2, 1, bytes([0, 0, 200, 200, 100, 100, 100, 100]))
    small = picture.fitted(2, 2)
    assert (small.width, small.height) == (2, 1)
    assert list(small.data) == [50, 150]
    assert ramp(Pixels(2, 2, 1, bytes([0, 255, 0, 255])))[0][0].text == " @"


def test_a_sample_sheet_falls_apart_into_its_pictures() -> None:
    side, rows = 8, 3
    width = 120 + 10 * side
    data = bytearray(width * rows * side)
    data[(side * width) + 120 + side] = 99  # the first pixel of the second picture of the second row
    cut = tiles(Pixels(width, rows * side, 1, bytes(data)))
    assert (len(cut), len(cut[0])) == (rows, 10)
    assert cut[1][1].data[0] == 99
    assert len(chosen(cut, 4)) == 4
    assert len(tiles(Pixels(5, 5, 1, bytes(25)))) == 1


def test_the_marks_of_a_cohort_stand_at_what_was_asked_for_where_cells_were_widened_too() -> None:
    cells = [{"age_band": "0-17 or 18-39", "n": 40}, {"age_band": "18-39", "n": 60}]
    target = {"age_band": {"0-17": 0.4, "18-39": 0.6}}
    document = {"cells": cells, "composition": {"age_band": {"18-39": 100}}, "target": target}
    attributes, against = bars(document, None)
    assert attributes[0].against == target["age_band"] and against.startswith("the target")


def test_a_merger_says_among_whom() -> None:
    cell = {"sex": "F", "age_band": "0-17"}
    told = {"cell": cell, "attribute": "age_band", "value": "0-17", "merged_with": ["18-39"], "n": 26}
    assert merger(told) == "age_band 0-17 was drawn together with 18-39 among sex F (26 records)."
    alone = {**told, "cell": {"age_band": "0-17"}}
    assert merger(alone) == "age_band 0-17 was drawn together with 18-39 (26 records)."


def test_no_kind_of_work_touches_what_stands_beside_it() -> None:
    assert max(map(len, words.WORK.values())) <= KIND - 2
