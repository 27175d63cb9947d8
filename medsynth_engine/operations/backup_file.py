"""What a backup is: a tar archive, encrypted in the format of age, that says what it holds and can be read back.

`about.json` comes first (whose store, when, how many records, what parts), `contents.json` last (every file with size
and SHA-256). Between them the ledger, the store's secret for pseudonyms, and with `everything` the folders of datasets,
runs, cohorts and weights. Never in it: pictures in quarantine, half-done work, logs, jobs, the key that signs the log.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from db import migrate, proof
from db.anchors import Anchor
from db.ledger import Ledger
from medsynth_engine.kernel import age
from medsynth_engine.kernel.atomic import TEMPORARY
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.home import Home

FORMAT = "medsynth backup 1"
LEDGER, KEY, ABOUT, CONTENTS = "ledger.sqlite3", "pseudonym.key", "about.json", "contents.json"
FOLDERS = ("datasets", "runs", "cohorts", "weights")
REPLACED = "before-restore-"
ASIDE = f".{REPLACED}"
"""On a disk of its own: what a restore moved aside there."""
_HALF_DONE = (".staging-", ".trash-", TEMPORARY, ASIDE)
_HELD = ("quarantine", "quarantine.json")
"""In a dataset's folder: pictures that nobody has looked at yet, and the text that was read in them."""
Progress = Callable[[int, int | None, str], object]


@dataclass
class Packed:
    """What went in: {name: [size, SHA-256]}."""

    contents: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(int(size) for size, _ in self.contents.values())


def pack(home: Home, ledger: Ledger, writer: age.Writer, about: dict[str, Any], everything: bool) -> Packed:
    """Write the whole backup through `writer`. Raises OSError where the disk is full."""
    packed = Packed()
    with tarfile.open(fileobj=cast(Any, writer), mode="w|", format=tarfile.PAX_FORMAT) as archive:
        _put_document(archive, ABOUT, {"format": FORMAT, **about})
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=home.data) as folder:
            copy = Path(folder) / LEDGER
            ledger.backup(copy)
            _put(archive, packed, LEDGER, copy)
        if home.key.exists():
            _put(archive, packed, KEY, home.key)
        for name, path in files_of(home) if everything else ():
            _put(archive, packed, name, path)
        _put_document(archive, CONTENTS, packed.contents)
    writer.finish()
    return packed


def files_of(home: Home) -> Iterator[tuple[str, Path]]:
    """Every file of datasets, runs, cohorts and weights that a backup holds, by its name in it."""
    for kind in FOLDERS:
        root = getattr(home, kind)
        for folder, folders, files in os.walk(root):
            left_out = _HELD if kind == "datasets" and Path(folder).parent == root else ()
            folders[:] = sorted(n for n in folders if not n.startswith(_HALF_DONE) and n not in left_out)
            for name in sorted(files):
                path = Path(folder) / name
                skipped = name.startswith(_HALF_DONE) or name in left_out
                if not skipped and path.is_file() and not path.is_symlink():
                    yield f"{kind}/{path.relative_to(root).as_posix()}", path


def _put(archive: tarfile.TarFile, packed: Packed, name: str, path: Path) -> None:
    with path.open("rb") as stream:
        facts = _facts(name, os.fstat(stream.fileno()).st_size)
        hashing = _Hashing(stream, facts.size)
        archive.addfile(facts, cast(Any, hashing))
    packed.contents[name] = [facts.size, hashing.digest.hexdigest()]


def _put_document(archive: tarfile.TarFile, name: str, document: Any) -> None:
    data = (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()
    archive.addfile(_facts(name, len(data)), io.BytesIO(data))


def _facts(name: str, size: int) -> tarfile.TarInfo:
    facts = tarfile.TarInfo(name)
    facts.size, facts.mode, facts.mtime = size, 0o600, int(time.time())
    return facts


class _Hashing:
    """A file that is hashed while it is read. One that is shorter than it was is filled up: its digest then differs."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self.stream, self.left, self.digest = stream, size, hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self.stream.read(min(size, self.left))
        self.left -= len(data)
        self.digest.update(data)
        return data


class _Chunks(io.RawIOBase):
    """Decrypted chunks as a file that tarfile can read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.held = chunks, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts, have = [self.held], len(self.held)
        while size < 0 or have < size:
            chunk = next(self.chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        cut = have if size < 0 else size
        self.held = data[cut:]
        return data[:cut]


@dataclass(frozen=True)
class Unpacked:
    """A backup that was read to its end: what it says of itself, and what it held."""

    about: dict[str, Any]
    contents: dict[str, list[Any]]


def unpack(
    source: IO[bytes],
    into: Path,
    passphrase: str | None,
    identity: str | None,
    only: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Unpacked:
    """Write the files into the empty folder `into` (or none but `only`) and compare all of them with what it says.

    Raises BadInput where it is damaged, holds anything but plain files, or not what it says; Denied for a wrong key.
    """
    about: dict[str, Any] = {}
    contents: dict[str, list[Any]] | None = None
    seen: dict[str, list[Any]] = {}
    chunks = age.opened(source, passphrase, identity)
    try:
        with tarfile.open(fileobj=_Chunks(chunks), mode="r|") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isreg() else None
                if stream is None or not _safe(member.name) or member.name in seen:
                    raise _not_as_said()
                if member.name == ABOUT:
                    about = json.loads(stream.read(1_000_000))
                elif member.name == CONTENTS:
                    contents = json.loads(stream.read())
                else:
                    wanted = only is None or member.name in only
                    seen[member.name] = _take(stream, into / member.name if wanted else None)
                    if progress is not None:
                        progress(len(seen), None, "files")
        for _ in chunks:  # what was cut off behind the archive's end is noticed too
            pass
    except (tarfile.TarError, ValueError) as error:
        raise _not_as_said() from error
    if about.get("format") != FORMAT or contents is None or seen != contents or LEDGER not in seen:
        raise _not_as_said()
    return Unpacked(about, contents)


def _take(stream: IO[bytes], target: Path | None) -> list[Any]:
    digest, size = hashlib.sha256(), 0
    if target is None:
        while block := stream.read(1 << 20):
            digest.update(block)
            size += len(block)
        return [size, digest.hexdigest()]
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        while block := stream.read(1 << 20):
            digest.update(block)
            size += len(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return [size, digest.hexdigest()]


def _safe(name: str) -> bool:
    path = PurePosixPath(name)
    known = name in (LEDGER, KEY, ABOUT, CONTENTS) or path.parts[0] in FOLDERS
    return known and not path.is_absolute() and ".." not in path.parts and "\x00" not in name


def ledger_facts(path: Path) -> dict[str, Any]:
    """Whose ledger this is: `store_id`, `stamp`, and the schema it is of."""
    with closing(proof.open_for_reading(path)) as connection:
        rows = dict(connection.execute("SELECT key, value FROM store WHERE key IN ('store_id', 'stamp')").fetchall())
    return {**{key: json.loads(value) for key, value in rows.items()}, "schema": migrate.version(path)}


def verified_inside(
    file: Path,
    anchors: Sequence[Anchor],
    passphrase: str | None,
    identity: str | None,
    trusted: Sequence[str] = (),
) -> proof.Verification:
    """Verify the audit log inside a backup; its ledger is unpacked into a private folder for as long as that takes."""
    with tempfile.TemporaryDirectory(prefix="medsynth-verify-") as folder, file.open("rb") as source:
        unpack(source, Path(folder), passphrase, identity, only=(LEDGER,))
        return proof.verify(Path(folder) / LEDGER, anchors, trusted)


def _not_as_said() -> BadInput:
    return BadInput("damaged_backup", "The backup does not hold what it says.", "Take another copy of it.")
