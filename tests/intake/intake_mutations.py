"""Seeded damage to files, as a bad disk, a broken transfer or an attacker does it; and small sound files to damage."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from intake_pieces import photograph
from intake_workbooks import excel
from PIL import Image, PngImagePlugin

SEED = 20_260
LARGEST = 300_000
"""Bytes of a file that is damaged: a large one only costs time."""
EXTREME = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)


def mutated(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """`data` damaged one to four times; `other` is a file of the same kind to splice from."""
    for _ in range(int(rng.integers(1, 5))):
        data = MUTATIONS[int(rng.integers(len(MUTATIONS)))](data, other, rng)
    return data


def mutated_inside(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """The same to what is packed in `data`, with check sums that are right again; else the damage ends at those."""
    if data.startswith(b"PK"):
        return _repacked(data, rng)
    if data[257:262] == b"ustar":
        return _tarred(data, rng)
    if data.startswith(b"PAR1"):
        footer = len(data) - 8 - struct.unpack("<I", data[-8:-4])[0]
        return data[:4] + _flip(data[4:footer], b"", rng) + data[footer:]
    for start, module in PACKINGS:
        if data.startswith(start):
            within = module.decompress(data)
            return module.compress(mutated_inside(within, within, rng))
    return mutated(data, other, rng)


def _repacked(data: bytes, rng: np.random.Generator) -> bytes:
    """A zip with one of its members damaged."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as sound, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        names = sound.namelist()
        victim = names[int(rng.integers(len(names)))]
        for name in names:
            member = sound.read(name)
            archive.writestr(name, mutated(member, member, rng) if name == victim else member)
    return stream.getvalue()


def _tarred(data: bytes, rng: np.random.Generator) -> bytes:
    """A tar with one of its members damaged."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as sound, tarfile.open(fileobj=stream, mode="w") as archive:
        members = sound.getmembers()
        victim = int(rng.integers(len(members)))
        for number, member in enumerate(members):
            body = sound.extractfile(member).read()  # type: ignore[union-attr]
            if number == victim:
                body = mutated(body, body, rng)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return stream.getvalue()


def _place(data: bytes, rng: np.random.Generator) -> int:
    """Anywhere, or half of the time near the beginning, where headers are."""
    reach = min(len(data), 2048) if rng.random() < 0.5 else len(data)
    return int(rng.integers(max(reach, 1)))


def _flip(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 17))):
        if changed:
            changed[_place(data, rng)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _truncate(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    return data[: _place(data, rng)]


def _splice(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    start, length = _place(other, rng), int(rng.integers(1, 4096))
    place = _place(data, rng)
    return data[:place] + other[start : start + length] + data[place + length * int(rng.integers(2)) :]


def _lie(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A number somewhere, say a length, becomes an extreme one."""
    value, form = EXTREME[int(rng.integers(len(EXTREME)))], ("<H", ">H", "<I", ">I")[int(rng.integers(4))]
    packed = struct.pack(form, value & (0xFFFF if form[1] == "H" else 0xFFFF_FFFF))
    place = _place(data, rng)
    return data[:place] + packed + data[place + len(packed) :]


def _insert(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    place = _place(data, rng)
    return data[:place] + rng.bytes(int(rng.integers(1, 65))) + data[place:]


def _delete(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    place = _place(data, rng)
    return data[:place] + data[place + int(rng.integers(1, 65)) :]


def _repeat(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    start, length = _place(data, rng), int(rng.integers(1, 512))
    return data[: start + length] + data[start : start + length] * int(rng.integers(1, 20)) + data[start + length :]


def _chunk(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """A block as PNG and RIFF have them, with a length that may lie."""
    name = (b"IDAT", b"zTXt", b"iCCP", b"acTL", b"PLTE", b"EXIF", b"IEND")[int(rng.integers(7))]
    body = rng.bytes(int(rng.integers(64)))
    length = len(body) if rng.random() < 0.5 else EXTREME[int(rng.integers(len(EXTREME)))]
    place = _place(data, rng)
    return data[:place] + struct.pack(">I", length) + name + body + data[place:]


PACKINGS: tuple[tuple[bytes, Any], ...] = ((b"\x1f\x8b", gzip), (b"\xfd7zXZ", lzma))
Mutation = Callable[[bytes, bytes, np.random.Generator], bytes]
MUTATIONS: tuple[Mutation, ...] = (_flip, _truncate, _splice, _lie, _insert, _delete, _repeat, _chunk)


def sound_files(kind: str, data_folder: Path) -> list[bytes]:
    """Files of a kind that are as they should be."""
    return dicoms(data_folder) if kind == "dicom" else MAKERS[kind]()


@cache
def dicoms(data_folder: Path) -> list[bytes]:
    files = sorted(path for path in (data_folder / "dicom_a").rglob("*") if path.is_file())
    small = (path for path in files if path.suffix not in (".csv", ".md") and path.stat().st_size <= LARGEST)
    return [path.read_bytes() for path in small]


def _saved(mode: str, kind: str, **how: object) -> bytes:
    colour = Image.fromarray(photograph(len(mode) + len(how)))
    image = Image.new("I;16", (64, 48), 30_000) if mode == "I;16" else colour.convert(mode)
    stream = io.BytesIO()
    image.save(stream, kind, **how)  # type: ignore[arg-type]
    return stream.getvalue()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "DOE JANE"
    return exif


def _pngs() -> list[bytes]:
    text = PngImagePlugin.PngInfo()
    text.add_text("Patient", "DOE JANE", zip=True)
    text.add_itxt("Study", "CHEST", "en", "study")
    plain = [_saved(mode, "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
    frames = [Image.fromarray(photograph(seed)) for seed in (4, 5)]
    return [
        *plain,
        _saved("RGB", "PNG", pnginfo=text, exif=_exif()),
        _saved("RGB", "PNG", save_all=True, append_images=frames),
    ]


def _jpegs() -> list[bytes]:
    plain = [_saved(mode, "JPEG") for mode in ("L", "RGB", "CMYK")]
    odd = [_saved("RGB", "JPEG", progressive=True), _saved("RGB", "JPEG", subsampling=0, quality=95)]
    return [
        *plain,
        *odd,
        _saved("RGB", "JPEG", exif=_exif(), comment=b"DOE JANE"),
        _saved("L", "JPEG", restart_marker_rows=1),
    ]


def _tiffs() -> list[bytes]:
    packings = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    plain = [_saved("RGB", "TIFF", compression=packing) for packing in packings]
    pages = [Image.fromarray(photograph(seed)) for seed in (4, 5, 6)]
    return [
        *plain,
        _saved("I;16", "TIFF"),
        _saved("1", "TIFF"),
        _saved("RGB", "TIFF", save_all=True, append_images=pages),
    ]


def _bmps() -> list[bytes]:
    return [_saved(mode, "BMP") for mode in ("1", "L", "P", "RGB")]


def _webps() -> list[bytes]:
    frames = [Image.fromarray(photograph(seed)) for seed in (4, 5)]
    plain = [_saved("RGB", "WEBP"), _saved("RGBA", "WEBP", lossless=True), _saved("RGB", "WEBP", exif=_exif())]
    return [*plain, _saved("RGB", "WEBP", save_all=True, append_images=frames)]


def nifti(voxels: np.ndarray, code: int, packed: bool = False) -> bytes:
    """A NIfTI-1 file (one file, little endian) of an array (x, y, z); code as in its header's datatype."""
    header = bytearray(348)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, voxels.ndim, *voxels.shape, *[1] * (7 - voxels.ndim))
    struct.pack_into("<2h", header, 70, code, 8 * voxels.dtype.itemsize)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[344:348] = b"n+1\0"
    data = bytes(header) + bytes(4) + voxels.tobytes(order="F")
    return gzip.compress(data, 1, mtime=0) if packed else data


def _niftis() -> list[bytes]:
    rng = np.random.default_rng(1)
    volume = rng.integers(0, 255, (16, 20, 3))
    kinds = ((np.uint8, 2), (np.int16, 4), (np.float32, 16))
    return [nifti(volume.astype(kind), code, packed) for kind, code in kinds for packed in (False, True)]


def _table() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "patient_id": [f"DOE{number // 2:04d}" for number in range(60)],
            "age": rng.integers(1, 99, 60).astype(str),
            "sex": rng.choice(["F", "M", "male", "?"], 60),
            "finding": rng.choice(["normal", "nodule|mass", "nodule"], 60),
            "note": rng.choice(["", 'said "no", left', "läuft, seit Tagen"], 60),
        }
    )


def _csvs() -> list[bytes]:
    table = _table()
    texts = [table.to_csv(index=False, sep=separator) for separator in (",", ";", "\t")]
    return [*(text.encode() for text in texts), texts[0].encode("utf-16"), b"\xef\xbb\xbf" + texts[0].encode("latin-1")]


def _written(fill: Callable[[io.BytesIO], object]) -> bytes:
    stream = io.BytesIO()
    fill(stream)
    return stream.getvalue()


def _npzs() -> list[bytes]:
    images = np.stack([photograph(seed, (16, 16), colour=False) for seed in range(6)])
    labels = np.arange(6) % 2
    medmnist = {
        f"{part}_{name}": array
        for part in ("train", "val", "test")
        for name, array in (("images", images), ("labels", labels))
    }
    return [
        _written(lambda stream: np.savez(stream, images=images, labels=labels)),
        _written(lambda stream: np.savez_compressed(stream, images=images / 255.0)),
        _written(lambda stream: np.savez_compressed(stream, **medmnist)),
    ]


def _zips() -> list[bytes]:
    def fill(stream: io.BytesIO, packing: int) -> None:
        with zipfile.ZipFile(stream, "w", packing) as archive:
            for number, data in enumerate([*_pngs()[:4], *_jpegs()[:2]]):
                archive.writestr(f"case{number}/DOE_{number}.img", data)
            archive.writestr("table.csv", "filename,age\nDOE_0.img,50\n")

    return [
        _written(lambda stream, packing=packing: fill(stream, packing))
        for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    ]


def _tars() -> list[bytes]:
    def fill(stream: io.BytesIO, mode: str) -> None:
        with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
            for number, data in enumerate([*_pngs()[:4], *_jpegs()[:2]]):
                member = tarfile.TarInfo(f"case{number}/DOE_{number}.img")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))

    return [_written(lambda stream, mode=mode: fill(stream, mode)) for mode in ("w", "w:gz", "w:xz")]


def _xlsxs() -> list[bytes]:
    table = _table()
    return [excel({"cases": [list(table.columns), *table.to_numpy(dtype=object).tolist()]})]


def _parquets() -> list[bytes]:
    return [
        _written(lambda stream, how=how: _table().to_parquet(stream, compression=how))
        for how in (None, "snappy", "zstd")
    ]


MAKERS: dict[str, Callable[[], list[bytes]]] = {
    "png": _pngs,
    "jpeg": _jpegs,
    "tiff": _tiffs,
    "bmp": _bmps,
    "webp": _webps,
    "nifti": _niftis,
    "npz": _npzs,
    "zip": _zips,
    "tar": _tars,
    "csv": _csvs,
    "xlsx": _xlsxs,
    "parquet": _parquets,
}
