"""Bytes -> a DICOM data set, whatever a stranger wrote into them: quiet, bounded, and with our reasons for errors."""

from __future__ import annotations

import io
import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pydicom
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import _read_file_meta_info, read_preamble
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from medsynth_engine.intake.reasons import Code, Rejected

logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # its warnings quote values of patients

DICOM_ERRORS = (
    InvalidDicomError,
    BytesLengthException,
    zlib.error,
    AttributeError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    NotImplementedError,
    RuntimeError,
    RecursionError,
    OSError,
    EOFError,
    ArithmeticError,
    AssertionError,
    UnicodeError,
    struct.error,
)
"""What pydicom and its decoders raise on damaged files. Anything else ends the process, and so only this file."""
INFLATED_BYTES = 512 * 2**20
"""More than that a deflated data set may not hold."""


@contextmanager
def guarded() -> Iterator[None]:
    """What goes wrong with a data set, as our reasons; no warning of pydicom is shown, since they quote values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except MemoryError:
            raise Rejected(Code.MEMORY) from None
        except DICOM_ERRORS:
            raise Rejected(Code.UNREADABLE) from None


def read(data: bytes, keywords: tuple[str, ...] = ()) -> pydicom.Dataset:
    """The data set, always with a transfer syntax; with `keywords` only these elements, and nothing from the pixels on.

    Raises Rejected where it is none or inflates beyond the limit, and what `guarded` catches.
    """
    _check_deflated(data)
    dataset = pydicom.dcmread(
        io.BytesIO(data), force=True, stop_before_pixels=bool(keywords), specific_tags=list(keywords) or None
    )
    if not len(dataset):
        raise Rejected(Code.UNREADABLE)
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        )
    return dataset


def _check_deflated(data: bytes) -> None:
    """pydicom inflates a deflated data set in one go: how much that gives is counted first, and thrown away."""
    if DeflatedExplicitVRLittleEndian.encode() not in data:
        return
    stream = io.BytesIO(data)
    read_preamble(stream, force=True)
    if _read_file_meta_info(stream).get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return
    inflater, size, packed = zlib.decompressobj(-zlib.MAX_WBITS), 0, stream.read()
    while packed and not inflater.eof:
        size += len(inflater.decompress(packed, 2**20))
        packed = inflater.unconsumed_tail
        if size > INFLATED_BYTES:
            raise Rejected(Code.BOMB)


def text(dataset: pydicom.Dataset, keyword: str) -> str:
    """A value as text, empty where there is none or it cannot be read."""
    try:
        value = dataset.get(keyword)
    except DICOM_ERRORS:
        return ""
    return "" if value is None else str(value).strip()


def number(dataset: pydicom.Dataset, keyword: str, otherwise: int) -> int:
    """A whole number, `otherwise` where it is absent or empty. Raises Rejected where it is something else."""
    try:
        return int(dataset.get(keyword) or otherwise)
    except DICOM_ERRORS:
        raise Rejected(Code.UNREADABLE) from None


def frames_of(dataset: pydicom.Dataset) -> int:
    """NumberOfFrames as the header says, at least 1. Raises Rejected."""
    return max(1, number(dataset, "NumberOfFrames", 1))
