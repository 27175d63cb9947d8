"""Files with made-up identifiers in every place we know of. A canary is a text that must be in no byte of a dataset."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage


@dataclass
class Canaries:
    """Makes texts that occur nowhere else, and remembers them."""

    made: list[str] = field(default_factory=list)

    def text(self, where: str) -> str:
        self.made.append(f"ZQ{len(self.made):02d}{where}".upper())
        return self.made[-1]

    def date(self) -> str:
        self.made.append(f"1947{1 + len(self.made) % 12:02d}{10 + len(self.made) % 18:02d}")
        return self.made[-1]

    def uid(self) -> str:
        self.made.append(f"1.2.826.0.1.3680043.99.{7_000_000 + len(self.made)}")
        return self.made[-1]


def dicom_with_canaries(path: Path, canaries: Canaries) -> None:
    """A 12-bit MR slice of 64 x 64 with an identifier in over fifty places (requirement A-1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = canaries.uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationVersionName = canaries.text("impl")
    meta.SourceApplicationEntityTitle = canaries.text("sae")
    meta.SendingApplicationEntityTitle = canaries.text("snd")
    meta.PrivateInformationCreatorUID = canaries.uid()
    meta.PrivateInformation = canaries.text("metapriv").encode().ljust(16, b" ")
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=canaries.text("preamble").encode().ljust(128, b"\0"))
    dataset.SOPClassUID = MRImageStorage
    _people(dataset, canaries)
    _nested(dataset, canaries)
    _odd_groups(dataset, canaries)
    _pixels(dataset, canaries)
    dataset.save_as(path, enforce_file_format=True)
    with path.open("ab") as stream:  # DataSetTrailingPadding, written by hand
        text = canaries.text("trailing").encode().ljust(24, b" ")
        stream.write(struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, len(text)) + text)


def _people(dataset: Dataset, canaries: Canaries) -> None:
    dataset.SOPInstanceUID = canaries.uid()
    dataset.StudyInstanceUID = canaries.uid()
    dataset.SeriesInstanceUID = canaries.uid()
    dataset.FrameOfReferenceUID = canaries.uid()
    for keyword in ("StudyDate", "SeriesDate", "ContentDate", "PatientBirthDate", "AcquisitionDate"):
        setattr(dataset, keyword, canaries.date())
    dataset.AcquisitionDateTime = canaries.date() + "101530"
    for keyword in (
        "PatientName",
        "ReferringPhysicianName",
        "OperatorsName",
        "PerformingPhysicianName",
        "PatientBirthName",
        "PatientMotherBirthName",
        "PatientID",
        "OtherPatientNames",
        "AccessionNumber",
        "StudyID",
        "InstitutionName",
        "InstitutionAddress",
        "InstitutionalDepartmentName",
        "StationName",
        "DeviceSerialNumber",
        "PatientAddress",
        "PatientTelephoneNumbers",
        "StudyDescription",
        "SeriesDescription",
        "ProtocolName",
        "ImageComments",
        "PatientComments",
        "AdditionalPatientHistory",
        "MedicalRecordLocator",
        "Occupation",
        "AdmissionID",
        "RequestingPhysician",
        "TextComments",
        "EthnicGroup",
        "BodyPartExamined",
    ):
        setattr(dataset, keyword, canaries.text(keyword[:6]))
    dataset.Modality = "MR"


def _nested(dataset: Dataset, canaries: Canaries) -> None:
    deepest = Dataset()
    deepest.PersonName = canaries.text("deep")
    inner = deepest
    for _ in range(3):
        outer = Dataset()
        outer.ContentSequence = Sequence([inner])
        inner = outer
    dataset.RequestAttributesSequence = Sequence([inner])
    reference = Dataset()
    reference.ReferencedSOPInstanceUID = canaries.uid()
    reference.PatientName = canaries.text("refpn")
    reference.add(DataElement(Tag(0x0009, 0x0010), "LO", "HIDDEN"))
    reference.add(DataElement(Tag(0x0009, 0x1001), "LO", canaries.text("privseq")))
    dataset.ReferencedImageSequence = Sequence([reference])
    frame = Dataset()
    frame.FrameComments = canaries.text("frame")
    group = Dataset()
    group.FrameContentSequence = Sequence([frame])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([group])


def _odd_groups(dataset: Dataset, canaries: Canaries) -> None:
    dataset.add(DataElement(Tag(0x0029, 0x0010), "LO", "SIEMENS CSA"))
    dataset.add(DataElement(Tag(0x0029, 0x1010), "OB", canaries.text("csa").encode().ljust(20, b" ")))
    dataset.add(DataElement(Tag(0x0029, 0x1020), "UN", canaries.text("un").encode().ljust(20, b" ")))
    dataset.add(DataElement(Tag(0x0018, 0x7777), "LO", canaries.text("unknown")))
    for group in (0x6000, 0x6002):
        dataset.add(DataElement(Tag(group, 0x0010), "US", 64))
        dataset.add(DataElement(Tag(group, 0x0011), "US", 64))
        dataset.add(DataElement(Tag(group, 0x0022), "LO", canaries.text("ovdesc")))
        dataset.add(DataElement(Tag(group, 0x1500), "LO", canaries.text("ovlabel")))
        dataset.add(DataElement(Tag(group, 0x3000), "OW", canaries.text("ovdata").encode().ljust(512, b"\0")))
    dataset.add(DataElement(Tag(0x5000, 0x2500), "LO", canaries.text("curve")))
    icon = Dataset()
    icon.Rows, icon.Columns, icon.SamplesPerPixel, icon.BitsAllocated = 8, 8, 1, 8
    icon.PhotometricInterpretation = "MONOCHROME2"
    icon.PixelData = canaries.text("icon").encode().ljust(64, b"\0")
    dataset.IconImageSequence = Sequence([icon])


def _pixels(dataset: Dataset, canaries: Canaries) -> None:
    ramp = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint16) * 32
    dataset.Rows, dataset.Columns = 64, 64
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelData = ramp.tobytes() + canaries.text("afterframe").encode().ljust(32, b" ")


def png_with_canaries(path: Path, pixels: np.ndarray, canaries: Canaries) -> None:
    """tEXt, zTXt, iTXt, XMP, EXIF, ICC, time, a private chunk, and bytes after the end."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Patient", canaries.text("text"))
    info.add_text("Comment", canaries.text("ztxt"), zip=True)
    info.add_itxt("Author", canaries.text("itxt"))
    info.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{canaries.text('xmp')}</x:xmpmeta>")
    info.add(b"tIME", bytes([7, 228, 1, 2, 3, 4, 5]))
    info.add(b"prVt", canaries.text("private").encode())
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x010E] = canaries.text("exif")
    exif[0x8298] = canaries.text("copyright")
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=info, exif=exif, icc_profile=canaries.text("icc").encode())
    path.write_bytes(stream.getvalue() + canaries.text("pngtail").encode())


def jpeg_with_canaries(path: Path, pixels: np.ndarray, canaries: Canaries, orientation: int = 1) -> None:
    """COM, EXIF, ICC, XMP, IPTC, an unknown segment, and bytes after the end."""
    exif = Image.Exif()
    exif[0x010E] = canaries.text("jexif")
    exif[0x0112] = orientation
    stream = io.BytesIO()
    Image.fromarray(pixels).save(
        stream,
        "JPEG",
        quality=95,
        subsampling=0,
        exif=exif,
        comment=canaries.text("com"),
        icc_profile=canaries.text("jicc").encode(),
        xmp=canaries.text("jxmp").encode(),
    )
    data = stream.getvalue()
    extra = b""
    for marker, text in ((0xED, canaries.text("iptc")), (0xE9, canaries.text("app9"))):
        body = b"Photoshop 3.0\0" + text.encode()
        extra += struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
    path.write_bytes(data[:2] + extra + data[2:] + canaries.text("jpgtail").encode())


def apng(first: np.ndarray, hidden: np.ndarray) -> bytes:
    """An animated PNG whose second frame is `hidden`."""
    stream = io.BytesIO()
    Image.fromarray(first).save(stream, "PNG", save_all=True, append_images=[Image.fromarray(hidden)])
    return stream.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def leaks(folder: Path, canaries: Canaries) -> list[str]:
    """Canaries that occur, in any case, in any byte or any name of anything under `folder`."""
    found = []
    for path in folder.rglob("*"):
        data = (path.name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"")).lower()
        found += [f"{text} in {path.name}" for text in canaries.made if text.lower().encode() in data]
    return found
