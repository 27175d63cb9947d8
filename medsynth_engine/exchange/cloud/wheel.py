"""The wheel of the very program that makes a bundle: whoever trains there trains with the same code.

Written from the files of the installed packages (PyPA, binary distribution format), so that it needs neither a
checkout nor a network, and the same files give the same bytes.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

PACKAGES = ("db", "medsynth_engine", "medsynth_tui")
KEPT = ("entry_points.txt", "top_level.txt", "licenses/LICENSE")
WHEEL = "Wheel-Version: 1.0\nGenerator: medsynth\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
EPOCH = (1980, 1, 1, 0, 0, 0)
NO_SUFFIXES = (".pyc", ".pyo")


def write_wheel(folder: Path) -> Path:
    """Write `medsynth-VERSION-py3-none-any.whl` into `folder`; its path."""
    installed = distribution("medsynth")
    target = folder / f"medsynth-{installed.version}-py3-none-any.whl"
    listed: list[tuple[str, str, int]] = []
    info = f"medsynth-{installed.version}.dist-info"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (*_sources(), *_facts(installed, info), (f"{info}/WHEEL", WHEEL.encode())):
            archive.writestr(_entry(name), data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            listed.append((name, f"sha256={digest}", len(data)))
        record = io.StringIO()
        csv.writer(record, lineterminator="\n").writerows([*listed, (f"{info}/RECORD", "", "")])
        archive.writestr(_entry(f"{info}/RECORD"), record.getvalue())
    return target


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return entry


def _sources() -> Iterator[tuple[str, bytes]]:
    """Every file of our packages, from where this program itself was loaded."""
    root = Path(__file__).resolve().parents[3]
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            if path.is_file() and path.suffix not in NO_SUFFIXES and "__pycache__" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_bytes()


def _facts(installed: Distribution, info: str) -> Iterator[tuple[str, bytes]]:
    # a checkout that was built has the same text under an older name
    yield f"{info}/METADATA", (installed.read_text("METADATA") or installed.read_text("PKG-INFO") or "").encode()
    for name in KEPT:
        text = installed.read_text(name)
        if text:
            yield f"{info}/{name}", text.encode()
