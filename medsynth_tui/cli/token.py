"""Where `login` keeps its session token between commands: the user's state folder, 0600, one file a store.

The studio never reads it. A store served through a shared account (`MEDSYNTH_KIOSK=1`) accepts none: whoever shares the
account would share the session.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.errors import Denied


@dataclass(frozen=True)
class Session:
    """What the command line remembers of a login."""

    token: str
    name: str
    stamp: str


def kiosk() -> bool:
    return os.environ.get("MEDSYNTH_KIOSK", "").lower() in ("1", "true", "yes")


def place(home: Path) -> Path:
    """The file for the store at `home`; its name is a digest, so that the folder does not list where stores are."""
    import platformdirs  # only where it is needed: --help is quick

    folder = platformdirs.user_state_path("medsynth", appauthor=False) / "sessions"
    return folder / hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:32]


def read(home: Path) -> Session | None:
    """The session kept for `home`, or None. A file that others could have read or written is not trusted."""
    if kiosk():
        return None
    path = place(home)
    try:
        status = path.lstat()
    except OSError:
        return None
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        return None
    try:
        document = read_json(path)
        return Session(str(document["token"]), str(document["name"]), str(document["stamp"]))
    except (ValueError, KeyError, TypeError):
        return None


def keep(home: Path, session: Session) -> None:
    """Remember `session` for `home`. Raises Denied in a kiosk."""
    if kiosk():
        raise Denied(
            "kiosk",
            "This account is shared (MEDSYNTH_KIOSK=1); a login cannot be kept for later commands.",
            "Log in inside the studio: start it with medsynth and no command.",
        )
    path = place(home)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    write_json(path, asdict(session))


def forget(home: Path) -> None:
    place(home).unlink(missing_ok=True)
