"""One uint8 tensor for everybody: training, validation and held-out images, with one label vector each."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import gan
import numpy as np
import pandas as pd

MANY = 300
"""Training images that a class needs to be asked back."""
MOST = 2000
"""Images drawn for the measures, at most."""
EACH = 200
"""Images drawn of each class that is asked back."""
HONEST_WITHOUT_FLIPS = {"dermoscopy": "fundus"}
"""Ours is trained under this profile instead: nobody mirrors or turns in this comparison."""


@dataclass(frozen=True)
class Fold:
    """images uint8 (n, s, s[, 3]); labels float32 (n, L); codes of the first attribute int (n,), negative unknown;
    table: the attributes as words and numbers, a row an image."""

    images: np.ndarray
    labels: np.ndarray
    codes: np.ndarray
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.images)

    def rows(self, chosen: np.ndarray) -> Fold:
        table = self.table.iloc[chosen].reset_index(drop=True)
        return Fold(self.images[chosen], self.labels[chosen], self.codes[chosen], table)


@dataclass(frozen=True)
class Data:
    """folder      a run folder with `train.npz` and `holdout.npz`
    training, validation, holdout   60, 10 and 30 % of the patients
    attribute   name of the first attribute; classes: its values
    many        codes of the classes with at least MANY training images
    """

    folder: Path
    training: Fold
    validation: Fold
    holdout: Fold
    attribute: str
    classes: tuple[str, ...]
    many: tuple[int, ...]

    @property
    def side(self) -> int:
        return int(self.training.images.shape[1])

    @property
    def channels(self) -> int:
        return 3 if self.training.images.ndim == 4 else 1

    def held_out(self) -> Fold:
        """The held-out records that drawn images are compared with: at most MOST, always the same."""
        return self.holdout.rows(np.random.default_rng(0).permutation(len(self.holdout))[:MOST])

    def asked_back(self) -> Fold:
        """Requests without images: EACH of every class in `many`, all other attributes left open."""
        codes = np.repeat(np.array(self.many, int), EACH)
        labels = np.zeros((len(codes), self.training.labels.shape[1]), np.float32)
        labels[np.arange(len(codes)), codes] = 1
        table = pd.DataFrame({self.attribute: [self.classes[code] for code in codes]})
        empty = np.empty((len(codes), *self.training.images.shape[1:]), np.uint8)
        return Fold(empty, labels, codes, table)


def prepare(work: Path, name: str, side: int) -> Data:
    """The data set `name` at `side` pixels; packed once under `work`, whole or not at all, then read from there."""
    folder = work / f"{name}-{side}"
    if not (folder / "config.json").exists():
        work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=work) as scratch:
            made = Path(scratch) / "run"
            gan.make_run(made, name, side, "auto", {"kimg": 1}, 0)
            shutil.rmtree(folder, ignore_errors=True)
            made.rename(folder)
    return load(folder)


def load(folder: Path) -> Data:
    """Read what `prepare` packed."""
    conditions = json.loads((folder / "config.json").read_text())["conditions"]
    with np.load(folder / "train.npz") as archive:
        fold = archive["fold"]
        known = _fold(archive["images"], archive["categorical"], archive["continuous"], conditions)
    with np.load(folder / "holdout.npz") as archive:
        holdout = _fold(archive["images"], archive["categorical"], archive["continuous"], conditions)
    first = conditions["categorical"][0]
    many = tuple(code for code, count in enumerate(first["counts"]) if count >= MANY)
    training, validation = known.rows(np.flatnonzero(fold == 0)), known.rows(np.flatnonzero(fold == 1))
    return Data(folder, training, validation, holdout, first["name"], tuple(first["values"]), many)


def _fold(images: np.ndarray, categorical: np.ndarray, continuous: np.ndarray, conditions: dict) -> Fold:
    parts, columns = [], {}
    for place, attribute in enumerate(conditions["categorical"]):
        codes = categorical[:, place].astype(int)
        # one axis a value, all zeros where it is unknown
        parts.append((codes[:, None] == np.arange(len(attribute["values"]))[None]).astype(np.float32))
        columns[attribute["name"]] = [attribute["values"][code] if code >= 0 else None for code in codes]
    for place, attribute in enumerate(conditions["continuous"]):
        numbers = continuous[:, place]
        scaled = (numbers - attribute["mean"]) / max(attribute["std"], 1e-6)
        parts.append(np.nan_to_num(scaled).astype(np.float32)[:, None])
        columns[attribute["name"]] = numbers
    return Fold(images, np.concatenate(parts, axis=1), categorical[:, 0].astype(int), pd.DataFrame(columns))


def run_folder(data: Data, target: Path, budget: dict[str, float], seed: int, device: str) -> None:
    """A run folder of ours with the same images: what a user of the public trainer would have."""
    target.mkdir(parents=True)
    config = json.loads((data.folder / "config.json").read_text())
    profile = HONEST_WITHOUT_FLIPS.get(config["augmentation"], config["augmentation"])
    config |= {"run": target.name, "budget": budget, "seed": seed, "device": device, "augmentation": profile}
    shutil.copyfile(data.folder / "train.npz", target / "train.npz")
    (target / "config.json").write_text(json.dumps(config))
