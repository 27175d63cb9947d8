"""What waits in quarantine for a person, as a light list beside the pictures: the studio's process never holds pandas.

`quarantine.json` (0600) has one entry a picture: `record`, `reason`, `width`, `height`, `boxes` of text found
([x, y, width, height] in pixels) and the text `read` in them, which nobody keeps once the picture is decided upon.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from medsynth_engine.kernel.atomic import read_json, write_json

NAME = "quarantine.json"


class Table(Protocol):
    """What of a pandas table is needed here; this module must not import it."""

    def __getitem__(self, name: str) -> Iterable[Any]: ...


def held_of(quarantined: Table, found: Mapping[str, Mapping[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The list of a table of quarantined records. found: record -> `boxes` and `read` of those in which text was."""
    columns = [quarantined[name] for name in ("record", "reason", "width", "height")]
    known = found or {}
    return [
        {
            "record": record,
            "reason": reason,
            "width": int(width),
            "height": int(height),
            "boxes": list(known.get(record, {}).get("boxes", ())),
            "read": list(known.get(record, {}).get("read", ())),
        }
        for record, reason, width, height in zip(*columns, strict=True)
    ]


def write_held(folder: Path, held: list[dict[str, Any]]) -> None:
    write_json(folder / NAME, held)


def read_held(folder: Path) -> list[dict[str, Any]]:
    """The list of a dataset's folder; empty where nothing waits."""
    found: list[dict[str, Any]] | None = read_json(folder / NAME)
    return found or []
