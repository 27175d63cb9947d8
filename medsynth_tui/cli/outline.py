"""The command line as data: what completion and the reference in docs/ are written from."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args

VALUES = {
    "--axis": ("axial", "coronal", "sagittal"),
    "--burned-in": ("quarantine", "mask"),
    "--dates": ("drop", "year", "shift"),
    "--device": ("auto", "mps", "cuda", "cpu"),
    "--faces": ("review", "keep"),
    "--outcome": ("done", "denied", "refused", "failed"),
    "--preset": ("auto", "nano32", "tiny64", "small64", "small128", "base128", "base256", "dp32"),
    "SHELL": ("bash", "zsh"),
    "WHAT": ("deid", "gauge", "device"),
}
"""What options and arguments take that the engine judges, not the command line; of these, the words in their help."""


@dataclass(frozen=True)
class Parameter:
    """An option or an argument. `values` are the words it takes, where they are few; `file` where it takes a path."""

    names: tuple[str, ...]
    metavar: str
    says: str
    values: tuple[str, ...] = ()
    file: bool = False
    flag: bool = False
    required: bool = False
    default: str = ""


@dataclass(frozen=True)
class Entry:
    """A command, or a noun with `verbs` under it. `words` are what one types after `medsynth`."""

    words: tuple[str, ...]
    says: str
    verbs: tuple[str, ...]
    options: tuple[Parameter, ...]
    arguments: tuple[Parameter, ...]
    examples: tuple[str, ...]

    @property
    def short(self) -> str:
        """The first sentence of what it says."""
        return self.says.splitlines()[0].partition(". ")[0].rstrip(".")


def outline(command: Any, words: tuple[str, ...] = ()) -> Iterator[Entry]:
    """`command` of typer and everything under it, in the order of the help."""
    verbs = tuple(command.list_commands(None)) if hasattr(command, "list_commands") else ()
    shown = [each for each in command.params if not getattr(each, "hidden", False)]
    yield Entry(
        words,
        inspect.cleandoc(command.help or ""),
        verbs,
        tuple(_parameter(each) for each in shown if each.param_type_name == "option"),
        tuple(_parameter(each) for each in shown if each.param_type_name == "argument"),
        tuple((command.epilog or "").splitlines()),
    )
    for verb in verbs:
        yield from outline(command.commands[verb], (*words, verb))


def _parameter(each: Any) -> Parameter:
    option = each.param_type_name == "option"
    kinds = {each.type_descriptor.annotation, *get_args(each.type_descriptor.annotation)}
    listed = next((tuple(one.value for one in kind) for kind in kinds if _is_enum(kind)), ())
    names = (*each.opts, *each.secondary_opts) if option else ()
    metavar = each.metavar or ("" if getattr(each, "is_flag", False) else each.name.upper())
    known = next((VALUES[name] for name in (*names, metavar) if name in VALUES), ())
    return Parameter(
        names,
        metavar,
        each.help or "",
        listed or tuple(value for value in known if value in (each.help or "")),
        Path in kinds,
        option and bool(each.is_flag),
        bool(each.required),
        _default(each),
    )


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _default(each: Any) -> str:
    """What holds where it is not given, as one would type it; empty where that is nothing."""
    value = each.default.value if isinstance(each.default, Enum) else each.default
    return "" if value is None or isinstance(value, bool) or value == "" else str(value)
