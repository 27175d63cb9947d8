"""Opens a bundle on the machine that trains: digests, key, date, and only the files that a run folder has."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from medsynth_engine.exchange.cloud.cover import MEMBERS, NAME, SEALED, demand_valid
from medsynth_engine.exchange.sums import NAME as SUMS
from medsynth_engine.kernel.age import opened
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.errors import BadInput

MOST_BYTES = 200 * 10**9


def demand_whole(folder: Path) -> None:
    """Raise BadInput where a file of the bundle is missing or is not what was sent."""
    try:
        listed = dict(line.split("  ", 1)[::-1] for line in (folder / SUMS).read_text().splitlines())
    except (FileNotFoundError, ValueError):
        raise BadInput("no_bundle", "There is no bundle in this folder.", "Unzip dataset.zip here first.") from None
    for name, digest in listed.items():
        path = folder / name
        if Path(name).name != name or not path.is_file() or file_digest(path) != digest:
            raise BadInput("bundle_damaged", f"{Path(name).name} is missing or damaged.", "Fetch the bundle again.")


def unpack(folder: Path, target: Path, key: str) -> dict[str, object]:
    """Decrypt the bundle in `folder` into the new run folder `target`; what the bundle says of itself.

    Raises BadInput where it is damaged, over or no bundle, Denied where the key does not fit. `target` appears whole
    or not at all.
    """
    demand_whole(folder)
    demand_valid(json.loads((folder / NAME).read_text()))
    hidden = target.with_name(f".{target.name}.opening")
    shutil.rmtree(hidden, ignore_errors=True)
    hidden.mkdir(parents=True, mode=0o700)
    try:
        with (folder / SEALED).open("rb") as sealed:
            _extract(_Pieces(opened(sealed, identity=key)), hidden)
        cover = json.loads((hidden / NAME).read_text())
        demand_valid(cover)  # this one was encrypted with the images: the open one could have been rewritten
        hidden.rename(target)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return dict(cover)


def _extract(stream: _Pieces, target: Path) -> None:
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
            for entry in archive:
                if entry.name not in MEMBERS or not entry.isreg() or entry.size > MOST_BYTES:
                    raise BadInput("bundle_damaged", "The bundle holds what no bundle holds.", "Do not use it.")
                source = archive.extractfile(entry)
                assert source is not None
                with (target / entry.name).open("xb") as out:
                    shutil.copyfileobj(source, out, 1024 * 1024)
    except (tarfile.TarError, FileExistsError) as error:
        raise BadInput("bundle_damaged", "The bundle is damaged.", "Fetch it again.") from error
    stream.drain()  # the end proves that nothing was cut off
    missing = [name for name in ("config.json", "train.npz", NAME) if not (target / name).is_file()]
    if missing:
        raise BadInput("bundle_damaged", "The bundle is not whole.", "Fetch it again.")


class _Pieces:
    """What arrives in chunks, read as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.held = chunks, b""

    def read(self, size: int) -> bytes:
        while len(self.held) < size:
            chunk = next(self.chunks, None)
            if chunk is None:
                break
            self.held += chunk
        found, self.held = self.held[:size], self.held[size:]
        return found

    def drain(self) -> None:
        for _ in self.chunks:
            pass
