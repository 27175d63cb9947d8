"""Every column of a table in a few numbers: what it holds, what is missing, and what rows can learn of it.

Of real records nothing small is told: no count of 1 to 10 records or patients, none that a shown one would give away,
no value of a number that fewer than eleven patients lie beyond. A cohort's table is described in the same bins and
values, so that the two stand side by side. Knows Arrow tables and no pandas: a cohort is described in a face's process.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from medsynth_engine.cohort.arrow import levels
from medsynth_engine.cohort.arrow import numbers as numbers_of
from medsynth_engine.cohort.cells import ordered, suppressed
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.small_cells import SMALLEST

OTHERS = "other values"
UNKNOWN = "unknown"
BINS = 10
MOST_VALUES = 40
FEW_NUMBERS = 12
"""Whole numbers of so few values are counted one by one."""
SEPARATOR = "|"
"""Between the findings of one record (rows.table)."""
QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
STEPS = (1, 2, 5, 10)
WHY_FEW = "Not learned: fewer than 11 patients have a value."


def describe(records: pa.Table, schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of real records: one document a column of the schema, in its order.

    `name`, `role`, `kind`, `per`; `missing` (a count, "<11" or "hidden"); `learned` and, as a sentence, `why`.
    Words have `values` {value: count, "<11" or "hidden"} of at most 40, `more` values that are not listed, and `rare`
    values of fewer than eleven patients. Numbers have `edges` (round, rising) and `bins`, the counts below the first,
    between, and from the last on; `quantiles` {p10, p50, p90} to three digits, where eleven patients lie on both sides.
    """
    return [_real(records, column) for column in _columns(schema, records)]


def alike(rows: pa.Table, real: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of synthetic rows, in the values and bins of `describe`'s documents: `name`, `values` or `bins` (counts, values
    that the real table does not list under "other values"), `missing`, `quantiles`. Columns that were not drawn are
    left out."""
    return [_synthetic(rows, column) for column in real if column["name"] in rows.column_names]


def _columns(schema: Mapping[str, Any], records: pa.Table) -> list[dict[str, Any]]:
    return [column for column in schema["columns"] if column["name"] in records.column_names]


def _real(records: pa.Table, column: Mapping[str, Any]) -> dict[str, Any]:
    people = levels(records["patient"])[0] if "patient" in records.column_names else np.arange(len(records))
    cells = records[column["name"]]
    facts = {key: column.get(key) for key in ("role", "kind", "per")}
    document = {"name": plain(column["name"], 80), **facts}
    if column["kind"] == "multi":
        return {**document, **_labels(cells, people)}
    if column["kind"] in ("number", "integer"):
        numbers = numbers_of(cells)
        distinct = np.unique(numbers[np.isfinite(numbers)])
        if len(distinct) > FEW_NUMBERS or column["kind"] == "number":
            return {**document, **_binned(numbers, people)}
    return {**document, **_words(cells, people)}


def _words(cells: pa.ChunkedArray, people: np.ndarray) -> dict[str, Any]:
    counts = counted(cells, people)
    told = suppressed(counts)
    missing = told.pop(UNKNOWN)
    by_size = sorted(told, key=lambda word: ordered(word, counts[word][0]))
    rare = sum(counts[word][1] < SMALLEST for word in told)
    return {
        "values": {word: told[word] for word in by_size[:MOST_VALUES]},
        "more": max(0, len(told) - MOST_VALUES),
        "rare": rare,
        "missing": missing,
        **_learned(len(told) - rare, len(told)),
    }


def counted(cells: pa.ChunkedArray, people: np.ndarray) -> dict[str, tuple[int, int]]:
    """(records, patients) of each value as it is shown, and last of `UNKNOWN`: what is missing, or is so called.

    The cells that are hidden among these are hidden wherever the column is counted, so that no two tables of it differ.
    """
    places, values = levels(cells)
    words = [plain(value, 80) for value in values]
    names = [*dict.fromkeys(word for word in words if word != UNKNOWN), UNKNOWN]
    number = np.array([*(names.index(word) for word in words), len(names) - 1])
    return dict(zip(names, _counted(number[places], people, len(names))[:-1], strict=True))


def _labels(cells: pa.ChunkedArray, people: np.ndarray) -> dict[str, Any]:
    """Several findings a record: each is there or not, so that its count gives away that of its absence."""
    places, values = levels(cells)
    parts = [{part.strip() for part in str(value).split(SEPARATOR) if part.strip()} for value in values]
    labels = sorted(set().union(*parts))
    counts: dict[str, tuple[int, int]] = {}
    told: dict[str, Any] = {}
    for label in labels:
        having = np.isin(places, [code for code, part in enumerate(parts) if label in part])
        counts[plain(label, 80)] = here = (int(having.sum()), len(np.unique(people[having])))
        without = (int((~having).sum()), len(np.unique(people[~having])))
        told[plain(label, 80)] = suppressed({"here": here, "without": without})["here"]
    missing = suppressed(dict(enumerate(_counted((places >= 0) - 1, people, 1))))[1]
    rare = sum(0 < patients < SMALLEST for _, patients in counts.values())
    by_size = sorted(counts, key=lambda label: ordered(label, counts[label][0]))
    return {
        "values": {label: told[label] for label in by_size[:MOST_VALUES]},
        "more": max(0, len(labels) - MOST_VALUES),
        "rare": rare,
        "missing": missing,
        **_learned(len(labels) - rare, len(labels)),
    }


def _binned(numbers: np.ndarray, people: np.ndarray) -> dict[str, Any]:
    known = np.isfinite(numbers)
    inner = _inner_range(numbers[known], people[known])
    edges = round_edges(*inner) if inner else []
    places = np.where(known, np.searchsorted(edges, np.where(known, numbers, 0.0), side="right"), -1)
    counts = _counted(places, people, len(edges) + 1)
    told = list(suppressed(dict(enumerate(counts))).values())
    enough = len(np.unique(people[known])) >= SMALLEST
    return {
        "edges": edges,
        "bins": told[:-1],
        "missing": told[-1],
        "quantiles": _quantiles(numbers[known], people[known]),
        "learned": enough,
        "why": "Learned in bins of at least 11 patients; the outermost values are not." if enough else WHY_FEW,
    }


def _synthetic(rows: pa.Table, real: Mapping[str, Any]) -> dict[str, Any]:
    cells = rows[real["name"]]
    if "edges" in real:
        numbers = numbers_of(cells)
        known = np.isfinite(numbers)
        places = np.searchsorted(real["edges"], numbers[known], side="right")
        bins = np.bincount(places, minlength=len(real["edges"]) + 1).tolist()
        quantiles = {key: digits(np.quantile(numbers[known], q)) for key, q in QUANTILES.items()} if known.any() else {}
        return {"name": real["name"], "bins": bins, "missing": int((~known).sum()), "quantiles": quantiles}
    places, values = levels(cells)
    counts, unknown = dict.fromkeys(real["values"], 0), int((places < 0).sum())
    for value, count in zip(values, np.bincount(places[places >= 0], minlength=len(values)).tolist(), strict=True):
        words = str(value).split(SEPARATOR) if real["kind"] == "multi" else [str(value)]
        if words == [UNKNOWN] and UNKNOWN not in counts:
            unknown += count
            continue
        for word in (plain(word, 80) for word in words if word.strip()):
            named = word if word in real["values"] else OTHERS
            counts[named] = counts.get(named, 0) + count
    return {"name": real["name"], "values": counts, "missing": unknown}


def round_edges(low: float, high: float) -> list[float]:
    """At most ten round numbers above `low` and up to `high`: steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return []
    power = 10.0 ** math.floor(math.log10((high - low) / BINS))
    step = next(each * power for each in STEPS if (high - low) / (each * power) <= BINS)
    first = math.floor(low / step) + 1
    found = (float(f"{number * step:.10g}") for number in range(first, math.floor(high / step + 1e-9) + 1))
    return sorted(set(found))  # numbers that differ after the tenth digit only have fewer edges


def digits(value: float) -> float:
    """Three significant digits."""
    return float(f"{value:.3g}")


def _counted(places: np.ndarray, people: np.ndarray, size: int) -> list[tuple[int, int]]:
    """(records, patients) of each place 0 to size - 1, and last of those at -1."""
    places = np.where(places < 0, size, places).astype(np.int64)
    records = np.bincount(places, minlength=size + 1)
    pairs = np.unique(places * (int(people.max(initial=0)) + 1) + people)
    patients = np.bincount(pairs // (int(people.max(initial=0)) + 1), minlength=size + 1)
    return list(zip(records.tolist(), patients.tolist(), strict=True))


def _by_patient(numbers: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest number of every patient, each sorted."""
    distinct, whose = np.unique(people, return_inverse=True)
    least, most = np.full(len(distinct), np.inf), np.full(len(distinct), -np.inf)
    np.minimum.at(least, whose, numbers)
    np.maximum.at(most, whose, numbers)
    return np.sort(least), np.sort(most)


def _inner_range(numbers: np.ndarray, people: np.ndarray) -> tuple[float, float] | None:
    """From the eleventh lowest patient's number to the eleventh highest's; None of fewer than 22 patients."""
    least, most = _by_patient(numbers, people)
    return (least[SMALLEST - 1], most[-SMALLEST]) if len(least) >= 2 * SMALLEST else None


def _quantiles(numbers: np.ndarray, people: np.ndarray) -> dict[str, float]:
    inner = _inner_range(numbers, people)
    if inner is None:
        return {}
    found = {key: float(np.quantile(numbers, share)) for key, share in QUANTILES.items()}
    return {key: digits(value) for key, value in found.items() if inner[0] <= value <= inner[1]}


def _learned(learned: int, of: int) -> dict[str, Any]:
    if not learned:
        return {"learned": False, "why": WHY_FEW}
    if learned < of:
        others = "1 value" if of - learned == 1 else f"{of - learned} values"
        return {"learned": True, "why": f"Learned: {learned} of its values; fewer than 11 patients have {others}."}
    return {"learned": True, "why": "Learned with all its values."}
