"""What the tests of decoding share."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from medsynth_engine.intake.formats import decode
from medsynth_engine.intake.formats.decoded import Decoded
from medsynth_engine.intake.options import Reading


def middle(data: bytes, **reading: Any) -> Decoded:
    """The middle picture of a file. Raises Rejected."""
    file = decode.opened(data, Reading(slices="middle", **reading))
    return file.frame(file.chosen[0])


def saved(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    """The bytes that Pillow writes."""
    stream = io.BytesIO()
    image.save(stream, kind, **how)
    return stream.getvalue()
