"""The parent's memory: what it keeps of each picture is little enough for the largest set that is taken."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from intake_apart import GIGABYTE, take_apart

from medsynth_engine.intake.options import Limits
from medsynth_engine.kernel.png import png

SOME, MORE, MOST = 1_000, 3_000, 100_000
BYTES_A_PICTURE = 1_600
"""That Python and numpy ask for; 1,250 were measured, whatever the count."""
RESIDENT_A_PICTURE = 2_660
"""That the system gives for it in the end."""


def tiny(folder: Path, count: int) -> Path:
    """`count` pictures of 32 x 32."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    for number in range(count):
        (folder / f"case{number:06d}.png").write_bytes(png(rng.integers(0, 256, (32, 32), dtype=np.uint8)))
    return folder


@pytest.mark.slow
def test_what_a_picture_costs_the_parent_is_little(take: Callable, tmp_path: Path) -> None:
    """What is asked for is traced, not what the process is given: libraries and allocators differ between machines.
    The difference of two counts is what pictures cost, without buffers of a fixed size."""
    peaks = []
    for count in (SOME, MORE):
        source = tiny(tmp_path / f"in{count}", count)
        tracemalloc.start()
        try:
            document, _ = take(source, f"set{count}")
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert document["accepted"] == count
    assert peaks[1] - peaks[0] < BYTES_A_PICTURE * (MORE - SOME)


@pytest.mark.slow
def test_the_largest_set_fits_a_gigabyte(share: float, tmp_path: Path) -> None:
    if share < 1:
        pytest.skip("a third of the largest set, for minutes: make faults")
    (ended,) = take_apart([tiny(tmp_path / "in", MOST)], tmp_path / "out", seconds=120 + MOST / 30)
    assert ended.document["accepted"] == MOST
    assert ended.peak + RESIDENT_A_PICTURE * (Limits().archive_members - MOST) < GIGABYTE
