"""A cohort's table as it grows: CSV and parquet in groups of rows, so that a million of them need no memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from medsynth_engine.kernel.escape import table_cell

BLOCK = 256
"""Draws are seeded per block of so many records: any number of shards gives the same cohort."""
GROUP = 64
"""Blocks that are written together, as one row group of the parquet file."""


class Tables:
    """`metadata.csv` (cells made inert for spreadsheets) and `metadata.parquet` (typed) in `folder`, block by block.

    A context manager: both files are whole when it ends. The first group decides the types.
    """

    def __init__(self, folder: Path) -> None:
        self._csv = (folder / "metadata.csv").open("wb")
        self._path = folder / "metadata.parquet"
        self._parquet: parquet.ParquetWriter | None = None
        self._types: pd.Series | None = None
        self._waiting: list[pd.DataFrame] = []

    def add(self, block: pd.DataFrame) -> None:
        self._waiting.append(block)
        if len(self._waiting) == GROUP:
            self._write()

    def _write(self) -> None:
        group = pd.concat(self._waiting, ignore_index=True)
        self._waiting.clear()
        if self._types is None:
            self._types = group.dtypes
        group = group.astype(self._types.to_dict())
        if self._parquet is None:
            self._parquet = parquet.ParquetWriter(self._path, _schema(group))
            self._csv.write(_inert(group).head(0).to_csv(index=False).encode())
        self._parquet.write_table(pa.Table.from_pandas(group, self._parquet.schema, preserve_index=False))
        self._csv.write(_inert(group).to_csv(index=False, header=False).encode())

    def __enter__(self) -> Tables:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._waiting:
                self._write()
        finally:
            self._csv.close()
            if self._parquet is not None:
                self._parquet.close()


def groups(folder: Path) -> Iterator[pd.DataFrame]:
    """What `Tables` wrote into `folder`, a group of rows at a time, in order and with the types it had."""
    with parquet.ParquetFile(folder / "metadata.parquet") as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number).to_pandas()


def _schema(group: pd.DataFrame) -> pa.Schema:
    """The columns' types; one that is empty so far may still hold words."""
    schema = pa.Schema.from_pandas(group, preserve_index=False)
    for number, field in enumerate(schema):
        if pa.types.is_null(field.type):
            schema = schema.set(number, field.with_type(pa.string()))
    return schema


def _inert(group: pd.DataFrame) -> pd.DataFrame:
    safe = group.copy()
    for name in safe:
        if safe[name].dtype == object or isinstance(safe[name].dtype, pd.StringDtype):
            safe[name] = safe[name].map(lambda value: table_cell(value) if isinstance(value, str) else value)
    safe.columns = [table_cell(name) for name in safe]
    return safe
