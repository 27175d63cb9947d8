"""DICOM PS3.15 Table E.1-1, the attributes that identify, as a versioned file of facts.

Nothing is kept because of this table: only pixels and allow-listed attributes are ever written. It decides how what was
found is named and counted, and its edition and digest stand in every report, so that a reader knows what was known.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FILE = "confidentiality.json"
OVERLAY_GROUPS = range(0x6000, 0x6100)
CURVE_GROUPS = range(0x5000, 0x5100)


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    pattern  eight hex digits, with x where any digit stands, or `odd group`
    name     of the attribute
    action   of the Basic Profile: X remove, Z empty, D dummy, U new UID, or a choice of these by the object's type
    options  option -> K (keep) or C (clean)
    """

    pattern: str
    name: str
    action: str
    options: dict[str, str]


@dataclass(frozen=True)
class Edition:
    """Which table ruled: its standard, edition, number of rows, and the SHA-256 of the file."""

    standard: str
    edition: str
    rows: int
    sha256: str

    def document(self) -> dict[str, Any]:
        return {"standard": self.standard, "edition": self.edition, "rows": self.rows, "sha256": self.sha256}


@cache
def _file() -> bytes:
    return files(__package__).joinpath(FILE).read_bytes()


@cache
def edition() -> Edition:
    """The table that this version of MedSynth goes by."""
    told = json.loads(_file())
    return Edition(told["standard"], told["edition"], len(told["rows"]), hashlib.sha256(_file()).hexdigest())


@cache
def rules() -> tuple[Rule, ...]:
    """All rows, in the order of their tags."""
    told = json.loads(_file())
    names = told["options"]
    return tuple(
        Rule(pattern, name, action, {names[int(word[:-1])]: word[-1] for word in options.split()})
        for pattern, name, action, options in told["rows"]
    )


@cache
def _by_pattern() -> dict[str, Rule]:
    return {rule.pattern: rule for rule in rules()}


@cache
def rule_of(tag: int) -> Rule | None:
    """The row for a tag (group and element as one number), or None. Patterns count: 50xx, 60xx, odd groups."""
    found = _by_pattern()
    group = tag >> 16
    exact = found.get(f"{tag:08x}")
    if exact is not None:
        return exact
    if group % 2:
        return found["odd group"]
    if group in CURVE_GROUPS:
        return found["50xxxxxx"]
    return found.get(f"60xx{tag & 0xFFFF:04x}") if group in OVERLAY_GROUPS else None
