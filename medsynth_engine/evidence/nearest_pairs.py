"""The synthetic images that lie nearest to a training image, so that a person who may see both can look at them.

Positions and figures alone: nothing of this is a measure of the gauge, and none of it ever leaves the store.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medsynth_engine.evidence.inputs import FOLDS, Inputs
from medsynth_engine.evidence.tables import blank
from medsynth_engine.features.neighbours import SIDE, embed, nearest

MOST = 64
"""Pairs that are kept: more than anybody looks at."""


@dataclass(frozen=True)
class Pair:
    """synthetic, training  positions of the two records in their tables
    alike    correlation of the two at 32x32, the synthetic one mirrored where that is nearer; -1 to 1, 1: the same
    as_near  share of held-out images (0 to 1) that lie as near to a training image as this; None without held-out ones
    """

    synthetic: int
    training: int
    alike: float
    as_near: float | None


def nearest_pairs(inputs: Inputs, most: int = MOST) -> list[Pair]:
    """The `most` pairs that are most alike, the nearest first. Empty where a fold has no images.

    Distance on contrast-normalised pixels at 32x32 (features.neighbours), over left-right flips. Nearly blank images
    are left out, as everywhere in evidence: they are alike without telling of anybody.
    """
    if not inputs.has_images:
        return []
    points, rows = {}, {}
    for fold in FOLDS:
        images = inputs.images(fold)
        assert images is not None
        pixels = embed(images)
        keep = ~blank(inputs.table(fold))[inputs.rows(fold)] & (np.abs(pixels).max(axis=1, initial=0) > 0)
        points[fold], rows[fold] = pixels[keep], inputs.rows(fold)[keep]
    if not len(points["training"]) or not len(points["synthetic"]):
        return []
    apart, partner = _turned(points["synthetic"], points["training"])
    unseen = np.sort(_turned(points["holdout"], points["training"])[0]) if len(points["holdout"]) else np.empty(0)
    return [
        Pair(
            int(rows["synthetic"][index]),
            int(rows["training"][partner[index]]),
            round(float(1 - apart[index] ** 2 / 2), 4),
            round(float(np.searchsorted(unseen, apart[index], side="right") / len(unseen)), 4) if len(unseen) else None,
        )
        for index in np.argsort(apart, kind="stable")[:most]
    ]


def _turned(queries: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to and index of the nearest row of `base`, of each image or its mirror image."""
    mirrored = queries.reshape(-1, SIDE, SIDE)[:, :, ::-1].reshape(len(queries), -1)
    straight, turned = nearest(queries, base), nearest(mirrored, base)
    first = straight[0] <= turned[0]
    return np.where(first, straight[0], turned[0]), np.where(first, straight[1], turned[1])
