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


def text_of(summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a dataset's summary says of its check (see work/dataset_row.py), with `state` checked, exempt or waiting.

    The summary of an earlier program says nothing of it: then the pictures wait to be read, unless it is known that
    there are none, or that none is large enough (a shorter side of 96 px) to carry text.
    """
    text = summary.get("text") or {}
    if "state" in text:
        return text
    has_images = bool((summary.get("schema") or {}).get("image"))
    return {**text, "state": "waiting" if has_images and summary.get("readable", 1) > 0 else "exempt"}


def text_waits(summary: Mapping[str, Any]) -> bool:
    """Whether pictures wait to be read, of a version whose place no other has taken."""
    text = text_of(summary)
    return text["state"] == "waiting" and not text.get("superseded_by")


def sentence(text: Mapping[str, Any]) -> str:
    """Of what `text_of` says."""
    if text["state"] == "exempt":
        return "No picture is large enough to carry text that can be read."
    if text["state"] == "waiting":
        return "The pictures have not all been read for burned-in text. Nothing leaves before."
    parts = [f"{text[key]:,} {words}" for key, words in COUNTS if text.get(key)]
    told = f"{text.get('read', 0):,} pictures were read for burned-in text: {', '.join(parts) or 'none'}."
    if text.get("superseded_by"):
        told += " Text was found, so a later version of the dataset took the place of this one."
    return told
