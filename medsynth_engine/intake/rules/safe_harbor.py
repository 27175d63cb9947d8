"""The eighteen categories of 45 CFR 164.514(b)(2)(i), and to which of them each kind that intake counts belongs.

The one place where kinds meet categories: report, page and studio read it from the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CATEGORIES: dict[str, tuple[str, str]] = {
    "A": ("Names", "Removed. A patient is known by a pseudonym: a keyed HMAC of the patient's id."),
    "B": ("Geographic subdivisions smaller than a state", "Removed. Of a ZIP code at most three digits stay."),
    "C": ("Elements of dates (except year), and ages over 89", "Removed. Ages of 90 and more are kept as 90 or older."),
    "D": ("Telephone numbers", "Removed."),
    "E": ("Fax numbers", "Removed."),
    "F": ("E-mail addresses", "Removed."),
    "G": ("Social security numbers", "Removed."),
    "H": ("Medical record numbers", "Removed. Where they tell patients apart, a keyed HMAC stands instead."),
    "I": ("Health plan beneficiary numbers", "Removed."),
    "J": ("Account numbers", "Removed."),
    "K": ("Certificate and licence numbers", "Removed."),
    "L": ("Vehicle identifiers and serial numbers", "Removed."),
    "M": ("Device identifiers and serial numbers", "Removed."),
    "N": ("Web addresses (URLs)", "Removed."),
    "O": ("IP addresses", "Removed."),
    "P": ("Biometric identifiers", "Removed where they are data; see what must still be looked at."),
    "Q": ("Full-face photographs and comparable images", "Held back until a person has looked."),
    "R": ("Any other unique number, trait or code", "Removed. UIDs that tie pictures together become keyed HMACs."),
}
"""Letter -> words of the rule, and what is done."""
HIDING = "-"
HIDING_PLACES = ("Places where any of these may hide", "Removed with all that they hold, unread.")
"""Private elements, free text, carriers in image files: what they hold is not known, so no category is claimed."""

KINDS: dict[str, str] = {
    "names": "A",
    "geography": "B",
    "dates": "C",
    "time": "C",
    "ages": "C",
    "ages_over_89": "C",
    "phone_numbers": "D",
    "fax_numbers": "E",
    "email_addresses": "F",
    "social_security_numbers": "G",
    "record_numbers": "H",
    "health_plan_numbers": "I",
    "account_numbers": "J",
    "licence_numbers": "K",
    "vehicle_identifiers": "L",
    "device_identifiers": "M",
    "urls": "N",
    "ip_addresses": "O",
    "biometrics": "P",
    "faces": "Q",
    "head_slices": "Q",
    "other_identifiers": "R",
    "identifiers_in_cells": "R",
    "patient_characteristics": "R",
    "file_names": "R",
}
"""Kind of `identifiers_removed` -> letter. A kind that is not here is a hiding place."""


def categories(removed: Mapping[str, int], done: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Per category `{"category", "safe_harbor", "found", "kinds", "done"}`: all eighteen, and the hiding places.

    removed  kind -> count of elements, cells or carriers
    done     letter -> words that replace the usual ones, where this intake did something else
    """
    kinds: dict[str, dict[str, int]] = {letter: {} for letter in (*CATEGORIES, HIDING)}
    for kind, count in removed.items():
        if count:
            kinds[KINDS.get(kind, HIDING)][kind] = count
    words = {**CATEGORIES, HIDING: HIDING_PLACES}
    return [
        {
            "category": words[letter][0],
            "safe_harbor": letter,
            "found": sum(found.values()),
            "kinds": dict(sorted(found.items())),
            "done": (done or {}).get(letter, words[letter][1]),
        }
        for letter, found in kinds.items()
    ]
