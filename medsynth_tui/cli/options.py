"""What options with a small language of their own mean: `sex=F,finding=mass`, `sex,age_band`, a TOML file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from medsynth_engine.kernel.errors import WrongUsage
from medsynth_engine.kernel.outside import named
from medsynth_engine.kernel.outside import toml as document_in

BETWEEN_PAIRS = re.compile(r",(?=[^,=]+=)")
"""A comma that another `name=` follows; any other comma belongs to the value."""

PASSPHRASE = "--passphrase-stdin"


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """`["age=Age,sex=Gender"]` as `{"age": "Age", "sex": "Gender"}`; the option may be given several times."""
    found: dict[str, str] = {}
    for part in (part for text in texts or [] for part in BETWEEN_PAIRS.split(text)):
        name, equals, value = part.partition("=")
        name, value = name.strip(), value.strip()
        if not (equals and name and value):
            raise WrongUsage("bad_option", f"{option} takes name=value.", f"For example: {option} sex=F,finding=mass")
        if found.setdefault(name, value) != value:
            raise WrongUsage("bad_option", f"{option} names one thing twice.", "Give each name once.")
    return found


def names(texts: list[str] | None) -> list[str]:
    """`["sex,age_band"]` as `["sex", "age_band"]`."""
    return [name for text in texts or [] for name in (part.strip() for part in text.split(",")) if name]


def path(value: Path | None) -> str | None:
    """An absolute path: the work may be done by a process in another folder."""
    return None if value is None else str(named(value).absolute())


def toml(file: Path | None) -> dict[str, Any]:
    """The document in a TOML file. Raises BadInput where there is none."""
    if file is None:
        return {}
    return document_in(file)


def passwords(from_stdin: bool, *questions: str, option: str = "--password-stdin") -> list[str]:
    """Secrets, one for each question: a line each of stdin, or asked for without showing what is typed.

    `option` is the command's own name for `from_stdin`.
    """
    what = option.removeprefix("--").removesuffix("-stdin")
    if from_stdin:
        lines = [sys.stdin.readline().rstrip("\r\n") for _ in questions]
        if not all(lines):
            count = "one line" if len(questions) == 1 else f"{len(questions)} lines"
            raise WrongUsage("no_password", f"{option} needs {count} on stdin.", "One secret a line.")
        return lines
    if not sys.stdin.isatty():
        raise WrongUsage("no_terminal", f"There is no terminal to ask for the {what}.", f"Use {option}.")
    from getpass import getpass

    try:
        return [getpass(f"{question}: ", sys.stderr) for question in questions]
    except EOFError as error:
        raise WrongUsage("no_password", f"No {what} was given.", f"Try again, or use {option}.") from error
