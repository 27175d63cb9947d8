"""Small things that the intake's tests share."""

from __future__ import annotations

import numpy as np
from PIL import Image

KEY = bytes(range(32))
APART = ["sh", "-c", '"$@"; exit $?', "apart"]
"""In front of a command whose memory is measured: what is started by a large process begins with the peak of that one
(Linux keeps it when a program is replaced by another), so a shell stands between."""


def quiet(done: int, total: int | None, say: str) -> None:
    """Progress that nobody looks at."""


def always() -> bool:
    return True


def photograph(seed: int, size: tuple[int, int] = (48, 64), colour: bool = True) -> np.ndarray:
    """A smooth random picture, uint8 (h, w, 3) or (h, w)."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (6, 8, 3) if colour else (6, 8), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((size[1], size[0]), Image.Resampling.BICUBIC))
