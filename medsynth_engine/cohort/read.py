"""The read side of a cohort folder."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from pyarrow import parquet

from medsynth_engine.kernel.atomic import file_digest, read_json
from medsynth_engine.kernel.errors import BadInput, NotFound


@dataclass(frozen=True)
class Cohort:
    """A cohort folder as `cohort.draw` writes it."""

    folder: Path

    def document(self) -> dict[str, Any]:
        """`cohort.json`. Raises NotFound where the folder is no cohort."""
        document = read_json(self.folder / "cohort.json")
        if document is None:
            raise NotFound("no_such_cohort", "There is no cohort here.", "See: medsynth cohorts list")
        return document

    def table(self, columns: Collection[str] | None = None) -> pd.DataFrame:
        """The rows as they were drawn: `file_name` first where there are images, `patient`, then the columns.

        columns  only these, where there are any of them
        """
        path = self.folder / "metadata.parquet"
        if not path.exists():
            raise NotFound("no_such_cohort", "There is no cohort here.", "See: medsynth cohorts list")
        if columns is None:
            return pd.read_parquet(path)
        return pd.read_parquet(path, columns=[name for name in parquet.read_schema(path).names if name in columns])

    def images(self, size: int | None = None) -> np.ndarray | None:
        """uint8 (n, h, w) or (n, h, w, 3) in the order of the rows, or None for rows alone.

        size: resize every image to `size` x `size` (antialiased). Raises BadInput where a file is missing or
        unreadable, lies outside the folder, or sizes differ and none is asked for.
        """
        table = self.table()
        if "file_name" not in table:
            return None
        pictures = [self._image(str(name), size) for name in table["file_name"]]
        if len({picture.shape for picture in pictures}) > 1:
            raise BadInput("sizes_differ", "The images of this cohort differ in size.", "Ask for one size.")
        return np.stack(pictures) if pictures else np.zeros((0, size or 0, size or 0), dtype=np.uint8)

    def digest(self) -> str:
        """SHA-256 over the names and contents of all files: what a judgement of this cohort is bound to."""
        whole = hashlib.sha256()
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            name = path.relative_to(self.folder).as_posix()
            whole.update(f"{name}\0{file_digest(path)}\n".encode())
        return whole.hexdigest()

    def _image(self, name: str, size: int | None) -> np.ndarray:
        path = self.folder / name
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise BadInput("outside_cohort", "A row names a file outside its cohort.", "Import the cohort again.")
        try:
            with Image.open(path) as picture:
                kept = picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
                if size is not None and kept.size != (size, size):
                    kept = kept.resize((size, size), Image.Resampling.BICUBIC)
                return np.asarray(kept, dtype=np.uint8)
        except OSError as error:
            raise BadInput("unreadable_image", "An image of this cohort cannot be read.", "Draw it again.") from error
