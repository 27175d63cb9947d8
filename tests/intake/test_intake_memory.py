"""The parent's memory: what it keeps of each picture is little enough for the largest set that is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from intake_apart import GIGABYTE, take_apart

from medsynth_engine.intake.options import Limits
from medsynth_engine.kernel.png import png

MOST = 100_000
LIBRARIES = 200 * 10**6
BYTES_A_PICTURE = 2_660


def tiny(folder: Path, count: int) -> Path:
    """`count` pictures of 32 x 32."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    for number in range(count):
        (folder / f"case{number:06d}.png").write_bytes(png(rng.integers(0, 256, (32, 32), dtype=np.uint8)))
    return folder


@pytest.mark.slow
def test_what_a_picture_costs_the_parent_is_little(share: float, tmp_path: Path) -> None:
    count = MOST if share == 1 else MOST // 5
    (ended,) = take_apart([tiny(tmp_path / "in", count)], tmp_path / "out", seconds=120 + count / 50)
    assert ended.document["accepted"] == count
    assert ended.peak < LIBRARIES + BYTES_A_PICTURE * count
    assert LIBRARIES + BYTES_A_PICTURE * Limits().archive_members < GIGABYTE
