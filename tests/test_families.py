"""What is run of a long family is a tenth, the same every time, with all that once found a bug."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from families import chosen, shuffle
from flaky import failed_in

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


FAMILY = """
import pytest


@pytest.mark.family
@pytest.mark.parametrize("number", range(20))
def test_one(number):
    assert number % 5
"""


@pytest.fixture
def asked(tmp_path: Path) -> Callable[..., str]:
    """What pytest says at last of a family of twenty of which four fail, when asked with these words."""
    (tmp_path / "test_many.py").write_text(FAMILY)
    (tmp_path / "pytest.ini").touch()
    ours = {"PYTHONPATH": str(Path(__file__).parent), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")} | ours
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "conftest"]

    def ask(*words: str) -> str:
        done = subprocess.run([*command, *words], cwd=tmp_path, env=environment, capture_output=True, text=True)
        return done.stdout.splitlines()[-1]

    return ask


def test_who_asks_by_words_or_for_what_failed_gets_all_of_it(asked: Callable[..., str]) -> None:
    assert "18 deselected" in asked()
    assert asked("--full").startswith("4 failed, 16 passed")
    assert asked("--last-failed").startswith("4 failed in ")
    assert asked("-k", "0 or 5").startswith("4 failed, 16 deselected")


def test_a_shuffled_order_keeps_files_together_and_follows_from_its_seed(request: pytest.FixtureRequest) -> None:
    items = list(request.session.items)
    one, again, other = list(items), list(items), list(items)
    shuffle(one, 7)
    shuffle(again, 7)
    shuffle(other, 8)
    assert one == again and sorted(one, key=items.index) == items
    assert len(items) < 4 or one != other
    files = [item.nodeid.partition("::")[0] for item in one]
    assert sum(before != after for before, after in pairwise(files)) == len(set(files)) - 1


def test_what_failed_is_read_from_the_summary() -> None:
    said = (
        "FAILED tests/a.py::test_b - assert 1\nERROR tests/a.py::test_c[x y - z]\nFAILED tests/a.py::test_d\n2 failed"
    )
    assert failed_in(said) == ["tests/a.py::test_b", "tests/a.py::test_c[x y - z]", "tests/a.py::test_d"]
