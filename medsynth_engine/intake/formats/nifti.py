"""NIfTI volumes -> slices on one plane, as radiologists look at them, in one scale of intensities for the whole volume.

The stored axis nearest to an axis of the body stands for it; nothing is resampled. Axial: front up, the patient's right
at the left, from the feet to the head. Coronal: head up, the patient's right at the left, from back to front. Sagittal:
head up, the face to the left, from the patient's left to the right. Of several volumes (4-D) the first is taken.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import cast

import numpy as np

from medsynth_engine.intake.formats import faces
from medsynth_engine.intake.formats.decoded import Decoded, Opened, stack
from medsynth_engine.intake.formats.intensity import PERCENTILES, percentiles
from medsynth_engine.intake.formats.nifti_header import (
    GZIP,
    HEADER_BYTES,
    Volume,
    plane_number,
    said,
    stored_axes,
    unpacked,
    volume,
)
from medsynth_engine.intake.formats.pixels import SMALLEST_SIDE, over_black, settle
from medsynth_engine.intake.options import Reading
from medsynth_engine.intake.reasons import Code, Rejected

MOST_VALUES = 2**22
"""Of a volume of fractional numbers, so many at most, evenly spread, give the percentiles."""


def opened(data: bytes, reading: Reading) -> Opened:
    """A volume. Raises Rejected where it is damaged, beyond the limits, or a map of labels."""
    described = volume(unpacked(data, HEADER_BYTES) if data.startswith(GZIP) else data)
    if described.labels:
        raise Rejected(Code.SEGMENTATION)
    unpacked_bytes = described.offset + described.bytes
    if unpacked_bytes > reading.limits.file_bytes:
        raise Rejected(Code.BOMB if data.startswith(GZIP) else Code.TOO_LARGE)
    plain = unpacked(data, unpacked_bytes) if data.startswith(GZIP) else data
    if len(plain) < unpacked_bytes:
        raise Rejected(Code.TRUNCATED)
    found, texts = said(plain[: described.offset], described, data)
    if described.volumes > 1:
        found["extra_frames"] += described.volumes - 1
    if not data.startswith(GZIP) and data[described.offset + described.volumes * described.bytes :].strip(b"\0"):
        found["trailing_bytes"] += 1

    cut = cast(faces.Plane, reading.axis)
    body = _towards_the_body(plain, described)
    slices = _shown(body, plane_number(cut))
    if slices.shape[1] * slices.shape[2] > reading.limits.image_pixels:
        raise Rejected(Code.TOO_MANY_PIXELS)
    if min(slices.shape[1:3]) < SMALLEST_SIDE:
        raise Rejected(Code.TOO_SMALL)
    scale = _scale(body) if body.ndim == 3 else None
    # How a volume lies that does not say so is not known: any plane of it may be the one that shows the face.
    face, heads = faces.judged("" if described.affine is not None else "HEAD", _plane(described, cut), reading.faces)
    found += Counter({faces.HEAD_SLICES: heads})
    file = hashlib.sha256(data).hexdigest()  # one volume is of one person: its slices stay together

    def frame(number: int) -> Decoded:
        pixels = settle(_colour(slices[number]) if scale is None else _grey(slices[number], scale, described))
        return Decoded(
            pixels,
            found,
            tuple(texts),
            group=file,
            series=file,
            frames=len(slices),
            bits=16 if pixels.dtype == np.uint16 else None,
            review=face,
        )

    return stack(len(slices), reading, frame)


def _plane(described: Volume, cut: faces.Plane) -> faces.Plane:
    return cut if described.affine is not None else ""


def _towards_the_body(plain: bytes, described: Volume) -> np.ndarray:
    """The first volume (x to the right, y to the front, z up[, colours]), a view of the bytes."""
    stored = np.frombuffer(plain, described.dtype, int(np.prod(described.shape)), described.offset)
    stored = stored.reshape(described.shape, order="F") if stored.ndim == 1 else _colours(plain, described)
    if described.affine is None:
        return stored
    order, against = stored_axes(described.affine)
    body = stored.transpose(*order, *range(3, stored.ndim))
    return body[tuple(slice(None, None, -1 if turned else 1) for turned in against)]


def _colours(plain: bytes, described: Volume) -> np.ndarray:
    samples = described.dtype.itemsize
    stored = np.frombuffer(plain, np.uint8, samples * int(np.prod(described.shape)), described.offset)
    return stored.reshape(samples, *described.shape, order="F").transpose(1, 2, 3, 0)


def _shown(body: np.ndarray, axis: int) -> np.ndarray:
    """Slices (n, rows, columns[, colours]) of a volume (x to the right, y to the front, z up), a view."""
    slices = np.moveaxis(body, axis, 0)  # the two other axes stay in their order
    slices = slices.swapaxes(1, 2)  # the later of them, front or up, along the rows
    return slices[:, ::-1, ::-1]


def _scale(body: np.ndarray) -> tuple[float, float]:
    """The numbers that are shown black and white: percentiles of the whole volume, or the extremes of a flat one.

    Raises Rejected where no number is finite.
    """
    values = body.ravel(order="K")
    narrow = values.dtype.kind in "iu" and values.dtype.itemsize <= 4
    if narrow and int(values.max()) - int(values.min()) < values.size + 2**16:
        lowest = int(values.min())
        counts = np.bincount(values.astype(np.int64) - lowest)
        levels = np.flatnonzero(counts)
        low, high = percentiles(levels + lowest, counts[levels])
        return (low, high) if high > low else (float(lowest), float(lowest + levels[-1]))
    finite = values[:: -(-values.size // MOST_VALUES)].astype(np.float64)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        raise Rejected(Code.NO_WINDOW)
    low, high = np.percentile(finite, PERCENTILES)
    return (float(low), float(high)) if high > low else (float(finite.min()), float(finite.max()))


def _grey(stored: np.ndarray, scale: tuple[float, float], described: Volume) -> np.ndarray:
    """A slice as uint8 (voxels of 8 bits) or uint16; what is no number is black."""
    low, high = scale
    light = np.clip((stored.astype(np.float32) - np.float32(low)) / np.float32(max(high - low, 1e-30)), 0, 1)
    if described.inverted:
        light = 1 - light
    white, kind = (255, np.uint8) if described.dtype.itemsize == 1 else (65535, np.uint16)
    return np.rint(np.nan_to_num(light, nan=0.0) * white).astype(kind)


def _colour(stored: np.ndarray) -> np.ndarray:
    return over_black(stored) if stored.shape[-1] == 4 else stored
