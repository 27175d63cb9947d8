"""What docs/security.md says is tested, is: its files and tests are there, and its figures are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from medsynth_engine.access import blocklist, passwords, second_factor, throttle
from medsynth_engine.operations.settings import SETTINGS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
TESTS = {
    name for file in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())
}


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:tests|docs)/[\w/.]+)", PAGE))
    assert len(named) > 10
    assert not [path for path in named if not (ROOT / path).exists()]
    assert not [name for name in re.findall(r"`(test_\w+\.py)", PAGE) if not list((ROOT / "tests").rglob(name))]


def test_every_test_that_it_names_is_there() -> None:
    whole = re.findall(r"::(test_\w+)", PAGE)
    parts = re.findall(r"`\.\.\._(\w+?)(?:_\.\.\.)?`", PAGE)
    assert len(whole) > 8 and len(parts) > 8
    assert not [name for name in whole if name not in TESTS]
    assert not [part for part in parts if not any(part in name for name in TESTS)]


def test_its_figures_are_those_of_the_code() -> None:
    assert f"{len(blocklist.common_passwords()):,} most common" in PAGE
    assert f"{passwords.SHORTEST['production']} to {passwords.LONGEST} characters" in PAGE
    assert f"`lock_minutes` ({SETTINGS['lock_minutes'][0]})" in PAGE
    assert f"`confirm_minutes` ({SETTINGS['confirm_minutes'][0]})" in PAGE
    assert throttle.LONGEST_SECONDS == 300 and throttle.FREE == 5 and second_factor.RECOVERY_CODES == 10
    tries, seconds = 0, 0
    while seconds < 3600:
        tries += 1
        seconds += throttle.delay(tries)
    assert f"guess {tries} passwords in the first hour and {3600 // throttle.LONGEST_SECONDS} an hour" in PAGE
