"""What kind of identifier an element of a DICOM header is, by its tag and value representation alone.

Names of elements and the confidentiality table decide; the kinds are those of `safe_harbor.KINDS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VR

from medsynth_engine.intake.rules.profile import CURVE_GROUPS, OVERLAY_GROUPS, Rule, rule_of

Sought = Literal["", "text", "name", "number", "date", "uid", "bytes"]
TRAILING_PADDING = 0xFFFCFFFC
PIXEL_DATA = 0x7FE00010
TEXTS = {"LO", "SH", "LT", "ST", "UT", "UC", "PN"}
BINARY = {"OB", "OW", "OD", "OF", "OL", "OV", "UN"}
BY_REPRESENTATION: dict[str, tuple[str, Sought]] = {
    "PN": ("names", "name"),
    "DA": ("dates", "date"),
    "DT": ("dates", "date"),
    "TM": ("dates", "date"),
    "AS": ("ages", ""),
    "UR": ("urls", "text"),
    "AE": ("device_identifiers", "text"),
    "UI": ("other_identifiers", "uid"),
    "LT": ("free_text", "text"),
    "ST": ("free_text", "text"),
    "UT": ("free_text", "text"),
    "UC": ("free_text", "text"),
    "LO": ("other_text", "text"),
    "SH": ("other_text", "text"),
}
"""VR -> kind, and how its values are looked for in what is written (PS3.5 6.2)."""
BY_KEYWORD: tuple[tuple[str, str], ...] = (
    ("Telephone", "phone_numbers"),
    ("PhoneNumber", "phone_numbers"),
    ("TelecomInformation", "phone_numbers"),
    ("Address", "geography"),
    ("Institution", "geography"),
    ("CountryOfResidence", "geography"),
    ("RegionOfResidence", "geography"),
    ("ClinicalTrialSite", "geography"),
    ("Location", "geography"),
    ("GPS", "geography"),
    ("PatientID", "record_numbers"),
    ("MedicalRecord", "record_numbers"),
    ("Accession", "record_numbers"),
    ("AdmissionID", "record_numbers"),
    ("Insurance", "health_plan_numbers"),
    ("Serial", "device_identifiers"),
    ("DeviceID", "device_identifiers"),
    ("StationName", "device_identifiers"),
    ("OwnerName", "names"),
    ("Author", "names"),
    ("Description", "free_text"),
    ("Comment", "free_text"),
    ("OrderNumber", "other_identifiers"),
    ("Identifier", "other_identifiers"),
    ("ID", "other_identifiers"),
)
"""What only the name of a text tells apart."""
BY_OPTION = {"device": "device_identifiers", "institution": "geography", "clean descriptors": "free_text"}
NUMBERS = {"record_numbers", "health_plan_numbers", "other_identifiers"}
"""Kinds whose values are looked for however short they are."""


@dataclass(frozen=True)
class Facts:
    """representation: the VR, from the dictionary where the file does not say. kind: empty where an element names
    nobody. sought: how its values must be looked for in what is written, empty where they need not be."""

    representation: str
    kind: str
    sought: Sought


@lru_cache(maxsize=65536)
def facts_of(tag: int, representation: str, inside: bool) -> Facts:
    """`representation` is empty where the file is implicit; `inside` says that the element lies in a sequence."""
    known = dictionary_has_tag(tag)
    if known and representation in ("", "UN"):
        representation = dictionary_VR(tag)
    representation = representation or "UN"
    group, element = tag >> 16, tag & 0xFFFF
    if group % 2:
        creator = 0x10 <= element <= 0xFF  # the maker's name of what follows
        return Facts(representation, "private_elements", "" if creator else _sought(representation))
    if group in OVERLAY_GROUPS:
        return Facts(representation, "overlays", _sought(representation))
    if group in CURVE_GROUPS:
        return Facts(representation, "curves", _sought(representation))
    if tag == TRAILING_PADDING:
        return Facts(representation, "trailing_padding", "bytes")
    if tag == PIXEL_DATA:
        return Facts(representation, "icon_images", "bytes") if inside else Facts(representation, "", "")
    if not known:
        return Facts(representation, "unknown_elements", _sought(representation))
    return _public(dictionary_keyword(tag), representation, rule_of(tag))


def _public(keyword: str, representation: str, rule: Rule | None) -> Facts:
    kind, sought = BY_REPRESENTATION.get(representation, ("", ""))
    options = rule.options if rule is not None else {}
    if representation in TEXTS - {"PN"} or (rule is not None and not kind):
        kind = _told_apart(keyword, options, kind or ("other_identifiers" if rule is not None else ""))
        if rule is not None and kind == "other_text":
            kind = "other_identifiers"
        if kind in NUMBERS and representation in ("LO", "SH"):
            sought = "number"
    if representation in BINARY and kind:
        sought = "bytes"
    if options.get("patient characteristics") == "K":
        sought = ""  # sex or age of a patient may be kept, if it is asked for
    return Facts(representation, kind, sought)


def _told_apart(keyword: str, options: dict[str, str], otherwise: str) -> str:
    if options.get("patient characteristics") == "K":
        return "patient_characteristics"
    for word, kind in BY_KEYWORD:
        if word in keyword:
            return kind
    return next((kind for option, kind in BY_OPTION.items() if option in options), otherwise)


def _sought(representation: str) -> Sought:
    """Of elements that nobody knows: text as text, and runs of letters in whatever else."""
    return BY_REPRESENTATION.get(representation, ("", "bytes" if representation in BINARY else ""))[1]
