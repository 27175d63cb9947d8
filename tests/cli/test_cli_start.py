"""Starting: light, helpful, and clear about wrong usage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_people import Person
from typer.main import get_command

from medsynth_tui.cli.main import ORDER, build

HEAVY = ("torch", "pandas", "sqlalchemy", "textual", "numpy", "sklearn", "PIL")


def every_command() -> list[tuple[str, ...]]:
    tree = get_command(build())
    found: list[tuple[str, ...]] = []
    for name in tree.list_commands(None):  # type: ignore[attr-defined, arg-type]
        verbs = getattr(tree.commands[name], "commands", {})  # type: ignore[attr-defined]
        found += [(name, verb) for verb in verbs] or [(name,)]
    return found


@pytest.fixture
def visitor(tmp_path: Path) -> Person:
    return Person(tmp_path / "home", tmp_path / "user")


@pytest.mark.parametrize(
    "action", ["import medsynth_tui.__main__", "from medsynth_tui.cli.main import answer; answer(['--help'])"]
)
def test_starting_and_asking_for_help_load_nothing_heavy(action: str) -> None:
    look = f"import sys, json; {action}; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_every_command_of_the_tree_is_in_the_order_of_the_help() -> None:
    assert sorted({words[0] for words in every_command()}) == sorted(ORDER)


def test_the_version_is_told(visitor: Person) -> None:
    assert visitor.types("--version").out.startswith("medsynth 0.")


@pytest.mark.parametrize(
    "words",
    [
        ("datsets",),
        ("datasets",),
        ("datasets", "list", "--nonsense"),
        ("generate", "c1"),
        ("generate", "c1", "-n", "many", "--run", "r"),
        ("generate", "c1", "-n", "5"),
        ("generate", "c1", "-n", "5", "--run", "r", "--dataset", "d"),
        ("generate", "c1", "-n", "5", "--run", "r", "--given", "sex"),
        ("export", "c1", "--audience", "everybody"),
        ("login", "alice"),
        ("login", "alice", "--password-stdin"),
        ("init", "--dev", "--admin", "carla"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_one_document(visitor: Person, words: tuple[str, ...]) -> None:
    answer = visitor.asks(*words)
    assert answer.code == 2
    assert set(answer.document["error"]) >= {"code", "message", "hint"}


def test_wrong_usage_is_a_sentence_for_people(visitor: Person) -> None:
    answer = visitor.types("datsets")
    assert (answer.code, answer.out) == (2, "")
    assert "Did you mean 'datasets'" in answer.err


def test_options_are_taken_before_between_and_after(visitor: Person) -> None:
    home = str(visitor.home)
    for words in (
        ("--home", home, "--json", "datasets", "list"),
        ("datasets", "--home", home, "--json", "list"),
        ("datasets", "list", "--home", home, "--json"),
        ("--home", "/nowhere", "datasets", "list", f"--home={home}", "--json"),
    ):
        answer = visitor.types(*words)
        assert (answer.code, answer.document["error"]["code"]) == (6, "no_store")


def test_what_nobody_foresaw_ends_with_1_a_private_log_and_no_traceback(visitor: Person) -> None:
    (visitor.home / "data" / "pseudonym.key").mkdir(parents=True)  # a folder where a file is due
    answer = visitor.asks("init", "--dev")
    assert answer.code == 1
    assert answer.document["error"]["code"] == "unexpected"
    assert "Traceback" not in answer.out + answer.err
    log = Path(answer.document["error"]["log"])
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.is_relative_to(visitor.home / "data" / "logs")
    assert str(visitor.home) not in log.read_text()


def test_without_a_command_the_studio_is_due_and_says_what_it_needs(visitor: Person) -> None:
    answer = visitor.types("--home", visitor.home)
    assert (answer.code, answer.out) == (2, "")  # no terminal here
    assert "terminal" in answer.err.lower() and "Traceback" not in answer.err
    assert visitor.types("--json").code == 2
