"""Where a dataset stands with its text check, in one sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COUNTS = (
    ("clean", "without text"),
    ("markers", "with allowed markers only"),
    ("masked", "masked and read again"),
    ("allowed", "allowed by a person"),
    ("quarantined", "quarantined for a person"),
    ("unread", "that could not be read"),
    ("exempt", "too small to carry text"),
)


def sentence(text: Mapping[str, Any] | None) -> str:
    """Of a dataset's `text` summary (see work/dataset_row.py); empty for a dataset of an older version."""
    if not text:
        return ""
    if text["state"] == "exempt":
        return "No picture is large enough to carry text that can be read."
    if text["state"] == "waiting":
        return "The pictures have not all been read for burned-in text. Nothing leaves before."
    parts = [f"{text[key]:,} {words}" for key, words in COUNTS if text.get(key)]
    told = f"{text.get('read', 0):,} pictures were read for burned-in text: {', '.join(parts) or 'none'}."
    if text.get("superseded_by"):
        told += " Text was found, so a later version of the dataset took the place of this one."
    return told
