"""DICOM files with a canary in every place from which an anonymiser is known to have leaked (requirement A-1)."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from medsynth_engine.intake.selftest.canaries import DICOM, Aviary

MR = "1.2.840.10008.5.1.4.1.1.4"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
REPORT = "1.2.840.10008.5.1.4.1.1.88.11"
ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
DATES = ("StudyDate", "SeriesDate", "ContentDate", "PatientBirthDate", "AcquisitionDate", "InstanceCreationDate")
UIDS = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
TEXTS = (
    *("PatientName", "ReferringPhysicianName", "OperatorsName", "PerformingPhysicianName", "PatientBirthName"),
    *("PatientMotherBirthName", "OtherPatientNames", "RequestingPhysician", "NameOfPhysiciansReadingStudy"),
    *("PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID", "AdmissionID", "MedicalRecordLocator"),
    *("InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "PatientAddress", "StationName"),
    *("PatientTelephoneNumbers", "DeviceSerialNumber", "StudyDescription", "SeriesDescription", "ProtocolName"),
    *("ImageComments", "PatientComments", "AdditionalPatientHistory", "Occupation", "TextComments", "EthnicGroup"),
    *("BodyPartExamined", "MilitaryRank", "PatientReligiousPreference", "ClinicalTrialSubjectID"),
    *("InsurancePlanIdentification", "RequestedProcedureDescription", "DerivationDescription", "LensSerialNumber"),
)


def plant(folder: Path, aviary: Aviary) -> None:
    """Five files: a slice with all places, implicit and in other letters, a screen capture, a report, a PDF."""
    slice_with_everything(folder / "slice.dcm", aviary)
    other_letters(folder / "letters.dcm", aviary)
    screen_capture(folder / "capture.dcm", aviary)
    report(folder / "report.dcm", aviary)
    document(folder / "document.dcm", aviary)


def slice_with_everything(path: Path, aviary: Aviary) -> None:
    """A 12-bit MR slice of 64 x 64."""
    preamble = aviary.text(DICOM, "preamble").encode().ljust(128, b"\0")
    dataset = new(path, MR, aviary, preamble)
    meta = dataset.file_meta
    meta.ImplementationVersionName = aviary.text(DICOM, "file meta version")
    meta.SourceApplicationEntityTitle = aviary.text(DICOM, "file meta source AE")
    meta.SendingApplicationEntityTitle = aviary.text(DICOM, "file meta sending AE")
    meta.PrivateInformationCreatorUID = UID(aviary.uid(DICOM, "file meta private creator"))
    meta.PrivateInformation = aviary.text(DICOM, "file meta private information").encode().ljust(16, b" ")
    for keyword in TEXTS:
        setattr(dataset, keyword, aviary.text(DICOM, keyword))
    dataset.AcquisitionDateTime = aviary.date(DICOM, "AcquisitionDateTime") + "101530"
    dataset.PatientAge = "094Y"
    _nested(dataset, aviary)
    _odd_groups(dataset, aviary)
    after = aviary.text(DICOM, "bytes after the last frame").encode().ljust(32, b" ")
    picture(dataset, np.add.outer(np.arange(64), np.arange(64)).astype(np.uint16) * 32, after)
    dataset.save_as(path, enforce_file_format=True)
    with path.open("ab") as stream:  # DataSetTrailingPadding, written by hand
        text = aviary.text(DICOM, "trailing padding").encode().ljust(24, b" ")
        stream.write(struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, len(text)) + text)


def new(path: Path, sop_class: str, aviary: Aviary, preamble: bytes = b"\0" * 128) -> FileDataset:
    """An object with its UIDs and dates planted."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(aviary.uid(DICOM, "file meta SOP instance"))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=preamble)
    dataset.SOPClassUID = sop_class
    dataset.Modality = "MR"
    for keyword in UIDS:
        setattr(dataset, keyword, aviary.uid(DICOM, keyword))
    for keyword in DATES:
        setattr(dataset, keyword, aviary.date(DICOM, keyword))
    return dataset


def picture(dataset: Dataset, pixels: np.ndarray, after: bytes = b"") -> None:
    """uint8 or uint16 (h, w) as the object's pixels, uncompressed; uint16 holds 12 bits."""
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    stored = 12 if pixels.dtype == np.uint16 else 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8 * pixels.itemsize, stored, stored - 1
    dataset.PixelRepresentation = 0
    dataset.PixelData = pixels.tobytes() + after


def _nested(dataset: Dataset, aviary: Aviary) -> None:
    deepest = Dataset()
    deepest.PersonName = aviary.text(DICOM, "four sequences deep")
    inner = deepest
    for _ in range(3):
        outer = Dataset()
        outer.ContentSequence = Sequence([inner])
        inner = outer
    dataset.RequestAttributesSequence = Sequence([inner])
    reference = Dataset()
    reference.ReferencedSOPInstanceUID = aviary.uid(DICOM, "UID in an unlisted sequence")
    reference.PatientName = aviary.text(DICOM, "name in an unlisted sequence")
    reference.StudyDate = aviary.date(DICOM, "date in an unlisted sequence")
    reference.add(DataElement(Tag(0x0009, 0x0010), "LO", "HIDDEN"))
    reference.add(DataElement(Tag(0x0009, 0x1001), "LO", aviary.text(DICOM, "private element in a public sequence")))
    dataset.ReferencedImageSequence = Sequence([reference])
    frame = Dataset()
    frame.FrameComments = aviary.text(DICOM, "frame comments")
    frame.FrameAcquisitionDateTime = aviary.date(DICOM, "date of a frame") + "120000"
    group = Dataset()
    group.FrameContentSequence = Sequence([frame])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([group])
    icon = Dataset()
    icon.Rows, icon.Columns, icon.SamplesPerPixel, icon.BitsAllocated = 8, 8, 1, 8
    icon.PhotometricInterpretation = "MONOCHROME2"
    icon.PixelData = aviary.text(DICOM, "icon image").encode().ljust(64, b"\0")
    dataset.IconImageSequence = Sequence([icon])


def _odd_groups(dataset: Dataset, aviary: Aviary) -> None:
    dataset.add(DataElement(Tag(0x0029, 0x0010), "LO", "SIEMENS CSA"))
    for element, representation, place in (
        (0x1010, "OB", "private bytes"),
        (0x1020, "UN", "private element of unknown type"),
        (0x1030, "LO", "private text"),
        (0x1040, "PN", "private name"),
    ):
        text: str | bytes = aviary.text(DICOM, place)
        if representation in ("OB", "UN"):
            text = str(text).encode().ljust(20, b" ")
        dataset.add(DataElement(Tag(0x0029, element), representation, text))
    inside = Dataset()
    inside.PatientName = aviary.text(DICOM, "name in a private sequence")
    dataset.add(DataElement(Tag(0x0029, 0x1050), "SQ", Sequence([inside])))
    dataset.add(DataElement(Tag(0x0018, 0x7777), "LO", aviary.text(DICOM, "unknown even group")))
    for group in (0x6000, 0x6002):
        dataset.add(DataElement(Tag(group, 0x0010), "US", 64))
        dataset.add(DataElement(Tag(group, 0x0011), "US", 64))
        dataset.add(DataElement(Tag(group, 0x0022), "LO", aviary.text(DICOM, f"overlay {group:X} description")))
        dataset.add(DataElement(Tag(group, 0x1500), "LO", aviary.text(DICOM, f"overlay {group:X} label")))
        data = aviary.text(DICOM, f"overlay {group:X} data").encode().ljust(512, b"\0")
        dataset.add(DataElement(Tag(group, 0x3000), "OW", data))
    dataset.add(DataElement(Tag(0x5000, 0x2500), "LO", aviary.text(DICOM, "curve label")))


def other_letters(path: Path, aviary: Aviary) -> None:
    """Implicit VR, and a name in Chinese letters (GB18030), which are other bytes in UTF-8."""
    dataset = new(path, MR, aviary)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.SpecificCharacterSet = "GB18030"
    dataset.PatientName = aviary.name(DICOM, "name in GB18030", "gb18030", "王小东")
    dataset.InstitutionName = aviary.name(DICOM, "hospital in GB18030", "gb18030", "北京医院")
    dataset.PatientID = aviary.text(DICOM, "PatientID, implicit")
    dataset.add(DataElement(Tag(0x0019, 0x1001), "UN", aviary.text(DICOM, "private, implicit").encode()))
    picture(dataset, (np.indices((48, 48)).sum(0) * 2).astype(np.uint8))
    dataset.save_as(path, enforce_file_format=True)


def screen_capture(path: Path, aviary: Aviary) -> None:
    """It waits for a person, so its picture lies in quarantine."""
    dataset = new(path, CAPTURE, aviary)
    dataset.Modality = "OT"
    dataset.PatientName = aviary.text(DICOM, "name of a held-back picture")
    picture(dataset, (np.indices((128, 128)).sum(0) % 251).astype(np.uint8))
    dataset.save_as(path, enforce_file_format=True)


def report(path: Path, aviary: Aviary) -> None:
    """A structured report, which is no image."""
    dataset = new(path, REPORT, aviary)
    dataset.Modality = "SR"
    content = Dataset()
    content.ValueType = "TEXT"
    content.TextValue = aviary.text(DICOM, "text of a structured report")
    dataset.ContentSequence = Sequence([content])
    dataset.PatientName = aviary.text(DICOM, "name in a structured report")
    dataset.save_as(path, enforce_file_format=True)


def document(path: Path, aviary: Aviary) -> None:
    """A PDF inside DICOM, which is no image."""
    dataset = new(path, ENCAPSULATED_PDF, aviary)
    dataset.Modality = "DOC"
    dataset.DocumentTitle = aviary.text(DICOM, "title of a PDF")
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocument = f"%PDF-1.4 {aviary.text(DICOM, 'body of a PDF')}".encode().ljust(64, b" ")
    dataset.save_as(path, enforce_file_format=True)
