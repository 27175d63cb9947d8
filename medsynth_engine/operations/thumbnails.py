"""Pictures made small for a face: bytes that need no decoder there."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from medsynth_engine.kernel.errors import BadInput

MOST_PICTURES, MOST_PIXELS = 64, 256


def checked_gallery(count: int, size: int) -> tuple[int, int]:
    """How many pictures of how many pixels, within bounds. Raises BadInput."""
    if not (1 <= count <= MOST_PICTURES and 8 <= size <= MOST_PIXELS):
        raise BadInput(
            "bad_gallery", f"A gallery has 1 to {MOST_PICTURES} pictures of 8 to {MOST_PIXELS} pixels.", "Ask for less."
        )
    return count, size


def thumbnail(file: Path, size: int) -> dict[str, Any]:
    """A picture of at most `size` pixels a side as raw bytes in base64: 1 byte a pixel if grey, 3 if colour."""
    from PIL import Image

    with Image.open(file) as opened:
        picture: Image.Image = opened
        if opened.mode.startswith("I"):  # 16 bits: Pillow's own conversion clips
            low, high = (float(edge) for edge in opened.getextrema())  # type: ignore[arg-type]
            scale = 255 / max(1.0, high - low)
            picture = opened.convert("I").point(lambda value: value * scale - low * scale).convert("L")
        elif opened.mode not in ("L", "RGB"):
            picture = opened.convert("RGB")
        picture.thumbnail((size, size))
        return {
            "width": picture.width,
            "height": picture.height,
            "channels": len(picture.getbands()),
            "pixels": base64.b64encode(picture.tobytes()).decode(),
        }
