"""Picture files (PNG, JPEG, TIFF, BMP, WebP): the pages that are pictures, upright, without alpha and palette."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

import numpy as np
from PIL import Image, UnidentifiedImageError

from medsynth_engine.intake.formats import tiff
from medsynth_engine.intake.formats.carriers import found_in_bmp, found_in_jpeg, found_in_png, found_in_webp, plain_png
from medsynth_engine.intake.formats.decoded import Decoded, Opened, stack
from medsynth_engine.intake.formats.pixels import over_black, settle, upright, whole_numbers
from medsynth_engine.intake.options import Limits, Reading
from medsynth_engine.intake.reasons import Code, Rejected

WIDE = ("I", "F")
"""Pillow's modes of 32 bits a pixel, whole numbers and floats."""
ORIENTATION_TAG = 0x0112
CARRIERS = {"PNG": found_in_png, "JPEG": found_in_jpeg, "WEBP": found_in_webp, "BMP": found_in_bmp}
DAMAGED = (SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, OverflowError)
"""What Pillow raises on damaged files, besides OSError."""

# Ours is checked before any pixel is decoded, and is an error; Pillow's own only warns up to twice its limit.
Image.MAX_IMAGE_PIXELS = None


def opened(data: bytes, kind: str, reading: Reading) -> Opened:
    """A picture file of `kind`, Pillow's name of its format. Raises Rejected for the file as a whole."""
    if kind == "TIFF":
        return _tiff(data, reading)
    found, texts = CARRIERS[kind](data)
    if kind == "PNG" and found:
        data = plain_png(data)

    def frame(number: int) -> Decoded:
        with _trouble(), Image.open(io.BytesIO(data), formats=(kind,)) as image:
            return Decoded(_pixels(image, reading.limits), found, tuple(dict.fromkeys(texts)))

    return stack(1, reading, frame)


def _tiff(data: bytes, reading: Reading) -> Opened:
    """The pages of a TIFF; one after the other is decoded from one open file."""
    numbers, pages, found, texts = tiff.pages(data)
    if not numbers:
        raise Rejected(Code.UNREADABLE)
    # Without an identifier of a patient, the pages of one file stay together: they are of one person.
    file = hashlib.sha256(data).hexdigest() if len(numbers) > 1 else ""
    with _trouble():
        image = Image.open(io.BytesIO(data), formats=("TIFF",))

    @cache
    def extremes() -> tuple[float, float] | None:
        return _extremes(image, [number for number in numbers if _fits(pages[number], reading.limits)])

    def frame(number: int) -> Decoded:
        page = pages[numbers[number]]
        if not _fits(page, reading.limits):
            raise Rejected(Code.TOO_MANY_PIXELS)
        with _trouble():
            image.seek(numbers[number])
            alike = None
            if len(numbers) > 1 and image.mode in WIDE:
                alike = extremes()
                image.seek(numbers[number])
            pixels = _pixels(image, reading.limits, page.number(tiff.PHOTOMETRIC, 1) == 0, alike)
        return Decoded(pixels, found, tuple(dict.fromkeys(texts)), group=file, series=file, frames=len(numbers))

    return stack(len(numbers), reading, frame)


def _fits(page: tiff.Directory, limits: Limits) -> bool:
    return page.size[0] * page.size[1] <= limits.image_pixels


def _extremes(image: Image.Image, numbers: list[int]) -> tuple[float, float] | None:
    """Lowest and highest finite value of the pages of numbers without a white of their own: one number is one light in
    all of them. Pages that cannot be read say nothing."""
    lows, highs = [], []
    for number in numbers:
        with suppress(*DAMAGED, OSError):
            image.seek(number)
            if image.mode in WIDE:
                image.load()
                values = np.asarray(image)
                if np.isfinite(values).all():
                    lows.append(float(values.min()))
                    highs.append(float(values.max()))
    return (min(lows), max(highs)) if lows else None


def _pixels(
    image: Image.Image, limits: Limits, white_is_zero: bool = False, extremes: tuple[float, float] | None = None
) -> np.ndarray:
    if image.width * image.height > limits.image_pixels:
        raise Rejected(Code.TOO_MANY_PIXELS)
    orientation = 1 if image.format == "TIFF" else _orientation(image)  # Pillow turns a TIFF itself
    image.load()
    pixels = _array(image, extremes)
    if white_is_zero and image.mode.startswith("I;16"):  # which Pillow undoes in pictures of 8 bits alone
        pixels = 65535 - pixels
    return settle(upright(pixels, orientation))


@contextmanager
def _trouble() -> Iterator[None]:
    """What goes wrong while Pillow has the file, as our reasons."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UnidentifiedImageError:
        raise Rejected(Code.UNREADABLE) from None
    except MemoryError:
        raise Rejected(Code.MEMORY) from None
    except OSError as error:
        raise Rejected(Code.TRUNCATED if "truncated" in str(error) else Code.UNREADABLE) from None
    except DAMAGED:
        raise Rejected(Code.UNREADABLE) from None


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8 (EXIF 2.3, tag 0x0112); a damaged EXIF block leaves the picture as it is."""
    try:
        turn = image.getexif().get(ORIENTATION_TAG, 1)
    except (*DAMAGED, OSError):
        return 1
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def _array(image: Image.Image, extremes: tuple[float, float] | None) -> np.ndarray:
    mode = image.mode
    if mode == "P" or (mode in ("L", "RGB", "1") and "transparency" in image.info):
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif mode == "1":
        image = image.convert("L")
    elif mode not in ("L", "LA", "RGB", "RGBA", *WIDE) and not mode.startswith("I;16"):
        image = image.convert("RGB")
    pixels = np.asarray(image)
    if image.mode in ("LA", "RGBA"):
        return over_black(pixels)
    if image.mode.startswith("I;16"):
        return pixels.astype(np.uint16)
    return whole_numbers(pixels, extremes) if image.mode in WIDE else pixels
