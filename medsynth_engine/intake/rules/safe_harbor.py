"""The eighteen categories of 45 CFR 164.514(b)(2)(i), and to which of them each kind that intake counts belongs.

The one place where kinds meet categories: report, page and studio read it from the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Category:
    """short: a few letters for a terminal; words: of the rule; done: what is done with all of them."""

    short: str
    words: str
    done: str


CATEGORIES: dict[str, Category] = {
    "A": Category("Names", "Names", "Removed. A patient is known by a pseudonym: a keyed HMAC of the patient's id."),
    "B": Category(
        "Places", "Geographic subdivisions smaller than a state", "Removed. Of a ZIP code at most three digits stay."
    ),
    "C": Category(
        "Dates, high ages",
        "Elements of dates (except year), and ages over 89",
        "Removed. Ages of 90 and more are kept as 90 or older.",
    ),
    "D": Category("Telephone", "Telephone numbers", "Removed."),
    "E": Category("Fax", "Fax numbers", "Removed."),
    "F": Category("E-mail", "E-mail addresses", "Removed."),
    "G": Category("Social security", "Social security numbers", "Removed."),
    "H": Category(
        "Record numbers",
        "Medical record numbers",
        "Removed. Where they tell patients apart, a keyed HMAC stands instead.",
    ),
    "I": Category("Health plans", "Health plan beneficiary numbers", "Removed."),
    "J": Category("Accounts", "Account numbers", "Removed."),
    "K": Category("Licences", "Certificate and licence numbers", "Removed."),
    "L": Category("Vehicles", "Vehicle identifiers and serial numbers", "Removed."),
    "M": Category("Devices", "Device identifiers and serial numbers", "Removed."),
    "N": Category("Web addresses", "Web addresses (URLs)", "Removed."),
    "O": Category("IP addresses", "IP addresses", "Removed."),
    "P": Category(
        "Biometrics", "Biometric identifiers", "Removed where they are data; see what must still be looked at."
    ),
    "Q": Category(
        "Faces",
        "Full-face photographs and comparable images",
        "Slices that show a head from the side or the front are held back for a person. Axial ones are stored.",
    ),
    "R": Category(
        "Other numbers",
        "Any other unique number, trait or code",
        "Removed. UIDs that tie pictures together become keyed HMACs.",
    ),
}
HIDING = "-"
HIDING_PLACES = Category(
    "Hiding places", "Places where any of these may hide", "Removed with all that they hold, unread."
)
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
    """Per category `{"category", "short", "safe_harbor", "found", "kinds", "done"}`: all eighteen, and hiding places.

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
            "category": words[letter].words,
            "short": words[letter].short,
            "safe_harbor": letter,
            "found": sum(found.values()),
            "kinds": dict(sorted(found.items())),
            "done": (done or {}).get(letter, words[letter].done),
        }
        for letter, found in kinds.items()
    ]
