"""Images on their way to files: encoded and written on all cores while the next ones are drawn."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from medsynth_engine.kernel.disk import write_all
from medsynth_engine.kernel.png import pngs

Mode = Literal["xb", "wb"]
PIECE = 64
"""Images that one thread encodes at a time, and of small ones as many as make PIECE_BYTES: a thread that is given work
too often waits for the others' interpreter lock longer than it compresses, which holds none."""
PIECE_BYTES = 2**18
AHEAD = 4
"""Pieces a thread that may wait for it: drawing stops until there is room, so memory does not grow."""


class Pictures:
    """Writes images `0000001.png`, `0000002.png`, ... into `folder`, which it makes. A context manager: at its end
    all of them are written, or none is in work any more. Errors of writing come out of `add` or of the end.

    start    images that come before the first one here
    shared   the folder may be there, also with some of the images: those are written anew
    count    images that were taken; `written` of them are files, in order and without a gap
    """

    def __init__(self, folder: Path, threads: int | None = None, start: int = 0, shared: bool = False) -> None:
        folder.mkdir(mode=0o700, exist_ok=shared)
        self.folder, self._start = folder, start
        self._mode: Mode = "wb" if shared else "xb"
        self.count = self.written = 0
        threads = threads or cores()
        self._most = AHEAD * threads
        self._pool = ThreadPoolExecutor(threads, "encoding")
        self._waiting: deque[Future[int]] = deque()

    def add(self, block: np.ndarray) -> None:
        """uint8 (n, h, w), (n, h, w, 1) or (n, h, w, 3)."""
        images = block[..., 0] if block.ndim == 4 and block.shape[-1] == 1 else block
        size = max(PIECE, PIECE_BYTES // images[0].nbytes) if len(images) else PIECE
        for first in range(0, len(images), size):
            piece = images[first : first + size]
            place = self._start + self.count + 1
            self._waiting.append(self._pool.submit(_write, self.folder, place, piece, self._mode))
            self.count += len(piece)
        while len(self._waiting) > self._most:
            self.written += self._waiting[0].result()  # one that failed stays: what comes after it does not count
            self._waiting.popleft()

    def __enter__(self) -> Pictures:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=kind is not None)
        while self._waiting:
            piece = self._waiting.popleft()
            if kind is not None and (piece.cancelled() or piece.exception() is not None):
                return  # what comes after a gap does not count
            self.written += piece.result()


def name(number: int) -> str:
    """Of the `number`-th image (from 1), in its folder."""
    return f"{number:07d}.png"


def names(first: int, count: int) -> Iterable[str]:
    return (name(number) for number in range(first, first + count))


def cores() -> int:
    """Threads to encode with: `MEDSYNTH_THREADS`, else the cores that this process may run on."""
    wished = os.environ.get("MEDSYNTH_THREADS", "")
    if wished.isdigit() and int(wished) > 0:
        return int(wished)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _write(folder: Path, first: int, images: np.ndarray, mode: Mode) -> int:
    prefix = os.fspath(folder)
    for number, data in enumerate(pngs(images), first):
        with open(f"{prefix}/{name(number)}", mode, buffering=0) as stream:  # noqa: PTH123 - a Path costs as much as the file
            write_all(stream, data)
    return len(images)
