"""The form in which pixels are kept, and how other forms become it: orientation, alpha, numbers of any type."""

from __future__ import annotations

import numpy as np

from medsynth_engine.intake.reasons import Code, Rejected

SMALLEST_SIDE = 8


def settle(pixels: np.ndarray) -> np.ndarray:
    """uint8 or uint16 (h, w), or (h, w, 3) -> the same, contiguous, colour only where there is colour, then 8 bits.

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


def whole_numbers(pixels: np.ndarray, extremes: tuple[float, float] | None = None) -> np.ndarray:
    """Whatever numbers an array holds, as uint8 or uint16. Raises Rejected where one is not finite.

    extremes  lowest and highest value of all pictures that belong together, which are then treated alike; else its own
    """
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == bool:
        return pixels.astype(np.uint8) * 255
    values = pixels.astype(np.float32)
    if not np.isfinite(values).all():
        raise Rejected(Code.NO_WINDOW)
    low, high = extremes or (float(values.min()), float(values.max()))
    if pixels.dtype.kind == "f" and low >= 0 and high <= 1:
        return np.rint(values * 255).astype(np.uint8)
    if low >= 0 and high <= 255:
        return np.rint(values).astype(np.uint8)
    if low < 0 or high > 65535:  # such values have no white of their own: the range decides, and nothing is cut off
        values = (values - low) / max(high - low, 1e-6) * 65535
    return np.rint(np.clip(values, 0, 65535)).astype(np.uint16)


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Apply an EXIF orientation before it is dropped, else left and right, or up and down, would be wrong."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def over_black(pixels: np.ndarray) -> np.ndarray:
    """Alpha composed over black, the background of radiology; opaque pictures keep their exact values."""
    colour, alpha = pixels[..., :-1], pixels[..., -1:]
    if colour.shape[-1] == 1:
        colour, alpha = colour[..., 0], alpha[..., 0]
    top = 255 if pixels.dtype == np.uint8 else max(float(alpha.max()), 1e-6)
    if bool((alpha == top).all()):
        return colour
    return np.rint(colour.astype(np.float32) * (alpha.astype(np.float32) / top)).astype(pixels.dtype)
