"""Sample sheets: one picture that shows what the generator draws now, a row for each value of a condition."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from medsynth_engine.gan.conditions import Categorical, Conditions
from medsynth_engine.gan.data import Data
from medsynth_engine.gan.networks import Generator
from medsynth_engine.gan.sample import to_pixels
from medsynth_engine.kernel.atomic import write_bytes
from medsynth_engine.kernel.escape import plain

COLUMNS = 10
MOST_ROWS = 8
TILE = 64
"""Small images are enlarged to about so many pixels."""
LABEL = 120


class Sheet:
    """The same latents and asked conditions on every sheet of a run, so that one sees the same records grow."""

    def __init__(self, data: Data, attributes: tuple[Categorical, ...], seed: int) -> None:
        rng = np.random.default_rng(seed)
        rows, self.labels = _choose(data, attributes, rng)
        index = torch.from_numpy(rows).to(data.training.images.device)
        self.conditions: Conditions = data.training.conditions[index]
        self.source_seed = seed

    @torch.no_grad()
    def write(self, path: Path, generator: Generator) -> None:
        """Draw and write a PNG. Raises NoRoom where the disk is full."""
        source = torch.Generator().manual_seed(self.source_seed)
        latents = torch.randn(len(self.conditions), generator.architecture.drawn, generator=source)
        pixels = to_pixels(generator(latents.to(self.conditions.categorical.device), self.conditions))
        picture = tile(pixels, self.labels)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        memory = io.BytesIO()
        picture.save(memory, "PNG")
        write_bytes(path, memory.getvalue())


def tile(pixels: np.ndarray, labels: list[str]) -> Image.Image:
    """uint8 (rows * COLUMNS, s, s[, 3]) and one label a row -> a picture, rows from top to bottom."""
    side = pixels.shape[1]
    zoom = max(1, TILE // side)
    margin = LABEL if any(labels) else 0
    cells = pixels.reshape(len(labels), COLUMNS, *pixels.shape[1:])
    body = np.concatenate(np.concatenate(np.moveaxis(cells, 1, 0), axis=2), axis=0)
    image = Image.fromarray(body).convert("RGB")
    image = image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST)
    picture = Image.new("RGB", (image.width + margin, image.height), "black")
    picture.paste(image, (margin, 0))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(12)
    for row, label in enumerate(labels):
        pen.text((4, row * side * zoom + 4), plain(label, 18), fill="white", font=font)
    return picture


def _choose(data: Data, attributes: tuple[Categorical, ...], rng: np.random.Generator) -> tuple[np.ndarray, list[str]]:
    """Training rows whose conditions are drawn for, and a label for each sheet row.

    The sheet shows the finding where there is one, else the attribute with most values; the others vary as they come.
    """
    codes = data.training.categorical
    shown = [position for position, item in enumerate(attributes) if len(item.values) > 1]
    shown.sort(key=lambda position: (attributes[position].name != "finding", -len(attributes[position].values)))
    if not shown:
        return rng.integers(len(codes), size=4 * COLUMNS), [""] * 4
    position = shown[0]
    present, counts = np.unique(codes[codes[:, position] >= 0, position], return_counts=True)
    values = present[np.argsort(-counts, kind="stable")][:MOST_ROWS]
    if not len(values):
        return rng.integers(len(codes), size=4 * COLUMNS), [""] * 4
    rows = [rng.choice(np.flatnonzero(codes[:, position] == value), COLUMNS) for value in values]
    return np.concatenate(rows), [attributes[position].values[value] for value in values]
