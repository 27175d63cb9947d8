"""A new version of a dataset: earlier records stay as they are, in their folds, and new ones are placed beside them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from medsynth_engine.intake import folds
from medsynth_engine.intake.assemble import FIXED, People, Placed, group_of
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.duplicates import Groups, link_duplicates, thumbnail
from medsynth_engine.intake.identified import Identified
from medsynth_engine.intake.merged import Column
from medsynth_engine.intake.pseudonym import uniform_of
from medsynth_engine.intake.removed import read_removed
from medsynth_engine.intake.ties import join_people, kept, read_ties
from medsynth_engine.kernel.atomic import read_json


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
    ties: pd.DataFrame
    removed: dict[str, str]
    identified: Identified

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
        records = dataset.records()
        ties = kept(read_ties(folder), records, quarantined)
        removed = read_removed(folder, dataset.submissions())
        known = bool(schema["patients_known"])
        identified = Identified.told(dataset.summary(), known, len(records))
        return cls(folder, records, quarantined, columns, known, bits, salt, ties, removed, identified)

    @cached_property
    def pictures(self) -> pd.DataFrame:
        """The accepted records, and after them those in quarantine: they may be accepted any day."""
        if not len(self.quarantined):
            return self.records
        return pd.concat([self.records[list(FIXED)], self.quarantined[list(FIXED)]], ignore_index=True)

    def holds(self, records: pd.Series) -> np.ndarray:
        """True for new records that are here already: the same file under the same name."""
        held = set(self.quarantined["record"]) if len(self.quarantined) else set()
        return records.isin(set(self.records["record"]) | held).to_numpy()

    def taken_out(self, records: pd.Series) -> np.ndarray:
        """Why people took out each of new records, empty for all others."""
        return np.array([self.removed.get(record, "") for record in records], dtype=object)

    def small(self, numbers: np.ndarray) -> np.ndarray:
        """uint8 (k, 1024) thumbnails of earlier pictures, made when they are asked for."""
        return thumbnails_of(self.folder, self.pictures["file"].iloc[numbers])

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


def thumbnails_of(folder: Path, files: Iterable[str]) -> np.ndarray:
    """uint8 (k, 1024) of pictures of a dataset's folder."""
    cells = []
    for file in files:
        with Image.open(folder / file, formats=("PNG",)) as image:
            cells.append(thumbnail(np.asarray(image), 0).ravel())
    return np.stack(cells) if cells else np.zeros((0, 1024), np.uint8)


def likeness_beside(
    earlier: Earlier,
    base: pd.DataFrame,
    thumbnails: Callable[[np.ndarray], np.ndarray],
    tick: Callable[[int, int], None],
) -> Groups:
    """Groups of like pictures among the earlier pictures (first, as in `Earlier.pictures`) and the new ones."""
    old = earlier.pictures
    count = len(old)
    if base.empty or "cell" not in base or old["file"].isna().all():
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
) -> tuple[Placed, np.ndarray, pd.DataFrame]:
    """Groups and folds of the new records, which of them would tie two folds together (those are left out), and the
    earlier pictures in quarantine.

    An accepted record never changes its fold. A new one takes the fold of the group it belongs to, and where it belongs
    to none, its own keyed one. A picture in quarantine counts where no accepted one does, and follows whom it turns out
    to belong to: it may be accepted any day.
    """
    old, accepted = earlier.pictures, len(earlier.records)
    count = len(old)
    like = alike.labels()
    together = Groups(len(like))
    together.parent = like.copy()
    number_of = {record: number for number, record in enumerate(old["record"])} if len(earlier.ties) else {}
    before = zip((number_of[record] for record in earlier.ties["record"]), earlier.ties["label"], strict=True)
    ties = [*before, *((count + number, label) for number, label in people.ties)]
    join_people(together, np.concatenate([old["patient"].to_numpy(dtype=object), people.patient]), ties)
    together.join_equal(np.concatenate([old["group"].to_numpy(str), np.full(len(people.patient), "", dtype=object)]))
    together.join_equal(np.concatenate([np.full(count, "", dtype=object), people.studies]).astype(str))
    for one, other in people.links:
        together.join(count + one, count + other)
    root = together.labels()
    known = _known_roots(root[:count], old, accepted)
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
    joins = (new["folds"].fillna(1) > 1).to_numpy() | clash
    duplicate = (like != np.arange(len(like)))[count:]
    placed = Placed(np.array(group, dtype=object), fold, duplicate, earlier.salt)
    return placed, joins, _followed(earlier.quarantined, root[accepted:count], placed, root[count:], joins)


def _known_roots(root: np.ndarray, old: pd.DataFrame, accepted: int) -> pd.DataFrame:
    """By root: how many folds its accepted pictures are in, and fold and group of the group that sorts first."""
    before = pd.DataFrame({"root": root, "fold": old["fold"].to_numpy(), "group": old["group"].to_numpy()})

    def of(rows: pd.DataFrame) -> pd.DataFrame:
        by_root = rows.sort_values("group", kind="stable").groupby("root")
        return by_root.agg(folds=("fold", "nunique"), fold=("fold", "first"), group=("group", "first"))

    known, waiting = of(before.iloc[:accepted]), of(before.iloc[accepted:]).assign(folds=1)
    return pd.concat([known, waiting[~waiting.index.isin(known.index)]])


def _followed(
    quarantined: pd.DataFrame, held: np.ndarray, placed: Placed, root: np.ndarray, joins: np.ndarray
) -> pd.DataFrame:
    """Pictures in quarantine, in the group and fold of the new records that they belong to."""
    if not len(quarantined):
        return quarantined
    new = pd.DataFrame({"root": root, "group": placed.group, "fold": placed.fold})[~joins].drop_duplicates("root")
    there = pd.DataFrame({"root": held}).join(new.set_index("root"), on="root")
    moved = {
        name: np.where(there[name].isna(), quarantined[name].to_numpy(dtype=object), there[name].to_numpy(dtype=object))
        for name in ("group", "fold")
    }
    return quarantined.assign(**{name: pd.Series(v, quarantined.index, dtype="str") for name, v in moved.items()})
