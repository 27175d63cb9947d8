"""The audit log in words that both faces share: who, how it ended, what else was meant, what a check came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]
NO_LOGIN = "no login"
"""Who asked without one; no account can be called so. The log itself says `anyone`."""


def who(record: Document) -> str:
    return NO_LOGIN if record["actor"] == "anyone" else str(record["actor"])


def outcome(record: Document) -> str:
    """As the log says it; what it knows only to have been begun is not said to be done."""
    begun = record["outcome"] == "done" and (record.get("detail") or {}).get("begun")
    return "begun" if begun else str(record["outcome"])


def meant(document: Document) -> list[tuple[str, str]]:
    """Why a filter finds nothing, where the store knows: a sentence, and what comes near it."""
    found = []
    if document.get("unknown_actor"):
        found.append(("Nobody of that name has an account here or did anything.", ""))
    if document.get("own_alone"):
        found.append(("You see your own records alone.", ""))
    for key, title in (
        ("near", "Actions on record that contain it"),
        ("near_objects", "Objects on record of that name"),
    ):
        if document.get(key):
            found.append((title, ", ".join(map(str, document[key]))))
    return found


def verdict(document: Document, of_file: bool = False) -> str:
    """What a check came to, in one sentence; what cannot be read is not said to have been changed.

    Nor is a file that an anchor alone speaks against: a store has all of its records, a file those of one moment.
    """
    if document["ok"]:
        return (
            "The record is whole." if document.get("key_known") else "The record is whole; who signed it is not known."
        )
    if document.get("tables_alone"):
        return "The record is whole, but what is listed as released and signed is not what it says."
    if document.get("code_alone"):
        return "The code does not fit this record: it may be mistyped, or belong to another store or an older export."
    if of_file and document.get("anchor_apart"):
        return "The anchor does not fit this file: one may be older than the other, or the file's end was cut off."
    unreadable = {"no_log": "Not a file that can be verified.", "damaged": "The record cannot be read."}
    return unreadable.get(str(document.get("unreadable")), "The record has been changed.")
