"""Bytes of one file -> pixels. What else the file carries is counted, so that the report can say what is gone.

What comes out: uint8 or uint16 grey (h, w), or uint8 RGB (h, w, 3), upright, without alpha and palette.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, UnidentifiedImageError

from medsynth_engine.intake.carriers import found_in_jpeg, found_in_png
from medsynth_engine.intake.options import Limits
from medsynth_engine.intake.reasons import Code, Rejected

SMALLEST_SIDE = 8
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
JPEG_MAGIC = b"\xff\xd8\xff"
ORIENTATION_TAG = 0x0112

# Ours is checked before any pixel is decoded, and is an error; Pillow's own only warns up to twice its limit.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class Decoded:
    """What one file gave.

    pixels       see above
    found        kind -> how many carriers of identifying data were left behind
    identifiers  values that must not occur in anything written for this file
    attributes   typed, allow-listed attributes (DICOM only): modality, body_part, view, age, sex, ethnicity
    patient      the patient's identifier as it came, or empty; leaves the process only as a pseudonym
    group        the study, likewise
    bits         of 16-bit pixels those that white fills, where that is known
    frames       how many pictures the file holds; the middle one is taken
    review       a reason for a person to look at it before it is used
    """

    pixels: np.ndarray
    found: Counter[str] = field(default_factory=Counter)
    identifiers: tuple[bytes, ...] = ()
    attributes: dict[str, str | float] = field(default_factory=dict)
    patient: str = ""
    group: str = ""
    frames: int = 1
    bits: int | None = None
    review: Code | None = None


def decode(data: bytes, limits: Limits, characteristics: tuple[str, ...] = ()) -> Decoded:
    """Decode by content, never by name. Raises Rejected with the reason."""
    if not data:
        raise Rejected(Code.EMPTY)
    if data[128:132] == b"DICM":
        return _dicom(data, limits, characteristics)
    if data.startswith(PNG_MAGIC):
        found, texts = found_in_png(data)
        return _picture(data, "PNG", found, texts, limits)
    if data.startswith(JPEG_MAGIC):
        found, texts = found_in_jpeg(data)
        return _picture(data, "JPEG", found, texts, limits)
    if data.startswith((b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")):
        raise Rejected(Code.NESTED_ARCHIVE)
    if _may_be_dicom(data):
        return _dicom(data, limits, characteristics)
    raise Rejected(Code.UNKNOWN_FORMAT)


def decode_entry(data: bytes, shape: tuple[int, ...], dtype: str) -> Decoded:
    """One image of an NPZ. Floats within 0 and 1 are taken as such, other numbers as they are. Raises Rejected."""
    kind = np.dtype(dtype)
    if len(data) != kind.itemsize * int(np.prod(shape)):
        raise Rejected(Code.TRUNCATED)
    pixels = np.frombuffer(data, kind).reshape(shape)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = _over_black(pixels)
    return Decoded(settle(_integers(pixels)))


def _integers(pixels: np.ndarray) -> np.ndarray:
    """Whatever numbers an array holds, as uint8 or uint16."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * 255
    values = pixels.astype(np.float32)
    if not np.isfinite(values).all():
        raise Rejected(Code.NO_WINDOW)
    low, high = float(values.min()), float(values.max())
    if pixels.dtype.kind == "f" and low >= 0 and high <= 1:
        return np.rint(values * 255).astype(np.uint8)
    if low >= 0 and high <= 255:
        return np.rint(values).astype(np.uint8)
    if low < 0:  # signed or centred values have no white of their own: the image's own range is used
        values = (values - low) / max(high - low, 1e-6) * 65535
    return np.rint(np.clip(values, 0, 65535)).astype(np.uint16)


def settle(pixels: np.ndarray) -> np.ndarray:
    """The form in which pixels are kept: contiguous, colour only where there is colour, 16 bits only in grey.

    Raises Rejected where the picture is too small to be one.
    """
    if min(pixels.shape[:2]) < SMALLEST_SIDE:
        raise Rejected(Code.TOO_SMALL)
    if pixels.ndim == 3 and _is_grey(pixels):
        pixels = pixels[..., 0]
    if pixels.ndim == 3 and pixels.dtype == np.uint16:
        pixels = (pixels // 257).astype(np.uint8)
    if pixels.dtype.byteorder == ">":
        pixels = pixels.astype(pixels.dtype.newbyteorder("="))
    return np.ascontiguousarray(pixels)


def _is_grey(pixels: np.ndarray) -> bool:
    few = pixels[::16, ::16]
    for view in (few, pixels):
        if not (np.array_equal(view[..., 0], view[..., 1]) and np.array_equal(view[..., 1], view[..., 2])):
            return False
    return True


def _picture(data: bytes, kind: str, found: Counter[str], texts: list[bytes], limits: Limits) -> Decoded:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=(kind,)) as image:
                if image.width * image.height > limits.image_pixels:
                    raise Rejected(Code.TOO_MANY_PIXELS)
                orientation = _orientation(image)
                image.load()
                pixels = _upright(_array(image), orientation)
    except UnidentifiedImageError:
        raise Rejected(Code.UNREADABLE) from None
    except MemoryError:
        raise Rejected(Code.MEMORY) from None
    except OSError as error:
        raise Rejected(Code.TRUNCATED if "truncated" in str(error) else Code.UNREADABLE) from None
    except (SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, OverflowError):
        raise Rejected(Code.UNREADABLE) from None
    return Decoded(settle(pixels), found, tuple(texts))


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8 (EXIF 2.3, tag 0x0112); a damaged EXIF block leaves the picture as it is."""
    try:
        turn = image.getexif().get(ORIENTATION_TAG, 1)
    except (SyntaxError, ValueError, KeyError, TypeError, IndexError, OSError, struct.error, OverflowError):
        return 1
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Apply the orientation before it is dropped, else left and right, or up and down, would be wrong."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def _array(image: Image.Image) -> np.ndarray:
    mode = image.mode
    if mode == "P" or (mode in ("L", "RGB", "1") and "transparency" in image.info):
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif mode == "1":
        image = image.convert("L")
    elif mode not in ("L", "LA", "RGB", "RGBA", "I", "F") and not mode.startswith("I;16"):
        image = image.convert("RGB")
    pixels = np.asarray(image)
    if image.mode in ("LA", "RGBA"):
        pixels = _over_black(pixels)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        pixels = _integers(pixels) if image.mode in ("I", "F") else pixels.astype(np.uint16)
    return pixels


def _over_black(pixels: np.ndarray) -> np.ndarray:
    """Alpha composed over black, the background of radiology; opaque pictures keep their exact values."""
    colour, alpha = pixels[..., :-1], pixels[..., -1:]
    if colour.shape[-1] == 1:
        colour, alpha = colour[..., 0], alpha[..., 0]
    top = 255 if pixels.dtype == np.uint8 else max(float(alpha.max()), 1e-6)
    if bool((alpha == top).all()):
        return colour
    return np.rint(colour.astype(np.float32) * (alpha.astype(np.float32) / top)).astype(pixels.dtype)


def _may_be_dicom(data: bytes) -> bool:
    """A DICOM data set without preamble starts with group 0002 or 0008, little or big endian."""
    if len(data) < 16:
        return False
    little, big = struct.unpack("<HH", data[:4]), struct.unpack(">HH", data[:4])
    return any(group in (0x0002, 0x0008) and element <= 0x0100 for group, element in (little, big))


def _dicom(data: bytes, limits: Limits, characteristics: tuple[str, ...]) -> Decoded:
    from medsynth_engine.intake.dicom import decode_dicom  # pydicom costs 20 MB and 0.15 s: only where it is needed

    return decode_dicom(data, limits, characteristics)
