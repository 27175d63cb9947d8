"""`dataset.zip`: an encrypted run folder, the program, a notebook that trains, and a letter to who has never done it.

Only the run folder holds images; it is encrypted for one recipient (age, X25519) as it is written, so no readable copy
of it lies anywhere but in the store. Memory is constant: files pass through in pieces.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import IO

from medsynth_engine.exchange.cloud.cover import MEMBERS, NAME, SEALED, Cover
from medsynth_engine.exchange.cloud.notebook import notebook
from medsynth_engine.exchange.cloud.wheel import EPOCH, write_wheel
from medsynth_engine.exchange.sums import NAME as SUMS
from medsynth_engine.kernel.age import Writer
from medsynth_engine.kernel.atomic import write_text, write_with
from medsynth_engine.kernel.errors import Interrupted

PIECE = 1024 * 1024
NOTEBOOK = "train_on_gpu.ipynb"

Progress = Callable[[int, int | None, str], None]


def write_bundle(
    target: Path,
    run: Path,
    cover: Cover,
    key: str,
    work: Path,
    progress: Progress = lambda done, total, say: None,
    wanted: Callable[[], bool] = lambda: True,
) -> str:
    """Write the zip `target` from the run folder `run`, encrypted for the recipient `key` (`age1…`); its SHA-256.

    work      an empty folder for what is made on the way (nothing readable of the images)
    progress  in MB of the run folder
    Raises Interrupted where `wanted()` turns False, NoRoom where the disk is full: there is then no `target`.
    """
    wheel = write_wheel(work)
    letter = files("medsynth_engine.exchange.cloud").joinpath("letter.txt").read_text("utf-8")
    cover_text = json.dumps(cover.document(), indent=1)
    write_text(run / NAME, cover_text)
    plain = {
        "README.md": letter.format(**cover.document(), marked=" ".join(f"[{m}] " for m in cover.marks)).encode(),
        NAME: cover_text.encode(),
        NOTEBOOK: json.dumps(notebook(), indent=1).encode(),
        wheel.name: wheel.read_bytes(),
    }

    def fill(stream: IO[bytes]) -> None:
        sums = {name: hashlib.sha256(data).hexdigest() for name, data in plain.items()}
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for name, data in plain.items():
                archive.writestr(_entry(name), data)
            with archive.open(_entry(SEALED), "w", force_zip64=True) as member:
                sums[SEALED] = _seal(run, key, member, progress, wanted)
            archive.writestr(_entry(SUMS), "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))

    return write_with(target, fill)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = 0o600 << 16
    return entry


def _seal(run: Path, key: str, target: IO[bytes], progress: Progress, wanted: Callable[[], bool]) -> str:
    """The run folder as a tar archive, encrypted on its way; the digest of what was written."""
    there = [run / name for name in MEMBERS if (run / name).exists()]
    total, done = sum(path.stat().st_size for path in there), 0
    counted = _Counted(target)
    writer = Writer(counted, recipients=[key])  # type: ignore[arg-type]
    with tarfile.open(fileobj=writer, mode="w|") as archive:  # type: ignore[call-overload]
        for path in there:
            with path.open("rb") as source:
                archive.addfile(_tar_entry(path), _Watched(source, done, total, progress, wanted))
            done += path.stat().st_size
    writer.finish()
    return counted.hasher.hexdigest()


def _tar_entry(path: Path) -> tarfile.TarInfo:
    """Nothing of this machine: no owner, no time."""
    entry = tarfile.TarInfo(path.name)
    entry.size, entry.mode = path.stat().st_size, 0o600
    return entry


class _Counted:
    """Passes bytes on and keeps their digest."""

    def __init__(self, target: IO[bytes]) -> None:
        self.target, self.hasher = target, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.hasher.update(data)
        return self.target.write(data)


class _Watched:
    """Reads in pieces, tells how far it is, and stops where nobody wants it any more."""

    def __init__(
        self, source: IO[bytes], done: int, total: int, progress: Progress, wanted: Callable[[], bool]
    ) -> None:
        self.source, self.done, self.total, self.progress, self.wanted = source, done, total, progress, wanted

    def read(self, size: int = -1) -> bytes:
        if not self.wanted():
            raise Interrupted("cancelled", "The bundle was cancelled; nothing was kept.", "Ask for it again any time.")
        data = self.source.read(size if 0 <= size < PIECE else PIECE)
        self.done += len(data)
        self.progress(self.done // 10**6, self.total // 10**6, "encrypting")
        return data
