"""The self-check after every file: no identifier of the source may occur in a byte that is written for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

import numpy as np

from medsynth_engine.intake.reasons import Code, Rejected
from medsynth_engine.intake.spelled import spells
from medsynth_engine.intake.tables.words import listed
from medsynth_engine.kernel.png import png

SHORTEST = 4
"""Shorter values occur by chance in any compressed picture; they are compared with attributes alone, as a whole."""
LEVELS = (1, 3, 6, 9)
"""Compressed bytes are as good as random: four given letters turn up in one file in hundreds of thousands. Coding the
same pixels at another level gives other bytes; an identifier that is really there stays."""
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
    "sex": listed("F M"),
}
"""Attributes that are a word of a list (PS3.3 C.7.3.1.1.1, PS3.16 CID 4); whatever else stands there is dropped."""
VOCABULARY_WORDS = frozenset().union(*VOCABULARY.values())
OLDEST = 90
"""Years; what is kept as 90 reads 90 or older."""


def checked(pixels: np.ndarray, attributes: Mapping[str, str | float], identifiers: Collection[bytes]) -> bytes:
    """All bytes that may be written for one picture: its PNG, checked together with the attributes kept beside it.

    pixels       uint8 or uint16 (h, w), or uint8 (h, w, 3)
    attributes   the typed values that will stand in the picture's row
    identifiers  values of the source as they came and as UTF-8; those under four bytes are of names and numbers only

    Raises Rejected (quarantined, nothing is written) where an identifier stays, an age is above 90, or an attribute is
    not of its list.
    """
    if not _harmless(attributes, identifiers):
        raise Rejected(Code.IDENTIFIER)
    return checked_png(pixels, identifiers)


def checked_png(pixels: np.ndarray, identifiers: Collection[bytes]) -> bytes:
    """The picture's PNG, in whose bytes none of `identifiers` occurs, nor a long one in its pixels, coded or not.

    Raises Rejected (quarantined) where one stays.
    """
    if spells(pixels, tuple(identifiers)):
        raise Rejected(Code.IDENTIFIER)
    for level in LEVELS:
        data = png(pixels, level)
        if not any_in(data, identifiers):
            return data
    raise Rejected(Code.IDENTIFIER)


def any_in(data: bytes, wanted: Collection[bytes]) -> bool:
    """Whether one of `wanted` occurs in `data`; those of fewer than four bytes do not count.

    One pass, however many are wanted: pairs of bytes are looked up in two tables of 65,536 flags, and only places whose
    four bytes may begin a wanted value are compared.
    """
    beginning, first, second = _index(tuple(wanted))
    if not beginning or len(data) < SHORTEST:
        return False
    for offset in (0, 1):
        pairs = np.frombuffer(data, "<u2", (len(data) - offset) // 2, offset)
        may_begin = first[pairs[:-1]]
        may_begin &= second[pairs[1:]]
        for pair in np.flatnonzero(may_begin).tolist():
            place = 2 * pair + offset
            if any(data.startswith(value, place) for value in beginning.get(data[place : place + 2], ())):
                return True
    return False


@lru_cache(maxsize=2)  # all pictures of a file have the same identifiers, which may be thousands
def _index(wanted: tuple[bytes, ...]) -> tuple[dict[bytes, list[bytes]], np.ndarray, np.ndarray]:
    """The values by their first two bytes, and which pairs of bytes stand first, and second, in one of them."""
    beginning: dict[bytes, list[bytes]] = {}
    first, second = np.zeros(65536, bool), np.zeros(65536, bool)
    for value in set(wanted):
        if len(value) >= SHORTEST:
            beginning.setdefault(value[:2], []).append(value)
            first[int.from_bytes(value[:2], "little")] = True
            second[int.from_bytes(value[2:4], "little")] = True
    return beginning, first, second


@lru_cache(maxsize=2)
def _folded(identifiers: tuple[bytes, ...]) -> frozenset[bytes]:
    return frozenset(value.lower() for value in identifiers)


def _harmless(attributes: Mapping[str, str | float], identifiers: Collection[bytes]) -> bool:
    """Words of a list are compared as a whole, since `HEAD` may be anybody's protocol; free words also in part."""
    if not attributes:
        return True
    folded = _folded(tuple(identifiers))
    for name, value in attributes.items():
        if not isinstance(value, str):
            if name == "age" and not 0 <= value <= OLDEST:
                return False
            continue
        text = value.casefold().encode()
        if len(value) > 1 and text in folded and name != "modality":  # anonymisers write `CT` as a patient's name
            return False
        if name in VOCABULARY:
            if value not in VOCABULARY[name]:
                return False
        elif any(len(one) >= SHORTEST and one in text for one in folded):
            return False
    return True
