"""Cohorts side by side: the best is marked, and only where intervals do not overlap."""

from __future__ import annotations

from typing import Any

from medsynth_engine.governance.comparison import Judged, compare, told_apart


def measured(name: str, value: float | None, low: float | None, high: float | None, direction: str) -> dict[str, Any]:
    facts = {"control": None, "n": 100, "reads_as": "", "adversary": "", "method": ""}
    return {"name": name, "value": value, "low": low, "high": high, "direction": direction, **facts}


def judged(cohort: str, *evidence: dict[str, Any], **more: Any) -> Judged:
    return Judged(cohort, 100, "chest v1", "2026-11-26T16:00:00+00:00", {"evidence": list(evidence), **more})


def only(document: dict[str, Any]) -> dict[str, Any]:
    (found,) = document["measures"]
    assert isinstance(found, dict)
    return found


def test_overlapping_intervals_are_no_difference() -> None:
    one = judged("a", measured("fidelity.coverage", 0.8, 0.7, 0.9, "higher"))
    other = judged("b", measured("fidelity.coverage", 0.6, 0.5, 0.71, "higher"))
    found = only(compare([one, other]))
    assert (found["best"], found["worse"]) == ([], [])
    assert "No difference is shown" in found["says"]


def test_who_lies_wholly_behind_is_worse_and_who_overlaps_the_best_is_not() -> None:
    values = [(0.9, 0.85, 0.95), (0.86, 0.8, 0.9), (0.5, 0.4, 0.6)]
    cohorts = [judged(f"c{place}", measured("fidelity.coverage", *each, "higher")) for place, each in enumerate(values)]
    found = only(compare(cohorts))
    assert (found["best"], found["worse"]) == ([0, 1], [2])
    assert found["says"] == "Better: c0, c1. The interval of c2 lies wholly behind."


def test_lower_and_nearer_to_one_or_zero_are_better_where_that_is_good() -> None:
    near = {"lower": (0.1, 0.05, 0.2), "one": (0.9, 0.8, 1.1), "zero": (-0.1, -0.2, 0.1)}
    far = {"lower": (0.5, 0.4, 0.6), "one": (3.0, 2.0, 4.0), "zero": (-0.5, -0.6, -0.4)}
    for direction in near:
        pair = [
            judged(name, measured("bias.x", *side[direction], direction)) for name, side in (("f", far), ("n", near))
        ]
        found = only(compare(pair))
        assert (found["best"], found["worse"]) == ([1], [0]), direction


def test_who_stays_away_from_the_data_more_is_no_worse_in_the_copying_test_but_who_copies_is() -> None:
    away, farther, copies = (15.5, 15.0, 16.0), (17.2, 16.9, 17.6), (-7.0, -8.0, -6.0)
    name = "privacy.image.c_t"
    cohorts = [judged(f"c{place}", measured(name, *each, "zero")) for place, each in enumerate((away, farther, copies))]
    apart = only(compare(cohorts[:2]))
    assert (apart["best"], apart["worse"]) == ([], []) and "no copying" in apart["says"]
    found = only(compare(cohorts))
    assert (found["best"], found["worse"]) == ([0, 1], [2])


def test_a_ratio_is_as_far_off_below_one_as_above() -> None:
    half, double = (0.5, 0.45, 0.55), (2.0, 1.8, 2.2)
    pair = [judged(name, measured("bias.x", *each, "one")) for name, each in (("a", half), ("b", double))]
    assert only(compare(pair))["worse"] == []


def test_a_number_that_only_one_has_is_not_compared() -> None:
    one = judged("a", measured("utility.new", 0.8, 0.7, 0.9, "higher"))
    none = judged("b", measured("utility.new", None, None, None, "higher"))
    assert "Fewer than two" in only(compare([one, none, judged("c")]))["says"]
    assert only(compare([one, judged("c")]))["values"][1] is None
    assert told_apart([None, None]) == ([], [])


def test_different_datasets_and_old_evaluations_are_said_first() -> None:
    old = Judged("b", 100, "brain v2", "2026", {"evidence": []}, outdated=True)
    notes = " ".join(compare([judged("a"), old])["notes"])
    assert "different datasets" in notes
    assert "b is out of date" in notes


def test_groups_stand_side_by_side_with_the_training_data_before_them() -> None:
    row = {"value": "F", "training": 0.3, "reference": 0.5, "flag": "even"}
    tables = [[{"attribute": "sex", "rows": [{**row, "synthetic": share}]}] for share in (0.31, 0.5)]
    found = compare([judged("plain", bias=tables[0]), judged("even", bias=tables[1])])["groups"]
    assert found[0]["training"] == 0.3
    assert found[0]["shares"] == [0.31, 0.5]


def test_none_is_better_for_being_nearer_to_what_was_not_its_goal() -> None:
    cohorts = [
        judged(name, measured("bias.against_training.sex=F", *each, "one"))
        for name, each in {"a": (1.0, 0.95, 1.05), "b": (1.5, 1.4, 1.6)}.items()
    ]
    found = only(compare(cohorts))
    assert (found["best"], found["worse"]) == ([], []) and "none is better" in found["says"]
