"""What images give away: copies, and which training images they lie near to, on pixels and on radiomics features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from medsynth_engine.evidence.copies import close_match
from medsynth_engine.evidence.data_copying import data_copying
from medsynth_engine.evidence.distances import Distances
from medsynth_engine.evidence.inputs import FOLDS
from medsynth_engine.evidence.pictures import Pictures, image_copies, pixel_distances
from medsynth_engine.evidence.reidentification import reidentification
from medsynth_engine.evidence.tail import tail
from medsynth_engine.kernel.evidence import Evidence


def image_privacy(
    seen: Mapping[str, Pictures], radiomics: Mapping[str, np.ndarray], rng: np.random.Generator
) -> list[Evidence]:
    """The measures of images that rest on distances.

    seen       the pictures of each fold
    radiomics  fold -> their features (n, d), on one scale

    The site's encoder is no space for these: it has seen the training images, so that in its eyes they differ from
    held-out ones by more than who was chosen.
    """
    owners = seen["training"].owners, seen["holdout"].owners
    whole = all(len(seen[fold]) for fold in FOLDS)
    pixels = pixel_distances(dict(seen)) if whole else _nothing()
    three = radiomics["training"], radiomics["holdout"], radiomics["synthetic"]
    features = Distances.between(*three, *owners) if whole else _nothing()
    found = [
        *image_copies(dict(seen), pixels),
        *tail("image", pixels, rng),
        close_match("image", pixels),
        *tail("image.radiomics", features, rng),
        close_match("image.radiomics", features),
    ]
    return [*found, data_copying("image", *three, owners[1], rng), reidentification(*three, *owners, rng)]


def _nothing() -> Distances:
    points, owners = np.empty((0, 1)), np.empty(0, int)
    return Distances.between(points, points, points, owners, owners)
