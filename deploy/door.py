"""What sshd runs for everybody who comes to a server of MedSynth: the studio, as the one person whose key it was.

`ForceCommand PYTHON -I DOOR open /etc/medsynth` (see `sshd_medsynth.conf`). Which key that was, sshd itself says
(`ExposeAuthInfo`); whose it is stands in a file of root, which is also the one by which sshd lets keys in. What the
client asks to be run, and what it says of its environment, is not looked at.

`PYTHON -I DOOR admit /etc/medsynth LIST NAME < key.pub` adds a key (LIST: studio, in or out), `expel` takes the keys
of a name away, `list` shows them.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")
TYPES = ("ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256", "sk-ecdsa-sha2-nistp256@openssh.com",
         "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")  # fmt: skip
LISTS = {"studio": "restrict,pty", "in": "restrict", "out": "restrict"}
"""The keys that open the studio, put files into the drop box, fetch from the outbox; and what sshd grants each."""
KEPT = ("TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "HOME", "USER", "LOGNAME", "SSH_CONNECTION", "SSH_TTY",
        "XDG_RUNTIME_DIR")  # fmt: skip
"""All that the studio gets of what was there; the rest comes from root's file."""
PLAIN = re.compile(r"[A-Za-z0-9@._+:,/ \[\]%-]{0,200}")


class Refused(Exception):
    """Why somebody is not let in, or a key is not taken."""


# --- keys ---------------------------------------------------------------------------------------------------------


def lines(file: Path) -> list[tuple[str, str, str]]:
    """(type, key, name) of every line. Raises Refused where a line is none of ours: by what is not understood nobody
    is let in."""
    found = []
    for line in file.read_text().splitlines() if file.exists() else []:
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(" ")
        if len(parts) != 4 or parts[0] not in LISTS.values() or parts[1] not in TYPES or not NAME.fullmatch(parts[3]):
            raise Refused("The list of keys holds a line that this program did not write.")
        found.append((parts[1], parts[2], parts[3]))
    return found


def holder(shown: str, known: list[tuple[str, str, str]]) -> str:
    """Whose key it is. `shown` is what sshd says of a login: one line `publickey TYPE KEY`. Raises Refused where it
    says anything else, and where the key is known under no name or under two."""
    ways = [line.split(" ") for line in shown.splitlines() if line.strip()]
    if len(ways) != 1 or len(ways[0]) != 3 or ways[0][0] != "publickey":
        raise Refused("This door opens by one key and by nothing else.")
    names = {name for kind, key, name in known if [kind, key] == ways[0][1:]}
    if len(names) != 1:
        raise Refused("This key is nobody's here any more." if not names else "This key has two names; that is none.")
    return names.pop()


def checked(line: str) -> tuple[str, str]:
    """(type, key) of a public key's file. Raises Refused for anything else, options and certificates too."""
    parts = line.strip().split(" ", 2)
    if len(parts) < 2 or parts[0] not in TYPES:
        raise Refused("That is no public key: give the one line of a file such as id_ed25519.pub.")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except ValueError as error:  # binascii.Error, and what is not ASCII
        raise Refused("That is no public key: its second word is not base64.") from error
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length] != parts[0].encode() or len(blob) < 40:
        raise Refused("That public key is damaged.")
    return parts[0], base64.b64encode(blob).decode()


def admit(file: Path, options: str, name: str, line: str) -> str:
    """Write the key into the list; the line. The same key again changes nothing. Raises Refused."""
    if not NAME.fullmatch(name):
        raise Refused("A name: small letters, digits, dot, dash, underscore; as it is in MedSynth.")
    kind, key = checked(line)
    with _alone(file):
        known = lines(file)
        others = {whose for one, blob, whose in known if (one, blob) == (kind, key)} - {name}
        if others:
            raise Refused(f"That key is {others.pop()}'s already: each person has their own.")
        if (kind, key, name) not in known:
            _write(file, options, [*known, (kind, key, name)])
    return f"{options} {kind} {key} {name}"


def expel(file: Path, options: str, name: str) -> int:
    """Take all keys of `name` away; how many. Who is connected stays so: disable the account."""
    with _alone(file):
        known = lines(file)
        left = [one for one in known if one[2] != name]
        if len(left) < len(known):
            _write(file, options, left)
    return len(known) - len(left)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Whoever changes a list holds its folder from reading to writing: of two at once neither loses the other's key."""
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(file: Path, options: str, known: list[tuple[str, str, str]]) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with partial.open("w") as stream:
            stream.write("".join(f"{options} {kind} {key} {name}\n" for kind, key, name in known))
            stream.flush()
            os.fsync(stream.fileno())
        partial.chmod(0o644)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


# --- the door -----------------------------------------------------------------------------------------------------


def settings(file: Path) -> dict[str, str]:
    """Root's file of `NAME=value` lines, as systemd reads it too (without quotes)."""
    found = {}
    for line in file.read_text().splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name] = value
    return found


def environment(given: dict[str, str], root: dict[str, str], name: str) -> dict[str, str]:
    """The studio's whole environment."""
    kept = {key: given[key] for key in KEPT if key in given and PLAIN.fullmatch(given[key])}
    own = {"PATH": "/usr/local/bin:/usr/bin:/bin", "SHELL": "/bin/false", "PYTHONSAFEPATH": "1"}
    return {**kept, **own, **root, "MEDSYNTH_KIOSK": "1", "MEDSYNTH_SERVED": "1", "MEDSYNTH_USER": name}


def open_studio(place: Path) -> None:
    """Become the studio. Raises Refused."""
    asked = os.environ.get("SSH_ORIGINAL_COMMAND")
    if asked is not None:
        print("This door opens the studio and nothing else; what you asked to be run is not run.", file=sys.stderr)
    name = holder(_shown(os.environ.get("SSH_USER_AUTH", "")), lines(place / "keys" / "studio"))
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("The studio needs a terminal: ssh -t.")
    os.umask(0o077)
    os.chdir("/")
    given = environment(dict(os.environ), settings(place / "medsynth.env"), name)
    os.execve(sys.executable, [sys.executable, "-I", "-m", "medsynth_tui"], given)


def _shown(path: str) -> str:
    try:
        return Path(path).read_text() if path else ""
    except OSError:
        return ""


def main(words: list[str]) -> int:
    try:
        match words:
            case ["open", place]:
                open_studio(Path(place))
            case ["admit", place, which, name] if which in LISTS:
                print(admit(Path(place) / "keys" / which, LISTS[which], name, sys.stdin.read(20_000)))
            case ["expel", place, which, name] if which in LISTS:
                print(f"{expel(Path(place) / 'keys' / which, LISTS[which], name)} keys taken away.")
            case ["list", place]:
                for which in LISTS:
                    for kind, _, name in lines(Path(place) / "keys" / which):
                        print(f"{which:8} {name:32} {kind}")
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
