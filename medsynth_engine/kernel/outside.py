"""What a person names or types, before anything else looks at it: paths, and the small TOML files that they write."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from medsynth_engine.kernel.errors import BadInput

LARGEST_TEXT = 1 << 20
"""Bytes of a file that a person writes by hand. What is longer is another file."""


def named(path: str | os.PathLike[str]) -> Path:
    """The path that was written, with `~` in it made a folder; it need not be there.

    Raises BadInput for what no system takes for a path: a person that is not known behind `~`, a NUL, a name that is
    too long, links in a circle. The path is not repeated in the message.
    """
    try:
        found = Path(path).expanduser()
        found.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass  # what asked for it says so in its own words
    except (OSError, ValueError, RuntimeError) as error:
        raise BadInput("no_such_path", "That cannot be a path.", "Check the spelling.") from error
    return found


def small_text(path: str | os.PathLike[str]) -> str:
    """What is in a file that a person has written. Raises BadInput where it is no small, plain file of UTF-8 text."""
    found = named(path)
    try:
        handle = os.open(found, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would hold us for ever
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise BadInput("not_a_file", "That is no plain file.", "Give the file itself.")
            with os.fdopen(handle, "rb", closefd=False) as stream:
                data = stream.read(LARGEST_TEXT + 1)
        finally:
            os.close(handle)  # ours whatever happens: `fdopen` refuses a folder and leaves it open
    except OSError as error:
        raise BadInput("no_such_path", "That file cannot be read.", "Check the spelling of the path.") from error
    if len(data) > LARGEST_TEXT:
        raise BadInput("too_large", "That file is larger than 1 MB.", "Is it the file that you meant?")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadInput("not_text", "That file is not UTF-8 text.", "Is it the file that you meant?") from error


def toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The document in a small TOML file. Raises BadInput as `small_text`, and where it is no TOML."""
    import tomllib

    text = small_text(path)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also what is nested too deep, or a number of 5,000 digits
        raise BadInput("bad_toml", "That file is not TOML.", "See https://toml.io for how it is written.") from error
