"""The store's secret key: pseudonyms are drawn under it, and second factors are encrypted for it."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from medsynth_engine.kernel.atomic import sync_folder
from medsynth_engine.kernel.errors import BadInput

KEY_BYTES = 32


def load_key(path: Path) -> bytes:
    """The store's secret (32 bytes) from `path`; made there with mode 0600 where there is none yet.

    Two processes that come first together end with the same key. Raises BadInput where others can read the file, or it
    holds no key.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return _make_key(path)
    with os.fdopen(descriptor, "rb") as stream:
        if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
            raise BadInput(
                "key_readable",
                "Others on this machine can read the store's pseudonym key.",
                "Take the rights away: chmod 600 on the key file in the store's data folder.",
            )
        key = stream.read(KEY_BYTES + 1)
    if len(key) != KEY_BYTES:
        raise BadInput("key_damaged", "The store's pseudonym key is damaged.", "Restore it from a backup.")
    return key


def _make_key(path: Path) -> bytes:
    temporary = path.with_name(f".partial-{secrets.token_hex(6)}-{path.name}")
    with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
        stream.write(secrets.token_bytes(KEY_BYTES))
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(temporary, path)  # unlike a rename, fails where another process was first
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    sync_folder(path.parent)
    return load_key(path)
