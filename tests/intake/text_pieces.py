"""Small pictures with made-up text burned in, for the tests of the text check."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from intake_pieces import KEY, always, quiet
from PIL import Image, ImageDraw, ImageFont

from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import take_in

NAME = "MARLOWE EDITH"


def film(seed: int, side: int = 256, deep: bool = False) -> np.ndarray:
    """uint8 or uint16 (side, side): something smooth and noisy, without text."""
    rng = np.random.default_rng(seed)
    down, along = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j]
    smooth = 60 + 60 * np.sin(3 * along + seed) * np.cos(2 * down + seed) + rng.normal(0, 4, (side, side))
    scaled = np.clip(smooth, 0, 255)
    return (scaled * 257).astype(np.uint16) if deep else scaled.astype(np.uint8)


def written(pixels: np.ndarray, words: str, at: tuple[int, int] = (20, 30), size: int = 24) -> np.ndarray:
    """The picture with words in it, near white."""
    cover = Image.new("L", pixels.shape[1::-1])
    ImageDraw.Draw(cover).text(at, words, 255, ImageFont.load_default(size))
    white = 240 * (257 if pixels.dtype == np.uint16 else 1)
    share = np.asarray(cover, np.float32) / 255
    return (pixels * (1 - share) + white * share).astype(pixels.dtype)


def source(folder: Path, pictures: dict[str, np.ndarray]) -> Path:
    """A folder of these pictures with a table: a patient each two pictures, a finding."""
    folder.mkdir(parents=True)
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / name)
    rows = [
        {"file": name, "patient_id": f"MRN-55{number // 2:04d}", "finding": "nodule" if number % 2 else "none"}
        for number, name in enumerate(pictures)
    ]
    pd.DataFrame(rows).to_csv(folder / "metadata.csv", index=False)
    return folder


def dataset(folder: Path, pictures: dict[str, np.ndarray], **options: Any) -> Path:
    """A dataset folder of these pictures."""
    target = folder / "datasets" / "films-v1"
    take_in(source(folder / "source", pictures), Options.of("films", **options), target, KEY, quiet, always)
    return target


Mixed = Callable[[], dict[str, np.ndarray]]


def mixed() -> dict[str, np.ndarray]:
    """Ten pictures: 1 and 6 carry a name, 3 a marker, 8 is too small to carry any."""
    pictures = {f"{number}.png": film(number) for number in range(10)}
    pictures["1.png"] = written(film(1), NAME)
    pictures["6.png"] = written(film(6), "DOB 12/03/1957", at=(30, 200))
    pictures["3.png"] = written(film(3), "R", size=40)
    pictures["8.png"] = film(8, 64)
    return pictures
