"""Looking at tables: a real one described with everything small hidden, never a row of it; a cohort's beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.atomic import read_json
from medsynth_engine.kernel.errors import BadInput, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.cohorts import own_cohort
from medsynth_engine.operations.datasets import newest
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.jobs import hand_over, launch

TABLE = "table.json"
"""Beside the records of a dataset: their description. Not part of what its digest names."""
NAMING = {
    "patient": "It names a patient. Drawn rows belong to new patients.",
    "file": "It names a picture. Drawn pictures have names of their own.",
    "group": "It names a lesion or study. Its records stay in one fold; drawn ones belong to new lesions and studies.",
}
"""Why columns that name something are never learned, by their role."""
MOST_ROWS = 200
MOST_LOOKED_AT = 200_000
"""Synthetic rows that are described at once; they are mixed, so that the first ones stand for all."""


def not_kept(summary: dict[str, Any]) -> dict[str, str]:
    """Columns of a dataset's table that its rows do not have, and why: those that name something come first."""
    columns = summary.get("columns") or {}
    naming = {columns[role]: says for role, says in NAMING.items() if isinstance(columns.get(role), str)}
    return {**naming, **(summary.get("dropped_columns") or {})}


class Tables:
    """What rows will learn from, and what came of it."""

    @operation("datasets.describe", Permission.GENERATE, about="name")
    def datasets_describe(self, call: Call, name: str) -> dict[str, Any]:
        """Describe the table of the newest version, so that `datasets_table` can show it."""
        row = newest(call, name)
        subject = f"dataset:{row.name}"
        with call.change(subject, version=row.version) as change:
            job = hand_over(call, change, "describe_table", subject, {"dataset_id": row.id})
        launch(call, job)
        return {"job": job, "dataset": row.name}

    @operation("datasets.table", Permission.READ_REPORTS, about="name")
    def datasets_table(self, call: Call, name: str) -> dict[str, Any]:
        """Every column: what it holds, what is missing, what rows can learn; and the columns that were not kept, with
        why. Raises NotFound (`not_described`) before `datasets_describe`."""
        row = newest(call, name)
        described = _described(call, row)
        return {"dataset": row.name, "version": row.version, **described, "not_kept": not_kept(row.summary)}

    @operation("cohorts.table", Permission.READ_REPORTS, about="name")
    def cohorts_table(self, call: Call, name: str) -> dict[str, Any]:
        """A cohort's columns in the values and bins of its dataset's: synthetic counts, real ones with everything small
        hidden, and how far apart they are. Raises NotFound (`not_described`) before `datasets_describe`."""
        from medsynth_engine.cohort.described import alike
        from medsynth_engine.cohort.difference import difference

        row = own_cohort(call, name)
        dataset = _dataset_of(call, row)
        real = _described(call, dataset)
        rows = _first(_metadata(call, row), [column["name"] for column in real["columns"]])
        drawn = {column["name"]: column for column in alike(rows, real["columns"])}
        columns = [
            {**column, "synthetic": drawn[column["name"]], **difference(column, drawn[column["name"]], real["records"])}
            for column in real["columns"]
            if column["name"] in drawn
        ]
        not_drawn = [column["name"] for column in real["columns"] if column["name"] not in drawn]
        facts = {"cohort": row.name, "dataset": dataset.name, "n": row.n, "looked_at": len(rows)}
        return {**facts, "records": real["records"], "columns": columns, "columns_not_drawn": not_drawn}

    @operation("cohorts.rows", Permission.GENERATE, about="name")
    def cohorts_rows(self, call: Call, name: str, start: int = 0, count: int = 50) -> dict[str, Any]:
        """Some synthetic rows of a cohort, as text: they are nobody's."""
        from pyarrow import parquet

        if not (0 <= start <= 10_000_000 and 1 <= count <= MOST_ROWS):
            raise BadInput("bad_page", f"A page has 1 to {MOST_ROWS} rows.", "Ask for less.")
        row = own_cohort(call, name)
        columns, rows = [], []
        with parquet.ParquetFile(_metadata(call, row)) as file:
            columns = [plain(each, 80) for each in file.schema_arrow.names]
            for page in _page(file, start, count):
                rows.append(["" if value is None else plain(value, 120) for value in page])
        return {"cohort": row.name, "n": row.n, "start": start, "columns": columns, "rows": rows}


def _described(call: Call, row: Any) -> Mapping[str, Any]:
    found = read_json(call.home.datasets / row.folder / TABLE)
    if found is None or found.get("digest") != row.digest:
        raise NotFound(
            "not_described", "Nobody has had this table described yet.", f"Have it: medsynth rows table {row.name}"
        )
    return {"records": found["records"], "columns": found["columns"]}


def _dataset_of(call: Call, cohort: Any) -> Any:
    """The dataset's version that the cohort came from. Raises NotFound where it was removed."""
    from db.tables import Dataset

    with call.read() as session:
        row = session.exec(select(Dataset).where(col(Dataset.id) == cohort.dataset_id)).first()
    if row is None or row.state != "present":
        raise NotFound(
            "dataset_removed", "The dataset behind this was removed.", "Its own rows can still be looked at."
        )
    return row


def _metadata(call: Call, row: Any) -> Path:
    path = call.home.cohorts / row.folder / "metadata.parquet"
    if not path.is_file():
        raise NotFound("no_such_cohort", "The cohort's table is not there.", "See: medsynth doctor")
    return path


def _first(path: Path, columns: list[str]) -> Any:
    """The first rows of a cohort's table, as many as are described at once."""
    import pyarrow as pa
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        there = [name for name in columns if name in file.schema_arrow.names]
        groups, rows = [], 0
        for number in range(file.num_row_groups):
            groups.append(file.read_row_group(number, columns=there))
            rows += len(groups[-1])
            if rows >= MOST_LOOKED_AT:
                break
    return pa.concat_tables(groups).slice(0, MOST_LOOKED_AT)


def _page(file: Any, start: int, count: int) -> list[list[Any]]:
    """Rows `start` to `start + count`, from the row groups that hold them."""
    found: list[list[Any]] = []
    before = 0
    for number in range(file.num_row_groups):
        size = file.metadata.row_group(number).num_rows
        if before + size > start and before < start + count:
            part = file.read_row_group(number).slice(max(0, start - before), start + count - max(start, before))
            found += [list(each.values()) for each in part.to_pylist()]
        before += size
    return found[:count]
