"""Picture files (PNG, JPEG, TIFF, BMP, WebP): the pages that are pictures, upright, without alpha and palette."""

from __future__ import annotations

import io
import struct
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, UnidentifiedImageError

from medsynth_engine.intake.carriers import found_in_jpeg, found_in_png
from medsynth_engine.intake.decode import Decoded, Opened, stack
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.pixels import over_black, settle, upright, whole_numbers
from medsynth_engine.intake.reasons import Code, Rejected

ORIENTATION_TAG = 0x0112
CARRIERS = {"PNG": found_in_png, "JPEG": found_in_jpeg}
DAMAGED = (SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, OverflowError)
"""What Pillow raises on damaged files, besides OSError."""

# Ours is checked before any pixel is decoded, and is an error; Pillow's own only warns up to twice its limit.
Image.MAX_IMAGE_PIXELS = None


def opened(data: bytes, kind: str, reading: Reading) -> Opened:
    """A picture file of `kind`, Pillow's name of its format. Raises Rejected for the file as a whole."""
    found, texts = CARRIERS[kind](data)
    pages = (0,)

    def frame(number: int) -> Decoded:
        with _trouble(), Image.open(io.BytesIO(data), formats=(kind,)) as image:
            if image.width * image.height > reading.limits.image_pixels:
                raise Rejected(Code.TOO_MANY_PIXELS)
            orientation = _orientation(image)
            image.load()
            pixels = settle(upright(_array(image), orientation))
        return Decoded(pixels, Counter(found), tuple(texts), frames=len(pages))

    return stack(len(pages), reading, frame)


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
        return over_black(pixels)
    if image.mode.startswith("I;16"):
        return pixels.astype(np.uint16)
    return whole_numbers(pixels) if image.mode in ("I", "F") else pixels
