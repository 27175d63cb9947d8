"""What a source consists of: items that were submitted, and the tables that lie with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from medsynth_engine.intake.reasons import Code
from medsynth_engine.kernel.errors import BadInput

SHEET_ENDINGS = (".xlsx", ".xls", ".ods", ".parquet")
TABLE_ENDINGS = (".csv", ".tsv", ".tab", *SHEET_ENDINGS)
LITTER = {"thumbs.db", "desktop.ini", ".ds_store", "__macosx"}
"""What file managers leave behind; not submitted by anybody."""


@dataclass(frozen=True, slots=True)
class Item:
    """One submitted file, archive member or array entry. `name` stays in memory: it is never stored nor shown.

    ordinal  its place in the sorted list of the source, from 0
    name     relative to the source, with forward slashes
    size     bytes as the file system or archive says
    stamp    changes when the content does: modification time (folder, NPZ), else the number of the archive's member,
             32 bits to the left, and its CRC
    refused  a reason found without opening it
    split    training, validation or holdout where the source itself says so
    """

    ordinal: int
    name: str
    size: int
    stamp: int
    refused: Code | None = None
    split: str = ""

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def base(self) -> str:
        return PurePosixPath(self.name).name


@dataclass(frozen=True)
class TableFile:
    """A table that lies with the images: how to read it, and its name for choosing among several."""

    name: str
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True)
class ArrayTable:
    """Columns that came inside an NPZ beside its images, one value an item; and names for the labels where known."""

    columns: dict[str, list[str]]


@dataclass(frozen=True)
class Source:
    """kind: `folder`, `zip`, `tar`, `npz` or `table`. `tables`: candidates for the metadata. `arrays`: of an NPZ."""

    kind: str
    path: Path
    items: tuple[Item, ...]
    tables: tuple[TableFile, ...] = ()
    arrays: ArrayTable | None = None
    warnings: tuple[str, ...] = ()
    place: tuple[int, int] = (0, 0)
    """Device and inode of `path` when it was listed: what is read must lie in the same."""

    def demand_same(self) -> None:
        """Raise BadInput where something else has come to lie at the path."""
        if place_of(self.path) != self.place:
            raise changed()


def changed() -> BadInput:
    return BadInput("source_changed", "The path leads elsewhere than when you asked.", "Ask for it again.")


def place_of(path: Path) -> tuple[int, int]:
    """Device and inode, of a link itself; zeros where there is nothing."""
    try:
        facts = path.lstat()
    except OSError:
        return 0, 0
    return facts.st_dev, facts.st_ino


def is_litter(name: str) -> bool:
    """Hidden files and what file managers leave behind."""
    return name.startswith(".") or name.lower() in LITTER
