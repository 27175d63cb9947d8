"""What a file is, by its content; names and endings say nothing."""

from __future__ import annotations

import struct

from medsynth_engine.intake.formats.nifti_header import is_nifti
from medsynth_engine.intake.reasons import Code, Rejected

DICOM, NIFTI = "DICOM", "NIfTI"
PICTURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
"""How picture files start, and Pillow's name of their format."""
BMP_HEADERS = (b"\x0c\0\0\0", b"(\0\0\0", b"l\0\0\0", b"|\0\0\0")
PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
TAR_MAGIC, TAR_PLACE = b"ustar", 257
LONG_LENGTHS = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
SHORT_LENGTHS = {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH"}
SHORT_LENGTHS |= {b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
"""Value representations by how long their length field is (PS3.5 7.1.2)."""
UNDEFINED = 0xFFFFFFFF
ENOUGH_ELEMENTS = 4
LAST_FIRST_GROUP = 0x0028
"""A data set whose first group is higher lacks all that says what its picture is."""


def kind_of(data: bytes) -> str:
    """`DICOM`, `NIfTI`, or Pillow's name of a format. Raises Rejected for an empty, packed or unknown file."""
    if not data:
        raise Rejected(Code.EMPTY)
    if data[128:132] == b"DICM":
        return DICOM
    for start, kind in PICTURES:
        if data.startswith(start):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith(b"BM") and data[14:18] in BMP_HEADERS:
        return "BMP"
    if is_nifti(data):
        return NIFTI
    if data.startswith(PACKED) or data[TAR_PLACE : TAR_PLACE + 5] == TAR_MAGIC:
        raise Rejected(Code.NESTED_ARCHIVE)
    if _starts_as_dicom(data) or any(_reads_as_dicom(data, order) for order in "<>"):
        return DICOM
    raise Rejected(Code.UNKNOWN_FORMAT)


def _starts_as_dicom(data: bytes) -> bool:
    """A data set without preamble nearly always starts with group 0002 or 0008, little or big endian."""
    if len(data) < 16:
        return False
    little, big = struct.unpack("<HH", data[:4]), struct.unpack(">HH", data[:4])
    return any(group in (0x0002, 0x0008) and element <= 0x0100 for group, element in (little, big))


def _reads_as_dicom(data: bytes, order: str) -> bool:
    """Whether a file starts with several elements in rising order whose lengths lead from one to the next (PS3.5 7.1).

    That needs no knowledge of tags, and neither text nor other formats read so.
    """
    place, tag, read = 0, -1, 0
    while place + 12 <= len(data) and read < ENOUGH_ELEMENTS:
        group, element = struct.unpack_from(order + "HH", data, place)
        if (group << 16 | element) <= tag or (tag < 0 and not (0 < group <= LAST_FIRST_GROUP and group % 2 == 0)):
            return False
        representation = data[place + 4 : place + 6]
        if representation in SHORT_LENGTHS:
            header, (length,) = 8, struct.unpack_from(order + "H", data, place + 6)
        elif representation in LONG_LENGTHS:
            header, (length,) = 12, struct.unpack_from(order + "I", data, place + 8)
        else:
            header, (length,) = 8, struct.unpack_from(order + "I", data, place + 4)
        if length == UNDEFINED:
            return read >= 2
        if length % 2 or place + header + length > len(data):
            return False
        tag, place, read = group << 16 | element, place + header + length, read + 1
    return read >= ENOUGH_ELEMENTS
