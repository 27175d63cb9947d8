"""Arrow columns as numpy arrays, without pandas: Arrow's own conversions import it, and a face's process must not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet


def read(path: Path | str, columns: Sequence[str] | None = None) -> pa.Table:
    """The table of a parquet file; of `columns` those that are there."""
    with parquet.ParquetFile(path) as file:
        names = file.schema_arrow.names
        return file.read(
            columns=names if columns is None else [name for name in dict.fromkeys(columns) if name in names]
        )


def schema(path: Path | str) -> pa.Schema:
    with parquet.ParquetFile(path) as file:
        return file.schema_arrow


def levels(column: pa.ChunkedArray) -> tuple[np.ndarray, list[Any]]:
    """Which of its distinct values each cell has, int32 (n,), -1 where it is missing or not a number; the values."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    encoded = encoded.unify_dictionaries()
    if not encoded.num_chunks:
        return np.zeros(0, dtype=np.int32), []
    places = np.concatenate([_filled(chunk.indices, -1, np.int32) for chunk in encoded.chunks])
    values = encoded.chunk(0).dictionary.to_pylist()
    for code, value in enumerate(values):
        if value is None or value != value:
            places[places == code] = -1
            places[places > code] -= 1
            return places, values[:code] + values[code + 1 :]
    return places, values


def numbers(column: pa.ChunkedArray) -> np.ndarray:
    """float64 (n,), NaN where missing. Words that are no numbers are missing too; integers beyond 2**53 are rounded."""
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        places, values = levels(column)
        found = np.array([*(_number(value) for value in values), np.nan])
        return found[places]
    parts = [_filled(chunk.cast(pa.float64(), safe=False), np.nan, np.float64) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.zeros(0)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _filled(array: pa.Array, missing: float, kind: Any) -> np.ndarray:
    """The array's values, `missing` where there is none."""
    whole = np.full(len(array), missing, dtype=kind)
    valid = array.is_valid()
    bits = np.unpackbits(np.frombuffer(valid.buffers()[1], np.uint8), bitorder="little")
    whole[bits[valid.offset : valid.offset + len(array)].astype(bool)] = np.from_dlpack(array.drop_null())
    return whole
