"""What somebody asks of a population, in the words of a person, turned into a request on a table's columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from medsynth_engine.cohort import target as targets
from medsynth_engine.cohort.cells import AGE_BAND, asked_name
from medsynth_engine.cohort.decide import REFUSE, Request

DEMOGRAPHICS = ("sex", AGE_BAND, "ethnicity")
TRAINING, UNIFORM = "training", "uniform"


@dataclass(frozen=True)
class Population:
    """As `generate` is told it.

    balance     attributes whose known values shall be equally frequent, jointly
    population  "training", "uniform", a population file (path or its parsed document), or None
    given       {attribute: value}: only such records
    """

    balance: tuple[str, ...] = ()
    population: str | Path | Mapping[str, Any] | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    small_cells: str = REFUSE


def requested(columns: pa.Schema, n: int, asked: Population) -> Request:
    """The request for `n` records, of a table with these columns. Raises BadInput (`bad_population`)."""
    population, balance = asked.population, asked.balance
    target = None
    if population is not None and population not in (TRAINING, UNIFORM):
        target = targets.read(dict(population) if isinstance(population, Mapping) else population)
    if population == UNIFORM and not balance:
        balance = tuple(
            name for name in DEMOGRAPHICS if name in columns.names or (name == AGE_BAND and "age" in columns.names)
        )
    return Request(
        n,
        target,
        tuple(asked_name(name, columns) for name in balance),
        {asked_name(name, columns): value for name, value in asked.given.items()},
        asked.small_cells,
    )
