"""Synthetic images as DICOM Secondary Capture, built from nothing: no tag is copied from any real object.

Markers: PS3.3 C.7.6.1 Synthetic Data (0008,001C), PS3.15 E.1 de-identification markers, conversion type SYN. Unique
identifiers are 2.25.<number> (PS3.5 B.2) derived from the cohort's digest: the same cohort gives the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from medsynth_engine.exchange.release import Release
from medsynth_engine.kernel.escape import plain

NO_TEXT_BELOW = 96
"""Images with a shorter side under this carry no readable text (DESIGN section 2)."""
PROFILE = ("113100", "DCM", "Basic Application Confidentiality Profile")
METHOD = "Synthetic: drawn by a generator; depicts no patient"


def uid(release: Release, *parts: object) -> UID:
    """A unique identifier for one thing of this cohort; the same things give the same one."""
    text = "/".join([release.cohort_digest, *map(str, parts)])
    return UID(f"2.25.{int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], 'big')}")


def write(file: Path, pixels: np.ndarray, row: Mapping[str, Any], number: int, release: Release) -> None:
    """One image with what its row says of age and sex.

    pixels  uint8 or uint16 (h, w), or uint8 (h, w, 3)
    row     may hold `patient`, `age` (years), `sex` (F, M)
    number  1, 2, ... within the cohort
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = uid(release, "instance", number)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID("2.25.290842167324904537206131404271364921217")
    found = FileDataset(str(file.name), {}, file_meta=meta, preamble=b"\0" * 128)
    _patient(found, row, number)
    _study(found, row, number, release)
    _markers(found, pixels, release)
    _image(found, pixels)
    found.save_as(file, enforce_file_format=True)


def _patient(found: Dataset, row: Mapping[str, Any], number: int) -> None:
    patient = plain(row.get("patient") or f"S{number:06d}", 60)
    found.PatientName = f"SYNTHETIC^{patient}"
    found.PatientID = f"SYN-{patient}"
    found.PatientBirthDate = ""
    sex = str(row.get("sex") or "")
    found.PatientSex = sex if sex in ("F", "M", "O") else ""
    age = row.get("age")
    if isinstance(age, int | float | np.number) and np.isfinite(age) and 0 <= age < 1000:
        found.PatientAge = f"{int(min(age, 90)):03d}Y"


def _study(found: Dataset, row: Mapping[str, Any], number: int, release: Release) -> None:
    patient = row.get("patient") or number
    found.SpecificCharacterSet = "ISO_IR 192"
    found.SOPClassUID = SecondaryCaptureImageStorage
    found.SOPInstanceUID = uid(release, "instance", number)
    found.StudyInstanceUID = uid(release, "study", patient)
    found.SeriesInstanceUID = uid(release, "series", patient)
    found.StudyID = ""
    found.StudyDate = found.StudyTime = found.AccessionNumber = found.ReferringPhysicianName = ""
    found.SeriesNumber, found.InstanceNumber = "1", str(number)
    found.Modality = "OT"
    found.Manufacturer = "MedSynth"
    found.ConversionType = "SYN"
    found.ImageType = ["DERIVED", "SECONDARY"]
    found.Laterality = found.PatientOrientation = ""


def _markers(found: Dataset, pixels: np.ndarray, release: Release) -> None:
    """PatientIdentityRemoved is YES: there is no patient. Burned-in text is denied only where none is readable."""
    found.SyntheticData = "YES"
    found.ContentQualification = "RESEARCH"
    found.PatientIdentityRemoved = "YES"
    found.DeidentificationMethod = METHOD
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = PROFILE
    found.DeidentificationMethodCodeSequence = Sequence([code])
    found.LongitudinalTemporalInformationModified = "REMOVED"
    if min(pixels.shape[:2]) < NO_TEXT_BELOW:
        found.BurnedInAnnotation = "NO"
    found.ImageComments = " ".join([*release.marks, "SYNTHETIC IMAGE, NO PATIENT. Cohort", plain(release.name, 60)])


def _image(found: Dataset, pixels: np.ndarray) -> None:
    colour = pixels.ndim == 3
    bits = 16 if pixels.dtype == np.uint16 else 8
    found.SamplesPerPixel = 3 if colour else 1
    found.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        found.PlanarConfiguration = 0
    found.Rows, found.Columns = pixels.shape[:2]
    found.BitsAllocated = found.BitsStored = bits
    found.HighBit = bits - 1
    found.PixelRepresentation = 0
    data = np.ascontiguousarray(pixels.astype("<u2" if bits == 16 else np.uint8)).tobytes()
    found.PixelData = data + b"\0" * (len(data) % 2)
    found["PixelData"].VR = "OW" if bits == 16 else "OB"
