"""Stored values of a grey DICOM image -> intensities, as PS3.3 C.11 says: modality LUT, then VOI LUT or window, then
MONOCHROME1 inversion. The result fills 8 bits (sources of up to 8 bits stored) or 16 bits.

An intensity depends on the stored value alone, so it is worked out once for each value between the lowest and the
highest, and looked up for each pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pydicom

from medsynth_engine.intake.reasons import Code, Rejected

CT_WINDOWS = {"HEAD": (40.0, 80.0), "BRAIN": (40.0, 80.0), "SKULL": (40.0, 80.0), "CHEST": (40.0, 400.0)}
CT_DEFAULT = (40.0, 400.0)
"""Centre and width in Hounsfield units where a CT names no window: brain, and soft tissue elsewhere."""
PERCENTILES = (0.5, 99.5)
BLOCK = 2**20
"""Pixels looked up at a time: an index takes eight bytes, so a large picture is not indexed all at once."""


def grey(stored: np.ndarray, dataset: pydicom.Dataset, frame: int) -> np.ndarray:
    """Stored values (h, w) -> uint8 or uint16 (h, w), black 0, white 255 or 65535. Raises Rejected (not finite)."""
    lowest, highest = stored.min(), stored.max()
    padding = _padding(stored, lowest, highest, dataset)
    if stored.dtype.kind == "f" or int(highest) - int(lowest) >= stored.size:
        return _shown(stored, None, padding, dataset, frame)
    lowest, highest = int(lowest), int(highest)
    values = np.arange(lowest, highest + 1)
    counts = None
    if not _has_window(dataset, frame):
        counts = np.zeros(values.size, np.int64)
        for _, places in _places(stored, lowest):
            counts += np.bincount(places, minlength=values.size)
    table = _shown(values, counts, padding, dataset, frame)
    shown = np.empty(stored.size, table.dtype)
    for part, places in _places(stored, lowest):
        shown[part] = table[places]
    return shown.reshape(stored.shape)


def _places(stored: np.ndarray, lowest: int) -> Iterator[tuple[slice, np.ndarray]]:
    flat = stored.ravel()
    for start in range(0, flat.size, BLOCK):
        part = slice(start, start + BLOCK)
        yield part, flat[part].astype(np.intp) - lowest


def _shown(
    stored: np.ndarray,
    counts: np.ndarray | None,
    padding: tuple[int, int] | None,
    dataset: pydicom.Dataset,
    frame: int,
) -> np.ndarray:
    """counts: how many pixels have each of `stored`; None where every one counts once."""
    filled = None if padding is None else (stored >= padding[0]) & (stored <= padding[1])
    values = _modality(stored, dataset, frame)
    if not np.isfinite(values).all():
        raise Rejected(Code.NO_WINDOW)
    light = _voi(values, counts, filled, dataset, frame)
    if str(dataset.get("PhotometricInterpretation") or "").strip().upper() == "MONOCHROME1":
        light = 1 - light
    if filled is not None:
        light[filled] = 0
    deep = stored.dtype.kind == "f" or int(dataset.get("BitsStored", 16) or 16) > 8
    white, kind = (65535, np.uint16) if deep else (255, np.uint8)
    return np.rint(light * white).astype(kind)


def _padding(stored: np.ndarray, lowest: Any, highest: Any, dataset: pydicom.Dataset) -> tuple[int, int] | None:
    """The stored values with which a scanner fills up the rectangle, or None. The whole picture is never padding."""
    first = dataset.get("PixelPaddingValue")
    if first is None or first == "" or stored.dtype.kind == "f":
        return None
    limit = dataset.get("PixelPaddingRangeLimit")
    ends = [int(first), int(first if limit is None or limit == "" else limit)]
    if stored.dtype.kind == "i":  # some scanners write the bits of a negative value as an unsigned number
        beyond = 2 ** (8 * stored.itemsize)
        ends = [end - beyond if end >= beyond // 2 else end for end in ends]
    low, high = sorted(ends)
    return None if low <= lowest and highest <= high else (low, high)


def macro(dataset: pydicom.Dataset, frame: int, sequence: str) -> pydicom.Dataset | None:
    """A functional group of an enhanced multi-frame object: the frame's own, or the shared one (PS3.3 C.7.6.16)."""
    own = dataset.get("PerFrameFunctionalGroupsSequence") or ()
    shared = dataset.get("SharedFunctionalGroupsSequence") or ()
    for groups, place in ((own, frame), (shared, 0)):
        if place < len(groups) and (found := groups[place].get(sequence)):
            return found[0]
    return None


def _modality(stored: np.ndarray, dataset: pydicom.Dataset, frame: int) -> np.ndarray:
    """float32, in the units of the modality (Hounsfield units for CT), where the object says how."""
    if dataset.get("ModalityLUTSequence"):
        return _looked_up(stored, dataset.ModalityLUTSequence[0], dataset)
    source: Any = macro(dataset, frame, "PixelValueTransformationSequence") or dataset
    slope, intercept = source.get("RescaleSlope"), source.get("RescaleIntercept")
    values = stored.astype(np.float32)
    if slope in (None, "") or intercept in (None, "") or not float(slope):
        return values
    return values * np.float32(slope) + np.float32(intercept)


def _looked_up(values: np.ndarray, lut: pydicom.Dataset, dataset: pydicom.Dataset) -> np.ndarray:
    """Values through a LUT of C.11.1 or C.11.2; what lies beyond its ends has the value of the end. float32."""
    entries, first = int(lut.LUTDescriptor[0]) or 2**16, int(lut.LUTDescriptor[1])
    table = lut.LUTData
    if isinstance(table, bytes):
        kind = np.uint8 if len(table) < 2 * entries else np.dtype("<u2" if dataset.original_encoding[1] else ">u2")
        table = np.frombuffer(table, kind)
    levels = np.asarray(table, np.float32)[:entries]
    return levels[np.clip(np.floor(values).astype(np.int64) - first, 0, len(levels) - 1)]


def _has_window(dataset: pydicom.Dataset, frame: int) -> bool:
    return _window(macro(dataset, frame, "FrameVOILUTSequence") or dataset) is not None


def _window(source: pydicom.Dataset) -> tuple[float, float, str] | None:
    """Centre, width and function of the first window, or None where there is none that the standard allows."""
    centre, width = _first(source.get("WindowCenter")), _first(source.get("WindowWidth"))
    function = str(source.get("VOILUTFunction") or "LINEAR").strip().upper()
    if centre is None or width is None or not (width >= 1 or (function != "LINEAR" and width > 0)):
        return None
    return centre, width, function


def _voi(
    values: np.ndarray,
    counts: np.ndarray | None,
    filled: np.ndarray | None,
    dataset: pydicom.Dataset,
    frame: int,
) -> np.ndarray:
    """Values -> light between 0 and 1, by LUT, by window, by the default of CT, or by percentiles."""
    source: Any = macro(dataset, frame, "FrameVOILUTSequence") or dataset
    if source.get("VOILUTSequence"):
        lut = source.VOILUTSequence[0]
        return np.clip(_looked_up(values, lut, dataset) / np.float32(2 ** int(lut.LUTDescriptor[2]) - 1), 0, 1)
    if (named := _window(source)) is not None:
        return window(values, *named)
    if str(dataset.get("Modality") or "").strip().upper() == "CT" and _in_hounsfield(values, dataset):
        part = str(dataset.get("BodyPartExamined") or "").strip().upper()
        return window(values, *CT_WINDOWS.get(part, CT_DEFAULT))
    low, high = _range(values, counts, filled)
    return np.clip((values - np.float32(low)) / np.float32(max(high - low, 1e-6)), 0, 1)


def _in_hounsfield(values: np.ndarray, dataset: pydicom.Dataset) -> bool:
    """Whether values of a CT are Hounsfield units: where a rescale says so, whatever a slice happens to hold, so that
    all slices of a series are shown alike; else where something is as dark as air."""
    return dataset.get("RescaleIntercept") is not None or bool(values.min() < -100)


def _range(values: np.ndarray, counts: np.ndarray | None, filled: np.ndarray | None) -> tuple[float, float]:
    """The values that are shown black and white where nobody says: percentiles, or the extremes of a flat picture."""
    if filled is not None:
        values, counts = values[~filled], None if counts is None else counts[~filled]
    if counts is not None:
        values, counts = values[counts > 0], counts[counts > 0]
    low, high = np.percentile(values, PERCENTILES) if counts is None else percentiles(values, counts)
    return (low, high) if high > low else (float(values.min()), float(values.max()))


def percentiles(values: np.ndarray, counts: np.ndarray) -> list[float]:
    """`np.percentile(np.repeat(values, counts), PERCENTILES)`, without the array."""
    order = np.argsort(values, kind="stable")
    values, upto = values[order].astype(np.float64), np.cumsum(counts[order])
    found = []
    for percent in PERCENTILES:
        place = percent / 100 * (upto[-1] - 1)
        below, above = values[np.searchsorted(upto, [np.floor(place), np.ceil(place)], side="right")]
        found.append(float(below + (above - below) * (place % 1)))
    return found


def _first(value: Any) -> float | None:
    if isinstance(value, (list, tuple, pydicom.multival.MultiValue)):
        value = value[0] if len(value) else None
    return None if value is None or value == "" else float(value)


def window(values: np.ndarray, centre: float, width: float, function: str = "LINEAR") -> np.ndarray:
    """PS3.3 C.11.2.1.2: LINEAR, LINEAR_EXACT or SIGMOID; light between 0 and 1, float32."""
    if function == "SIGMOID":
        return (1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -60, 60)))).astype(np.float32)
    if function == "LINEAR_EXACT":
        return np.clip((values - np.float32(centre)) / np.float32(width) + np.float32(0.5), 0, 1)
    if width == 1:
        return (values > centre - 0.5).astype(np.float32)
    return np.clip((values - np.float32(centre - 0.5)) / np.float32(width - 1) + np.float32(0.5), 0, 1)
