"""Help is a page that one can work by: examples that are taken as they stand, in 80 columns, and all of it in docs/."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from cli_examples import taken
from typer.main import get_command

from medsynth_engine.kernel import errors
from medsynth_tui.cli.help_page import EXIT_CODES, WIDTH, folded
from medsynth_tui.cli.main import build
from medsynth_tui.cli.outline import Entry, outline
from medsynth_tui.cli.reference import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
TREE = get_command(build())
ENTRIES = list(outline(TREE))


def test_the_reference_is_what_the_commands_say() -> None:
    assert PAGE.read_text() == page(), "it is out of date: make commands"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: " ".join(entry.words) or "medsynth")
def test_every_help_fits_80_columns_and_ends_with_examples_of_its_command(
    entry: Entry, capsys: pytest.CaptureFixture[str]
) -> None:
    assert TREE.main([*entry.words, "-h"], prog_name="medsynth", standalone_mode=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    own = " ".join(("  medsynth", *entry.words))
    assert any(line.startswith(own) for line in lines[lines.index("Examples:") :])


def test_every_example_is_a_command_line_that_is_taken() -> None:
    found = [line for entry in ENTRIES for line in entry.examples if not line.startswith("echo ")]
    assert len(found) > len(ENTRIES)
    for line in found:
        taken(line, TREE)


def test_an_example_is_folded_where_a_shell_reads_it_as_one_line() -> None:
    example = f'medsynth bundle {"x" * 40} --recipient "Dr Ito, GPU lab" --purpose "train a generator" --days 30'
    lines = folded(example)
    assert len(lines) > 1 and max(map(len, lines)) <= WIDTH
    assert shlex.split("\n".join(lines).replace("\\\n", "")) == shlex.split(example)
    assert folded("# " + "word " * 30)[1].startswith("# word")


def test_the_exit_codes_of_the_help_are_those_of_the_errors() -> None:
    told = {int(code) for code, _ in EXIT_CODES}
    assert told == {0, errors.MedSynthError.exit_code, errors.Refused.exit_code, *errors.FAMILY}
