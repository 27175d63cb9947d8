"""What every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Real public medical data: `MEDSYNTH_TEST_DATA`, else `../shared/data` beside the checkout; skips without it."""
    folder = Path(os.environ.get("MEDSYNTH_TEST_DATA") or REPOSITORY / "../shared/data").resolve()
    if not folder.is_dir():
        pytest.skip("no real data here: set MEDSYNTH_TEST_DATA")
    return folder
