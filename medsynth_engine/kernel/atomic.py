"""Writes that are whole or absent, also after kill -9: a temporary file beside it, fsync, rename, fsync the folder."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Callable
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
    """As `write_with`, but never in the place of another: raises FileExistsError where one appeared meanwhile."""
    return _write(path, fill, put_new)


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
    try:
        with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as stream:
            fill(stream)
            stream.flush()
            os.fsync(stream.fileno())
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        put(temporary, path)
        sync_folder(path.parent)
    except (OSError, RuntimeError) as error:  # torch has a word of its own for a write that failed
        temporary.unlink(missing_ok=True)
        short = trouble(error)
        if short is not None:
            raise short from error
        raise
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return digest


def write_bytes(path: Path, data: bytes) -> str:
    return write_with(path, lambda stream: stream.write(data))


def write_text(path: Path, text: str) -> str:
    return write_bytes(path, text.encode())


def write_json(path: Path, document: Any) -> str:
    return write_text(path, json_text(document))


def json_text(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False, default=str) + "\n"


def read_json(path: Path, default: Any = None) -> Any:
    """The document in `path`, or `default` where there is none."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return default


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
