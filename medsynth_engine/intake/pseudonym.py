"""Keyed pseudonyms: HMAC-SHA256 under a secret of the store, so that nobody without the key can try all record numbers.

An unkeyed hash of an eight-digit number falls in a minute on one core; see NIST SP 800-188 section 4.3 on keyed hashes.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from pathlib import Path


def keyed(key: bytes, purpose: str, value: str | bytes) -> str:
    """32 hex digits for `value`; the same value gives unrelated ones for different purposes."""
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    begun = _begun(key).copy()
    begun.update(purpose.encode() + b"\0" + data)
    return begun.hexdigest()[:32]


@lru_cache(maxsize=4)
def _begun(key: bytes) -> hmac.HMAC:
    """Half of the work on a short value is the key's own, which a table needs three times a row."""
    return hmac.new(key, digestmod="sha256")


NOBODY = frozenset(
    ("", "anonymous", "anonymized", "anonymised", "anon", "unknown", "none", "deidentified", "test", "patient", "na")
)
"""What stands in the place of a patient's id when another tool has taken it away: forty studies of it are not one."""


def is_somebody(identifier: str) -> bool:
    """Whether an identifier of a header tells patients apart."""
    bare = "".join(character for character in identifier.casefold() if character.isalnum())
    return bare.strip("0") not in NOBODY and not bare.startswith(("anonymo", "deident"))


def patient_of(key: bytes, identifier: str) -> str:
    """The pseudonym of a patient, from the identifier as it came (outer blanks and a trailing `.0` do not count)."""
    text = identifier.strip()
    return "p" + keyed(key, "patient", text.removesuffix(".0"))[:16]


def source_of(key: bytes, path: Path) -> str:
    """Tells whether a path was brought in before, without naming it: of the path and of when it last changed."""
    return keyed(key, "path", f"{path.resolve()}\0{path.stat().st_mtime_ns}")


def series_of(key: bytes, uid: str) -> str:
    """The keyed id of a DICOM series, short enough to type after `--series`; empty where there is none."""
    return "s" + keyed(key, "series", uid)[:10] if uid else ""


def record_of(key: bytes, *parts: str) -> str:
    """The id of a record, from what tells it apart: its place in the source and the keyed digest of its content."""
    return "r" + keyed(key, "record", "\0".join(parts))[:16]


def uniform_of(key: bytes, identifier: str) -> int:
    """64 keyed bits for a group: what its fold is drawn from."""
    return int(keyed(key, "fold", identifier)[:16], 16)
