"""Radiomics-lite: about a hundred texture and intensity numbers of an image, in batches, without a download.

The families follow the Image Biomarker Standardisation Initiative (Zwanenburg et al. 2020, Radiology 295:328) on
fixed grey bins of the 8-bit range, with local binary patterns (Ojala et al. 2002), Haar wavelet energies and the radial
power spectrum. It is our own selection and is never called FRD or pyradiomics.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from medsynth_engine.features import texture

BATCH = 128

PERCENTILES = (10, 25, 50, 75, 90)
FIRST_ORDER = (
    *("mean", "deviation", "skewness", "kurtosis", "minimum", "maximum"),
    *(f"percentile_{p}" for p in PERCENTILES),
    *("interquartile", "absolute_deviation", "energy", "entropy", "uniformity", "dark", "bright"),
)
PLACE = ("centre_down", "centre_right", "spread_down", "spread_right")
GRADIENT = ("mean", "deviation", "skewness", "maximum", "coherence", "horizontal", "vertical", "flat")
COLOUR = (
    *(f"{channel}_{moment}" for channel in ("red", "green", "blue") for moment in ("mean", "deviation", "skewness")),
    *("red_green", "red_blue", "green_blue", "saturation_mean", "saturation_deviation"),
)
NAMES: tuple[str, ...] = (
    *(f"first_order.{name}" for name in FIRST_ORDER),
    *(f"place.{name}" for name in PLACE),
    *(f"gradient.{name}" for name in GRADIENT),
    *(f"cooccurrence.{name}" for name in texture.COOCCURRENCE),
    *(f"run_length.{name}" for name in texture.RUN_LENGTH),
    *(f"pattern.{name}" for name in texture.PATTERN),
    *(f"wavelet.{name}" for name in texture.WAVELET),
    *(f"spectrum.{name}" for name in texture.SPECTRUM),
)
COLOUR_NAMES: tuple[str, ...] = (*NAMES, *(f"colour.{name}" for name in COLOUR))


def extract(images: np.ndarray, progress: Callable[[int, int, str], None] | None = None) -> np.ndarray:
    """uint8 (n, h, w) or (n, h, w, 3), h and w at least 8 -> float64 (n, len(NAMES) or len(COLOUR_NAMES)), finite.

    Deterministic; one image never changes the numbers of another. `progress(done, total, say)` after each batch.
    """
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or min(images.shape[1:3]) < 8:
        raise ValueError("images must be uint8 (n, h, w) or (n, h, w, 3), at least 8 pixels on a side")
    colour = images.ndim == 4 and images.shape[3] == 3
    parts = [np.empty((0, len(COLOUR_NAMES if colour else NAMES)))]
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(images[start : start + BATCH]))
            parts.append(_batch(batch.squeeze(3) if images.ndim == 4 and not colour else batch))
            if progress:
                progress(min(start + BATCH, len(images)), len(images), "measuring images")
    return np.concatenate(parts)


def _batch(images: Tensor) -> np.ndarray:
    pixels = images.float()
    if images.ndim == 4:
        # ITU-R BT.601 luma
        grey = pixels @ torch.tensor([0.299, 0.587, 0.114])
    else:
        grey = pixels
    levels = grey.round().long()
    columns = [
        _first_order(grey, levels),
        _place(grey),
        _gradient(grey),
        texture.cooccurrence(levels // 16),
        texture.run_length(levels // 32),
        texture.pattern(grey),
        texture.wavelet(grey),
        texture.spectrum(grey),
    ]
    if images.ndim == 4:
        columns.append(_colour(pixels))
    return torch.cat([column.double() for column in columns], dim=1).numpy()


def moments(values: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Mean, deviation, skewness and log kurtosis of (n, m), in grey levels; the spread is floored at one level."""
    mean = values.mean(1, keepdim=True)
    away = values - mean
    square = away.square()
    variance = square.mean(1)
    floor = variance + 1.0
    skewness = (square * away).mean(1) / floor**1.5
    kurtosis = torch.log1p(square.square().mean(1) / floor**2)
    return mean[:, 0], variance.sqrt(), skewness, kurtosis


def _first_order(grey: Tensor, levels: Tensor) -> Tensor:
    flat = grey.flatten(1)
    mean, deviation, skewness, kurtosis = moments(flat)
    ordered = flat.sort(dim=1).values
    last = ordered.shape[1] - 1
    quantile = {p: ordered[:, round(last * p / 100)] for p in PERCENTILES}
    histogram = texture.histogram(levels.flatten(1) // 8, 32)
    return torch.stack(
        [
            *(mean, deviation, skewness, kurtosis, ordered[:, 0], ordered[:, -1]),
            *quantile.values(),
            quantile[75] - quantile[25],
            (flat - mean[:, None]).abs().mean(1),
            torch.log1p(flat.square().mean(1)),
            texture.entropy(histogram),
            histogram.square().sum(1),
            histogram[:, 0],
            histogram[:, -1],
        ],
        dim=1,
    )


def _place(grey: Tensor) -> Tensor:
    """Where the light is: centre and spread along each axis, in shares of the side."""
    mass = grey + 1.0
    total = mass.sum((1, 2))
    columns = []
    for axis, other in ((1, 2), (2, 1)):
        place = (torch.arange(grey.shape[axis]) + 0.5) / grey.shape[axis]
        share = mass.sum(other) / total[:, None]
        centre = share @ place
        columns.append((centre, (share @ place.square() - centre.square()).clamp_min(0).sqrt()))
    return torch.stack([columns[0][0], columns[1][0], columns[0][1], columns[1][1]], dim=1)


def _gradient(grey: Tensor) -> Tensor:
    right = (grey[:, 1:-1, 2:] - grey[:, 1:-1, :-2]).flatten(1) / 2
    down = (grey[:, 2:, 1:-1] - grey[:, :-2, 1:-1]).flatten(1) / 2
    xx, yy, xy = right.square().mean(1), down.square().mean(1), (right * down).mean(1)
    size = (right.square() + down.square()).sqrt()
    mean, deviation, skewness, _ = moments(size)
    coherence = ((xx - yy).square() + 4 * xy.square()).sqrt() / (xx + yy + 1.0)
    flat = (size < 2).float().mean(1)
    return torch.stack(
        [mean, deviation, skewness, size.amax(1), coherence, torch.log1p(xx), torch.log1p(yy), flat], dim=1
    )


def _colour(pixels: Tensor) -> Tensor:
    flat = pixels.flatten(1, 2)
    columns = [column for channel in range(3) for column in moments(flat[:, :, channel])[:3]]
    away = flat - flat.mean(1, keepdim=True)
    spread = (away.square().mean(1) + 1.0).sqrt()
    for a, b in ((0, 1), (0, 2), (1, 2)):
        columns.append((away[:, :, a] * away[:, :, b]).mean(1) / (spread[:, a] * spread[:, b]))
    saturation = 255 * (flat.amax(2) - flat.amin(2)) / (flat.amax(2) + 1.0)
    columns += list(moments(saturation)[:2])
    return torch.stack(columns, dim=1)
