"""What a dataset holds back until a person has looked: read from its folder's light list, never with pandas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medsynth_engine.intake.held import read_held, write_held
from medsynth_engine.intake.reasons import sentence

if TYPE_CHECKING:
    from db.tables import Dataset

Box = list[int]
"""x, y, width, height in pixels of the stored picture, from its upper left corner."""


@dataclass(frozen=True)
class Held:
    """One quarantined picture. `read` is the text found in it: for a reviewer's eyes, never for a log or a record."""

    record: str
    reason: str
    width: int
    height: int
    boxes: tuple[tuple[int, ...], ...]
    read: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Without what was read."""
        return {
            "record": self.record,
            "reason": self.reason,
            "sentence": sentence(self.reason),
            "width": self.width,
            "height": self.height,
            "boxes": [list(box) for box in self.boxes],
        }


def held(folder: Path) -> dict[str, Held] | None:
    """The quarantined pictures of a dataset folder by record, sorted; None where the folder is gone."""
    if not folder.is_dir():
        return None
    found = [
        Held(
            record=str(entry["record"]),
            reason=str(entry["reason"]),
            width=int(entry.get("width") or 0),
            height=int(entry.get("height") or 0),
            boxes=tuple(tuple(int(edge) for edge in box) for box in entry.get("boxes") or ()),
            read=tuple(str(text) for text in entry.get("read") or ()),
        )
        for entry in read_held(folder)
    ]
    return {each.record: each for each in sorted(found, key=lambda each: each.record)}


def picture_of(folder: Path, record: str) -> Path | None:
    """Where the picture lies; None where only the fact is kept (an identifier was found in the file's bytes)."""
    path = folder / "quarantine" / f"{record}.png"
    return path if record.isalnum() and path.is_file() else None


def forget_decided(datasets: Path, present: Iterable[Dataset]) -> None:
    """Of the `present` versions, earlier ones hold in quarantine only what the newest still holds: the rest is decided.

    An earlier version stays for what was made from it, and nothing is made from quarantined pictures. Files may be
    links to one picture; each version's own goes.
    """
    newest: dict[str, Dataset] = {}
    rows = sorted(present, key=lambda row: row.version)
    for row in rows:
        newest[row.name] = row
    for row in rows:
        still = held(datasets / newest[row.name].folder)
        folder = datasets / row.folder
        if row is newest[row.name] or still is None or not folder.is_dir():
            continue
        for picture in (folder / "quarantine").glob("*.png"):
            if picture.stem not in still:
                picture.unlink(missing_ok=True)
        entries = read_held(folder)
        left = [entry for entry in entries if str(entry["record"]) in still]
        if len(left) < len(entries):
            write_held(folder, left)


def waiting_since(versions: Iterable[tuple[Dataset, Path]], records: Iterable[str]) -> dict[str, datetime]:
    """When each record came into quarantine. `versions` are a dataset's, newest first, each with its folder.

    A version whose folder was swept may have held anything, so the time then counts from that version.
    """
    still, since = set(records), dict.fromkeys(records, datetime.now(UTC))
    for row, folder in versions:
        there = held(folder)
        still = still if there is None else still & there.keys()
        since.update(dict.fromkeys(still, row.created_at))
        if not still:
            break
    return since
