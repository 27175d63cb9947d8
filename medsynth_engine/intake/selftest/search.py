"""Searches every byte that lies under a folder: as it is, and unpacked where a format packs its text."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from medsynth_engine.intake.deidentify import any_in
from medsynth_engine.intake.selftest.canaries import Canary

GZIP_START = b"\x1f\x8b"
PNG_START = b"\x89PNG\r\n\x1a\n"


@dataclass
class Search:
    """What was searched so far, and which canaries were seen. Names of files and folders are searched like contents."""

    canaries: list[Canary]
    seen: set[Canary] = field(default_factory=set)
    files: int = 0
    size: int = 0

    def __post_init__(self) -> None:
        self._forms = {form for canary in self.canaries for form in canary.forms}

    def data(self, data: bytes) -> None:
        lowered = data.lower()
        self.size += len(data)
        if any_in(lowered, self._forms):
            self.seen.update(one for one in self.canaries if any(form in lowered for form in one.forms))

    def folder(self, folder: Path) -> None:
        """Everything under a folder that is there now."""
        for path in sorted(folder.rglob("*")):
            self.data(str(path.relative_to(folder)).encode())
            if path.is_symlink() or not path.is_file():
                continue
            self.files += 1
            content = path.read_bytes()
            self.data(content)
            for unpacked in _unpacked(path.suffix, content):
                self.data(unpacked)

    def document(self, document: Any) -> None:
        """A document as JSON of both manners: escaped, and in its own letters."""
        for escaped in (True, False):
            self.data(json.dumps(document, ensure_ascii=escaped, default=str).encode())


def _unpacked(ending: str, content: bytes) -> Iterator[bytes]:
    if content.startswith(GZIP_START):
        yield zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content)
    elif content.startswith(PNG_START):
        yield from _chunks(content)
    elif ending == ".parquet":
        yield pd.read_parquet(io.BytesIO(content)).to_csv().encode()
    elif ending in (".json", ".jsonl"):
        for line in content.splitlines() if ending == ".jsonl" else [content]:
            yield json.dumps(json.loads(line), ensure_ascii=False).encode()


def _chunks(content: bytes) -> Iterator[bytes]:
    """What a PNG's chunks hold when they are unpacked, compressed text if there were any, and its pixels."""
    place, pixels = len(PNG_START), b""
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        name, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        place += 12 + length
        if name == b"IDAT":
            pixels += body
        elif name in (b"zTXt", b"iCCP"):
            yield zlib.decompressobj().decompress(body.partition(b"\0")[2][1:])
    yield zlib.decompress(pixels)
    with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
        yield np.asarray(image).tobytes()  # a PNG notes differences, in which a word is not seen
