"""Writes that are whole or absent, also after kill -9: a temporary file, fsync, its name, fsync the folder."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from medsynth_engine.kernel.disk import trouble

NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""What file systems say that know no second name for a file (exFAT, some network shares)."""
TEMPORARY = ".partial-"
"""Every unfinished file begins so; `sweep` removes what a killed process left."""


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_with(path: Path, fill: Callable[[IO[bytes]], object]) -> str:
    """Let `fill` write into a temporary file, then put it in the place of `path`. Mode 0600. Returns its SHA-256.

    Raises NoRoom where the disk is full or fails; the file that was there before is then untouched.
    """
    return _write(path, fill, _replace)


def write_new(path: Path, fill: Callable[[IO[bytes]], object]) -> str:
    """As `write_with`, but never in the place of another: raises FileExistsError where one appeared meanwhile.

    Where the system can (Linux), the file has no name before it is whole: a kill leaves nothing in a person's folder,
    which nobody sweeps. Elsewhere a kill leaves the temporary file.
    """
    handle = _nameless(path.parent)
    if handle is None:
        return _write(path, fill, put_new)
    with _told_in_words(), os.fdopen(handle, "w+b") as stream:
        digest = _fill(stream, fill)
        try:
            _name(stream.fileno(), path)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            stream.seek(0)
            return _write(path, lambda named: shutil.copyfileobj(stream, named), put_new)
        sync_folder(path.parent)
    return digest


def _nameless(folder: Path) -> int | None:
    """A new file in `folder` that has no name yet, or None where the system or its disk knows no such thing.

    O_TMPFILE and AT_SYMLINK_FOLLOW as in open(2) of Linux; what else is wrong with the folder, a named file will say.
    """
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, flag | os.O_RDWR, 0o600)
    except OSError:
        return None


def _name(handle: int, path: Path) -> None:
    """Give a nameless file its name where nothing has it. Raises FileExistsError."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.link(f"/proc/self/fd/{handle}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _replace(temporary: Path, path: Path) -> None:
    temporary.replace(path)


def put_new(file: Path, path: Path) -> None:
    """Give `file` the name `path` where nothing has it. Raises FileExistsError, also where two come at once."""
    try:
        os.link(file, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
    else:
        file.unlink()
        return
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # the name is ours from here on
    try:
        file.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _write(path: Path, fill: Callable[[IO[bytes]], object], put: Callable[[Path, Path], None]) -> str:
    temporary = path.with_name(f"{TEMPORARY}{secrets.token_hex(6)}-{path.name[-40:]}")  # any name that fits has one
    with _told_in_words():
        try:
            with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as stream:
                digest = _fill(stream, fill)
            put(temporary, path)
            sync_folder(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return digest


def _fill(stream: IO[bytes], fill: Callable[[IO[bytes]], object]) -> str:
    """Let `fill` write and make it durable; its SHA-256."""
    fill(stream)
    stream.flush()
    os.fsync(stream.fileno())
    stream.seek(0)
    return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


@contextmanager
def _told_in_words() -> Iterator[None]:
    """Raise NoRoom where the disk is full or fails."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # torch has a word of its own for a write that failed
        short = trouble(error)
        if short is not None:
            raise short from error
        raise


def write_bytes(path: Path, data: bytes) -> str:
    return write_with(path, lambda stream: stream.write(data))


def write_text(path: Path, text: str) -> str:
    return write_bytes(path, text.encode())


def write_json(path: Path, document: Any) -> str:
    return write_text(path, json_text(document))


def json_text(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def read_json(path: Path) -> Any:
    """The document in `path`, or None where there is none."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def file_digest(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sweep(folder: Path) -> int:
    """Remove what a killed process left half written anywhere under `folder`; how many files that were."""
    removed = 0
    for orphan in folder.rglob(f"{TEMPORARY}*"):
        if orphan.is_file():
            orphan.unlink(missing_ok=True)
            removed += 1
    return removed
