"""What the records of a run's stream say: engine and faces read them alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PLACES = ("kimg", "seconds")


def measured(record: Mapping[str, Any]) -> dict[str, Any]:
    """What this record measured. An event may say again what was measured before, so it adds only its place."""
    if record.get("kind") == "event":
        return {key: record[key] for key in PLACES if record.get(key) is not None}
    return {key: value for key, value in record.items() if key != "kind"}
