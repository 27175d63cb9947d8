"""The nearest image, however the picture was moved by a little, mirrored, or shown with another contrast.

Searched among the strengths of spatial frequencies, which moving a picture does not change; the few candidates are
then laid over each other in steps of half a pixel, by their cross-correlation (Kuglin and Hines 1975).
"""

from __future__ import annotations

import numpy as np
import torch

from medsynth_engine.evidence.distances import GRAIN
from medsynth_engine.features.neighbours import SIDE, nearest

CANDIDATES = 4
"""For each way round."""
REACH = 2
"""Pixels, of 32, by which a picture may be moved."""
STEPS = 2
"""Positions a pixel."""
BLOCK = 512


def aligned(queries: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to and index of the nearest image of `base` (not empty): float64 (n,), int64 (n,).

    Both as `features.neighbours.embed` gives them, (., 1024), of length 1 or all zero.
    """
    spectra = _spectra(base)
    strengths = np.abs(spectra).reshape(len(base), -1).astype(np.float32)
    best, index = np.full(len(queries), np.inf), np.zeros(len(queries), np.int64)
    for start in range(0, len(queries), BLOCK):
        block = slice(start, start + BLOCK)
        for turned in (queries[block], _flipped(queries[block])):
            own = _spectra(turned)
            found = _several(np.abs(own).reshape(len(own), -1).astype(np.float32), strengths)
            for column in range(found.shape[1]):
                chosen = found[:, column]
                apart = _apart(own, spectra[chosen])
                nearer = apart < best[block]
                best[block][nearer], index[block][nearer] = apart[nearer], chosen[nearer]
    return np.round(best, GRAIN), index


def _spectra(pixels: np.ndarray) -> np.ndarray:
    """complex64 (n, 32, 17), scaled so that the sum over all 32 x 32 frequencies of |.|^2 is the squared length."""
    return np.asarray(np.fft.rfft2(pixels.reshape(-1, SIDE, SIDE), norm="ortho"), np.complex64)


def _flipped(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(-1, SIDE, SIDE)[:, :, ::-1].reshape(len(pixels), -1)


def _several(queries: np.ndarray, base: np.ndarray) -> np.ndarray:
    """The indices of the nearest few rows of `base`, (n, at most CANDIDATES)."""
    if len(base) == 1:
        return nearest(queries, base)[1][:, None]
    ours, theirs = torch.from_numpy(queries), torch.from_numpy(base)
    apart = theirs.square().sum(1)[None] - 2 * ours @ theirs.T
    return np.asarray(apart.topk(min(CANDIDATES, len(base)), dim=1, largest=False).indices.numpy())


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Distance of each pair at the best of all positions within reach."""
    side = STEPS * SIDE
    product = one * np.conj(other)
    padded = np.zeros((len(product), side, side // 2 + 1), np.complex64)
    half = SIDE // 2
    padded[:, :half, : half + 1], padded[:, -half:, : half + 1] = product[:, :half], product[:, half:]
    moved = np.fft.irfft2(padded, s=(side, side), norm="forward")
    reach = np.r_[0 : STEPS * REACH + 1, -STEPS * REACH : 0]
    alike = moved[:, reach][:, :, reach].max(axis=(1, 2))
    lengths = (_energy(one) + _energy(other)).astype(float)
    return np.asarray(np.sqrt(np.maximum(0.0, lengths - 2 * alike)))


def _energy(spectra: np.ndarray) -> np.ndarray:
    """Squared length of each image: 1, or 0 where it is blank."""
    strength = np.abs(spectra) ** 2
    return np.asarray(strength.sum(axis=(1, 2)) * 2 - strength[:, :, 0].sum(axis=1) - strength[:, :, -1].sum(axis=1))
