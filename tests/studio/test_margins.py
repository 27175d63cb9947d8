"""Margins moved by hand: whole points that always sum to a hundred, and the population that they say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medsynth_tui.margins import BY_HAND, Margin, even, joints_left_out, moved, population, rounded

SEX = {"name": "sex", "values": [{"value": "F", "points": 32}, {"value": "M", "points": 68}]}
FILE = {
    "name": "Town",
    "licence": "CC0",
    "axis": {
        "sex": {"values": {"F": 0.513, "M": 0.487}, "map": {"female": "F"}},
        "age_band": {"values": {"0-17": 0.2, "18-39": 0.8}},
    },
    "joint": [{"axes": ["sex", "age_band"], "cells": [{"k": ["F", "0-17"], "p": 0.1}]}],
}


def opened() -> list[Margin]:
    return [Margin.of_file(name, axis) for name, axis in FILE["axis"].items()]


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8).filter(any), st.data())
def test_whatever_is_moved_the_points_sum_to_a_hundred(shares: list[int], data: st.DataObject) -> None:
    points = rounded([float(share) for share in shares])
    for _ in range(data.draw(st.integers(1, 6))):
        at, by = data.draw(st.integers(0, len(points) - 1)), data.draw(st.integers(-100, 100))
        before = points[at]
        points = moved(points, at, by)
        assert sum(points) == 100 and min(points) >= 0
        assert points[at] == min(100, max(0, before + by))


def test_the_others_give_way_in_proportion() -> None:
    assert moved((20, 60, 20), 0, 20) == (40, 45, 15)
    assert moved((100, 0, 0), 0, -10) == (90, 5, 5)
    assert even(3) == (34, 33, 33)


def test_an_attribute_is_asked_for_once_it_is_moved_and_can_be_taken_back() -> None:
    sex = Margin.offered(SEX)
    assert population([sex], {}) is None
    more = sex.moved(0, 5)
    assert population([more], {}) == {"name": BY_HAND, "axis": {"sex": {"values": {"F": 0.37, "M": 0.63}}}}
    assert more.reset().points == (32, 68)


def test_a_value_of_few_patients_begins_at_nothing() -> None:
    few = Margin.offered({"name": "e", "values": [{"value": "a", "points": 100}, {"value": "b", "points": None}]})
    assert few.points == (100, 0) and few.start == (100, None)
    unknown = Margin.offered({"name": "e", "values": [{"value": "a", "points": None}, {"value": "b", "points": None}]})
    assert unknown.points == (50, 50)


def test_a_file_that_nobody_moved_is_itself() -> None:
    assert population(opened(), FILE) == FILE


def test_a_moved_file_keeps_its_words_and_loses_the_joint_and_its_source() -> None:
    sex, age = opened()
    changed = population([sex.moved(0, 10), age], FILE)
    assert changed is not None
    assert changed["name"] == "Town, changed by hand" and "licence" not in changed and "joint" not in changed
    assert changed["axis"]["sex"] == {"values": {"F": 0.61, "M": 0.39}, "map": {"female": "F"}}
    assert changed["axis"]["age_band"]["values"] == {"0-17": 0.2, "18-39": 0.8}
    assert joints_left_out([sex.moved(0, 10), age], FILE) and not joints_left_out(opened(), FILE)


def test_margins_by_hand_are_opened_again_and_still_know_where_they_began() -> None:
    sex = Margin.offered(SEX)
    asked = population([sex.moved(0, 8)], {})
    assert asked is not None
    again = Margin.of_file("sex", asked["axis"]["sex"]).starting(sex)
    assert again.points == (40, 60) and again.start == (32, 68)
    assert population([again], asked) == asked
    once_more = population([again.moved(0, 1)], asked)
    assert once_more is not None and once_more["name"] == BY_HAND
    assert again.reset().points == (32, 68)
