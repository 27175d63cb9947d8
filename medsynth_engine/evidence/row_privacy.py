"""Distances between rows, and what they tell: copies, tail share, close matches, membership.

Copies are looked for among all records. Where the folds are too large for every record to look for its nearest
neighbour, a draw does, but always among all records of the other fold: of two draws few copies meet their original.
"""

from __future__ import annotations

import numpy as np

from medsynth_engine.evidence.copies import Hits, close_match, copies
from medsynth_engine.evidence.distances import Distances
from medsynth_engine.evidence.embedding import Embedding
from medsynth_engine.evidence.inputs import MOST
from medsynth_engine.evidence.membership import membership
from medsynth_engine.evidence.row_keys import Key, row_keys
from medsynth_engine.evidence.tables import patients, some_patients
from medsynth_engine.evidence.tail import tail
from medsynth_engine.evidence.victims import Victims
from medsynth_engine.kernel.evidence import Evidence


def row_privacy(victims: Victims, rng: np.random.Generator) -> list[Evidence]:
    """The distance measures of rows. `victims` are whole folds, of which MOST records are asked, of whole patients."""
    tables = victims.training, victims.holdout, victims.synthetic
    owners, held = patients(tables[0]), patients(tables[1])
    if min(map(len, tables)):
        space = Embedding.of(victims.training, victims.columns)
        points = [space(table) for table in tables]
    else:
        points = [np.empty((0, 1), np.float32) for _ in tables]
        owners, held = np.empty(0, int), np.empty(0, int)
    asked = [some_patients(whose, MOST, rng) for whose in (owners, held, np.arange(len(points[2])))]
    distances = Distances.between(points[0], points[1], points[2], owners, held, asked)
    hits, nearest = None, owners
    if len(owners):
        keys = [row_keys(table, victims.columns) for table in tables]
        hits, nearest = Hits.of(_known, keys[0], keys[1], keys[2]), _whose(keys[2], keys[0], owners)
        nearest[asked[2]] = owners[distances.nearest_training]
    return [
        copies("rows", hits, nearest, "every column equal"),
        close_match("rows", distances),
        *membership(
            "rows", [points[0][asked[0]]], [points[1][asked[1]]], [points[2]], owners[asked[0]], held[asked[1]], rng
        ),
        *tail("rows", distances, rng),
    ]


def _known(queries: list[Key], base: list[Key]) -> np.ndarray:
    there = set(base)
    return np.array([key in there for key in queries], dtype=bool)


def _whose(queries: list[Key], base: list[Key], owners: np.ndarray) -> np.ndarray:
    """For each query the patient of an equal record, a number of its own where there is none (n,)."""
    there = dict(zip(base, owners, strict=True))
    alone = int(owners.max()) + 1
    return np.array([there.get(key, alone + place) for place, key in enumerate(queries)], dtype=np.int64)
