"""What carries pictures by the dozen: NIfTI volumes, tars and NPZ files, with a canary wherever they hold a text."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path

import numpy as np

from medsynth_engine.intake.selftest.canaries import NAME, PICTURE, TABLE, Aviary
from medsynth_engine.intake.selftest.names import picture

SLICES = 3
ENTRIES = 12
HEADER, MAGIC, UNSIGNED_BYTES = 352, b"n+1\0", 2
TEXTS = {
    "data_type": (4, 10),
    "db_name": (14, 18),
    "descrip": (148, 80),
    "aux_file": (228, 24),
    "intent_name": (328, 16),
}
"""Text fields of NIfTI-1: place and length."""
COMMENT = 6
"""Code of an extension that holds a plain text."""


def plant(folder: Path, aviary: Aviary) -> dict[str, Path]:
    """A folder of two volumes, a tar and an NPZ, by the name of their source."""
    volumes = folder / "volumes"
    volumes.mkdir(parents=True)
    (volumes / "a.nii").write_bytes(volume(aviary, "NIfTI", 1))
    packed = io.BytesIO()
    named = aviary.text(PICTURE, "gzip FNAME")
    with gzip.GzipFile(named, "wb", fileobj=packed) as stream:
        stream.write(volume(aviary, "packed NIfTI", 2))
    (volumes / "b.nii.gz").write_bytes(packed.getvalue() + aviary.text(PICTURE, "bytes after gzip").encode())
    return {
        "volumes": volumes,
        "tar": tar(folder / f"{aviary.text(NAME, 'name of the tar')}.tar", aviary),
        "arrays": arrays(folder / f"{aviary.text(NAME, 'name of the NPZ')}.npz", aviary),
    }


def volume(aviary: Aviary, kind: str, seed: int) -> bytes:
    """A NIfTI-1 of 40 x 48 x 3 voxels of one byte, feet first, with all its texts, an extension and bytes behind."""
    voxels = np.random.default_rng(seed).integers(0, 255, (40, 48, SLICES), dtype=np.uint8)
    text = aviary.text(PICTURE, f"{kind} extension").encode().ljust(24, b" ")
    extension = struct.pack("<ii", len(text) + 8, COMMENT) + text
    head = bytearray(HEADER)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, *voxels.shape, 1, 1, 1, 1)
    struct.pack_into("<2h", head, 70, UNSIGNED_BYTES, 8)
    struct.pack_into("<8f", head, 76, 1, 2, 2, 3, 1, 1, 1, 1)
    struct.pack_into("<2f", head, 108, HEADER + len(extension), 1)
    struct.pack_into("<2h", head, 252, 0, 1)
    struct.pack_into("<12f", head, 280, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0)
    for field, (place, length) in TEXTS.items():
        told = aviary.short(PICTURE, f"{kind} {field}") if length < 16 else aviary.text(PICTURE, f"{kind} {field}")
        head[place : place + length] = told.encode().ljust(length, b"\0")
    head[344:352] = MAGIC + b"\1\0\0\0"
    behind = aviary.text(PICTURE, f"{kind} trailing bytes").encode()
    return bytes(head) + extension + voxels.tobytes(order="F") + behind


def tar(path: Path, aviary: Aviary) -> Path:
    """Two pictures whose names, owners and pax comments are canaries, one of them in a long name, and a link."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for number, long in enumerate((False, True)):
            place = f"tar member {number}"
            folder = "in a folder of a name that no old header holds/" * 3 if long else ""
            content = picture(30 + number, "png")
            member = tarfile.TarInfo(f"{folder}{aviary.text(NAME, place)}.png")
            member.size = len(content)
            member.uname, member.gname = aviary.text(NAME, f"owner of {place}"), aviary.text(NAME, f"group of {place}")
            member.pax_headers = {"comment": aviary.text(NAME, f"comment of {place}")}
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo(f"{aviary.text(NAME, 'link in a tar')}.png")
        link.type, link.linkname = tarfile.SYMTYPE, f"/nowhere/{aviary.text(NAME, 'target of a link in a tar')}.png"
        archive.addfile(link)
    return path


def arrays(path: Path, aviary: Aviary) -> Path:
    """Twelve pictures and, beside them, arrays of texts: of bytes, of letters, and of words with one code."""
    ramps = np.add.outer(np.arange(ENTRIES) * 9, np.add.outer(np.arange(32), np.arange(32)))
    texts = [aviary.text(TABLE, "array of bytes") for _ in range(ENTRIES)]
    letters = [aviary.name(TABLE, "array of letters") for _ in range(ENTRIES)]
    lone = ["left"] * (ENTRIES - 1) + [aviary.text(TABLE, "one text of an array")]
    np.savez(
        path,
        allow_pickle=False,
        images=ramps.astype(np.uint8),
        labels=np.arange(ENTRIES) % 2,
        patient=np.array(texts, dtype="S"),
        surname=np.array(letters),
        side=np.array(lone),
        **{aviary.text(NAME, "name of an array"): np.arange(ENTRIES) % 3},
    )
    return path
