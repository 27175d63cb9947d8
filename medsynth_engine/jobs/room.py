"""Room on the disk: asked for before a step begins, so that work does not die of it half way."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from medsynth_engine.kernel.errors import NoRoom

LEAST = 64 * 10**6
"""Bytes that a step needs at least: for its log, its state and its result."""


def demand_room(places: Iterable[Path], least: int = LEAST) -> None:
    """Raise NoRoom where the disk of one of these folders has less than `least` bytes left."""
    for place in places:
        if place.exists() and shutil.disk_usage(place).free < least:
            raise NoRoom(
                "disk_full",
                f"Less than {least // 10**6} MB are free on the disk: nothing was begun.",
                "Free some space, then ask again.",
            )
