"""Is every group drawn as faithfully as the others? The fidelity of each group by itself, against its own real records.

An imbalanced generator is good on average and poor for the few. A group takes part with at least 50 records of 11
patients in each real fold and 50 synthetic records (reference 5.1); 1.5 times the ratio of all is worth a look.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from medsynth_engine.evidence.fidelity import Features, fd_ratio
from medsynth_engine.evidence.fidelity_rows import pairwise
from medsynth_engine.evidence.small_cells import SMALLEST
from medsynth_engine.evidence.tables import GROUPS, Column, group, has, patients, present
from medsynth_engine.kernel.evidence import Evidence, not_enough

FEWEST = 50
TIMES = 30
WHY = f"fewer than {FEWEST} records, or {SMALLEST} patients, of this group in one of the sets."

Masks = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Which records of training, held-out and synthetic data are of a group, bool each."""


def image_groups(features: Features, tables: list[pd.DataFrame], rng: np.random.Generator) -> list[Evidence]:
    """`fidelity.group.fd_ratio.<attribute>=<value>`. Scaled features; tables: one row an image, of the three folds."""
    owners = features.training_owners, features.holdout_owners
    found = []
    for attribute, value, masks in _groups(tables):
        name = f"fidelity.group.fd_ratio.{attribute}={value}"
        if _enough(masks, owners):
            who = f"synthetic images of {attribute.replace('_', ' ')} {value}"
            found.append(fd_ratio(features.only(*masks), rng, name, "radiomics-lite, this group alone", who, TIMES))
        else:
            found.append(not_enough(name, 0, "one", WHY))
    return found


def row_groups(tables: list[pd.DataFrame], columns: tuple[Column, ...], rng: np.random.Generator) -> list[Evidence]:
    """`fidelity.rows.group.pairwise.<attribute>=<value>`: pairs of columns within each group; tables as above."""
    owners = patients(tables[0]), patients(tables[1])
    found = []
    for attribute, value, masks in _groups(tables):
        name = f"fidelity.rows.group.pairwise.{attribute}={value}"
        if _enough(masks, owners):
            parts = [table[mask].reset_index(drop=True) for table, mask in zip(tables, masks, strict=True)]
            found.append(pairwise(parts[0], parts[1], parts[2], columns, rng, name))
        else:
            found.append(not_enough(name, 0, "higher", WHY))
    return found


def _groups(tables: list[pd.DataFrame]) -> Iterator[tuple[str, str, Masks]]:
    """Every value of every attribute of people that the cohort knows."""
    for attribute in GROUPS:
        if has(attribute, *tables):
            real, held, drawn = (group(table, attribute) for table in tables)
            for value in present(drawn):
                yield attribute, value, (real == value, held == value, drawn == value)


def _enough(masks: Masks, owners: tuple[np.ndarray, np.ndarray]) -> bool:
    if min(int(mask.sum()) for mask in masks) < FEWEST:
        return False
    return all(len(np.unique(whose[mask])) >= SMALLEST for whose, mask in zip(owners, masks[:2], strict=True))
