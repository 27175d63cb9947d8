"""Hearing SIGTERM and SIGINT while a training goes on: noted, and acted on between two steps."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def hearing(note: Callable[[], None]) -> Iterator[None]:
    """`note()` is called for each signal that asks for an end; what was there before hears them again afterwards."""

    def heard(number: int, frame: FrameType | None) -> None:
        note()

    previous = {number: signal.signal(number, heard) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
