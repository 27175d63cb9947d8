"""The tables of a dataset while decisions about its pictures move rows between them. No patient changes the fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from medsynth_engine.intake.ties import kept, read_ties
from medsynth_engine.intake.worker import IMAGES, QUARANTINE
from medsynth_engine.kernel.errors import BadInput


@dataclass(frozen=True)
class Change:
    """What becomes of one record.

    accept      out of quarantine as it is; an accepted record stays accepted
    mask        `boxes` (x, y, width, height) are filled, and the record is accepted
    reject      left out for good, for `reason`
    quarantine  held back for `reason`, with what was found in it (`boxes`, `read`); one that is held back already keeps
                its own reason
    """

    decision: Literal["accept", "mask", "reject", "quarantine"]
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    reason: str = ""
    read: tuple[str, ...] = ()


@dataclass
class Tables:
    """The accepted and the held records, and their ties, while they change."""

    records: pd.DataFrame
    held: pd.DataFrame
    ties: pd.DataFrame
    joined: set[str] = field(default_factory=set)
    """Records that were to come out of quarantine but would tie two folds together."""

    @classmethod
    def of(cls, folder: Path, records: pd.DataFrame) -> Tables:
        path = folder / "quarantine.parquet"
        held = pd.read_parquet(path) if path.exists() else records.iloc[:0].assign(reason=pd.Series(dtype="str"))
        return cls(records, held, kept(read_ties(folder), records, held))

    def file(self, record: str) -> str:
        for table in (self.records, self.held):
            found = table.loc[table["record"] == record, "file"]
            if len(found):
                return str(found.iloc[0])
        raise BadInput("no_record", "There is no such picture in the dataset.", "Look again: medsynth review list")

    def demand(self, changes: Mapping[str, Change], listed: set[str]) -> None:
        """Raise BadInput for a change of what is not there; what has no picture can only be rejected."""
        with_rows = set(self.records["record"]) | set(self.held["record"])
        for record, change in changes.items():
            if record not in with_rows and not (record in listed and change.decision == "reject"):
                raise BadInput("no_record", "There is no such picture in the dataset.", "See: medsynth review list")

    def apply(self, changes: Mapping[str, Change], new_pixels: Mapping[str, dict[str, Any]]) -> None:
        """Move, change and drop rows; both tables stay sorted by record."""
        of: dict[str, str] = {record: change.decision for record, change in changes.items()}
        accepted, held = (
            pd.Series([of.get(record, "") for record in table["record"]], index=table.index, dtype="str")
            for table in (self.records, self.held)
        )
        leaving = self.records[accepted == "quarantine"]
        coming = self.held[held.isin(["accept", "mask"])].drop(columns="reason")
        joins = _joins(coming, self.records[accepted != "quarantine"], self.ties)
        self.joined = set(coming.loc[joins, "record"])
        coming = _placed(coming[~joins], self.records, self.ties)
        reasons = leaving["record"].map({record: change.reason for record, change in changes.items()})
        leaving = leaving.assign(reason=reasons.astype(self.held["reason"].dtype))
        staying = self.records[~accepted.isin(["quarantine", "reject"])]
        remaining = self.held[~held.isin(["accept", "mask", "reject"])]
        self.records = _joined(staying, coming, IMAGES, self.records)
        self.held = _joined(remaining, leaving, QUARANTINE, self.held)
        self.ties = kept(self.ties, self.records, self.held)
        for record, values in new_pixels.items():
            row = self.records["record"] == record
            for name, value in values.items():
                self.records.loc[row, name] = value


def _joined(table: pd.DataFrame, more: pd.DataFrame, place: str, like: pd.DataFrame) -> pd.DataFrame:
    """Both, sorted, with the columns and types of `like`, their pictures in `place`."""
    more = more.reindex(columns=like.columns)
    if more["file"].notna().any():
        more = more.assign(file=f"{place}/" + more["record"] + ".png")
    parts = [part for part in (table, more) if len(part)]
    whole = pd.concat(parts, ignore_index=True) if parts else like.iloc[:0]
    for name, kind in like.dtypes.items():
        if len(like) and whole[name].dtype != kind:
            whole[name] = whole[name].astype(kind)
    return whole.sort_values("record", kind="stable").reset_index(drop=True)


def _names(table: pd.DataFrame, ties: pd.DataFrame) -> pd.DataFrame:
    """record, label: all that a picture's person goes by, the patient first, then the group, then the ties."""
    own = [table[["record", name]].set_axis(["record", "label"], axis=1) for name in ("patient", "group")]
    return pd.concat([*own, kept(ties, table)], ignore_index=True)


def _kin(coming: pd.DataFrame, records: pd.DataFrame, ties: pd.DataFrame) -> pd.DataFrame:
    """record, fold, group: of each coming record, where those that share a name with it are among `records`."""
    there = _names(records, ties).merge(records[["record", "fold", "group"]], on="record")
    return _names(coming, ties).merge(there.drop(columns="record").drop_duplicates(), on="label")


def _joins(coming: pd.DataFrame, records: pd.DataFrame, ties: pd.DataFrame) -> pd.Series:
    """Which of the records coming out of quarantine would tie patients of two folds together: they are left out."""
    folds = _kin(coming, records, ties).groupby("record")["fold"].nunique()
    return coming["record"].map(folds).fillna(0) > 1


def _placed(coming: pd.DataFrame, records: pd.DataFrame, ties: pd.DataFrame) -> pd.DataFrame:
    """In the fold and group that the patient, the group, or a tie has among the accepted: an append may have placed
    them."""
    there = _kin(coming, records, ties).drop_duplicates("record").set_index("record")
    placed = coming.copy()
    for name in ("fold", "group"):
        found = placed["record"].map(there[name])
        placed[name] = found.where(found.notna(), placed[name])
    return placed
