"""The read side of a dataset folder: its records, its schema, and its pictures at training size."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from medsynth_engine.kernel.errors import BadInput, NotFound

THREADS = 2


class Dataset:
    """A folder that `take_in` made. Nothing here writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "records.parquet").is_file() or not (folder / "schema.json").is_file():
            raise NotFound("no_dataset", "There is no dataset in that folder.", "List them: medsynth datasets list")
        self._schema: dict[str, Any] | None = None

    def records(self) -> pd.DataFrame:
        """One row a record; columns as in docs/rooms.md. Sorted by record id."""
        return pd.read_parquet(self.folder / "records.parquet")

    def submissions(self) -> pd.DataFrame:
        """What became of everything submitted: ordinal, outcome, reason (empty if accepted), keyed digest."""
        return pd.read_parquet(self.folder / "submissions.parquet")

    def schema(self) -> dict[str, Any]:
        """schema.json."""
        if self._schema is None:
            self._schema = json.loads((self.folder / "schema.json").read_text())
        return self._schema

    def summary(self) -> dict[str, Any]:
        """report.json: the document that the intake gave."""
        return json.loads((self.folder / "report.json").read_text())

    def digest(self) -> str:
        """SHA-256 over the schema and every record (which holds the keyed digest of its pixels). Names the content."""
        hasher = hashlib.sha256(json.dumps(self.schema(), sort_keys=True, separators=(",", ":")).encode())
        records = self.records()
        for start in range(0, len(records), 50_000):
            hasher.update(records.iloc[start : start + 50_000].to_csv(index=False, header=start == 0).encode())
        return hasher.hexdigest()

    def images(
        self,
        records: pd.DataFrame | Sequence[str],
        size: int,
        channels: int | None = None,
        new: Callable[[tuple[int, ...]], np.ndarray] = lambda shape: np.empty(shape, np.uint8),
    ) -> np.ndarray:
        """uint8 (n, size, size, channels) of records (a table with a `record` column, or ids), in their order.

        `new` gives the array that is filled: one on disk, where a whole fold is more than memory should hold.

        One rule: a colour picture is cropped to the square in its middle, where photographs have their subject; a grey
        one is padded to a square with black, because nothing of a radiograph may be cut away. Then one antialiased
        bilinear resize (that of torchvision v2). `channels` is 1 or 3; None takes the dataset's own. Grey to colour
        repeats, colour to grey is ITU-R 601 luma.

        Raises BadInput where the dataset has no images or a record has none.
        """
        own = self.schema()["image"]
        if own is None:
            raise BadInput("no_images", "The dataset is a table without images.", "Train on a dataset with images.")
        wanted = channels or own["channels"]
        ids = records["record"].tolist() if isinstance(records, pd.DataFrame) else list(records)
        out = new((len(ids), size, size, wanted))
        white = float(own.get("white", 65535))

        def fill(number: int) -> None:
            out[number] = _square(self._picture(ids[number], white), size, wanted)

        with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as threads:
            for _ in threads.map(fill, range(len(ids)), chunksize=32):
                pass
        return out

    def path(self, record: str) -> Path:
        """Where the picture of a record lies. Raises NotFound for ids that are none."""
        if not (record.startswith("r") and record[1:].isalnum()):
            raise NotFound("no_record", "There is no such record.", "")
        return self.folder / "images" / f"{record}.png"

    def _picture(self, record: str, white: float) -> np.ndarray:
        """uint8 (h, w) or (h, w, 3)."""
        try:
            with Image.open(self.path(record), formats=("PNG",)) as image:
                pixels = np.asarray(image)
        except FileNotFoundError:
            raise BadInput("no_image", "A record has no image.", "Leave records without a file out.") from None
        if pixels.dtype == np.uint8:
            return pixels
        return np.minimum(pixels.astype(np.float32) * (255.0 / white) + 0.5, 255).astype(np.uint8)


def _square(pixels: np.ndarray, size: int, channels: int) -> np.ndarray:
    """(h, w[, 3]) -> (size, size, channels); see Dataset.images for the rule."""
    height, width = pixels.shape[:2]
    if pixels.ndim == 3:
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        pixels = pixels[top : top + side, left : left + side]
        if channels == 1:
            pixels = np.rint(pixels @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
    elif height != width:
        side = max(height, width)
        padded = np.zeros((side, side), np.uint8)
        top, left = (side - height) // 2, (side - width) // 2
        padded[top : top + height, left : left + width] = pixels
        pixels = padded
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    if planes.shape[1] != size:
        planes = _resized(planes, size)
    return np.repeat(planes[0][..., None], channels, 2) if len(planes) == 1 else planes.transpose(1, 2, 0)


def _resized(planes: np.ndarray, size: int) -> np.ndarray:
    """uint8 (c, h, w) -> (c, size, size): byte for byte torchvision's v2 `resize`, which takes a second to import.

    Like there, bytes are computed with where the processor's kernel for them is fast, else floats, which are rounded.
    """
    import torch
    from torch.nn.functional import interpolate

    whole = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512") or platform.machine() in ("aarch64", "arm64")
    tensor = torch.from_numpy(planes.copy())[None]  # torch warns of arrays that it may not write to
    tensor = tensor if whole else tensor.float()
    tensor = interpolate(tensor, (size, size), mode="bilinear", align_corners=False, antialias=True)
    return (tensor if whole else tensor.round_().to(torch.uint8))[0].numpy()
