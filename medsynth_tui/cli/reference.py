"""docs/commands.md, written from the commands themselves: `make commands`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from typer.main import get_command

from medsynth_engine.kernel.atomic import write_text
from medsynth_tui.cli.command import SHARED
from medsynth_tui.cli.help_page import ENVIRONMENT, EXIT_CODES, folded
from medsynth_tui.cli.main import build
from medsynth_tui.cli.outline import Entry, Parameter, outline

HEAD = """# The command line

Written by `make commands` from the commands themselves; a test compares. `medsynth COMMAND --help` shows the same in a
terminal, `medsynth completion bash` (or zsh) makes the Tab key know it. The studio does all of this too: which key does
what a command does is in [keys.md](keys.md).

"""
EVERYWHERE = ("--home", "--json", "--help", "-h", *(f"--{name}" for name in SHARED))


def page() -> str:
    """The whole page."""
    whole, *entries = outline(get_command(build()))
    return "".join((HEAD, *_contents(entries), *_shared(whole), *(part for each in entries for part in _section(each))))


def _contents(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        indent = "  " * (len(entry.words) - 1)
        name = " ".join(entry.words)
        yield f"{indent}* [{name}](#{'-'.join(('medsynth', *entry.words))}): {_markdown(entry.short)}\n"
    yield "\n"


def _shared(whole: Entry) -> Iterator[str]:
    yield "## Everywhere\n\nBefore a command's name or after it. Without a command `medsynth` opens the studio.\n\n"
    yield _parameters("option", whole.options)
    yield from ("| variable | |\n|---|---|\n", *_rows(ENVIRONMENT), "\n")
    yield from ("| exit code | |\n|---|---|\n", *_rows(EXIT_CODES), "\n")


def _rows(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"| `{name}` | {_markdown(says)} |\n" for name, says in pairs)


def _section(entry: Entry) -> Iterator[str]:
    yield f"{'#' * (len(entry.words) + 1)} medsynth {' '.join(entry.words)}\n\n{_markdown(entry.says)}\n\n"
    if entry.verbs:
        return
    yield _parameters("argument", entry.arguments)
    yield _parameters("option", [each for each in entry.options if each.names[0] not in EVERYWHERE])
    yield "```\n" + "\n".join(line for example in entry.examples for line in folded(example)) + "\n```\n\n"


def _parameters(what: str, found: Iterable[Parameter]) -> str:
    rows = [f"| {_name(each)} | {_markdown(each.says)}{_besides(each)} |\n" for each in found]
    return "".join((f"| {what} | |\n|---|---|\n", *rows, "\n")) if rows else ""


def _name(each: Parameter) -> str:
    names = ", ".join(f"`{name}`" for name in each.names)
    return " ".join(part for part in (names, f"`{each.metavar}`" if each.metavar else "") if part).replace("|", "\\|")


def _besides(each: Parameter) -> str:
    """What the help does not say in words: the words that it takes, what holds without it, that it must be there."""
    facts = []
    if each.values and not all(value in each.says for value in each.values):
        facts.append("one of " + ", ".join(each.values))
    if each.names and each.default:
        facts.append(f"else {each.default}")
    if each.names and each.required:
        facts.append("must be given")
    if not each.names and not each.required:
        facts.append("may be left out")
    return f" ({'; '.join(facts)})" if facts else ""


def _markdown(text: str) -> str:
    """As Markdown shows it word by word: no marks of emphasis, no end of a table's cell."""
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")


if __name__ == "__main__":
    write_text(Path(sys.argv[1]), page())
