"""Images as the measures see them: without nearly blank ones, as radiomics features and as small normalised pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.fft import dctn

from medsynth_engine.evidence.alignment import aligned
from medsynth_engine.evidence.copies import Hits, copies
from medsynth_engine.evidence.distances import Distances
from medsynth_engine.evidence.inputs import FOLDS, Inputs
from medsynth_engine.evidence.prints import Prints, pixel_digest
from medsynth_engine.evidence.tables import blank, patients, some_patients
from medsynth_engine.features import radiomics
from medsynth_engine.features.frechet import Scale
from medsynth_engine.features.neighbours import SIDE, nearest
from medsynth_engine.kernel.evidence import Evidence

COPY_CORRELATION = 0.98
COPY_BITS = 4
Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True)
class Pictures:
    """The images of one fold that are not nearly blank: those that are measured, and a print of every one.

    images    uint8 (n, s, s) or (n, s, s, 3)
    rows      for each the position of its row in the fold's table
    owners    for each a number of its patient
    pixels    float32 (n, 1024): grey 32x32, mean 0, length 1
    features  float64 (n, d): radiomics-lite, as measured
    every     prints of all images of the fold, also of those that are not measured
    whose     for each of `every` a number of its patient
    """

    images: np.ndarray
    rows: np.ndarray
    owners: np.ndarray
    pixels: np.ndarray
    features: np.ndarray
    every: Prints
    whose: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def only(self, keep: np.ndarray) -> Pictures:
        """Those that the mask, or the positions, choose; the fold stays whole."""
        return replace(
            self,
            images=self.images[keep],
            rows=self.rows[keep],
            owners=self.owners[keep],
            pixels=self.pixels[keep],
            features=self.features[keep],
        )


def pictures(inputs: Inputs, most: int, rng: np.random.Generator, progress: Progress) -> dict[str, Pictures]:
    """All folds, at most `most` images each (whole patients drawn at random). Call only where `inputs.has_images`."""
    found = {}
    for fold in FOLDS:
        images, rows, table = inputs.images(fold), inputs.rows(fold), inputs.table(fold)
        assert images is not None
        here = Prints.of(images, rows)
        keep = _speaking(here, table)
        every = inputs.prints.get(fold, here)
        every = every.only(_speaking(every, table))
        _, dense = np.unique(patients(table)[rows][keep], return_inverse=True)
        chosen = some_patients(dense, most, rng) if len(keep) else np.empty(0, int)
        keep = keep[chosen]
        say = f"measuring {fold} images"
        progress(0, len(keep), say)
        features = radiomics.extract(images[keep], lambda done, total, _: progress(done, total, say))  # noqa: B023
        whose = patients(table)[every.rows]
        found[fold] = Pictures(images[keep], rows[keep], dense[chosen], here.pixels[keep], features, every, whose)
    return found


def _speaking(prints: Prints, table: pd.DataFrame) -> np.ndarray:
    """Positions of the images that are not nearly blank."""
    return np.flatnonzero(~blank(table)[prints.rows] & (np.abs(prints.pixels).max(axis=1, initial=0) > 0))


def scaled(found: dict[str, Pictures]) -> dict[str, np.ndarray]:
    """The radiomics features of every fold on the scale of the training images; empty folds stay empty."""
    if len(found["training"]) < 2:
        return {fold: pictures_.features for fold, pictures_ in found.items()}
    scale = Scale.of(found["training"].features)
    return {fold: scale(pictures_.features) for fold, pictures_ in found.items()}


def pixel_distances(found: dict[str, Pictures]) -> Distances:
    """Nearest distances on normalised pixels, both ways round, moved by up to two pixels (`alignment`).

    The images that are measured look for their nearest among all of another fold.
    """
    training, holdout, synthetic = (found[fold] for fold in FOLDS)
    to_training, nearest_training = aligned(synthetic.pixels, training.every.pixels)
    to_holdout, nearest_holdout = aligned(synthetic.pixels, holdout.every.pixels)
    return Distances(
        to_training,
        nearest_training,
        to_holdout,
        nearest_holdout,
        aligned(holdout.pixels, training.every.pixels)[0],
        aligned(training.pixels, holdout.every.pixels)[0],
        training.whose,
        holdout.whose,
        asked_owners=holdout.owners,
        of=len(synthetic.every),
    )


def image_copies(found: dict[str, Pictures], distances: Distances) -> list[Evidence]:
    """`privacy.image.identical` (pixel for pixel) and `privacy.image.copies` (these, and perceptual copies).

    The first is asked of every image; the second of those that are measured, about all of the other folds.
    """
    training, holdout, synthetic = (found[fold] for fold in FOLDS)
    how = f"correlation of at least {COPY_CORRELATION} at 32x32 and perceptual hashes within {COPY_BITS} bits"
    if not len(training) or not len(holdout) or not len(synthetic):
        return [copies("image", None, np.empty(0), how, name) for name in ("identical", "copies")]
    same = Hits.of(_same, *(part.every.digests for part in (training, holdout, synthetic)))
    both = _perceptual(training, holdout, synthetic)
    owners = training.whose[distances.nearest_training]
    whose = _owners_of(training, synthetic)
    return [
        copies("image", same, whose, "every pixel equal", "identical"),
        copies("image", both, owners, how, drawn=distances.drawn),
    ]


def _perceptual(training: Pictures, holdout: Pictures, synthetic: Pictures) -> Hits:
    """Copies to an eye, or pixel for pixel, of the images that are measured among all of another fold."""
    pairs = (synthetic, training), (synthetic, holdout), (holdout, training), (training, holdout)
    found = [
        _same(_digests(one), other.every.digests) | alike_to_an_eye(one.pixels, other.every.pixels)
        for one, other in pairs
    ]
    return Hits(found[0], found[1], found[2], found[3], len(training.every) / len(holdout.every))


def _digests(measured: Pictures) -> np.ndarray:
    return np.array([pixel_digest(image) for image in measured.images], dtype=object)


def _owners_of(training: Pictures, synthetic: Pictures) -> np.ndarray:
    """For each synthetic image the patient of an identical one, a number of its own where there is none."""
    there = dict(zip(training.every.digests, training.whose, strict=True))
    alone = int(training.whose.max()) + 1
    return np.array([there.get(digest, alone + place) for place, digest in enumerate(synthetic.every.digests)], int)


def _turned(queries: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each query, flipped where that brings it nearer to an image of `base` (not empty), and which image that is.

    Searched at half the size, where moving by one pixel is two of the original.
    """
    small = _unit(_halved(base)).astype(np.float32)
    best, index, turned = np.full(len(queries), np.inf), np.zeros(len(queries), int), np.zeros(len(queries), bool)
    for flip in (False, True):
        halved = _halved(_flip(queries) if flip else queries)
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                moved = _unit(np.roll(halved, (down, across), axis=(1, 2))).astype(np.float32)
                apart, found = nearest(moved, small)
                nearer = apart < best
                best[nearer], index[nearer], turned[nearer] = apart[nearer], found[nearer], flip
    return np.where(turned[:, None], _flip(queries), queries), index


def _halved(pixels: np.ndarray) -> np.ndarray:
    """float (n, 1024) -> (n, 16, 16): means of two by two."""
    means: np.ndarray = pixels.reshape(-1, SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4))
    return means


def _flip(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(-1, SIDE, SIDE)[:, :, ::-1].reshape(len(pixels), -1)


def _unit(window: np.ndarray) -> np.ndarray:
    flat = window.reshape(len(window), -1).astype(float)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    unit: np.ndarray = np.divide(flat, length, out=np.zeros_like(flat), where=length > 1e-9)
    return unit


def _same(queries: np.ndarray, base: np.ndarray) -> np.ndarray:
    """True where `base` has the same digest."""
    known = set(base)
    return np.array([digest in known for digest in queries], dtype=bool)


def alike_to_an_eye(queries: np.ndarray, base: np.ndarray) -> np.ndarray:
    """True where the nearest image is the same to an eye, as DESIGN defines duplicates; flips count.

    Both as `embed` gives them; `base` must not be empty.
    """
    own, index = _turned(queries, base)
    partner = base[index]
    correlation = (own * partner).sum(axis=1)
    found: np.ndarray = (correlation >= COPY_CORRELATION) & ((_hash(own) != _hash(partner)).sum(axis=1) <= COPY_BITS)
    return found


def _hash(pixels: np.ndarray) -> np.ndarray:
    """pHash: the 64 lowest frequencies above or below their median, bool (n, 64) (Zauner 2010)."""
    low = dctn(pixels.reshape(-1, SIDE, SIDE), axes=(1, 2))[:, :8, :8].reshape(len(pixels), -1)
    bits: np.ndarray = low > np.median(low[:, 1:], axis=1, keepdims=True)
    return bits
