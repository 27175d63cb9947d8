"""A hospital with a store, and a small collection of pictures to bring in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_people import Hospital, draw_images, found_hospital


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return found_hospital(tmp_path_factory.mktemp("hospital"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small collection: 240 pictures of 120 patients and their table."""
    folder = tmp_path_factory.mktemp("pictures")
    draw_images(folder, 120, np.random.default_rng(7))
    return folder
