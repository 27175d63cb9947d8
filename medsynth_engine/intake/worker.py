"""The process that opens strangers' files. It may crash, hang or run out of memory: only the file in hand is lost.

Run as `python -m medsynth_engine.intake.worker DESCRIPTOR`, the descriptor being one end of a socket pair. It receives
a Setup, then lists of Tasks, and answers every picture of a task with one message: JSON and, behind a NUL, the
thumbnail. Answers are never unpickled by the parent, because they come from the process that met the file.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from medsynth_engine.intake.archives.archive import read_member
from medsynth_engine.intake.deidentify import checked
from medsynth_engine.intake.duplicates import is_blank, perceptual_hash, thumbnail
from medsynth_engine.intake.formats import decode as decoding
from medsynth_engine.intake.formats.decoded import Decoded, Opened
from medsynth_engine.intake.formats.faces import HEAD_SLICES
from medsynth_engine.intake.options import HEADER_COLUMNS, Limits, Reading
from medsynth_engine.intake.pseudonym import is_somebody, keyed, patient_of, record_of, series_of
from medsynth_engine.intake.reasons import Code, Rejected, outcome
from medsynth_engine.intake.sources import opened_below, opened_without_links
from medsynth_engine.kernel.disk import FULL, TROUBLE, write_all
from medsynth_engine.kernel.parent import leave_with_parent

IMAGES, QUARANTINE = "images", "quarantine"
READY = b"ready"
NO_ROOM, NO_DISK = "no_room", "no_disk"
"""An answer instead of a reason: the disk is full or fails, which is no fault of the file."""


@dataclass(frozen=True)
class Setup:
    """What holds for all tasks. store: the staging folder, or None where nothing is to be written.

    place   device and inode of `path`; nothing is read where something else lies there
    survey  read headers only: every task is answered with what its header says about stack and series
    """

    kind: str
    path: Path
    reading: Reading
    store: Path | None
    survey: bool = False
    place: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Task:
    """One item. identifiers: what its row and its name say about the person. data: its bytes, where they are sent along
    (a tar, an NPZ); entry: shape, type and the array's extremes of an image of an NPZ, whose bytes are no file."""

    ordinal: int
    name: str
    stamp: int
    identifiers: tuple[bytes, ...] = ()
    data: bytes | None = None
    entry: tuple[tuple[int, ...], str, tuple[float, float] | None] | None = None


Answer = tuple[dict[str, Any], bytes]


class Desk:
    """Handles tasks one after the other. Holds the open archive, if there is one."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.key = setup.reading.key
        self.root = _root(setup)
        self.archive = None
        if setup.kind == "zip" and self.root is not None:
            self.archive = zipfile.ZipFile(os.fdopen(self.root, "rb"))

    def answers(self, task: Task) -> Iterator[Answer]:
        """What is known about each picture of one item (plain values, nothing that identifies), and its thumbnail.

        place counts the pictures taken from the item, from 0; the last one says so. An item of which the choice of
        slices takes nothing has one answer with place -1.
        """
        told: dict[str, Any] = {"ordinal": task.ordinal, "place": 0, "last": True, "code": ""}
        try:
            data = self._bytes(task)
            if self.setup.survey:
                yield {**told, **self._surveyed(data)}, b""
                return
            digest = keyed(self.key, "source", data)
            opened = self._opened(task, data)
            told["digest"] = digest
        except Rejected as refusal:
            yield {**told, "code": refusal.code.value}, b""
            return
        except MemoryError:
            yield {**told, "code": Code.MEMORY.value}, b""
            return
        if not opened.chosen:
            yield {**told, "place": -1}, b""
        for place, number in enumerate(opened.chosen):
            parts = (task.name, digest) if opened.total == 1 else (task.name, digest, str(number))
            told |= {"place": place, "last": place == len(opened.chosen) - 1, "record": record_of(self.key, *parts)}
            yield self._answer(task, dict(told), opened, number)

    def _answer(self, task: Task, answer: dict[str, Any], opened: Opened, number: int) -> Answer:
        try:
            return self._kept(task, answer, opened.frame(number), opened.total)
        except Rejected as refusal:
            answer["code"] = refusal.code.value
        except MemoryError:
            answer["code"] = Code.MEMORY.value
        except OSError as error:
            if error.errno not in TROUBLE:
                raise
            answer["code"] = NO_ROOM if error.errno in FULL else NO_DISK
        return answer, b""

    def _bytes(self, task: Task) -> bytes:
        if task.data is not None:
            return task.data
        if self.archive is not None:
            return read_member(self.archive, task.stamp >> 32, self.setup.reading.limits)
        if self.root is None:
            raise Rejected(Code.NOT_A_FILE)
        try:
            descriptor = opened_below(self.root, task.name)
            with os.fdopen(descriptor, "rb") as stream:
                size = os.fstat(descriptor).st_size
                if size > self.setup.reading.limits.file_bytes:
                    raise Rejected(Code.TOO_LARGE)
                return stream.read(size)  # a bound of 512 MB would be reserved for every small file
        except OSError:
            raise Rejected(Code.NOT_A_FILE) from None

    def _opened(self, task: Task, data: bytes) -> Opened:
        if task.entry is not None:
            entry = task.entry
            return Opened(1, (0,), lambda _: decoding.decode_entry(data, *entry))
        return decoding.opened(data, self.setup.reading)

    def _surveyed(self, data: bytes) -> dict[str, Any]:
        head = decoding.header(data, self.setup.reading)
        told = {name: getattr(head, name) for name in ("position", "pictures", *HEADER_COLUMNS)}
        return {**told, "series": series_of(self.key, head.series)}

    def _kept(self, task: Task, answer: dict[str, Any], decoded: Decoded, frames: int) -> Answer:
        pixels, key = decoded.pixels, self.key
        heads = decoded.found[HEAD_SLICES]
        later = {HEAD_SLICES: heads} if heads else {}
        answer["found"] = dict(decoded.found) if answer["place"] == 0 else later  # a file's header counts once
        small = thumbnail(pixels, 0)
        picture = checked(pixels, decoded.attributes, decoded.identifiers + task.identifiers)
        if decoded.review is not None:
            answer["code"] = decoded.review.value
        answer |= {
            "height": pixels.shape[0],
            "width": pixels.shape[1],
            "channels": 1 if pixels.ndim == 2 else 3,
            "bits": 8 if pixels.dtype == np.uint8 else decoded.bits or max(9, int(pixels.max()).bit_length()),
            "pixels": keyed(key, "pixels", repr((pixels.shape, pixels.dtype.str)).encode() + pixels.tobytes()),
            "phash": perceptual_hash(small),
            "blank": is_blank(small),
            "attributes": decoded.attributes,
            "patient": patient_of(key, decoded.patient) if is_somebody(decoded.patient) else "",
            "group": keyed(key, "study", decoded.group) if decoded.group else "",
            "series": series_of(key, decoded.series),
            "frames": frames,
            "size": len(picture),
            "check": keyed(key, "stored", picture),
        }
        if self.setup.store is not None:
            folder = QUARANTINE if outcome(answer["code"]) == "quarantined" else IMAGES
            _write(self.setup.store / folder / f"{answer['record']}.png", picture)
        return answer, small.tobytes()


def _root(setup: Setup) -> int | None:
    """A descriptor of the folder or zip that is read; None where it is not the one that was listed."""
    try:
        descriptor = opened_without_links(setup.path)
    except OSError:
        return None
    facts = os.fstat(descriptor)
    if (facts.st_dev, facts.st_ino) == setup.place:
        return descriptor
    os.close(descriptor)
    return None


def _write(path: Path, picture: bytes) -> None:
    """Nothing is emptied first: should the worker of a killed intake still be at the same picture, it writes the same
    bytes, and at no time is there less than a whole picture."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb", buffering=0) as stream:
        write_all(stream, picture)
        stream.truncate()


def _bound(limits: Limits) -> None:
    """Memory and rights of this process. Private files, no core dumps: they would hold a patient's picture."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (limits.worker_bytes, limits.worker_bytes))


def _give_seconds(seconds: float) -> None:
    """A native loop is ended by the system even where the parent is gone."""
    spent = time.process_time()
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent + 2 * seconds) + 2, hard))


def main(descriptor: int) -> None:
    """Serve until the parent hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle
    leave_with_parent()
    line = Connection(descriptor)
    try:
        setup: Setup = line.recv()
        limits = setup.reading.limits
        _bound(limits)
        desk = Desk(setup)
        line.send_bytes(READY)
        while True:
            for task in line.recv():
                _give_seconds(limits.seconds_per_file)
                for answer, small in desk.answers(task):
                    line.send_bytes(json.dumps(answer).encode() + b"\0" + small)
                    _give_seconds(limits.seconds_per_file)  # a file has this time for each of its pictures
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


if __name__ == "__main__":
    main(int(sys.argv[1]))
