"""The built-in cohort: invented patients of an invented hospital, with a bias that is known exactly.

`write` makes what a hospital would hand over: PNG files with identifying names and text chunks, and a table that names
people. Nobody in it exists. See `people` for the bias and `anatomy` for what the images carry.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def write(
    folder: Path,
    n: int = 2000,
    seed: int = 0,
    size: int = 64,
    progress: Callable[[int, int | None, str], None] | None = None,
) -> Path:
    """Write the phantom hospital's folder; see `hospital.write`. Imported late: it needs numpy and pandas."""
    from medsynth_engine.phantom import hospital

    return hospital.write(folder, n, seed, size, progress)
