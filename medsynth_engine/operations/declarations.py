"""What is told to the learner of a cohort's rows, checked before any work begins: epsilon and declarations."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.datasets import newest
from medsynth_engine.operations.declare import Call, operation

LEARNERS = ("trees", "dp", "gan")
EPSILON, MOST_EPSILON = 3.0, 100.0
FEWEST_ROWS, FEWEST_PATIENTS = 5_000, 1_000
"""Of the training fold: from how many rows the GAN learns, and from how many patients private rows say something."""
EVERY, OF_THE_SCHEMA = "*", "schema"


class Learners:
    """What can learn the rows of a dataset, and what each needs to be told."""

    @operation("rows.learners", Permission.GENERATE, about="dataset")
    def rows_learners(self, call: Call, dataset: str) -> dict[str, Any]:
        """`learners` [{learner, offered, says}], and `undeclared` {column: what to write of it} for private rows."""
        row = newest(call, dataset)
        rows = int(row.summary.get("train") or 0)
        few = rows < FEWEST_ROWS
        poor = int(row.summary.get("patients") or rows) < FEWEST_PATIENTS
        says = {
            "trees": "Trees: each number in them counts 11 patients or more.",
            "dp": "Differentially private. "
            + ("Under 1,000 patients mostly noise." if poor else "Bounds are declared."),
            "gan": f"A GAN learns from {FEWEST_ROWS:,} rows"
            + (f"; here are {rows:,}." if few else "; takes a minute."),
        }
        columns = (row.summary.get("schema") or {}).get("columns") or []
        return {
            "dataset": row.name,
            "learners": [{"learner": name, "offered": name != "gan" or not few, "says": says[name]} for name in says],
            "undeclared": undeclared(columns, {}),
        }


def learner_told(rows: str, epsilon: float | None, declare: dict[str, str] | None) -> dict[str, Any]:
    """`learner_arguments`, where what only private rows need is refused for others. Raises BadInput."""
    if rows != "dp" and (epsilon is not None or declare):
        option = "--epsilon" if epsilon is not None else "--declare"
        raise BadInput(
            "not_private",
            f"{option} needs --rows dp.",
            "Rows that trees or a GAN learned are not differentially private.",
        )
    return learner_arguments(rows, EPSILON if epsilon is None else epsilon, declare)


def learner_arguments(rows: str, epsilon: float, declare: dict[str, str] | None) -> dict[str, Any]:
    """What a job that learns rows is told, checked. Raises BadInput."""
    if rows not in LEARNERS:
        raise BadInput("bad_learner", "There is no such learner of rows.", "--rows trees|dp|gan")
    if not 0.01 <= epsilon <= MOST_EPSILON:
        raise BadInput("bad_epsilon", "Epsilon lies between 0.01 and 100.", "For instance: --epsilon 3")
    if declare and rows != "dp":
        raise BadInput("not_private", "Only private rows need declarations.", "--rows dp --declare ...")
    return {"rows": rows, "epsilon": float(epsilon), "declare": dict(declare or {})}


def demand_declared(call: Call, dataset_id: str, declare: Mapping[str, str]) -> None:
    """Raise BadInput where a column is declared that is not there (`bad_declaration`), or one is not declared whose
    bounds or values nobody but its patients could tell (`undeclared`): with a line to copy for this very table."""
    from db.tables import Dataset

    with call.read() as session:
        columns = (session.get_one(Dataset, dataset_id).summary.get("schema") or {}).get("columns") or []
    names = [column["name"] for column in columns]
    for name, word in declare.items():
        if name not in names and (name, word.strip()) != (EVERY, OF_THE_SCHEMA):
            raise BadInput(
                "bad_declaration",
                f"The dataset has no column {plain(name, 40)!r} to declare.",
                f"It has: {plain(', '.join(names), 600)}.",
            )
    missing = undeclared(columns, declare)
    if missing:
        whole = ",".join(f"{name}={word}" for name, word in {**declare, **missing}.items())
        raise BadInput(
            "undeclared",
            "Differential privacy needs bounds and values that do not come from the data; undeclared: "
            f"{plain(', '.join(missing), 600)}.",
            f"Fill in, and say schema only of values that are public: --declare {plain(shlex.quote(whole), 2_000)}",
        )


def undeclared(columns: list[dict[str, Any]], declare: Mapping[str, str]) -> dict[str, str]:
    """The columns that still need a declaration, each with what to write of it. As `rows.private.domain` decides."""
    has_age = any(column["role"] == "age" and column["kind"] in ("number", "integer") for column in columns)
    missing: dict[str, str] = {}
    for column in columns:
        name, number = column["name"], column["kind"] in ("number", "integer")
        known = column["role"] == "age" if number else column["role"] == "sex" or EVERY in declare
        if name in declare or known or column["kind"] == "boolean" or (name == "age_band" and has_age):
            continue
        missing[name] = "low..high" if number else OF_THE_SCHEMA if "values" in column else "a|b|c"
    return missing
