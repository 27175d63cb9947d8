"""TIFF, BMP and WebP are taken; whatever any picture file carries besides its picture is counted, known and gone."""

from __future__ import annotations

import struct
import tarfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from intake_decoding import middle, saved
from intake_pieces import photograph
from PIL import Image, PngImagePlugin, TiffImagePlugin

from medsynth_engine.intake.archives import archive
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.formats import decode
from medsynth_engine.intake.options import Limits, Options, Reading
from medsynth_engine.intake.reasons import Code, Rejected
from medsynth_engine.kernel.errors import BadInput

COLOUR = photograph(1)
GREY = photograph(2, colour=False)
DEEP = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:creator>SECRET</dc:creator></x:xmpmeta>"
SECRET = b"SECRET"


def exif() -> Image.Exif:
    made = Image.Exif()
    made[0x010E] = "SECRET"
    return made


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_with(name: bytes, body: bytes) -> bytes:
    data = saved(Image.fromarray(COLOUR))
    return data[:33] + chunk(name, body) + data[33:]


def png_text(**how: Any) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Comment", "SECRET", **how)
    return saved(Image.fromarray(COLOUR), pnginfo=info)


def segment(marker: int, body: bytes) -> bytes:
    data = saved(Image.fromarray(COLOUR), "JPEG")
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[2:]


def tags(**words: str) -> bytes:
    entries = TiffImagePlugin.ImageFileDirectory_v2()
    for number, text in words.items():
        entries[int(number[1:])] = text
    return saved(Image.fromarray(COLOUR), "TIFF", tiffinfo=entries)


def webp(**how: Any) -> bytes:
    return saved(Image.fromarray(COLOUR), "WEBP", lossless=True, **how)


def bmp_with_gap() -> bytes:
    data = bytearray(saved(Image.fromarray(COLOUR), "BMP"))
    start = struct.unpack_from("<I", data, 10)[0]
    data[start:start] = b"SECRET in the gap"
    struct.pack_into("<I", data, 10, start + len(b"SECRET in the gap"))
    return bytes(data)


CARRIERS: tuple[tuple[str, bytes, str], ...] = (
    ("PNG text", png_with(b"tEXt", b"Author\0SECRET"), "text_chunk"),
    ("PNG packed text", png_with(b"zTXt", b"Author\0\0" + zlib.compress(b"SECRET")), "text_chunk"),
    ("PNG international text", png_text(), "text_chunk"),
    ("PNG packed international text", png_text(zip=True), "text_chunk"),
    ("PNG XMP", png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP), "xmp"),
    ("PNG EXIF", saved(Image.fromarray(COLOUR), exif=exif()), "exif"),
    ("PNG profile", saved(Image.fromarray(COLOUR), icc_profile=b"SECRET profile"), "icc_profile"),
    ("PNG private", png_with(b"prVt", b"SECRET"), "private_chunk"),
    ("PNG tail", saved(Image.fromarray(COLOUR)) + b"PK\x03\x04 SECRET zip", "trailing_bytes"),
    ("JPEG comment", segment(0xFE, b"SECRET"), "comment"),
    ("JPEG EXIF", saved(Image.fromarray(COLOUR), "JPEG", exif=exif()), "exif"),
    ("JPEG XMP", segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP), "xmp"),
    ("JPEG profile", saved(Image.fromarray(COLOUR), "JPEG", icc_profile=b"SECRET profile"), "icc_profile"),
    ("JPEG IPTC", segment(0xED, b"Photoshop 3.0\0" + b"SECRET by-line"), "iptc"),
    ("JPEG application", segment(0xE9, b"SECRET of a maker"), "application_segment"),
    ("JPEG tail", saved(Image.fromarray(COLOUR), "JPEG") + b"SECRET behind", "trailing_bytes"),
    ("TIFF description", tags(t270="SECRET"), "free_text"),
    ("TIFF artist", tags(t315="SECRET"), "names"),
    ("TIFF host", tags(t316="SECRET"), "device_identifiers"),
    ("TIFF private", tags(t65000="SECRET"), "text_tag"),
    ("TIFF tail", tags() + b"SECRET behind", "trailing_bytes"),
    ("WebP EXIF", webp(exif=exif()), "exif"),
    ("WebP XMP", webp(xmp=XMP), "xmp"),
    ("WebP profile", webp(icc_profile=b"SECRET profile"), "icc_profile"),
    ("WebP tail", webp() + b"SECRET behind", "trailing_bytes"),
    ("BMP gap", bmp_with_gap(), "hidden_bytes"),
    ("BMP tail", saved(Image.fromarray(COLOUR), "BMP") + b"SECRET behind", "trailing_bytes"),
)


@pytest.mark.parametrize(("data", "kind"), [one[1:] for one in CARRIERS], ids=[one[0] for one in CARRIERS])
def test_each_carrier_is_counted_its_text_is_known_and_the_picture_is_unharmed(data: bytes, kind: str) -> None:
    assert SECRET in data or kind in ("text_chunk", "icc_profile")
    decoded = middle(data)
    assert decoded.found[kind] == 1
    assert any(SECRET in text for text in decoded.identifiers)
    assert decoded.pixels.shape == COLOUR.shape
    if not data.startswith(b"\xff\xd8"):
        assert np.array_equal(decoded.pixels, COLOUR)


def test_the_time_of_a_png_and_more_frames_are_counted() -> None:
    assert middle(png_with(b"tIME", bytes(7))).found["time"] == 1
    more = [Image.fromarray(COLOUR[::-1])]
    for kind in ("PNG", "WEBP"):
        data = saved(Image.fromarray(COLOUR), kind, save_all=True, append_images=more, lossless=True)
        assert middle(data).found["extra_frames"] == 1
        assert np.array_equal(middle(data).pixels, COLOUR)


def test_a_bomb_in_a_text_chunk_hurts_nobody() -> None:
    bomb = zlib.compress(b"SECRET" + bytes(200 * 2**20), 9)
    for name, head in ((b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0")):
        assert np.array_equal(middle(png_with(name, head + bomb)).pixels, COLOUR)


@pytest.mark.parametrize("packing", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiffs_of_every_depth_are_taken_exactly(packing: str | None) -> None:
    for pixels in (COLOUR, GREY, DEEP):
        assert np.array_equal(middle(saved(Image.fromarray(pixels), "TIFF", compression=packing)).pixels, pixels)
    ramp = np.linspace(0, 1, 48 * 64, dtype=np.float32).reshape(48, 64)
    shown = middle(saved(Image.fromarray(ramp), "TIFF", compression=packing)).pixels
    assert np.abs(shown - ramp * 255).max() <= 0.51


def test_palettes_and_printers_colours_become_rgb_and_white_is_zero_is_undone() -> None:
    palette = Image.fromarray(COLOUR).quantize(32)
    for kind in ("TIFF", "BMP"):
        assert np.array_equal(middle(saved(palette, kind)).pixels, np.asarray(palette.convert("RGB")))
    inks = Image.fromarray(COLOUR).convert("CMYK")
    assert np.array_equal(middle(saved(inks, "TIFF")).pixels, np.asarray(inks.convert("RGB")))
    for pixels, white in ((GREY, 255), (DEEP, 65535)):
        data = bytearray(saved(Image.fromarray(pixels), "TIFF"))
        place = bytes(data).index(struct.pack("<HHI", 262, 3, 1))
        struct.pack_into("<H", data, place + 8, 0)
        assert np.array_equal(middle(bytes(data)).pixels, white - pixels)


def test_the_orientation_of_a_tiff_is_applied_once() -> None:
    turned = {1: COLOUR, 3: COLOUR[::-1, ::-1], 6: np.rot90(COLOUR, -1), 8: np.rot90(COLOUR), 2: COLOUR[:, ::-1]}
    for number, seen in turned.items():
        made = Image.Exif()
        made[0x0112] = number
        for packing in (None, "tiff_lzw"):
            data = saved(Image.fromarray(COLOUR), "TIFF", exif=made, compression=packing)
            assert np.array_equal(middle(data).pixels, seen)


def test_pages_are_pictures_and_what_has_another_size_is_none() -> None:
    pages = [photograph(number, colour=False) for number in range(4)]
    others = [Image.fromarray(page) for page in pages[1:]] + [Image.fromarray(GREY[:20, :30])]
    data = saved(Image.fromarray(pages[0]), "TIFF", save_all=True, append_images=others)
    file = decode.opened(data, Reading(slices="2-3"))
    assert (file.total, file.chosen) == (4, (1, 2))
    for number in (3, 0, 2, 1):
        assert np.array_equal(file.frame(number).pixels, pages[number])
    assert file.frame(0).found["extra_frames"] == 1
    assert file.frame(0).group == file.frame(1).group != ""


def test_pictures_beyond_the_limit_are_refused_before_decoding() -> None:
    for kind in ("TIFF", "BMP", "WEBP", "PNG", "JPEG"):
        with pytest.raises(Rejected) as refusal:
            middle(saved(Image.fromarray(COLOUR), kind), limits=Limits(image_pixels=1000))
        assert refusal.value.code is Code.TOO_MANY_PIXELS


def tar(path: Path, mode: str, members: list[tuple[str, bytes, bytes]]) -> Path:
    with tarfile.open(path, mode) as made:  # type: ignore[call-overload]
        for name, data, kind in members:
            entry = tarfile.TarInfo(name)
            entry.size, entry.type, entry.linkname = len(data), kind, "one.png"
            made.addfile(entry, BytesIO(data))
    return path


HOSTILE: tuple[tuple[str, bytes, bytes, Code | None], ...] = (
    ("one.png", b"picture", tarfile.REGTYPE, None),
    ("/absolute.png", b"x", tarfile.REGTYPE, Code.UNSAFE_NAME),
    ("../up.png", b"x", tarfile.REGTYPE, Code.UNSAFE_NAME),
    ("one.png", b"again", tarfile.REGTYPE, Code.UNSAFE_NAME),
    ("esc\x1b[31m.png", b"x", tarfile.REGTYPE, Code.UNSAFE_NAME),
    ("right\u202eleft.png", b"x", tarfile.REGTYPE, Code.UNSAFE_NAME),
    ("soft", b"", tarfile.SYMTYPE, Code.LINK),
    ("hard", b"", tarfile.LNKTYPE, Code.LINK),
    ("device", b"", tarfile.CHRTYPE, Code.NOT_A_FILE),
    ("pipe", b"", tarfile.FIFOTYPE, Code.NOT_A_FILE),
    ("none.png", b"", tarfile.REGTYPE, Code.EMPTY),
    ("a" * 120 + "/" + "ü" * 60 + ".png", b"long", tarfile.REGTYPE, None),
)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_has_the_refusals_of_a_zip(tmp_path: Path, mode: str) -> None:
    path = tar(tmp_path / "t.tar", mode, [one[:3] for one in HOSTILE] + [("t.csv", b"a,b\n1,2\n", tarfile.REGTYPE)])
    source = archive.open_tar(path, Options.of("x"))
    assert [item.refused for item in source.items] == [one[3] for one in HOSTILE]
    assert not any(item.name.startswith(("/", "..")) for item in source.items)
    assert [table.read() for table in source.tables] == [b"a,b\n1,2\n"]
    assert list(archive.members(path, Limits())) == [(0, b"picture"), (11, b"long")]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(BadInput):
        archive.open_tar(path, Options.of("x"))


def test_a_packed_tar_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = tar(tmp_path / "t.tgz", "w:gz", [(f"{n}.bin", bytes(150 * 2**20), tarfile.REGTYPE) for n in range(2)])
    with pytest.raises(BadInput) as refusal:
        archive.open_tar(path, Options.of("x"))
    assert refusal.value.code == "archive_bomb"


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_pictures_in_a_tar_are_those_of_the_folder(
    tmp_path: Path, photographs: Path, take: Callable, mode: str
) -> None:
    files = sorted(photographs.iterdir())
    path = tar(tmp_path / "t.tar", mode, [(file.name, file.read_bytes(), tarfile.REGTYPE) for file in files])
    packed, one = take(path, "packed")
    plain, other = take(photographs, "plain")
    assert packed["accepted"] == plain["accepted"] == 12
    assert set(Dataset(one).records()["pixels"]) == set(Dataset(other).records()["pixels"])
