"""What a DICOM header says about a person: counted by kind of identifier, and the few attributes that are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pydicom
from pydicom.dataelem import DataElement

from medsynth_engine.intake.identifying import listed
from medsynth_engine.intake.normalise import age_years, sex
from medsynth_engine.intake.reasons import Code

STANDARD_UID = "1.2.840.10008."
TEXT_REPRESENTATIONS = {"PN", "DA", "DT", "TM", "UI", "AE", "AS", "LO", "SH", "LT", "ST", "UT", "UC", "UR", "CS"}
KINDS_BY_REPRESENTATION = {
    "PN": "names",
    "DA": "dates",
    "DT": "dates",
    "TM": "dates",
    "AS": "ages",
    "UR": "urls",
    "AE": "device_identifiers",
    "LT": "free_text",
    "ST": "free_text",
    "UT": "free_text",
    "UC": "free_text",
}
"""45 CFR 164.514(b)(2) by value representation; what is told apart only by its name follows below."""
KINDS_BY_KEYWORD: tuple[tuple[str, str], ...] = (
    ("Telephone", "phone_numbers"),
    ("TelecomInformation", "phone_numbers"),
    ("Address", "geography"),
    ("Institution", "geography"),
    ("CountryOfResidence", "geography"),
    ("RegionOfResidence", "geography"),
    ("Location", "geography"),
    ("PatientID", "record_numbers"),
    ("MedicalRecord", "record_numbers"),
    ("AccessionNumber", "record_numbers"),
    ("AdmissionID", "record_numbers"),
    ("Insurance", "health_plan_numbers"),
    ("Serial", "device_identifiers"),
    ("DeviceID", "device_identifiers"),
    ("StationName", "device_identifiers"),
    ("Name", "names"),
    ("Description", "free_text"),
    ("Comment", "free_text"),
    ("ID", "other_identifiers"),
    ("UID", "other_identifiers"),
    ("Number", ""),
)
TECHNICAL_NUMBERS = {"SamplesPerPixel", "NumberOfFrames"}

DESCRIBED = {"Modality": "modality", "BodyPartExamined": "body_part", "ViewPosition": "view"}
VOCABULARY = {
    "modality": listed("CR CT DX ES GM IO IVUS MG MR NM OP OPT OT PT PX RF RG SC SM US XA XC"),
    "body_part": listed(
        "ABDOMEN ABDOMENPELVIS ANKLE ARM AXILLA BACK BLADDER BRAIN BREAST BRONCHUS CAROTID CERVICALSPINE "
        "CHEST CHESTABDOMEN CHESTABDPELVIS CLAVICLE COLON CSPINE ELBOW EXTREMITY EYE FACE FEMUR FINGER "
        "FOOT FOREARM HAND HEAD HEADNECK HEART HIP HUMERUS JAW KIDNEY KNEE LEG LIVER LSPINE LUNG MAXILLA "
        "MEDIASTINUM NECK ORBIT PANCREAS PELVIS PROSTATE RIB SCAPULA SHOULDER SKIN SKULL SPINE SPLEEN "
        "STERNUM TESTIS THIGH THUMB THYROID TOE TSPINE UTERUS VESSEL WHOLEBODY WRIST ZYGOMA"
    ),
    "view": listed("AP PA LL RL RLD LLD RLO LLO LAT LATERAL CC MLO ML LM XCCL AX OBL"),
}
"""Only words of these lists are kept; whatever else stands in the field may be typed by hand, and is dropped."""

OFTEN_BURNED_IN = {"US", "SC", "OT", "XA", "ES", "XC", "GM", "RF", "IVUS"}
READABLE_SIDE = 96
"""Pictures with a shorter side carry no readable text (DESIGN, slow checks)."""


def identifying(dataset: pydicom.Dataset, data: bytes) -> tuple[Counter[str], tuple[bytes, ...]]:
    """Kind -> how many non-empty elements, at every depth; and their values as bytes for the self-check."""
    found: Counter[str] = Counter()
    values: set[bytes] = set()
    if data[128:132] == b"DICM" and data[:128].strip(b"\0"):
        found["preamble"] += 1
    for part in (getattr(dataset, "file_meta", None), dataset):
        if part is not None:
            for element in _walk(part):
                kind = _kind(element)
                if kind:
                    found[kind] += 1
                    values.update(_values(element))
    return found, tuple(sorted(value for value in values if len(value) >= 4))


def _walk(dataset: pydicom.Dataset, depth: int = 0) -> Iterator[DataElement]:
    for element in dataset:
        if element.VR == "SQ":
            if depth < 32 and element.value:
                for item in element.value:
                    yield from _walk(item, depth + 1)
        elif element.value not in (None, "", b""):
            yield element


def _kind(element: DataElement) -> str:
    """The kind of identifier that an element is counted as; empty for technical values, which are dropped uncounted."""
    tag, representation, keyword = element.tag, element.VR, element.keyword
    if tag.is_private:
        return "private_elements"
    if 0x6000 <= tag.group <= 0x60FF:
        return "overlays"
    if 0x5000 <= tag.group <= 0x50FF:
        return "curves"
    if tag == 0xFFFCFFFC:
        return "trailing_padding"
    if not keyword:
        return "unknown_elements"
    if representation == "UI":
        return "" if _standard(element) else "other_identifiers"
    if representation in ("CS", "AT", "OB", "OW", "OF", "OD") or keyword in TECHNICAL_NUMBERS:
        return ""
    for word, kind in KINDS_BY_KEYWORD:
        if word in keyword and representation in ("LO", "SH", "LT", "ST", "PN", "UT", "UC"):
            return kind or "other_identifiers"
    if representation in ("LO", "SH"):
        return "free_text"
    return KINDS_BY_REPRESENTATION.get(representation, "")


def _standard(element: DataElement) -> bool:
    value = element.value
    listed = [value] if isinstance(value, str) else list(value)
    return all(str(uid).startswith(STANDARD_UID) for uid in listed)


def _values(element: DataElement) -> list[bytes]:
    if element.VR not in TEXT_REPRESENTATIONS:
        return [bytes(element.value)[:64]] if isinstance(element.value, bytes) and element.tag.is_private else []
    value = element.value
    listed = list(value) if isinstance(value, (list, tuple, pydicom.multival.MultiValue)) else [value]
    texts = [str(one).strip()[:64] for one in listed]
    parts = [part for text in texts for part in text.split("^")] if element.VR == "PN" else []
    return [text.encode("utf-8", "replace") for text in (*texts, *parts) if not text.startswith(STANDARD_UID)]


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
        clean = all(character.isalpha() or character in " -/" for character in word)
        if 0 < len(word) <= 16 and clean and word.casefold() not in names:
            kept["ethnicity"] = word
    return kept


def review_reason(dataset: pydicom.Dataset, shape: tuple[int, ...]) -> Code | None:
    """Why a person must look for burned-in text first, or None. The absence of the tag proves nothing."""
    if str(dataset.get("BurnedInAnnotation") or "").strip().upper() == "YES":
        return Code.BURNED_IN
    if min(shape[:2]) < READABLE_SIDE:
        return None
    kinds = {str(word).strip().upper() for word in dataset.get("ImageType") or []}
    secondary = str(dataset.get("SOPClassUID") or "").startswith("1.2.840.10008.5.1.4.1.1.7")
    if str(dataset.get("Modality") or "").upper() in OFTEN_BURNED_IN or secondary or kinds & {"SECONDARY", "DERIVED"}:
        return Code.REVIEW
    return None
