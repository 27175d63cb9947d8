"""Places in the file system that a person names: nothing of a store comes in or goes out by them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from medsynth_engine.kernel.atomic import json_text, write_new
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.home import Home
from medsynth_engine.kernel.outside import named


def demand_outside(home: Home, path: Path) -> None:
    """Raise BadInput where `path` lies in the store's own folders of data or runs."""
    resolved = path.resolve()
    if any(resolved.is_relative_to(kept.resolve()) for kept in (home.data, home.runs)):
        raise BadInput("inside_store", "That path lies inside the store itself.", "Choose a place outside of it.")


def demand_not_inside(home: Home, path: Path) -> None:
    """Raise BadInput where what is written at `path` would lie in the store, or among its generators.

    What lies among the generators is taken for one that somebody placed there by hand.
    """
    demand_outside(home, path)
    if path.resolve().is_relative_to(home.weights.resolve()):
        raise BadInput("inside_store", "That path lies among the store's generators.", "Choose a place outside of it.")


def demand_not_among_ours(home: Home, path: Path) -> None:
    """Raise BadInput where a person's file at `path` would lie in the store, among its generators, or in the outbox.

    What lies in the outbox went through the gate. Without one (`MEDSYNTH_OUTBOX`) releases and reports share a folder.
    """
    demand_not_inside(home, path)
    resolved, outbox = path.resolve(), home.outbox.resolve()
    if outbox != home.generated.resolve() and resolved.is_relative_to(outbox):
        raise BadInput("inside_outbox", "The outbox is for what the gate let out alone.", "Choose another folder.")


def demand_apart(home: Home, path: Path) -> None:
    """Raise BadInput where `path` lies in the store, or the store in `path`: others' pictures would come in with it."""
    demand_outside(home, path)
    resolved = path.resolve()
    if any(kept.resolve().is_relative_to(resolved) for kept in (home.data, home.runs)):
        raise BadInput("holds_store", "The store itself lies in that folder.", "Choose a folder of its own.")


def existing_path(home: Home, path: str, what: str = "that path") -> Path:
    """The path where there is something; BadInput otherwise, and for anything that holds what the store itself keeps.

    What a store holds belongs to somebody; it does not come in again through the file system. The path is not
    repeated in the message.
    """
    source = standing_path(path, what)
    demand_apart(home, source)
    return source


def standing_path(path: str, what: str = "that path") -> Path:
    source = named(path).resolve()
    if not source.exists():
        hint = "Check the spelling; it must be on the machine where MedSynth runs."
        raise BadInput("no_such_path", f"There is nothing at {what}.", hint)
    return source


def source_still_apart(home: Home, arguments: Mapping[str, Any]) -> Path:
    """The source of a job that takes something in, which `existing_path` has resolved when it was asked for.

    Raises BadInput where it, or the table beside it, leads elsewhere now: into what the store keeps of others.
    """
    for asked in (arguments.get("metadata"), arguments["source"]):
        if asked:
            if Path(asked).resolve() != Path(asked):
                raise BadInput("source_changed", "The path leads elsewhere than when you asked.", "Ask for it again.")
            demand_apart(home, Path(asked))
    return Path(arguments["source"])


def demand_writable(folder: Path) -> None:
    """Raise BadInput where this process may not make a file in `folder`."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput("not_writable", "You may not write there.", "Choose another folder.")


def new_file(home: Home, path: str, what: str) -> Path:
    """Where the new file `what` can be written, outside the store and its outbox. Raises BadInput.

    Something may get that name before it is written: write it with `write_new_file` or its two sisters.
    """
    target = Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib raises where there is no such person
    if "\0" in path or not os.path.isdir(target.parent):  # noqa: PTH112 - nor at names that cannot be
        raise BadInput(
            "bad_target", f"There is no such folder: the {what} must be a new file in a folder that exists.",
            "Make the folder first, or check the spelling; it must be on the machine where MedSynth runs.",
        )  # fmt: skip
    if os.path.lexists(target):
        raise _taken(what)
    if len(os.fsencode(target.name)) > os.pathconf(target.parent, "PC_NAME_MAX"):
        raise BadInput("bad_target", "That name is too long for a file.", "Choose a shorter one.")
    demand_not_among_ours(home, target)
    demand_writable(target.parent)
    return target


def write_new_file(target: Path, what: str, fill: Callable[[IO[bytes]], object]) -> str:
    """Let `fill` write it; its SHA-256. Raises BadInput where something else got that name meanwhile: it stays."""
    try:
        return write_new(target, fill)
    except FileExistsError as error:
        raise _taken(what) from error


def write_new_text(target: Path, what: str, text: str) -> str:
    """`write_new_file` for text, as UTF-8."""
    return write_new_file(target, what, lambda stream: stream.write(text.encode()))


def write_new_json(target: Path, what: str, document: Any) -> str:
    """`write_new_file` for a JSON document."""
    return write_new_text(target, what, json_text(document))


@contextmanager
def taken_back(*files: Path) -> Iterator[None]:
    """Remove these files, new and ours, where what belongs to them fails: half of a pair proves nothing."""
    try:
        yield
    except BaseException:
        for file in files:
            file.unlink(missing_ok=True)
        raise


def _taken(what: str) -> BadInput:
    return BadInput(
        "bad_target", f"Something has that name already: the {what} must be a new file.",
        "Choose another name; nothing is overwritten.",
    )  # fmt: skip
