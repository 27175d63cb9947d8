"""What comes back from another machine is read as if an enemy had written it: known files, within bounds, re-made.

Curves are parsed and written anew, samples decoded and encoded anew; the generator is checked by whoever reads it.
"""

from __future__ import annotations

import json
import math
import stat
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from PIL import Image

from medsynth_engine.kernel.atomic import write_with
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.folders import RunFolder

MOST = {"config.json": 10**7, "state.json": 10**7, "metrics.jsonl": 500 * 10**6, "log.txt": 50 * 10**6}
MOST_WEIGHTS = 2 * 10**9
MOST_SAMPLES, MOST_SAMPLE_BYTES, MOST_SIDE = 2_000, 50 * 10**6, 8_192
MOST_LINE = 100_000


def take_in(source: Path, target: RunFolder) -> dict[str, Any]:
    """Copy a run folder, or the zip of one, into the new folder `target`; its configuration.

    Raises BadInput where it is none, a part is missing or is larger than it can be.
    """
    target.create()
    target.samples.mkdir(mode=0o700)
    with _files(source) as there:
        config, state = _json(there, "config.json"), _json(there, "state.json")
        target.set_config(config)
        _copy_curves(there, target)
        _copy_samples(there, target)
        if "generator.pth" in there:
            with there["generator.pth"].open(MOST_WEIGHTS) as stream:
                write_with(target.generator, lambda kept: _pass(stream, kept))
    known = ("kimg", "seconds", "device", "preset", "best", "kept", "total_kimg", "processes")
    facts = {name: _small(state.get(name)) for name in known if name in state}
    ended = "finished" if state.get("state") == "finished" else "stopped"
    target.set_state(ended, **facts)
    return config


class _File:
    """One file of what came: in a folder, or in a zip."""

    def __init__(self, size: int, opener: Any) -> None:
        self.size, self.opener = size, opener

    def open(self, most: int) -> IO[bytes]:
        if self.size > most:
            raise _wrong("a file is larger than it can be")
        stream: IO[bytes] = self.opener()
        return stream


@contextmanager
def _files(source: Path) -> Iterator[dict[str, _File]]:
    """Plain files of a run by their names. Links, and whatever no run has, are not looked at."""
    if source.is_dir():
        names = ["generator.pth", *MOST, *(f"samples/{path.name}" for path in sorted(source.glob("samples/*.png")))]
        found = {}
        for name in names:
            path = source / name
            if path.exists() and stat.S_ISREG(path.lstat().st_mode) and not path.parent.is_symlink():
                found[name] = _File(path.stat().st_size, lambda path=path: path.open("rb"))
        yield found
        return
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_SAMPLES + 100:
                raise _wrong("it holds too many files")
            yield {
                entry.filename: _File(entry.file_size, lambda entry=entry: archive.open(entry))
                for entry in entries
                if entry.compress_type == zipfile.ZIP_STORED and not entry.is_dir()
            }
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise _wrong("it is neither a run folder nor the zip of one") from error


def _json(there: dict[str, _File], name: str) -> dict[str, Any]:
    if name not in there:
        raise _wrong(f"{name} is missing")
    with there[name].open(MOST[name]) as stream:
        try:
            document = json.loads(stream.read(MOST[name] + 1))
        except (ValueError, RecursionError) as error:
            raise _wrong(f"{name} cannot be read") from error
    if not isinstance(document, dict):
        raise _wrong(f"{name} cannot be read")
    return document


def _copy_curves(there: dict[str, _File], target: RunFolder) -> None:
    """Lines that are metrics, written anew: short names, finite numbers, plain short text."""
    if "metrics.jsonl" in there:
        with there["metrics.jsonl"].open(MOST["metrics.jsonl"]) as stream:
            write_with(target.stream, lambda kept: kept.writelines(_lines(stream)))
    if "log.txt" in there:
        with there["log.txt"].open(MOST["log.txt"]) as stream:
            said = (plain(line.decode(errors="replace"), 500) for line in iter(lambda: stream.readline(MOST_LINE), b""))
            write_with(target.log_file, lambda kept: kept.writelines(f"{line}\n".encode() for line in said))


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    for line in iter(lambda: stream.readline(MOST_LINE), b""):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            yield json.dumps(_small(record), allow_nan=False).encode() + b"\n"


def _small(value: Any, depth: int = 0) -> Any:
    """`value` as metrics can be: two levels, 200 names, finite numbers, text without control characters."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if math.isfinite(value) and abs(value) < 1e300 else None
    if isinstance(value, str):
        return plain(value, 500)
    if isinstance(value, dict) and depth < 2:
        return {plain(str(name), 100): _small(one, depth + 1) for name, one in list(value.items())[:200]}
    return None


def _copy_samples(there: dict[str, _File], target: RunFolder) -> None:
    names = [name for name in there if name.startswith("samples/") and name.endswith(".png")][:MOST_SAMPLES]
    for name in names:
        stem = Path(name).stem
        try:
            at = float(stem)
        except ValueError:
            continue
        if Path(name).name != f"{stem}.png" or not math.isfinite(at) or not set(stem) <= set("0123456789."):
            continue
        with there[name].open(MOST_SAMPLE_BYTES) as stream:
            write_with(target.samples / f"{stem}.png", partial(_again, stream))


def _again(stream: IO[bytes], kept: IO[bytes]) -> None:
    """Decode a picture and encode it anew, without what else the file holds."""
    try:
        with warnings.catch_warnings(), Image.open(stream, formats=("PNG",)) as opened:
            warnings.simplefilter("error")
            if max(opened.size) > MOST_SIDE:
                raise _wrong("a sample is larger than it can be")
            picture = opened.convert("L" if opened.mode in ("1", "L", "I;16") else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise _wrong("a sample is no picture") from error
    picture.save(kept, "PNG")


def _pass(source: IO[bytes], target: IO[bytes]) -> None:
    left = MOST_WEIGHTS
    while data := source.read(min(1024 * 1024, left + 1)):
        left -= len(data)
        if left < 0:
            raise _wrong("a file is larger than it can be")
        target.write(data)


def _wrong(why: str) -> BadInput:
    return BadInput("no_run_back", f"That run cannot be brought in: {why}.", "Give run_back.zip, or the run's folder.")
