"""What is run of a long family is a tenth, the same every time, with all that once found a bug."""

from __future__ import annotations

from families import chosen

CASES = [f"{role}-{operation}" for role in ("admin", "auditor", "researcher") for operation in range(40)]


def test_a_tenth_is_run_and_it_does_not_follow_from_the_order() -> None:
    kept = chosen(CASES, 0.1)
    assert len(kept) == 12 and kept < set(CASES)
    assert chosen(reversed(CASES), 0.1) == kept


def test_another_case_changes_at_most_one_of_those_that_are_run() -> None:
    kept, more = chosen(CASES, 0.1), chosen([*CASES, "somebody-new"], 0.1)
    assert len(kept - more) <= 1 and len(more) == 13


def test_of_a_few_cases_at_least_one_is_run() -> None:
    assert len(chosen(CASES[:3], 0.1)) == 1


def test_what_once_found_a_bug_is_always_run_and_what_is_gone_is_no_fault() -> None:
    left_out = sorted(set(CASES) - chosen(CASES, 0.1))[:5]
    assert chosen(CASES, 0.1, ["no longer there", *left_out]) == chosen(CASES, 0.1) | set(left_out)
