"""What an evaluation looks at: three tables, three stacks of images, one schema. Arrays in, values out; no paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from medsynth_engine.evidence.prints import Prints
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.evidence import Evidence

if TYPE_CHECKING:
    from medsynth_engine.features.encoder import Encoder
    from medsynth_engine.features.inception import Inception

Images = np.ndarray
"""uint8 (n, s, s) or (n, s, s, 3)."""
FOLDS = ("training", "holdout", "synthetic")
MOST = 5_000
"""Records of a fold that are measured, or that are asked for their nearest neighbour: more add little. What they are
compared with, in search of copies, is the whole fold: of two draws of large folds few copies meet their original."""


@dataclass(frozen=True)
class Inputs:
    """Everything an evaluation may see. Validation patients are in none of these.

    training, holdout, synthetic   one row a record; the schema's columns, and where known `patient` and `blank`
    schema       the document of `schema.json`
    *_images     uint8, all of one size, or None where there are none
    *_rows       for each image the position of its row in its table; None: they align one to one
    population   what the cohort was meant to be: attribute -> {value: share}; empty: as the training data
    population_n  how many people that population counts, where it was declared
    unknown_training  True where the training data of the generator is not in this store
    encoder      learned from the training images alone; None: no measure is taken in its space
    inception    the network of FID, where somebody brought its weights
    prints       fold -> prints of all its images, where `*_images` are only some of them
    gathered     evidence from what is not in here (other datasets, a discriminator, text in pictures), as it is
    seed         of everything that is drawn here
    """

    training: pd.DataFrame
    holdout: pd.DataFrame
    synthetic: pd.DataFrame
    schema: Mapping[str, Any]
    training_images: Images | None = None
    holdout_images: Images | None = None
    synthetic_images: Images | None = None
    training_rows: np.ndarray | None = None
    holdout_rows: np.ndarray | None = None
    synthetic_rows: np.ndarray | None = None
    population: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    population_name: str = "the chosen population"
    population_n: float | None = None
    unknown_training: bool = False
    encoder: Encoder | None = None
    inception: Inception | None = None
    prints: Mapping[str, Prints] = field(default_factory=dict)
    gathered: tuple[Evidence, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        shapes = set()
        for fold in FOLDS:
            images = self.images(fold)
            if images is None:
                continue
            if images.dtype != np.uint8 or images.ndim not in (3, 4):
                raise BadInput("bad_images", f"The {fold} images are not uint8 (n, s, s) or (n, s, s, 3).")
            rows = self.rows(fold)
            alone = getattr(self, f"{fold}_rows") is None
            unpaired = len(images) != (len(self.table(fold)) if alone else len(rows))
            if unpaired or (len(rows) and int(rows.max()) >= len(self.table(fold))):
                raise BadInput("images_without_rows", f"The {fold} images and their table do not fit together.")
            if len(images):
                shapes.add(images.shape[1:])
        if len(shapes) > 1:
            raise BadInput("bad_images", "Training, held-out and synthetic images differ in size or colour.")

    def table(self, fold: str) -> pd.DataFrame:
        found: pd.DataFrame = getattr(self, fold)
        return found

    def images(self, fold: str) -> Images | None:
        found: Images | None = getattr(self, f"{fold}_images")
        return found

    def rows(self, fold: str) -> np.ndarray:
        """For each image of `fold` the position of its row."""
        given: np.ndarray | None = getattr(self, f"{fold}_rows")
        images = self.images(fold)
        return np.arange(0 if images is None else len(images)) if given is None else np.asarray(given)

    @property
    def has_images(self) -> bool:
        """True where all three folds have at least two images: with fewer nothing can be compared."""
        stacks = [self.images(fold) for fold in FOLDS]
        return all(stack is not None and len(stack) >= 2 for stack in stacks)

    def with_images_of_rows(self, fold: str, keep: np.ndarray) -> Inputs:
        """The same inputs with only the records `keep` (positions, ascending) of one fold, images included."""
        keep = np.asarray(keep)
        changed: dict[str, Any] = {fold: self.table(fold).iloc[keep].reset_index(drop=True)}
        images = self.images(fold)
        if images is not None:
            rows = self.rows(fold)
            place = np.full(len(self.table(fold)), -1)
            place[keep] = np.arange(len(keep))
            held = place[rows] >= 0
            changed[f"{fold}_images"], changed[f"{fold}_rows"] = images[held], place[rows[held]]
        return replace(self, **changed)
