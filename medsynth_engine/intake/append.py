"""A new version of a dataset: earlier records stay as they are, in their folds, and new ones are placed beside them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from medsynth_engine.intake import folds
from medsynth_engine.intake.assemble import FIXED, People, Placed, group_of
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.duplicates import Groups, link_duplicates, thumbnail
from medsynth_engine.intake.pseudonym import uniform_of
from medsynth_engine.kernel.atomic import read_json

Column = tuple[str, str, str]


@dataclass(frozen=True)
class Earlier:
    """What a dataset holds already."""

    folder: Path
    records: pd.DataFrame
    quarantined: pd.DataFrame
    columns: tuple[Column, ...]
    known: bool
    bits: int
    salt: int

    @classmethod
    def of(cls, folder: Path) -> Earlier:
        """Raises NotFound where the folder holds no dataset."""
        dataset = Dataset(folder)
        schema = dataset.schema()
        columns = tuple((column["name"], column["role"], column["kind"]) for column in schema["columns"])
        held = folder / "quarantine.parquet"
        quarantined = pd.read_parquet(held) if held.exists() else pd.DataFrame()
        bits = int((schema["image"] or {}).get("white", 255)).bit_length()
        salt = (read_json(folder / "folds.json") or {}).get("salt", 0)
        return cls(folder, dataset.records(), quarantined, columns, bool(schema["patients_known"]), bits, salt)

    def holds(self, records: pd.Series) -> np.ndarray:
        """True for new records that are here already: the same file under the same name."""
        held = set(self.quarantined["record"]) if len(self.quarantined) else set()
        return records.isin(set(self.records["record"]) | held).to_numpy()

    def small(self, numbers: np.ndarray) -> np.ndarray:
        """uint8 (k, 1024) thumbnails of earlier records, made from their pictures when they are asked for."""
        cells = []
        for file in self.records["file"].iloc[numbers]:
            with Image.open(self.folder / file, formats=("PNG",)) as image:
                cells.append(thumbnail(np.asarray(image), 0).ravel())
        return np.stack(cells) if cells else np.zeros((0, 1024), np.uint8)

    def carry_over(self, staging: Path) -> None:
        """The earlier pictures, accepted and quarantined, as hard links where that is possible."""
        for folder in ("images", "quarantine"):
            for path in sorted((self.folder / folder).glob("*.png")):
                link = staging / folder / path.name
                if not link.exists():
                    try:
                        os.link(path, link)
                    except OSError:  # another file system, or one without links
                        link.write_bytes(path.read_bytes())
        read = self.folder / "text.parquet"  # what the text check read stays read
        if read.exists():
            (staging / read.name).write_bytes(read.read_bytes())


def likeness_beside(
    earlier: Earlier,
    base: pd.DataFrame,
    thumbnails: Callable[[np.ndarray], np.ndarray],
    tick: Callable[[int, int], None],
) -> Groups:
    """Groups of like pictures among the earlier records (first) and the new ones."""
    old = earlier.records
    count = len(old)
    if "cell" not in base or old["file"].isna().all():
        return Groups(count + len(base))
    cells = base["cell"].to_numpy(np.int64)

    def both(which: np.ndarray) -> np.ndarray:
        made = np.empty((len(which), 1024), np.uint8)
        before = which < count
        made[before] = earlier.small(which[before])
        made[~before] = thumbnails(cells[which[~before] - count])
        return made

    return link_duplicates(
        np.concatenate([old["pixels"].to_numpy(dtype=object), base["pixels"].to_numpy(dtype=object)]),
        np.concatenate([old["phash"].to_numpy(np.uint64), base["phash"].to_numpy(np.uint64)]),
        np.concatenate([old["blank"].to_numpy(bool), base["blank"].to_numpy(bool)]),
        both,
        tick,
    )


def place_beside(
    key: bytes, earlier: Earlier, people: People, alike: Groups, official: np.ndarray | None
) -> tuple[Placed, np.ndarray]:
    """Groups and folds of the new records, and which of them would tie two folds together (those are left out).

    An earlier record never changes its fold. A new one takes the fold of the group it belongs to, and where it belongs
    to none, its own keyed one.
    """
    old, count = earlier.records, len(earlier.records)
    like = alike.labels()
    together = Groups(len(like))
    together.parent = like.copy()
    together.join_equal(np.concatenate([old["patient"].to_numpy(str), people.patient.astype(str)]))
    together.join_equal(np.concatenate([old["group"].to_numpy(str), np.full(len(people.patient), "", dtype=object)]))
    together.join_equal(np.concatenate([np.full(count, "", dtype=object), people.studies]).astype(str))
    for one, other in people.links:
        together.join(count + one, count + other)
    root = together.labels()
    before = pd.DataFrame({"root": root[:count], "fold": old["fold"].to_numpy(), "group": old["group"].to_numpy()})
    known = before.groupby("root").agg(folds=("fold", "nunique"), fold=("fold", "first"), group=("group", "min"))
    new = pd.DataFrame({"root": root[count:], "patient": people.patient}).join(known, on="root")
    first = new.groupby("root")["patient"].transform("min")
    drawn = folds.draw(np.array([uniform_of(key, name) for name in first], dtype=np.uint64), earlier.salt)
    own = np.array(folds.FOLDS, dtype=object)[drawn] if official is None else official
    fold = np.where(new["fold"].isna(), own, new["fold"].to_numpy(dtype=object))
    group = [
        known_group if isinstance(known_group, str) else group_of(key, name)
        for known_group, name in zip(new["group"], first, strict=True)
    ]
    clash = pd.Series(fold).groupby(root[count:]).transform("nunique").to_numpy() > 1
    ties = (new["folds"].fillna(1) > 1).to_numpy() | clash
    duplicate = (like != np.arange(len(like)))[count:]
    return Placed(np.array(group, dtype=object), fold, duplicate, earlier.salt), ties


def merged(earlier: Earlier, records: pd.DataFrame, columns: list[Column]) -> tuple[pd.DataFrame, list[Column]]:
    """The earlier and the new records in one table, sorted by id; a column that only one of them has is missing in the
    other. Where the kinds of a column differ it becomes a number (integer and number), several (category and multi), or
    levels of text."""
    old = earlier.records
    kinds = {name: (role, kind) for name, role, kind in earlier.columns}
    made = list(earlier.columns)
    for name, role, kind in columns:
        if name not in kinds:
            made.append((name, role, kind))
        elif kinds[name][1] != kind:
            common = _common(kinds[name][1], kind)
            made[[column[0] for column in made].index(name)] = (name, kinds[name][0], common)
            dtype = "float64" if common == "number" else "str"
            old = old.assign(**{name: old[name].astype(dtype)})
            records = records.assign(**{name: records[name].astype(dtype)})
    whole = pd.concat([old, records], ignore_index=True)
    order = [*FIXED, *(name for name in whole.columns if name not in FIXED)]
    return whole[order].sort_values("record", kind="stable").reset_index(drop=True), made


def _common(one: str, other: str) -> str:
    kinds = {one, other}
    if kinds == {"integer", "number"}:
        return "number"
    return "multi" if kinds == {"category", "multi"} else "category"
