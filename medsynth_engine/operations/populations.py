"""Planning a cohort's population live: what can be asked for, what comes of it, and the file that keeps it.

Nothing is drawn and nothing is written to the store; the rules are those of `cohort/`, by which `generate` draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.errors import BadInput, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.datasets import newest, usable
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.places import existing_path, new_file, write_new_text
from medsynth_engine.operations.runs import own_run
from medsynth_engine.operations.weights import own_weights

MOST_RECORDS = 10_000_000
BUILT_IN = ("training", "uniform")
Asked = str | dict[str, Any] | None
"""A built-in population's name, the path of a population file, or the document of one."""


class Populations:
    """What the population editor stands on."""

    @operation("populations.offered", Permission.GENERATE)
    def population_offered(
        self, call: Call, run: str | None = None, weights: str | None = None, dataset: str | None = None
    ) -> dict[str, Any]:
        """The attributes that have few values, each value with its share of the training fold in whole points; None
        where fewer than eleven patients have it."""
        from medsynth_engine.cohort.offered import margins, names

        row = _dataset_of(call, run, weights, dataset)
        schema = row.summary.get("schema") or {"columns": []}
        return {"dataset": row.name, "attributes": margins(_training(call, row, tuple(names(schema))))}

    @operation("populations.read", Permission.GENERATE)
    def population_read(self, call: Call, path: str) -> dict[str, Any]:
        """A population file as its document: the facts, `axis` {name: {values, map}}, `joint`."""
        from medsynth_engine.cohort.population_file import document
        from medsynth_engine.cohort.target import read

        return document(read(existing_path(call.home, path, "the path of the population file")))

    @operation("populations.save", Permission.GENERATE)
    def population_save(self, call: Call, path: str, population: dict[str, Any]) -> dict[str, Any]:
        """Write a population's document as a file that `--population` reads."""
        from medsynth_engine.cohort.population_file import toml

        target = new_file(call.home, path, "population file")
        words = toml(population)
        with call.change("population", axes=sorted(population["axis"])):
            write_new_text(target, "population file", words)
        return {"path": str(target)}

    @operation("cohorts.plan", Permission.GENERATE)
    def cohorts_plan(
        self,
        call: Call,
        n: int,
        run: str | None = None,
        weights: str | None = None,
        dataset: str | None = None,
        balance: list[str] | None = None,
        population: Asked = None,
        given: dict[str, str] | None = None,
        small_cells: str = "refuse",
    ) -> dict[str, Any]:
        """How `generate` would spread n records over cells, which cells are too small, what is assumed and merged."""
        from medsynth_engine.cohort.decide import decide
        from medsynth_engine.cohort.request import Population, requested

        checked_request(n, balance, population, small_cells)
        row = _dataset_of(call, run, weights, dataset)
        chosen = population_arguments(call, population)
        asked = Population(tuple(balance or ()), chosen["path"] or chosen["population"], given or {}, small_cells)
        request = requested(_columns(call, row), n, asked)
        made = decide(_training(call, row, request.attributes), request)
        return {"n": n, "dataset": row.name, **_told(made, small_cells)}


def checked_request(n: int, balance: list[str] | None, population: Asked, small_cells: str) -> None:
    """Raise BadInput where a cohort cannot be asked for like that."""
    if not 1 <= n <= MOST_RECORDS:
        raise BadInput("bad_count", "A cohort has 1 to 10,000,000 records.", "For instance: -n 500")
    if balance and population:
        raise BadInput("two_targets", "Give --balance or --population, not both.", "A population file can balance.")
    if small_cells not in ("refuse", "broaden"):
        raise BadInput("bad_small_cells", "Small cells are refused or broadened.", "--small-cells refuse|broaden")


def population_arguments(call: Call, population: Asked) -> dict[str, Any]:
    """`population`, a built-in name or a checked document, or the `path` of a file that exists (which the ledger never
    sees). Raises BadInput."""
    if population is None or population in BUILT_IN:
        return {"population": population, "path": None}
    if isinstance(population, Mapping):
        from medsynth_engine.cohort.population_file import document
        from medsynth_engine.cohort.target import read

        return {"population": document(read(dict(population))), "path": None}
    return {"population": None, "path": str(existing_path(call.home, population))}


def _dataset_of(call: Call, run: str | None, weights: str | None, dataset: str | None) -> Any:
    """The row of the dataset that a cohort from this source is planned by. Raises NotFound, Denied or BadInput."""
    from db.tables import Dataset

    known = None
    if run is not None:
        known = own_run(call, run).dataset_id
    elif weights is not None:
        known = own_weights(call, weights).dataset_id
    if known is None:
        if dataset is None:
            raise BadInput("which_source", "Name one source.", "--run RUN, --weights NAME, or --dataset NAME for rows.")
        return newest(call, dataset)
    with call.read() as session:
        return session.get_one(Dataset, usable(call, known))


def _records(call: Call, row: Any) -> Path:
    path = call.home.datasets / row.folder / "records.parquet"
    if not path.is_file():
        raise NotFound("no_dataset", "The dataset's folder is not there.", "See: medsynth doctor")
    return path


def _columns(call: Call, row: Any) -> Any:
    from medsynth_engine.cohort import arrow

    return arrow.schema(_records(call, row))


def _training(call: Call, row: Any, attributes: tuple[str, ...]) -> Any:
    path = _records(call, row)
    return _seen(str(path), path.stat().st_mtime_ns, attributes)


@lru_cache(maxsize=4)
def _seen(path: str, written: int, attributes: tuple[str, ...]) -> Any:
    """The training fold as codes, kept for the next move of a slider; `written` tells one file from its successor."""
    from medsynth_engine.cohort import arrow
    from medsynth_engine.cohort.cells import BESIDE, Training

    return Training.of(arrow.read(path, [*BESIDE, *attributes]), attributes)


def _told(made: Any, small_cells: str) -> dict[str, Any]:
    from medsynth_engine.cohort.cells import ground
    from medsynth_engine.cohort.decide import label, too_small

    cells = []
    for asked, cell, n, count in zip(made.asked, made.cells, made.counts.tolist(), made.grounds, strict=True):
        words = {name: plain(label(values), 120) for name, values in cell.items()}
        merged = [name for name in cell if len(cell[name]) > len(asked[name])]
        cells.append({"cell": words, "n": n, "small": count.small, "merged": merged, **ground(count)})
    margins: dict[str, dict[str, int]] = {name: {} for name in made.attributes}
    for asked, n in zip(made.asked, made.counts.tolist(), strict=True):
        for name, values in asked.items():
            word = plain(label(values), 120)
            margins[name][word] = margins[name].get(word, 0) + n
    small = made.small if made.attributes else []
    refusal = too_small(small, small_cells) if small else None
    return {
        "attributes": list(made.attributes),
        "cells": cells if made.attributes else [],
        "margins": margins,
        "small": len(small),
        "refused": {"code": refusal.code, "why": refusal.message, "what_to_do": refusal.hint} if refusal else None,
        "mergers": list(made.mergers),
        "assumed": list(made.assumed),
        "population": made.source,
    }
