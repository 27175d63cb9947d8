"""Distances between rows, and what they tell: copies, tail share, close matches, membership."""

from __future__ import annotations

import numpy as np

from medsynth_engine.evidence.copies import Hits, close_match, copies
from medsynth_engine.evidence.distances import Distances
from medsynth_engine.evidence.embedding import Embedding
from medsynth_engine.evidence.membership import membership
from medsynth_engine.evidence.row_keys import Key, row_keys
from medsynth_engine.evidence.tables import patients
from medsynth_engine.evidence.tail import tail
from medsynth_engine.evidence.victims import Victims
from medsynth_engine.kernel.evidence import Evidence


def row_privacy(victims: Victims, rng: np.random.Generator) -> list[Evidence]:
    """The distance measures of rows."""
    tables = victims.training, victims.holdout, victims.synthetic
    owners, held = patients(tables[0]), patients(tables[1])
    if min(map(len, tables)):
        space = Embedding.of(victims.training, victims.columns)
        points = [space(table) for table in tables]
    else:
        points = [np.empty((0, 1), np.float32) for _ in tables]
        owners, held = np.empty(0, int), np.empty(0, int)
    distances = Distances.between(points[0], points[1], points[2], owners, held)
    hits, nearest = None, owners
    if len(owners):
        keys = [row_keys(table, victims.columns) for table in tables]
        hits, nearest = Hits.of(_known, keys[0], keys[1], keys[2]), owners[distances.nearest_training]
    return [
        copies("rows", hits, nearest, "every column equal"),
        close_match("rows", distances),
        *membership("rows", [points[0]], [points[1]], [points[2]], owners, held, rng),
        *tail("rows", distances, rng),
    ]


def _known(queries: list[Key], base: list[Key]) -> np.ndarray:
    there = set(base)
    return np.array([key in there for key in queries], dtype=bool)
