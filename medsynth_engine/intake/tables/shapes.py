"""The shapes of identifiers: whole values, and what hides inside a longer text. Kinds as in `identifying`.

Regular expressions alone find no names, addresses or spelled dates (reference measurements: 0 of 300); they are the
net under the allow-list, never the rule itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from medsynth_engine.intake.tables.folding import ascii_digits, folded
from medsynth_engine.intake.tables.given_names import GIVEN_NAMES
from medsynth_engine.intake.tables.words import listed

MONTH = (
    r"(?:jan(?:uary|uar|v|vier)?|feb(?:ruary|ruar)?|f[ée]v(?:r|rier)?|mar(?:ch|s|zo)?|m(?:ä|ae)rz?|apr(?:il|ile)?|"
    r"avr(?:il)?|may|mai|june?|juni|juin|july?|juli|juil(?:let)?|aug(?:ust)?|ao[uû]t|sep(?:t|tember|tembre)?|"
    r"o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|de[cz](?:ember)?|d[ée]c(?:embre)?|enero|abril|agosto|dic(?:iembre)?)\b\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"""(
    (1[89]|20)\d\d[-/.]\ ?(0?[1-9]|1[0-2])[-/.]\ ?{_DAY}\.?([T\ ].*)?         # 2020-01-22
    | {_DAY}[-/.]\ ?{_DAY}[-/.]\ ?((1[89]|20)?\d\d)([T\ ,].*)?               # 22.01.2020
    | (1[89]|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(T?\d{{4,6}}.*)?(\.0)?  # 20200122
    | (1[89]|20)\d\d[-/](0[1-9]|1[0-2])                                      # 2020-01
    | (0?[1-9]|1[0-2])/(1[89]|20)\d\d                                        # 01/2020
    | ({_DAY}(st|nd|rd|th|\.)?[\s-]*(of\s+)?)?{MONTH}[\s-]*({_DAY}(st|nd|rd|th)?)?,?[\s-]*(((1[89]|20)\d\d)|'?\d\d)
    | {_DAY}(st|nd|rd|th|\.)?[\s-]{MONTH}                                     # 1-Feb
    | {MONTH}[\s-]*{_DAY}(st|nd|rd|th|\.)?                                     # Apr 9
    | {_DAY}\.\ ?(0?[1-9]|1[0-2])\.                                         # 06.01.
    | {_DAY}(\s+de)?\s+{MONTH}(\s+de)?\s+(1[89]|20)\d\d
    )""",
    re.I | re.X,
)
_SPELLED_DATE = re.compile(
    r"(the\s+)?(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|"
    r"fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[- ]\w+|thirtieth|"
    rf"thirty[- ]first)\s+(day\s+)?(of\s+)?{MONTH}(\W.*)?",
    re.I,
)
_DATE_INSIDE = re.compile(
    rf"\b(1[89]|20)\d\d[-/.](0?[1-9]|1[0-2])[-/.]{_DAY}\b|\b{_DAY}[-/.]{_DAY}[-/.](1[89]|20)\d\d\b"
    rf"|\b{MONTH}\s+{_DAY}(st|nd|rd|th)?,?\s+(1[89]|20)\d\d\b|\b{_DAY}(st|nd|rd|th|\.)?\s+(of\s+)?{MONTH},?\s+(1[89]|20)\d\d\b"
    rf"|\b{_DAY}[-\s]{MONTH}[-\s](\d\d){{1,2}}\b|\b{MONTH}[-\s]+(1[89]|20)\d\d\b",
    re.I,
)
_OTHER_CALENDAR = re.compile(
    r"(1[34]|2[45])\d\d[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])|(0?[1-9]|[12]\d|3[01])[-/.](0?[1-9]|1[0-2])[-/.]"
    r"(2[45]|1[34])\d\d|.*(明治|大正|昭和|平成|令和|[\d元]\s*年\s*\d+\s*月|\d\s*월\s*\d+\s*일|พ\.?ศ\.?|"
    r"มกราคม|กุมภาพันธ์|มีนาคม|เมษายน|พฤษภาคม|มิถุนายน|กรกฎาคม|สิงหาคม|กันยายน|ตุลาคม|พฤศจิกายน|ธันวาคม).*"
    r"|[MTSHR]\d{1,2}\.\d{1,2}\.\d{1,2}"
)
"""Buddhist, Persian and Islamic years, Japanese eras."""
_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(\s*[ap]m)?", re.I)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.I)
_SPACED_EMAIL = re.compile(
    r"[\w+-]\s*@\s*[\w-]+(\s*\.\s*[\w-]+)*\s*\.\s*[a-z]{2,}\b"
    r"|\w\s*[(\[{]\s*at\s*[)\]}]\s*\w|\w\s+at\s+[\w.-]+\s*[(\[{ ]\s*dot[)\]} ]\s*[a-z]{2,}\b",
    re.I,
)
_URL = re.compile(r"(https?://|ftp://|www\.)\S+|(doi:\s*)?10\.\d{4,9}/\S+", re.I)
_IP = re.compile(r"(\d{1,3}\.){3}\d{1,3}(/\d{1,2})?|(?=.*:.*:)([0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}", re.I)
_IP_INSIDE = re.compile(r"(?<![\d.])((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])")
_MAC = re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.I)
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
_PHONE = re.compile(
    r"(\+|00)\d[\d ()/.-]{7,}\d|\(\d{3}\)[ -]?\d{3}[ .-]?\d{4}|\d{3}[ .-]\d{3}[ .-]\d{4}|1[ -]\d{3}[ -]\d{3}[ -]\d{4}"
    r"|0\d{2,4}[ /-]\d{5,8}"
)
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)
_UID = re.compile(r"(\d+\.){4,}\d+")
_HASH = re.compile(r"(?=.*\d)(?=.*[a-f])([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})", re.I)
_VIN = re.compile(r"(?=(.*\d){4})(?=(.*[A-Z]){3})[A-HJ-NPR-Z0-9]{17}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[ ]?([A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{1,4}")
_CARD = re.compile(r"(\d{4}[ -]){3}\d{4}")
_PLATE = re.compile(r"[A-ZÄÖÜ]{1,3}-[A-Z]{1,2}[ -]\d{3,4}|[A-Z]{2}\d{2} [A-Z]{3}|[A-Z]{2}-\d{3}-[A-Z]{2}")
_MEDICAL_NUMBER = re.compile(
    r"\b(mrn|medical record|record no|patient (id|no|nr|number)|case no|accession|hospital no|pat\.?-?id)\b\W*\w*\d",
    re.I,
)
_PLAN_NUMBER = re.compile(
    r"\b(policy|insurance|insured|member(ship)?|health plan|medicare|medicaid|beneficiary)\b[^\d]{0,20}(\d[a-z-]*){4}",
    re.I,
)
_DEVICE = re.compile(r"\b(serial|s/n|device|imei|udi|implant)\b[^\d]{0,16}\w*\d{3}|\(01\)\d{14}", re.I)
_LICENCE = re.compile(r"\b(licen[cs]e|licen[cs]e plate|certificate|npi|dea|passport)\b[^\d]{0,16}\w*\d{3}", re.I)
_BIOMETRIC = re.compile(
    r"\b(fingerprint|voiceprint|voice print|iris scan|iris code|retina scan|face ?print|palm print)\b", re.I
)
_STREET = re.compile(
    r"\d{1,5}[a-z]?,?\s+([\w.'-]+\s+){1,4}(street|st|avenue|ave|road|rd|lane|ln|drive|boulevard|blvd|court|"
    r"square|terrace|highway|hwy|parkway)\b\.?.*"
    r"|[\w.'-]*(stra(ß|ss)e|str\.|weg|platz|allee|gasse)\s+\d{1,4}\s?[a-z]?\b.*"
    r"|(\d{1,4},?\s+)?(?-i:(Rue|Avenue|Boulevard|Calle|Via|Piazza|Plaza|Rua)\s+[A-ZÀ-Þ]).*|p\.?\s?o\.?\s+box\s+\d+.*",
    re.I,
)
_STREET_INSIDE = re.compile(
    r"\d{1,5}\s+([A-Z][\w.'-]+\s+){1,3}(Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Boulevard|Blvd)\b"
    r"|[A-ZÄÖÜ][\w-]*(stra(ß|ss)e|str\.|allee|gasse|weg|platz|damm|ufer)\s+\d{1,4}\b"
)
_PLACE = re.compile(r"-?\d{1,2}\.\d{4,},\s*-?\d{1,3}\.\d{4,}|[A-Z][\w .'-]+,\s*[A-Z]{2}\s+\d{5}(-\d{4})?")
_OLD_AGE = re.compile(
    r".*\b((9\d|1[0-2]\d)[\s-]*(y/?o|yrs?|years?|jahre|ans|años|anni)\b|aged?\s+(9\d|1[0-2]\d)\b"
    r"|(ninety|one hundred|a hundred|neunzig|hundert|nonag\w+|centenar\w+)\b).*",
    re.I,
)
_PATH = re.compile(r"([a-z]:)?[\\/]?([^\\/]+[\\/])+[^\\/]+", re.I)
_FILE = re.compile(r".+\.(png|jpe?g|dcm|dicom|tiff?|bmp|nii|gz|gif|webp|ima|npz|zip|pdf)", re.I)
_CAPITAL = "[A-ZÀ-ÖØ-Þ]"  # `Doe, Jane` is a name, `nevus, blue` is none
_ADDRESSED = re.compile(
    r"[^\W\d_][\w'’. -]+\^[^\W\d_].*|(Dr|Prof|Mr|Mrs|Ms|Miss|Herr|Frau|Mme|Dott)\b\.?\s+[A-ZÀ-Þ]\w+.*"
)
_TITLE_INSIDE = re.compile(
    r"\b(Dr|Prof|Mr|Mrs|Ms|Miss|Herrn?|Frau|Mme|Mlle|Dott|Señora?|Sra|Signora)\b\.?\s+[A-ZÀ-Þ][^\W\d_]+"
    r"|\b(?i:seen|signed|reported|read|reviewed|dictated|referred|operated|performed|examined|treated|accompanied|"
    r"befundet|gesehen|operiert|überwiesen|untersucht|behandelt)\s+(by|von|durch|par|por)\s+(?i:the\s+|dr\.?\s+)?[A-ZÀ-Þ]"
)
COMMA_NAME = re.compile(rf"{_CAPITAL}['’\w-]+,\s+{_CAPITAL}['’\w.-]+.*")
TWO_NAMES = re.compile(r"[A-Z][a-zà-ÿ'’-]+( [A-Z]\.?)?( [A-Z][a-zà-ÿ'’-]+){1,2}")
PATH = _PATH
SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email_addresses", _EMAIL),
    ("urls", _URL),
    ("dates", _TIME),
    ("device_identifiers", _MAC),
    ("ip_addresses", _IP),
    ("social_security_numbers", _SSN),
    ("dates", _DATE),
    ("dates", _SPELLED_DATE),
    ("dates", _OTHER_CALENDAR),
    ("phone_numbers", _PHONE),
    ("other_identifiers", _UUID),
    ("other_identifiers", _UID),
    ("other_identifiers", _HASH),
    ("vehicle_identifiers", _VIN),
    ("vehicle_identifiers", _PLATE),
    ("account_numbers", _IBAN),
    ("account_numbers", _CARD),
    ("geography", _STREET),
    ("geography", _PLACE),
    ("file_names", _FILE),
)
"""A whole value of this shape."""

INSIDE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email_addresses", _EMAIL),
    ("email_addresses", _SPACED_EMAIL),
    ("other_identifiers", re.compile(r"(?<!\w)@[a-z]\w{3,}|\b[a-z][\w.+-]{2,}@[a-z][\w-]{2,}", re.I)),
    ("urls", re.compile(r"(https?|ftp)://|www\.\w|\b10\.\d{4,9}/\w", re.I)),
    ("ip_addresses", _IP_INSIDE),
    ("social_security_numbers", re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)")),
    ("phone_numbers", re.compile(r"(?<![\d.])(\+\d[\d ()/-]{8,}\d|\(?\d{3}\)?[ -]\d{3}[ -]\d{4})(?![\d.])")),
    ("phone_numbers", re.compile(r"(?<![\d.,])0[1-9](?:[ ()/-]{0,2}\d){7,}(?!\d)")),
    ("geography", _STREET_INSIDE),
    ("names", _TITLE_INSIDE),
    ("dates", _DATE_INSIDE),
    ("record_numbers", _MEDICAL_NUMBER),
    ("health_plan_numbers", _PLAN_NUMBER),
    ("device_identifiers", _DEVICE),
    ("licence_numbers", _LICENCE),
    ("biometrics", _BIOMETRIC),
    ("ages_over_89", _OLD_AGE),
    ("other_identifiers", re.compile(r"(?<![\d.])(\d+\.){5,}\d+|[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)),
    ("other_identifiers", re.compile(r"(?<![\d.])\d{7,}(?!\d|\.\d)")),
)
"""Somewhere in a text. Stricter than whole values: a lesion may measure 3-4-5."""

_NAME_TOKEN = re.compile(r"[^\W\d_][\w'’-]*")
PARTICLES = listed("van von de der den di da del la le el al bin ibn mac mc st san y")
NO_SURNAMES = listed(
    "syndrome disease sign test score index type grade stage stain splint procedure carcinoma sarcoma tumor tumour "
    "tooth bodies antigen antibody lymphoma cell cells blood pressure rate ratio size level levels count status class "
    "group scale fracture lesion"
)


def is_person(text: str) -> bool:
    """`DOE^JANE`, `Dr. Doe`, or a common given name beside a capital word: `Jane Doe`, `DOE, Jane`, `see Jane Doe`."""
    if len(text) > LONGEST_SHAPE:
        return False
    if _ADDRESSED.fullmatch(text):
        return True
    words = [word for word in _NAME_TOKEN.findall(text) if word.casefold() not in PARTICLES]
    terms = {place for place, word in enumerate(words) if word.casefold() in NO_SURNAMES}
    return any(
        one[0].isupper() and other[0].isupper() and (_is_given(one) or _is_given(other))
        for place, (one, other) in enumerate(pairwise(words))
        if not terms & {place, place + 1, place + 2}
    )


def _is_given(word: str) -> bool:
    return any(part in GIVEN_NAMES or folded(part) in GIVEN_NAMES for part in word.casefold().split("-"))


def has_name(text: str, is_name: Callable[[str], bool]) -> bool:
    """Whether one of its words is a name, and none beside it says that a disease, sign or scale is called so."""
    words = _NAME_TOKEN.findall(text[:LONGEST_SHAPE])
    terms = {place for place, word in enumerate(words) if word.casefold() in NO_SURNAMES}
    alone = (word for place, word in enumerate(words) if not terms & {place - 1, place, place + 1})
    return any(is_name(word) for word in alone if word.count("-") < 2)  # Charcot-Marie-Tooth


def is_spelled_out(text: str) -> bool:
    """`K o w a l`: five letters one by one."""
    return bool(_LETTERS.search(text[:LONGEST_SHAPE]))


def is_given_name(text: str) -> bool:
    """A common given name alone, in capitals or with one."""
    return text[:1].isupper() and _is_given(text)


_CODE_WORD = re.compile(r"(?=[\w-]*[^\W\d_])(?=(?:[\w-]*?\d){4})[\w-]+")
_LETTERS = re.compile(r"(\b[^\W\d_]\b[ ._-]*){5}")
_PACKED = re.compile(r"[A-Za-z0-9+/]{10,}={1,2}|(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[A-Za-z0-9+/_-]{16,}")
_TOLD_OF_SOMEBODY = listed(
    "was were his her hers she he they him seen signed who whose said has had been lives came went brought asked "
    "called wurde wurden seine ihre kam lebt était fue patient patients patiente patientin patienten paciente"
)
FEWEST_WORDS = 5
MOST_WORDS = 12


def has_code(text: str) -> bool:
    """Whether a word holds letters and four digits (`ZX54321FND`, no `T2N0M0`), or is packed text (`SmFuZSBEb2U=`)."""
    return bool(_CODE_WORD.search(text[:LONGEST_SHAPE]) or _PACKED.search(text[:LONGEST_SHAPE]))


def is_code(text: str) -> bool:
    """Whether it is one word that holds such a code."""
    return " " not in text and has_code(text)


def is_sentence(text: str) -> bool:
    """Whether it reads as written about somebody: more than twelve words, or five with a full stop or such as `was`."""
    words = text.casefold().split()
    told = text.endswith(".") or bool(_TOLD_OF_SOMEBODY.intersection(words))
    return len(words) > MOST_WORDS or (len(words) >= FEWEST_WORDS and told)


LONGEST_SHAPE = 200
"""No identifier is longer, and no pattern sees more: a cell of a megabyte would keep some of them busy for hours."""


def kind_of(text: str) -> str:
    """The kind of identifier that a whole value has the shape of, or empty."""
    if len(text) > LONGEST_SHAPE:
        return "urls" if text.startswith(("http://", "https://")) else ""
    text = ascii_digits(text)
    return next((kind for kind, pattern in SHAPES if pattern.fullmatch(text)), "")


def kind_inside(text: str) -> str:
    """The kind of identifier that a value is, or has somewhere in it; empty where none is seen. A text that is longer
    than any identifier is `free_text`."""
    if len(text) > LONGEST_SHAPE:
        return "free_text"
    if text.isalpha() and text.islower():
        return ""
    found = kind_of(text)
    if found:
        return found
    text = ascii_digits(text)
    found = next((kind for kind, pattern in INSIDE if pattern.search(text)), "")
    return found or ("names" if is_person(text) else "")
