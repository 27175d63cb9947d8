"""A head that is cut or seen from the side or from the front shows a face, and a face names a person (requirement A-17,
option 113102 of PS3.15). One rule for slices of DICOM and of volumes.

Axial slices show no face, and pass; a stack of them can be put together to one, so they are counted and reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from medsynth_engine.intake.reasons import Code
from medsynth_engine.intake.tables.words import listed

Plane = Literal["axial", "coronal", "sagittal", ""]

MODALITIES = {"CT", "MR"}
HEAD = listed(
    "HEAD HEADNECK BRAIN SKULL FACE JAW MAXILLA ORBIT EYE ZYGOMA NECK CERVICALSPINE CSPINE CAROTID THYROID WHOLEBODY"
)
"""Parts of the standard's vocabulary whose slices may show a face, or half of one."""
PLANES: tuple[Plane, ...] = ("sagittal", "coronal", "axial")
"""By the axis of the body (PS3.3 C.7.6.2.1.1: x to the left, y to the back, z to the head) that the slice stands on."""
HEAD_SLICES = "head_slices"


def normal(orientation: Sequence[float]) -> tuple[float, float, float]:
    """The direction in which slices of ImageOrientationPatient (six cosines) follow one another."""
    ax, ay, az, bx, by, bz = orientation
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


def plane(orientation: Sequence[float]) -> Plane:
    """The plane nearest to a slice; empty where its orientation is not known (no six numbers, or all zero)."""
    if len(orientation) != 6:
        return ""
    lengths = [abs(length) for length in normal(orientation)]
    return PLANES[lengths.index(max(lengths))] if max(lengths) > 0 else ""


def judged(part: str, cut: Plane, faces: str) -> tuple[Code | None, int]:
    """A slice of CT or MR: why a person must look at it first, and 1 where it is a slice of a head that passes.

    part   a word of the standard's vocabulary, or empty where nobody says: then it may be a head
    cut    its plane; where that is not known, only a slice of what is surely a head is looked at
    faces  `review`, or `keep` where the user says that no face is shown, or that it may be
    """
    if part and part not in HEAD:
        return None, 0
    shows = cut in ("coronal", "sagittal") or (not cut and bool(part))
    if shows and faces != "keep":
        return Code.FACE, 0
    return None, int(shows or bool(cut))
