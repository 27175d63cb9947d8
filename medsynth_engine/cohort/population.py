"""The plan that a cohort is drawn by, from a request and a dataset's records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from medsynth_engine.cohort.cells import BESIDE, Training
from medsynth_engine.cohort.decide import REFUSE, Cell, decide, label, largest_remainder, too_small
from medsynth_engine.cohort.request import Population, requested
from medsynth_engine.kernel.escape import plain

__all__ = ["Plan", "largest_remainder", "plan"]


@dataclass(frozen=True)
class Plan:
    """How many records of which cell.

    cells     one row a cell: a column with the value (or "A or B") of every asked attribute, and `n`; `n` sum to `n`
    allowed   for each row of `cells`, the training values behind it
    mergers   what was broadened: documents with `cell`, `attribute`, `value`, `merged_with`, `n`
    assumed   sentences about what the population file does not say
    source    name, source, year, licence of the population
    """

    n: int
    attributes: tuple[str, ...]
    cells: pd.DataFrame
    allowed: tuple[Cell, ...]
    mergers: tuple[dict[str, Any], ...] = ()
    assumed: tuple[str, ...] = ()
    source: dict[str, Any] = field(default_factory=dict)

    def given(self, places: np.ndarray | None = None) -> pd.DataFrame:
        """The request for the row model, cell after cell: a cell is a value, or a tuple for any of them.

        places  which of the n records, int (m,); without it all of them. m rows.
        """
        ends = self.cells["n"].to_numpy().cumsum()
        chosen = np.searchsorted(ends, np.arange(self.n) if places is None else places, side="right")
        columns = {}
        for attribute in self.attributes:
            each = np.empty(len(self.allowed), dtype=object)
            for number, cell in enumerate(self.allowed):
                each[number] = cell[attribute][0] if len(cell[attribute]) == 1 else cell[attribute]
            columns[attribute] = each[chosen]
        return pd.DataFrame(columns)

    def document(self) -> dict[str, Any]:
        """For `cohort.json` and the command line. It holds what was asked for, no count of real records."""
        cells = [
            {**{name: plain(row[name]) for name in self.attributes}, "n": int(row["n"])}
            for row in self.cells.to_dict("records")
        ]
        return {
            "attributes": list(self.attributes),
            "cells": cells,
            "mergers": list(self.mergers),
            "assumed": list(self.assumed),
            "population": self.source,
        }


def plan(
    records: pd.DataFrame,
    n: int,
    balance: Sequence[str] = (),
    population: str | Path | Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
    small_cells: str = REFUSE,
) -> Plan:
    """Decide how many of `n` records each cell gets; the counts add up to `n` exactly (largest remainder).

    records      a dataset's records; only the training fold is looked at
    balance      attributes whose known values shall be equally frequent, jointly
    population   "training", "uniform" (over sex, age band and ethnicity where there are), a population file (path or
                 its parsed document), or None
    given        {attribute: value}: only such records
    small_cells  "refuse", or "broaden": a cell with fewer than 20 images or 10 patients is drawn from its union with
                 the next smallest value (for age the neighbouring band) until it is large enough

    Raises BadInput: `small_cells` with the cells, `unknown_value`, `no_such_attribute`, `bad_population`.
    """
    columns = pa.Schema.from_pandas(records.head(0), preserve_index=False)
    request = requested(columns, n, Population(tuple(balance), population, given or {}, small_cells))
    needed = [name for name in dict.fromkeys([*BESIDE, *request.attributes]) if name in records]
    training = Training.of(pa.Table.from_pandas(records[needed], preserve_index=False), request.attributes)
    made = decide(training, request)
    if made.attributes and made.small:
        raise too_small(made.small, small_cells)
    shown = [{name: label(cell[name]) for name in made.attributes} for cell in made.cells]
    table = pd.DataFrame(shown, columns=list(made.attributes), index=range(len(shown))).assign(n=made.counts)
    return Plan(n, made.attributes, table, made.cells, made.mergers, made.assumed, made.source)
