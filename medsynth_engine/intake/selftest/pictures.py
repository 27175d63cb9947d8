"""Image files with a canary in every carrier beside the picture: PNG, JPEG, TIFF, WebP and BMP."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin, TiffImagePlugin

from medsynth_engine.intake.selftest.canaries import PICTURE, Aviary

DESCRIPTION, COPYRIGHT, ARTIST, DOCUMENT_NAME, HOST, PRIVATE = 0x010E, 0x8298, 0x013B, 0x010D, 0x013C, 0xC4A5
GPS_FOLDER, GPS_AREA = 0x8825, 0x001C


def plant(folder: Path, aviary: Aviary) -> None:
    """One file of each format."""
    png(folder / "a.png", photograph(1), aviary)
    jpeg(folder / "b.jpg", photograph(2), aviary)
    tiff(folder / "c.tif", photograph(3), aviary)
    webp(folder / "d.webp", photograph(4), aviary)
    bmp(folder / "e.bmp", photograph(5), aviary)


def photograph(seed: int, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """A smooth random picture, uint8 (h, w, 3)."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((size[1], size[0]), Image.Resampling.BICUBIC))


def _exif(aviary: Aviary, kind: str) -> Image.Exif:
    exif = Image.Exif()
    exif[DESCRIPTION] = aviary.text(PICTURE, f"{kind} EXIF description")
    exif[COPYRIGHT] = aviary.text(PICTURE, f"{kind} EXIF copyright")
    exif.get_ifd(GPS_FOLDER)[GPS_AREA] = aviary.text(PICTURE, f"{kind} EXIF place").encode()
    return exif


def _xmp(aviary: Aviary, kind: str) -> str:
    return f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{aviary.text(PICTURE, f'{kind} XMP')}</x:xmpmeta>"


def png(path: Path, pixels: np.ndarray, aviary: Aviary) -> None:
    """tEXt, zTXt, iTXt, XMP, EXIF, ICC, a private chunk, a hidden frame, and bytes after the end."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Patient", aviary.text(PICTURE, "PNG tEXt"))
    info.add_text("Comment", aviary.text(PICTURE, "PNG zTXt"), zip=True)
    info.add_itxt("Author", aviary.text(PICTURE, "PNG iTXt"))
    info.add_itxt("XML:com.adobe.xmp", _xmp(aviary, "PNG"))
    info.add(b"tIME", bytes([7, 228, 1, 2, 3, 4, 5]))
    info.add(b"prVt", aviary.text(PICTURE, "PNG private chunk").encode())
    stream = io.BytesIO()
    profile = aviary.text(PICTURE, "PNG ICC profile").encode()
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=info, exif=_exif(aviary, "PNG"), icc_profile=profile)
    path.write_bytes(stream.getvalue() + aviary.text(PICTURE, "PNG trailing bytes").encode())


def jpeg(path: Path, pixels: np.ndarray, aviary: Aviary) -> None:
    """COM, EXIF, ICC, XMP, IPTC, an unknown segment, and bytes after the end."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(
        stream,
        "JPEG",
        exif=_exif(aviary, "JPEG"),
        comment=aviary.text(PICTURE, "JPEG comment"),
        icc_profile=aviary.text(PICTURE, "JPEG ICC profile").encode(),
        xmp=_xmp(aviary, "JPEG").encode(),
    )
    data, extra = stream.getvalue(), b""
    for marker, place in ((0xED, "JPEG IPTC"), (0xE9, "JPEG APP9")):
        body = b"Photoshop 3.0\0" + aviary.text(PICTURE, place).encode()
        extra += struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
    path.write_bytes(data[:2] + extra + data[2:] + aviary.text(PICTURE, "JPEG trailing bytes").encode())


def tiff(path: Path, pixels: np.ndarray, aviary: Aviary) -> None:
    """Text tags, a private tag, XMP, and bytes after the end."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, place in ((DESCRIPTION, "description"), (ARTIST, "artist"), (DOCUMENT_NAME, "name"), (HOST, "host")):
        tags[tag] = aviary.text(PICTURE, f"TIFF {place}")
    tags[PRIVATE] = aviary.text(PICTURE, "TIFF private tag")
    tags.tagtype[PRIVATE] = 2
    tags[700] = _xmp(aviary, "TIFF").encode()
    tags.tagtype[700] = 1
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "TIFF", tiffinfo=tags)
    path.write_bytes(stream.getvalue() + aviary.text(PICTURE, "TIFF trailing bytes").encode())


def webp(path: Path, pixels: np.ndarray, aviary: Aviary) -> None:
    """EXIF, XMP and ICC."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(
        stream,
        "WEBP",
        lossless=True,
        exif=_exif(aviary, "WebP"),
        xmp=_xmp(aviary, "WebP").encode(),
        icc_profile=aviary.text(PICTURE, "WebP ICC profile").encode(),
    )
    path.write_bytes(stream.getvalue())


def bmp(path: Path, pixels: np.ndarray, aviary: Aviary) -> None:
    """Bytes between header and pixels, and after them."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "BMP")
    data = stream.getvalue()
    start = struct.unpack_from("<I", data, 10)[0]
    gap = aviary.text(PICTURE, "BMP gap").encode().ljust(32, b"\0")
    head = data[:10] + struct.pack("<I", start + len(gap)) + data[14:start]
    path.write_bytes(head + gap + data[start:] + aviary.text(PICTURE, "BMP trailing bytes").encode())
