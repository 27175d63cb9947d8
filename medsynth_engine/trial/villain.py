"""Generators whose leak is known: a clean one, of whose records some share is replaced by training records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from medsynth_engine.evidence.image_privacy import image_privacy
from medsynth_engine.evidence.inference import inference
from medsynth_engine.evidence.inputs import FOLDS
from medsynth_engine.evidence.linkability import linkability
from medsynth_engine.evidence.membership import membership
from medsynth_engine.evidence.pictures import Pictures, scaled
from medsynth_engine.evidence.prints import Prints
from medsynth_engine.evidence.row_privacy import row_privacy
from medsynth_engine.evidence.singling_out import singling_out
from medsynth_engine.evidence.tables import columns
from medsynth_engine.evidence.victims import Victims
from medsynth_engine.features import radiomics
from medsynth_engine.kernel.evidence import Evidence
from medsynth_engine.phantom import anatomy, people
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees
from medsynth_engine.trial import hospital

SHARES = (0.01, 0.05, 0.20)
SYNTHETIC = 2_000
SIDE = 64


@dataclass(frozen=True)
class Case:
    """One cohort that is judged.

    medium     rows or image
    generator  fresh (real records of other patients) or trees
    how        clean, verbatim or near
    share      of its records that are training records
    """

    medium: str
    generator: str
    how: str
    share: float


def rows(held_out: int, seed: int) -> Iterator[tuple[Case, list[Evidence]]]:
    """Every case of rows, with twice as many training as held-out patients."""
    rng = np.random.default_rng([seed, held_out, 0])
    training, holdout, fresh = (hospital.stays(n, rng) for n in (2 * held_out, held_out, SYNTHETIC))
    schema = hospital.schema(training)
    model = SequentialTrees.fit(training, Schema.from_document(schema), rng)
    drawn = model.sample(SYNTHETIC, None, rng).drop(columns="patient")
    who = rng.permutation(len(training))
    near = hospital.nearly(training, training, rng)
    shared = columns(schema, training, holdout, fresh)

    def judged(synthetic: pd.DataFrame) -> list[Evidence]:
        victims = Victims(training, holdout, synthetic, shared)
        chance = np.random.default_rng([seed, 1])
        linked = linkability(victims, chance)
        found = [*row_privacy(victims, chance), singling_out(victims, chance), inference(victims, chance)]
        return [*found, *([linked] if linked else [])]

    yield Case("rows", "fresh", "clean", 0.0), judged(fresh)
    yield Case("rows", "trees", "clean", 0.0), judged(drawn)
    for how, source in (("verbatim", training), ("near", near)):
        for share in SHARES:
            count = round(share * SYNTHETIC)
            copied = source.iloc[np.resize(who, count)]  # a small training fold is copied more than once
            leaky = pd.concat([copied, drawn.iloc[count:]], ignore_index=True)
            yield Case("rows", "trees", how, share), judged(leaky)


def images(held_out: int, seed: int) -> Iterator[tuple[Case, list[Evidence]]]:
    """Every case of images: phantom pictures, one a patient."""
    rng = np.random.default_rng([seed, held_out, 1])
    drawn = [anatomy.draw(people.invent(n, rng), SIDE, rng) for n in (2 * held_out, held_out, SYNTHETIC)]
    training, holdout, fresh = (_seen(pictures) for pictures in drawn)
    who = np.resize(rng.permutation(len(training)), round(max(SHARES) * SYNTHETIC))
    altered = _seen(_altered(drawn[0][who], rng))

    def judged(synthetic: Pictures) -> list[Evidence]:
        seen = {"training": training, "holdout": holdout, "synthetic": synthetic}
        even = scaled(seen)
        chance = np.random.default_rng([seed, 2])
        spaces = [(seen[fold].pixels, even[fold]) for fold in FOLDS]
        attack = membership("image", spaces[0], spaces[1], spaces[2], training.owners, holdout.owners, chance)
        return [*attack, *image_privacy(seen, even, chance)]

    yield Case("image", "fresh", "clean", 0.0), judged(fresh)
    for how, source, chosen in (("verbatim", training, who), ("near", altered, np.arange(len(who)))):
        for share in SHARES:
            count = round(share * SYNTHETIC)
            yield Case("image", "fresh", how, share), judged(_mixed(source, chosen[:count], fresh, count))


def _seen(pictures: np.ndarray) -> Pictures:
    everybody = np.arange(len(pictures))
    features = radiomics.extract(pictures, lambda done, total, say: None)
    every = Prints.of(pictures, everybody)
    return Pictures(pictures, everybody, everybody, every.pixels, features, every, everybody)


def _mixed(source: Pictures, chosen: np.ndarray, fresh: Pictures, count: int) -> Pictures:
    """The `chosen` pictures of `source` in the place of the first `count` of `fresh`."""
    parts = [
        np.concatenate([getattr(source, part)[chosen], getattr(fresh, part)[count:]]) for part in ("images", "features")
    ]
    every = Prints.of(parts[0], fresh.rows)
    return Pictures(parts[0], fresh.rows, fresh.owners, every.pixels, parts[1], every, fresh.whose)


def _altered(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Near-copies: another contrast, a pixel to the side, some grain."""
    moved = np.roll(pictures, 1, axis=2).astype(float)
    contrast = rng.uniform(0.85, 1.0, (len(moved), 1, 1))
    grey = contrast * moved + rng.normal(0, 2, moved.shape) + rng.uniform(0, 12, (len(moved), 1, 1))
    return grey.clip(0, 255).astype(np.uint8)
