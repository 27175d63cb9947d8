"""What two processes are worth is judged from the moments in which nobody else was at work, where there were enough."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

PLACE = Path(__file__).resolve().parents[2] / "benchmarks" / "pairs.py"
SPEC = spec_from_file_location("benchmark_pairs", PLACE)
assert SPEC is not None and SPEC.loader is not None
pairs = sys.modules["benchmark_pairs"] = module_from_spec(SPEC)
SPEC.loader.exec_module(pairs)
Window, told = pairs.Window, pairs.told


def pair(ratio: float, others: float) -> tuple[Window, Window]:
    return Window(50.0, others, 0.02), Window(50.0 * ratio, 0.0, 0.025)


def test_with_three_quiet_pairs_the_disturbed_ones_do_not_count() -> None:
    found = told([pair(1.7, 0.01), pair(1.1, 0.6), pair(1.8, 0.0), pair(1.0, 0.9), pair(1.6, 0.04)])
    assert (found["gain"], found["gains"], found["one"], found["two"]) == (1.7, [1.6, 1.8], 50.0, 85.0)
    assert (found["pairs"], found["quiet_pairs"], found["asked"]) == (5, 3, "quiet pairs")


def test_what_two_could_gain_at_most_is_known_from_processor_time_alone() -> None:
    assert told([pair(1.1, 0.9), pair(1.3, 0.0)])["bound"] == 1.6  # an image costs the two of them a quarter more


def test_where_it_was_never_quiet_all_pairs_count_and_the_answer_says_so() -> None:
    found = told([pair(1.7, 0.01), pair(1.1, 0.6), pair(1.3, 0.4)])
    assert (found["gain"], found["asked"]) == (1.3, "all pairs")
    assert found["others"] == pytest.approx(0.005, abs=0.3)
