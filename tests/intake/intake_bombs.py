"""Files that are made to harm whoever opens them: each a few kilobytes or megabytes that ask for far more."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
from intake_mutations import nifti
from intake_pieces import photograph
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless, MRImageStorage

MEGABYTE = 2**20
SIGNATURE = b"\x89PNG\r\n\x1a\n"
DEFLATED = UID("1.2.840.10008.1.2.1.99")


def zeros_packed(size: int, raw: bool = False) -> bytes:
    """`size` zero bytes as zlib or raw deflate packs them, never in memory at once."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15 if raw else 15)
    block = bytes(MEGABYTE)
    parts = [packer.compress(block) for _ in range(size // MEGABYTE)]
    return b"".join([*parts, packer.compress(bytes(size % MEGABYTE)), packer.flush()])


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def blank_png(width: int, height: int, *between: bytes) -> bytes:
    """A black grey picture; `between` are chunks before its pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zeros_packed(height * (width + 1)))
    return b"".join([SIGNATURE, header, *between, pixels, chunk(b"IEND", b"")])


def saved(kind: str, seed: int = 0, **how: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(photograph(seed)).save(stream, kind, **how)  # type: ignore[arg-type]
    return stream.getvalue()


def jpeg_that_claims_all() -> bytes:
    """A JPEG whose frame header says 65,535 x 65,535."""
    data = bytearray(saved("JPEG"))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = b"\xff\xff\xff\xff"
    return bytes(data)


def png_and_zip() -> bytes:
    """A picture to one program, an archive to another."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("DOE_JANE.txt", "ZQSECRET")
    return saved("PNG") + inner.getvalue()


def frames(kind: str, count: int) -> bytes:
    more = [Image.fromarray(np.full((16, 16), number % 256, np.uint8)) for number in range(1, count)]
    stream = io.BytesIO()
    Image.new("L", (16, 16)).save(stream, kind, save_all=True, append_images=more)
    return stream.getvalue()


def tiff_of_pages(pages: int, loop: bool = False) -> bytes:
    """A TIFF of 16 x 16 pages that all show the same strip; a loop's last page is followed by its first."""
    strip = photograph(3, (16, 16), colour=False).tobytes()
    first = 8 + len(strip)
    tags = ((256, 16), (257, 16), (258, 8), (259, 1), (262, 1), (273, 8), (278, 16), (279, len(strip)))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    size = 2 + len(entries) + 4
    parts = [b"II*\0", struct.pack("<I", first), strip]
    for page in range(pages):
        follows = first + (page + 1) * size if page + 1 < pages else (first if loop else 0)
        parts.append(struct.pack("<H", len(tags)) + entries + struct.pack("<I", follows))
    return b"".join(parts)


def dicom(syntax: UID = ExplicitVRLittleEndian, **elements: object) -> FileDataset:
    """A sound MR slice of 64 x 64; `elements` replace or add."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.Modality, dataset.PatientID, dataset.PatientName = "MR", "4711-0815", "DOE^JANE"
    dataset.Rows = dataset.Columns = 64
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.PixelData = photograph(5, (64, 64), colour=False).tobytes()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def dicom_bytes(dataset: FileDataset) -> bytes:
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def dicom_of_many_tiles() -> bytes:
    """JPEG 2000 of 3,808 x 3,808 that is cut into 14.5 million tiles of one pixel."""
    stream = io.BytesIO()
    Image.fromarray(photograph(6, (64, 64), colour=False)).save(stream, "JPEG2000", no_jp2=True)
    code = bytearray(stream.getvalue())
    place = code.index(b"\xff\x51") + 6
    struct.pack_into(">IIIIIIII", code, place, 3808, 3808, 0, 0, 1, 1, 0, 0)
    dataset = dicom(JPEG2000Lossless, Rows=3808, Columns=3808, PixelData=encapsulate([bytes(code)]))
    dataset["PixelData"].VR = "OB"
    return dicom_bytes(dataset)


def dicom_of_depth(levels: int) -> bytes:
    """Sequences in sequences, of undefined length."""
    start = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    stop = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    whole = dicom_bytes(dicom())
    place = whole.index(struct.pack("<HH2s", 0x0010, 0x0010, b"PN"))
    return whole[:place] + start * levels + stop * levels + whole[place:]


def dicom_deflated(size: int) -> bytes:
    """A deflated data set that grows to `size`."""
    whole = dicom_bytes(dicom())
    end = 132 + 12 + struct.unpack_from("<I", whole, 140)[0]
    meta = whole[:end].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    grown = len(meta) - end
    meta = meta[:140] + struct.pack("<I", struct.unpack_from("<I", meta, 140)[0] + grown) + meta[144:]
    place = meta.index(b"1.2.840.10008.1.2.1.99") - 2
    meta = meta[:place] + struct.pack("<H", 22) + meta[place + 2 :]
    head = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, size)
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    block = bytes(MEGABYTE)
    parts = [packer.compress(whole[end : whole.index(struct.pack("<HH", 0x7FE0, 0x0010))] + head)]
    parts += [packer.compress(block) for _ in range(size // MEGABYTE)]
    return meta + b"".join([*parts, packer.flush()])


def dicom_claiming_all() -> bytes:
    return dicom_bytes(dicom(Rows=65535, Columns=65535, NumberOfFrames="1000"))


def dicom_of_sequences(items: int) -> bytes:
    """One sequence of very many empty items."""
    return dicom_bytes(dicom(ReferencedImageSequence=Sequence([Dataset() for _ in range(items)])))


def nifti_bomb(size: int) -> bytes:
    """A gzip of a volume of `size` zero bytes."""
    head = nifti(np.zeros((1, 1, 1), np.uint8), 2)[:352]
    changed = bytearray(head)
    struct.pack_into("<8h", changed, 40, 3, 1024, 1024, max(1, size // MEGABYTE), 1, 1, 1, 1)
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=6) as packed:
        packed.write(bytes(changed))
        for _ in range(size // MEGABYTE):
            packed.write(bytes(MEGABYTE))
    return stream.getvalue()


def zip_of_names(path: Path, members: int, claimed: int | None = None) -> None:
    """A zip of `members` empty files; written by hand, since only its directory matters, which may claim fewer."""
    claimed = members if claimed is None else claimed
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    with path.open("wb") as stream:
        stream.write(local)
        start = stream.tell()
        for number in range(members):
            name = b"%07d.png" % number
            fields = (20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0)
            stream.write(struct.pack("<4s6H3I5H2I", b"PK\1\2", *fields) + name)
        size = stream.tell() - start
        end = stream.tell()
        fields = (44, 45, 45, 0, 0, claimed, claimed, size, start)
        stream.write(struct.pack("<4sQHHIIQQQQ", b"PK\6\6", *fields))
        stream.write(struct.pack("<4sIQI", b"PK\6\7", 0, end, 1))
        stream.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))


def zip_of_overlaps(path: Path, members: int) -> None:
    """Every entry of the directory points at the same packed bytes (Fifield 2019, "A better zip bomb")."""
    packed, size = zeros_packed(8 * MEGABYTE, raw=True), 8 * MEGABYTE
    check = zlib.crc32(bytes(size))
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, check, len(packed), size, 5, 0) + b"a.png"
    names = [b"%05d.png" % number for number in range(members)]
    fields = [(20, 20, 0, 8, 0, 0, check, len(packed), size, len(name), 0, 0, 0, 0, 0, 0) for name in names]
    entries = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\1\2", *entry) + name for entry, name in zip(fields, names, strict=True)
    )
    start = len(local) + len(packed)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, members, members, len(entries), start, 0)
    path.write_bytes(local + packed + entries + end)


def tar_of_traps(path: Path) -> None:
    """Links, devices and names that climb out, and one sound picture."""
    with tarfile.open(path, "w") as archive:
        data = saved("PNG")
        for name in ("good.png", "../up.png", "/abs.png", "esc\x1b[2J.png"):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
        for number, kind in enumerate(kinds):
            member = tarfile.TarInfo(f"trap{number}.png")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)


def sheet_bomb(path: Path, table: bytes, size: int) -> None:
    """An .xlsx whose sheet grows to `size`."""
    with zipfile.ZipFile(io.BytesIO(table)) as sound, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sound.namelist():
            data = sound.read(name)
            if not name.endswith("sheet1.xml"):
                archive.writestr(name, data)
                continue
            with archive.open(name, "w", force_zip64=True) as stream:
                head, _, tail = data.partition(b"</sheetData>")
                stream.write(head)
                for _ in range(size // MEGABYTE):
                    stream.write(b" " * MEGABYTE)
                stream.write(b"</sheetData>" + tail)
