"""What the text check says of each picture, as a dataset's folder keeps it: `text.parquet`, without what was read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from medsynth_engine.intake.formats.dicom_tags import READABLE_SIDE
from medsynth_engine.intake.reasons import Code
from medsynth_engine.intake.text.readers import UNREAD

Box = tuple[int, int, int, int]
TEXT = "text.parquet"
COLUMNS = ("record", "pixels", "verdict", "boxes")
"""pixels: the keyed digest of the pixels that were read, so that a verdict never outlives them; boxes: JSON text."""


@dataclass(frozen=True)
class Finding:
    """What was found in one picture.

    held   it is in quarantine already, whatever was found
    boxes  x, y, width, height of the lines in question, in pixels; read: their text
    left   text remained after a trial of masking it (only where masking was asked for)
    """

    record: str
    pixels: str
    verdict: str
    held: bool
    boxes: tuple[Box, ...] = ()
    read: tuple[str, ...] = ()
    left: bool = False

    @property
    def code(self) -> Code | None:
        """Why the picture goes to a person, if it does and is not there already."""
        return {"text": Code.TEXT, UNREAD: Code.UNREAD}.get(self.verdict)


def of_findings(findings: Iterable[Finding]) -> pd.DataFrame:
    """One row a finding."""
    rows = [(one.record, one.pixels, one.verdict, json.dumps([list(box) for box in one.boxes])) for one in findings]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")


def read_verdicts(folder: Path) -> pd.DataFrame:
    """text.parquet of a dataset's folder; no rows before the first check."""
    path = folder / TEXT
    return pd.read_parquet(path) if path.exists() else of_findings(())


def merged(before: pd.DataFrame, now: pd.DataFrame | None) -> pd.DataFrame:
    """Both, sorted by record; where both know a picture, `now` is right."""
    parts = [table for table in (before, now) if table is not None and len(table)]
    if not parts:
        return before
    whole = pd.concat(parts, ignore_index=True).drop_duplicates("record", keep="last")
    return whole.sort_values("record", kind="stable").reset_index(drop=True)


def count_unread(records: pd.DataFrame, verdicts: pd.DataFrame) -> int:
    """Accepted pictures that are large enough for text and have no verdict on the pixels that they have now."""
    known = dict(zip(verdicts["record"], verdicts["pixels"], strict=True))
    shorter = records[["height", "width"]].astype("Int64").min(axis=1).fillna(0) >= READABLE_SIDE
    large = records[shorter.to_numpy(bool) & records["file"].notna().to_numpy(bool)]
    return sum(known.get(record) != pixels for record, pixels in zip(large["record"], large["pixels"], strict=True))
