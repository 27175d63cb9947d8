"""What a person names or types is refused in words where it is no path, no file of text, or no TOML."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from medsynth_engine.cohort import target
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import BadInput, MedSynthError
from medsynth_engine.kernel.home import Home
from medsynth_engine.kernel.outside import LARGEST_TEXT, named, small_text, toml
from medsynth_engine.operations.keeping import checked_anchor
from medsynth_engine.operations.places import existing_path, new_file
from medsynth_engine.operations.way_out import target_folder

NO_PATHS = ("~nobody-is-called-so/x", "/tmp/a\0b", "x" * 5_000, f"/{'y' * 300}/z", f"/tmp/{'y' * 300}")


class Asked:
    """As much of a call as a place needs."""

    def __init__(self, home: Home) -> None:
        self.home = home


PLACES: dict[str, Callable[[Home, str], object]] = {
    "what comes in": existing_path,
    "a new file": lambda home, path: new_file(home, path, "report"),
    "what goes out": lambda home, path: target_folder(Asked(home), path),  # type: ignore[arg-type]
    "an anchor": lambda home, path: checked_anchor(Asked(home), path),  # type: ignore[arg-type]
    "a population": lambda home, path: target.read(path),
    "a backup": lambda home, path: asyncio.run(Engine(home.root).restore(path, check=True)),
    "a proof": lambda home, path: asyncio.run(Engine(home.root).audit_verify_file(path)),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("path", NO_PATHS, ids=["nobody", "nul", "long", "long folder", "long name"])
def test_what_no_system_takes_for_a_path_is_refused_in_words_and_not_repeated(
    tmp_path: Path, place: str, path: str
) -> None:
    with pytest.raises(MedSynthError) as refused:
        PLACES[place](Home(tmp_path), path)
    assert path[:20] not in f"{refused.value.message} {refused.value.hint}"


def test_links_in_a_circle_are_no_path_and_what_is_not_there_may_still_be_made(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.symlink_to(other)
    other.symlink_to(one)
    with pytest.raises(BadInput):
        named(one)
    assert named(tmp_path / "new" / "file") == tmp_path / "new" / "file"
    assert named("~") == Path.home()


def test_a_small_file_of_toml_is_read_and_nothing_else(tmp_path: Path) -> None:
    file, pipe = tmp_path / "asked.toml", tmp_path / "pipe"
    file.write_text('[need]\npurpose = "teach"\n')
    assert toml(file) == {"need": {"purpose": "teach"}}
    os.mkfifo(pipe)  # nobody writes into it: to read it would never end
    found = {}
    for path, data in (
        (pipe, None),
        (tmp_path, None),
        (Path("/dev/zero"), None),
        (file, b"# " + b"x" * LARGEST_TEXT),
        (file, b"a = \xff"),
        (file, b"a = " + b"[" * 100_000),
        (file, b"a = " + b"9" * 10_000),
        (file, b"a = "),
    ):
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(BadInput) as refused:
            toml(path)
        found[refused.value.code] = found.get(refused.value.code, 0) + 1
    assert found == {"not_a_file": 3, "too_large": 1, "not_text": 1, "bad_toml": 3}


def test_what_is_refused_is_not_held_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    lowest = os.open(tmp_path, os.O_RDONLY)
    os.close(lowest)
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(BadInput):
            small_text(path)
    again = os.open(tmp_path, os.O_RDONLY)  # the lowest number that is free (POSIX): nothing took one meanwhile
    os.close(again)
    assert again == lowest
