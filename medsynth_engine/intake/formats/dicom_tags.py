"""What a DICOM header says about a person: counted by kind of identifier, and the few attributes that are kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pydicom
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName

from medsynth_engine.intake.deidentify import SHORTEST, VOCABULARY, VOCABULARY_WORDS
from medsynth_engine.intake.reasons import Code
from medsynth_engine.intake.rules.kinds import PIXEL_DATA, Sought, facts_of
from medsynth_engine.intake.tables.guesses import ETHNICITIES
from medsynth_engine.intake.tables.normalise import age_years, sex
from medsynth_engine.intake.tables.words import listed

STANDARD_UID = b"1.2.840.10008."
DEEPEST = 32
LONGEST = 64
"""Of a value so many bytes are looked for; more would not make it more of an identifier."""
LONGEST_TEXT = 65536
SHORTEST_NUMBER = 2
LOOKED_AT = 4096
MOST_RUNS = 16
_RUN = re.compile(rb"[ -~\x80-\xff]{6,}")
"""Text in bytes that nobody knows how to read."""

ETHNIC_WORDS = ETHNICITIES | listed(
    "african-caribbean afro-caribbean caribbean bangladeshi pakistani chinese japanese korean filipino vietnamese arab "
    "gypsy roma traveller irish british english scottish welsh european middle eastern east south southeast any "
    "background group ethnic american/indian unknown declined"
)
"""Groups of CID 5220 and of the censuses of the United States and the United Kingdom."""
DESCRIBED = {"Modality": "modality", "BodyPartExamined": "body_part", "ViewPosition": "view"}
OFTEN_BURNED_IN = {"US", "SC", "OT", "XA", "ES", "XC", "GM", "RF", "IVUS", "HC"}
OFTEN_BURNED_IN_CLASSES = ("6.1", "3.1", "6", "3", "12", "7", "77.1")
"""Behind 1.2.840.10008.5.1.4.1.1 and with all below them: ultrasound (the last two retired), angiography and
fluoroscopy, secondary capture, visible light (PS3.4 B.5)."""
READABLE_SIDE = 96
"""Pictures with a shorter side carry no readable text (DESIGN, slow checks)."""


def identifying(dataset: pydicom.Dataset, data: bytes) -> tuple[Counter[str], tuple[bytes, ...]]:
    """Kind -> how many non-empty elements, at every depth; and their values as bytes for the self-check.

    Values are given as they came and, where they are not ASCII, also as UTF-8; dates in their other spellings, names
    with their components. Elements are looked at as the file holds them: what need not be read is not converted.
    """
    found: Counter[str] = Counter()
    values: set[bytes] = set()
    if data[128:132] == b"DICM" and data[:128].strip(b"\0"):
        found["preamble"] += 1
        values.update(_runs(data[:128]))
    for part in (getattr(dataset, "file_meta", None), dataset):
        if part is not None:
            _look_at(part, 0, found, values)
    values.update(_runs(_behind_the_frames(dataset)))  # that there is something is counted with the pixels
    return found, tuple(sorted(values))


def _look_at(dataset: pydicom.Dataset, depth: int, found: Counter[str], values: set[bytes]) -> None:
    for tag in list(dataset.keys()):
        element = dataset.get_item(tag)
        facts = facts_of(int(tag), element.VR or "", depth > 0)
        if facts.representation == "SQ":
            if depth < DEEPEST:
                for item in dataset[tag].value or ():
                    _look_at(item, depth + 1, found, values)
            continue
        if not facts.kind or element.value in (None, "", b""):
            continue
        raw = element.value if isinstance(element.value, bytes) else None
        if facts.sought == "uid" and _standard(raw, element.value):
            continue
        found[facts.kind] += 1
        if facts.sought == "bytes":
            values.update(_runs(raw or b""))
        elif facts.sought:
            texts = list(_texts(element.value))
            if raw is not None and (b"\x1b" in raw or not raw.isascii()):
                texts += _texts(dataset[tag].value)
            values.update(_spellings(texts, facts.sought))


def _standard(raw: bytes | None, value: Any) -> bool:
    """UIDs of the standard itself name classes and syntaxes, never a person."""
    uids = raw.split(b"\\") if raw is not None else [str(uid).encode() for uid in _several(value)]
    return all(uid.startswith(STANDARD_UID) for uid in uids)


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, (list, tuple, MultiValue)) else (value,)


def _texts(value: Any) -> Iterator[bytes]:
    """The single values of an element, as it came (bytes) or as it was read."""
    if isinstance(value, bytes):
        yield from value[:LONGEST_TEXT].split(b"\\")
        return
    for one in _several(value):
        if isinstance(one, PersonName) and isinstance(one.original_string, bytes):
            yield one.original_string
        yield str(one).encode("utf-8", "replace")


def _spellings(texts: Iterable[bytes], sought: Sought) -> Iterator[bytes]:
    """What must be looked for. Values under four bytes only of names and numbers, for they occur by chance."""
    for text in texts:
        value = text.strip(b" \0\t\r\n")[:LONGEST]
        shortest = SHORTEST_NUMBER if sought in ("name", "number") else SHORTEST
        if len(value) < shortest or len(set(value)) == 1:
            continue
        if sought == "text" and value.decode("ascii", "replace").upper() in VOCABULARY_WORDS:
            continue  # a protocol that is called CHEST names nobody
        if sought == "uid" and value.startswith(STANDARD_UID):
            continue
        yield value
        if sought == "name":
            yield from (part for part in re.split(rb"[\^=]", value) if SHORTEST <= len(part) < len(value))
        if sought == "date":
            yield from _dates(value)


def _dates(value: bytes) -> Iterator[bytes]:
    """A date as DICOM writes it, in the spellings of tables and reports."""
    day = value[:8]
    if len(day) == 8 and day.isdigit():
        year, month, date = day[:4], day[4:6], day[6:]
        yield day
        yield from (b"-".join((year, month, date)), b".".join((date, month, year)))
        yield from (b"/".join((month, date, year)), b"/".join((date, month, year)))


def _runs(data: bytes) -> list[bytes]:
    found = (run.strip() for run in _RUN.findall(data[:LOOKED_AT])[:MOST_RUNS])
    return [run[:LONGEST] for run in found if len(set(run)) > 2]


def _behind_the_frames(dataset: pydicom.Dataset) -> bytes:
    """What stands in uncompressed pixel data after the last frame (PS3.5 8.1.1), or nothing."""
    raw = dataset.get_item(PIXEL_DATA) if PIXEL_DATA in dataset else None
    meta = getattr(dataset, "file_meta", None)
    if raw is None or not isinstance(raw.value, bytes) or meta is None or "TransferSyntaxUID" not in meta:
        return b""
    if meta.TransferSyntaxUID.is_encapsulated:
        return b""
    sides = [int(dataset.get(keyword) or 1) for keyword in ("Rows", "Columns", "SamplesPerPixel", "NumberOfFrames")]
    bits = int(dataset.get("BitsAllocated") or 8)
    for side in sides:
        bits *= side
    if str(dataset.get("PhotometricInterpretation") or "").startswith("YBR_FULL_422"):
        bits = bits * 2 // 3
    return raw.value[(bits + 7) // 8 :]


def described(dataset: pydicom.Dataset) -> dict[str, str]:
    """modality, body_part and view, where the header has a word of the standard's vocabulary."""
    kept = {}
    for keyword, name in DESCRIBED.items():
        word = str(dataset.get(keyword) or "").strip().upper()
        if word in VOCABULARY[name]:
            kept[name] = word
    return kept


def characteristics_of(dataset: pydicom.Dataset, asked: tuple[str, ...]) -> dict[str, str | float]:
    """Age in years (90 for 90 and older), sex F or M, ethnic group; only those of them that were asked for."""
    kept: dict[str, str | float] = {}
    if "age" in asked:
        years = age_years(str(dataset.get("PatientAge") or ""))
        if years is not None:
            kept["age"] = years
    if "sex" in asked:
        letter = sex(str(dataset.get("PatientSex") or ""))
        if letter:
            kept["sex"] = letter
    if "ethnicity" in asked:
        word = " ".join(str(dataset.get("EthnicGroup") or "").split())
        names = str(dataset.get("PatientName") or "").casefold()
        words = set(re.split(r"[\s/,&()]+", word.casefold())) - {""}
        if words and len(word) <= 16 and words <= ETHNIC_WORDS and word.casefold() not in names:
            kept["ethnicity"] = word
    return kept


def _is_class(uid: str, known: str) -> bool:
    return f"{uid}.".startswith(f"1.2.840.10008.5.1.4.1.1.{known}.")


def review_reason(dataset: pydicom.Dataset, shape: tuple[int, ...]) -> Code | None:
    """Why a person must look for burned-in text first, or None. The absence of the tag proves nothing."""
    if str(dataset.get("BurnedInAnnotation") or "").strip().upper() == "YES":
        return Code.BURNED_IN
    if min(shape[:2]) < READABLE_SIDE:
        return None
    kinds = {str(word).strip().upper() for word in _several(dataset.get("ImageType") or ())}
    modality, kind = (str(dataset.get(keyword) or "").strip() for keyword in ("Modality", "SOPClassUID"))
    often = modality.upper() in OFTEN_BURNED_IN or any(_is_class(kind, known) for known in OFTEN_BURNED_IN_CLASSES)
    unheard = bool(modality) and modality.upper() not in VOCABULARY["modality"]
    if often or unheard or kinds & {"SECONDARY", "DERIVED"}:
        return Code.REVIEW
    return None
