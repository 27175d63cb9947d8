"""What a person points at becomes a list of items and tables. Nothing is decoded here, nothing is unpacked to disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from medsynth_engine.intake.archives import archive, arrays
from medsynth_engine.intake.items import TABLE_ENDINGS, Item, Source, TableFile, changed, is_litter, place_of
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.reasons import Code
from medsynth_engine.kernel.errors import BadInput

LOOSE_TABLE_ENDINGS = (*TABLE_ENDINGS, ".data", ".txt")
"""Taken for a table only when a person names the file."""
TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
TAR_MARK = slice(257, 262)
"""Where a plain tar says `ustar` (POSIX.1-1988)."""
WAY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW
"""How a folder on the way is opened."""


def open_source(path: Path, options: Options) -> Source:
    """Look at `path`, which leads through no link: whoever asks has resolved it, and checked where it leads.

    Raises BadInput with a sentence where there is nothing that could be taken, or the path leads elsewhere by now.
    """
    found = _listed(path, options)
    source = replace(found, place=place_of(found.path))
    if path.absolute() != path.resolve() or source.path.is_symlink():
        raise changed()
    return source


def _listed(path: Path, options: Options) -> Source:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise BadInput("no_such_path", "There is nothing at that path.", "Check the spelling of the path.") from None
    except (OSError, ValueError):
        raise BadInput("unreadable_path", "That path cannot be opened.", "Check its rights and its spelling.") from None
    if stat.S_ISDIR(mode):
        return _folder(path, options)
    if not stat.S_ISREG(mode):
        raise BadInput("not_a_file", "That is neither a file nor a folder.", "Name a folder, an archive or a file.")
    ending = path.suffix.lower()
    with _opened(path) as stream:
        head = stream.read(TAR_MARK.stop)
    if ending == ".npz":
        return arrays.open_npz(path, options)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) and ending not in LOOSE_TABLE_ENDINGS:
        if ending in (".docx", ".pptx", ".odt", ".odp"):
            raise BadInput("office_file", "That is a document, no table and no image.", "Save its table as CSV.")
        return archive.open_zip(path, options)
    if head[TAR_MARK] == b"ustar" or path.name.lower().endswith(TAR_ENDINGS):
        return archive.open_tar(path, options)
    if ending in LOOSE_TABLE_ENDINGS:
        return Source("table", path, (), (_table_file(path.resolve(), path.name),))
    return Source("folder", path.parent, (_item(path, path.name, 0, options),))


def opened_without_links(path: Path) -> int:
    """A descriptor for reading what lies at the absolute `path`, no part of which is a link.

    Raises OSError. Parts on the way need not be readable, only passable.
    """
    root = os.open(path.anchor, WAY)
    try:
        return _passed(root, path.parts[1:])
    finally:
        os.close(root)


def opened_below(root: int, name: str) -> int:
    """The same for a `name` with forward slashes below an open folder."""
    return _passed(root, PurePosixPath(name).parts)


def _passed(root: int, parts: tuple[str, ...]) -> int:
    here = os.dup(root)
    for part in parts[:-1]:
        try:
            there = os.open(part, WAY, dir_fd=here)
        finally:
            os.close(here)
        here = there
    try:
        return os.open(parts[-1] if parts else ".", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
    finally:
        os.close(here)


def _bytes_without_links(path: Path) -> bytes:
    try:
        with os.fdopen(opened_without_links(path), "rb") as stream:
            return stream.read()
    except OSError:
        raise BadInput("unreadable_table", "The table cannot be opened.", "Check its path and its rights.") from None


def _opened(path: Path):
    try:
        return path.open("rb")
    except OSError:
        raise BadInput("unreadable_path", "That file cannot be opened.", "Check its rights.") from None


def _folder(path: Path, options: Options) -> Source:
    path = path.resolve()
    items: list[Item] = []
    tables: list[TableFile] = []
    named = options.metadata.resolve() if options.metadata else None
    for file, name in _walk(path):
        if named is not None and file.name == named.name and file.resolve() == named:
            continue
        if file.suffix.lower() in TABLE_ENDINGS and stat.S_ISREG(file.lstat().st_mode):
            tables.append(_table_file(file, name))
        else:
            items.append(_item(file, name, len(items), options))
        if len(items) > options.limits.archive_members:
            raise BadInput(
                "too_many_files",
                f"The folder holds more than {options.limits.archive_members:,} files.",
                "Bring it in in parts.",
            )
    if not items and not tables:
        raise BadInput("empty_folder", "The folder holds no file.", "Point at the folder that holds the images.")
    return Source("folder" if items else "table", path, tuple(items), tuple(tables))


def _walk(root: Path) -> Iterator[tuple[Path, str]]:
    """Files under `root` in the order of their names; links are listed, never followed; litter and hidden are not."""
    closed: list[str] = []
    for folder, folders, files in os.walk(root, followlinks=False, onerror=lambda error: closed.append(error.filename)):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not is_litter(name) and name not in links)
        for name in sorted([*files, *links]):
            if not is_litter(name):
                yield here / name, (here / name).relative_to(root).as_posix()
    for name in closed:  # a folder that cannot be opened counts as one file that cannot
        yield Path(name), Path(name).relative_to(root).as_posix()


def _item(file: Path, name: str, ordinal: int, options: Options) -> Item:
    try:
        facts = file.lstat()
    except OSError:
        return Item(ordinal, name, 0, 0, Code.NOT_A_FILE)
    refused = None
    if stat.S_ISLNK(facts.st_mode):
        refused = Code.LINK
    elif not stat.S_ISREG(facts.st_mode):
        refused = Code.NOT_A_FILE
    elif facts.st_size == 0:
        refused = Code.EMPTY
    elif facts.st_size > options.limits.file_bytes:
        refused = Code.TOO_LARGE
    return Item(ordinal, name, facts.st_size, facts.st_mtime_ns, refused)


def _table_file(file: Path, name: str) -> TableFile:
    return TableFile(name, file.stat().st_size, partial(_bytes_without_links, file))


def metadata_file(path: Path) -> TableFile:
    """The table that a person named. Raises BadInput where it is not there."""
    try:
        if not path.is_file():
            raise BadInput("no_such_table", "There is no table at that path.", "Check the path after --metadata.")
        with path.open("rb"):
            return _table_file(path.resolve(), path.name)
    except (OSError, ValueError):
        raise BadInput("unreadable_table", "The table cannot be opened.", "Check its path and its rights.") from None
