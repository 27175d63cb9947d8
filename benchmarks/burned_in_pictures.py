"""Pictures with made-up text burned in, as section 2.8 of the de-identification reference had them.

40 with a name, a number or a date (12 to 32 px, 25 to 170 grey levels of contrast, on noise, a gradient or something
like a radiograph), 10 blank ones, 30 with side markers, large ones (2500 x 3000) of both kinds. All names are invented.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZES = (12, 16, 22, 32)
CONTRASTS = (25, 45, 90, 170)
GROUNDS = ("noise", "gradient", "radiograph")
PEOPLE = (
    ("MARLOWE^EDITH", "MRN 00417382", "12/03/1957"),
    ("Okonkwo, Daniel", "ID: 88213-04"),
    ("DOB 04-Nov-1961", "ST. BRIDE HOSPITAL"),
    ("Haverford Priya", "F 067Y", "Acc 7731902"),
    ("JENSEN LARS",),
    ("2019.08.27 14:05", "Dr. Albescu"),
    ("PAT 5512-8890", "Quillon, Rose"),
    ("WRIGHT, THOMAS", "Ward 4B"),
)
MARKS = ("L", "R", "PORTABLE", "ERECT", "AP", "PA", "SUPINE", "LAT", "SEMI-ERECT", "L  AP", "R PA", "RIGHT", "LEFT")


@dataclass(frozen=True)
class Sample:
    """kind: text, blank or markers; boxes: x, y, width, height of each planted line, in pixels."""

    kind: str
    size: int
    contrast: int
    pixels: np.ndarray
    boxes: tuple[tuple[int, int, int, int], ...] = ()


def samples(every: int = 1) -> Iterator[Sample]:
    """The 80 pictures of 512 and 1024 pixels; `every` n-th of them."""
    for number in range(0, 40, every):
        size, contrast = SIZES[number % 4], CONTRASTS[number // 4 % 4]
        side = (512, 1024)[(number // 4 + number // 20) % 2]
        yield _written("text", number, side, side, PEOPLE[number % len(PEOPLE)], size, contrast)
    for number in range(0, 10, every):
        pixels = ground(GROUNDS[number % 3], 100 + number, (512, 1024)[number % 2], (512, 1024)[number % 2])
        yield Sample("blank", 0, 0, pixels)
    for number in range(0, 30, every):
        words = MARKS[number % len(MARKS)].split("  ")
        side = (512, 1024)[number % 2]
        yield _written("markers", 200 + number, side, side, words, SIZES[1 + number % 3] + 8, CONTRASTS[1 + number % 3])


def large(every: int = 1) -> Iterator[Sample]:
    """16 with text and 8 with markers, 2500 x 3000 as digital radiographs are."""
    for number in range(0, 16, every):
        size, contrast = (22, 32, 40, 48)[number % 4], CONTRASTS[number // 4]
        yield _written("text", 300 + number, 3000, 2500, PEOPLE[number % len(PEOPLE)], size, contrast)
    for number in range(0, 8, every):
        yield _written("markers", 400 + number, 3000, 2500, [MARKS[number % len(MARKS)]], 60, CONTRASTS[1 + number % 3])


def ground(kind: str, seed: int, height: int, width: int) -> np.ndarray:
    """uint8 (height, width) without text."""
    rng = np.random.default_rng(seed)
    down, along = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    noise = rng.normal(0, 6, (height, width)).astype(np.float32)
    if kind == "noise":
        picture = 70 + rng.normal(0, 14, (height, width))
    elif kind == "gradient":
        picture = 30 + 120 * (along if seed % 2 else down) + noise
    else:
        body = np.exp(-(((along - 0.5) / 0.36) ** 4 + ((down - 0.55) / 0.5) ** 4))
        lungs = sum(np.exp(-(((along - x) / 0.12) ** 2 + ((down - 0.5) / 0.25) ** 2)) for x in (0.33, 0.67))
        ribs = 10 * np.sin(60 * down + 8 * (along - 0.5) ** 2) * body
        picture = 18 + 150 * body - 85 * lungs + ribs + noise
    smooth = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    return np.asarray(smooth if kind == "noise" else smooth.filter(ImageFilter.GaussianBlur(0.8)))


def _written(
    kind: str, seed: int, height: int, width: int, words: tuple[str, ...] | list[str], size: int, contrast: int
) -> Sample:
    pixels = ground(GROUNDS[seed % 3], seed, height, width).astype(np.float32)
    rng = np.random.default_rng(seed)
    names = ("DejaVuSans.ttf", "DejaVuSansMono.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf")
    font = ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / names[seed % 4]), size)
    cover = Image.new("L", (width, height))
    pen = ImageDraw.Draw(cover)
    across = max(pen.textlength(word, font) for word in words)
    x = int(rng.integers(8, max(9, width - across - 8)))
    y = int(rng.integers(8, max(9, height - 1.4 * size * len(words) - 8)))
    boxes = []
    for word in words:
        pen.text((x, y), word, 255, font)
        left, top, right, bottom = pen.textbbox((x, y), word, font)
        boxes.append((int(left), int(top), int(right - left), int(bottom - top)))
        y += round(1.4 * size)
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    local = pixels[top:y, left : left + int(across)].mean()
    sign = -1 if local + contrast > 255 else 1
    pixels += sign * contrast * np.asarray(cover, np.float32) / 255
    return Sample(kind, size, contrast, np.clip(pixels, 0, 255).astype(np.uint8), tuple(boxes))
