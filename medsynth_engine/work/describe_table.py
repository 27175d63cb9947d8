"""Describe every column of a dataset's table, and keep the description beside it: it holds nothing small."""

from __future__ import annotations

from typing import Any

from medsynth_engine.cohort import arrow
from medsynth_engine.cohort.described import describe
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.atomic import write_json
from medsynth_engine.operations.tables import TABLE
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    row, folder = desk.dataset(desk.arguments["dataset_id"])
    desk.progress("columns")(0, None, "looking at the table")
    schema = Dataset(folder).schema()
    wanted = ["patient", *(column["name"] for column in schema["columns"])]
    records = arrow.read(folder / "records.parquet", wanted)
    desk.stop_if_unwanted()
    columns = describe(records, schema)
    with desk.commit("datasets.described", f"dataset:{row.name}", version=row.version, columns=len(columns)):
        write_json(folder / TABLE, {"format": 1, "digest": row.digest, "records": len(records), "columns": columns})
    return {"dataset": row.name, "version": row.version, "columns": len(columns)}


if __name__ == "__main__":
    run(work)
