"""The ledger's own rules: the triggers that keep its past, and whether a file still has each of them, word for word.

They are kept here by their fingerprints, so that looking needs no second ledger and no room. A test compares them with
a ledger that is made anew: a revision that adds or changes a trigger changes this table with it.
"""

from __future__ import annotations

import hashlib
import sqlite3

RULES = {
    "assessment_author_stays": "cb93164d5dd13416",
    "assessment_frozen": "7870da7991c34da2",
    "assessment_remains": "91421d40f11cb67e",
    "assessment_text_no_delete": "9798a3db50c284ab",
    "assessment_text_no_update": "75d1eda650e51b06",
    "audit_follows": "e1dd0872f06d01e8",
    "audit_no_delete": "4dca3687cee06631",
    "audit_no_update": "589ec45cac6f87f2",
    "checkpoint_follows": "777ab0d602e433ea",
    "checkpoint_no_delete": "392f838ee1a42e98",
    "checkpoint_no_update": "d24c5dd0bf8008c3",
    "credential_touch_no_delete": "174219d837985f55",
    "credential_touch_no_update": "717a0cd3c2e9c98a",
    "job_grant_stays": "f0cdefe7a3af2168",
    "override_no_delete": "6bee925ea151acad",
    "override_no_update": "38226dfe522138a0",
    "recovery_code_once": "e15ad5c70e51c721",
    "release_no_delete": "de38ea20821a5f3c",
    "release_no_update": "0e7289c4e9e5fbc6",
    "review_no_delete": "80b9f680b27f738c",
    "review_no_update": "2f7bdc5e22dd133d",
    "second_factor_no_replay": "d7f6d09362c8acc1",
    "segment_follows": "d7f72dfe206f2a5a",
    "segment_no_delete": "8c974ef30331d51e",
    "segment_no_update": "340152603c0925d8",
    "signature_never_ones_own": "f4b0fee21df84fa7",
    "signature_no_delete": "ccb8e08ecf2b1f8b",
    "signature_no_update": "75a9dce511fd163c",
    "store_facts_remain": "6d983a7ad2e3aa22",
    "store_facts_stay": "ec5357dffb37e4ad",
}
"""Each trigger's name, and the first 16 hex digits of the SHA-256 of its text, with single spaces."""


def wanting(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """The names of the rules that are gone or say something else, and of those that nobody here wrote."""
    there = of(connection)
    return (
        sorted(name for name, mark in RULES.items() if there.get(name) != mark),
        sorted(there.keys() - RULES.keys()),
    )


def of(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {name: hashlib.sha256(" ".join(sql.split()).encode()).hexdigest()[:16] for name, sql in rows}
