"""The Tab key: what bash and zsh offer, asked of the shells themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from medsynth_engine.gan import presets
from medsynth_tui.cli.completion import script
from medsynth_tui.cli.main import ORDER, build
from medsynth_tui.cli.outline import VALUES, outline

TREE = get_command(build())
BASH = """
source {script}
COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_medsynth
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
ZSH = """
compdef() {{ : }}
_describe() {{ print -rl -- "${{(@P)2}}" }}
_files() {{ print -r -- files }}
source {script}
words=({words}); CURRENT=$#words
_medsynth
"""


def offered(shell: str, folder: Path, *words: str) -> list[str]:
    """What `shell` offers for the last of `words`; in zsh without what it says of each, and before it chooses."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    file = folder / "completion"
    file.write_text(script(shell, TREE))
    quoted = " ".join(f"'{word}'" for word in ("medsynth", *words))
    code = {"bash": BASH, "zsh": ZSH}[shell].format(script=file, words=quoted)
    quick = {"bash": ["--norc"], "zsh": ["-f"]}[shell]
    done = subprocess.run([program, *quick, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    said = [line for line in done.stdout.splitlines() if line]
    return [line.partition(":")[0] for line in said] if shell == "zsh" else said


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_commands_options_and_the_words_that_they_take_are_offered(shell: str, tmp_path: Path) -> None:
    assert set(ORDER) <= set(offered(shell, tmp_path, ""))
    verbs = offered(shell, tmp_path, "datasets", "")
    assert verbs[:3] == ["scan", "add", "list"]
    assert "--metadata" in offered(shell, tmp_path, "datasets", "add", "chest", "-")
    assert offered(shell, tmp_path, "train", "chest", "--preset", "") == list(VALUES["--preset"])
    assert offered(shell, tmp_path, "export", "c1", "--audience", "") == ["internal", "recipient", "public"]
    assert offered(shell, tmp_path, "selftest", "")[:3] == ["deid", "gauge", "device"]
    after_the_store = offered(shell, tmp_path, "--home", "train", "datasets", "")
    assert after_the_store == verbs  # the folder's name is no command


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_where_a_path_is_due_the_shell_completes_files(shell: str, tmp_path: Path) -> None:
    files = {"bash": [], "zsh": ["files"]}[shell]  # bash does so by itself where nothing is offered
    assert offered(shell, tmp_path, "datasets", "add", "chest", "") == files
    assert offered(shell, tmp_path, "datasets", "add", "chest", "--metadata", "") == files


def test_bash_offers_what_begins_as_what_was_typed_and_knows_an_equals_sign(tmp_path: Path) -> None:
    assert offered("bash", tmp_path, "data") == ["datasets"]
    assert offered("bash", tmp_path, "train", "chest", "--preset", "=", "sm") == ["small64", "small128"]


def test_the_command_writes_the_script_and_knows_no_other_shell() -> None:
    command = [sys.executable, "-m", "medsynth_tui", "completion"]
    bash = subprocess.run([*command, "bash"], capture_output=True, text=True, check=True)
    assert bash.stdout == script("bash", TREE)
    fish = subprocess.run([*command, "fish", "--json"], capture_output=True, text=True, check=False)
    assert (fish.returncode, json.loads(fish.stdout)["error"]["code"]) == (2, "no_such_shell")


def test_the_words_that_are_offered_for_options_are_those_that_are_taken() -> None:
    assert set(VALUES["--preset"]) == {"auto", *presets.NAMES}
    named = {name for entry in outline(TREE) for each in entry.options for name in each.names}
    asked = {each.metavar for entry in outline(TREE) for each in entry.arguments}
    assert set(VALUES) <= named | asked
    taken = {value for entry in outline(TREE) for each in (*entry.options, *entry.arguments) for value in each.values}
    assert {value for values in VALUES.values() for value in values} <= taken  # each stands in the help of one at least
