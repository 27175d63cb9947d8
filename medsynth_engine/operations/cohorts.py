"""Drawing a cohort and looking at it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.cohort.meant import meant
from medsynth_engine.kernel.errors import BadInput, Busy, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.operations.datasets import newest, usable
from medsynth_engine.operations.declarations import demand_declared, learner_told
from medsynth_engine.operations.declare import Call, checked_name, operation
from medsynth_engine.operations.free_names import cohort_queue, demand_free_cohort
from medsynth_engine.operations.jobs import hand_over, launch
from medsynth_engine.operations.judged import newest_evaluation, outdated_because, pairs_path
from medsynth_engine.operations.populations import Asked, checked_request, population_arguments
from medsynth_engine.operations.remains import called
from medsynth_engine.operations.removal import remove_cohort
from medsynth_engine.operations.run_checks import check_cluster, check_processes
from medsynth_engine.operations.run_facts import run_state
from medsynth_engine.operations.runs import own_run
from medsynth_engine.operations.thumbnails import checked_gallery, thumbnail
from medsynth_engine.operations.weights import own_weights


def own_cohort(call: Call, name: str) -> Any:
    """The cohort's row. Raises NotFound or Denied."""
    from db.tables import Cohort

    with call.read() as session:
        row = session.exec(select(Cohort).where(Cohort.name == name, Cohort.state == "present")).first()
    if row is None:
        raise NotFound("no_such_cohort", f"There is no cohort {plain(name)!r}.", "See: medsynth cohorts list")
    call.require_own(row, "cohort")
    return row


class Cohorts:
    """A cohort is synthetic: each record an image and its row, or a row alone."""

    @operation("cohorts.generate", Permission.GENERATE, about="cohort")
    def generate(
        self,
        call: Call,
        cohort: str,
        n: int,
        run: str | None = None,
        weights: str | None = None,
        dataset: str | None = None,
        balance: list[str] | None = None,
        population: Asked = None,
        given: dict[str, str] | None = None,
        small_cells: str = "refuse",
        seed: int = 0,
        rows: str = "trees",
        epsilon: float | None = None,
        declare: dict[str, str] | None = None,
        processes: int = 1,
        cluster: str | None = None,
    ) -> dict[str, Any]:
        checked_name(cohort, "cohort")
        if (run is None) == (weights is None) and (run is not None or dataset is None):
            raise BadInput("which_source", "Name one source.", "--run RUN, --weights NAME, or --dataset NAME for rows.")
        checked_request(n, balance, population, small_cells)
        if not 0 <= seed < 2**31:
            raise BadInput("bad_seed", "A seed is a whole number from 0 to 2147483647.", "For instance: --seed 1")
        if cluster is not None:
            check_cluster(call.home, cluster, "auto", processes, simulated=False)
        else:
            check_processes(processes, "auto")
        learner = learner_told(rows, epsilon, declare)
        source = _source(call, run, weights, dataset)
        _demand_attributes(call, source["dataset_id"], [*(balance or []), *(given or {})])
        if rows == "dp":
            demand_declared(call, source["dataset_id"], learner["declare"])
        arguments = {
            "cohort": cohort,
            "n": n,
            "balance": balance or [],
            **population_arguments(call, population),
            "given": given or {},
            "small_cells": small_cells,
            "seed": seed,
            "processes": processes,
            "cluster": cluster,
            **learner,
            **source,
        }
        facts = {"n": n, "balance": balance or [], "small_cells": small_cells, "rows": rows}
        with call.change(f"cohort:{cohort}", **facts) as change:
            demand_free_cohort(change.session, cohort)
            job = hand_over(call, change, "generate", f"cohort:{cohort}", arguments, queue=cohort_queue(cohort))
        launch(call, job)
        return {"job": job, "cohort": cohort}

    @operation("cohorts.list", Permission.READ_REPORTS)
    def cohorts_list(self, call: Call) -> list[dict[str, Any]]:
        from db.tables import Cohort

        with call.read() as session:
            rows = session.exec(
                select(Cohort).where(Cohort.state == "present").order_by(col(Cohort.created_at).desc())
            ).all()
        mine = [row for row in rows if call.scope is Scope.ALL or row.owner_id == call.actor.user_id]
        return [_shown(call, row) for row in mine]

    @operation("cohorts.show", Permission.READ_REPORTS, about="name")
    def cohorts_show(self, call: Call, name: str) -> dict[str, Any]:
        row = own_cohort(call, name)
        return {**_shown(call, row), "target": meant(row.document)}

    @operation("cohorts.gallery", Permission.GENERATE, about="name")
    def cohorts_gallery(self, call: Call, name: str, count: int = 12, size: int = 32) -> dict[str, Any]:
        folder = call.home.cohorts / own_cohort(call, name).folder
        count, size = checked_gallery(count, size)
        rows = _spread(folder / "metadata.csv", count)
        if not rows or not rows[0].get("file_name"):
            raise NotFound("no_images", "This cohort has no images.", "It is a table alone.")
        pictures = []
        for row in rows:
            file = folder / row["file_name"]
            shown = {key: plain(value) for key, value in row.items() if key != "file_name"}
            pictures.append({"record": file.stem, "row": shown, **thumbnail(file, size)})
        return {"images": pictures}

    @operation("cohorts.remove", Permission.GENERATE, fresh=True, about="name")
    def cohorts_remove(self, call: Call, name: str) -> dict[str, Any]:
        from db.tables import Dataset

        row = own_cohort(call, name)
        gone = remove_cohort(call, row)
        with call.read() as session:
            dataset = session.get(Dataset, row.dataset_id)
        if dataset is not None:
            pairs_path(call.home.datasets / dataset.folder, row.id).unlink(missing_ok=True)
        return gone


def _spread(table: Path, count: int) -> list[dict[str, str]]:
    """About `count` rows spread evenly over the whole table."""
    with table.open(newline="") as stream:
        total = max(0, sum(1 for _ in stream) - 1)
    stride = max(1, total // max(1, count))
    with table.open(newline="") as stream:
        return [row for index, row in enumerate(csv.DictReader(stream)) if index % stride == 0][:count]


def _source(call: Call, run: str | None, weights: str | None, dataset: str | None) -> dict[str, Any]:
    """Where images and rows come from, and the digest the generator must have; checked here to be told at once."""
    if run is not None:
        row = own_run(call, run)
        if row.simulated:
            raise BadInput("simulated", "A simulated run has no generator.", "Train for real: without --simulated.")
        if row.generator_digest is None:
            raise _no_generator(call, row)
        return {
            "run_id": row.id,
            "dataset_id": usable(call, row.dataset_id),
            "run": row.folder,
            "generator_digest": row.generator_digest,
        }
    if weights is not None:
        known = own_weights(call, weights)
        if known.dataset_id is None and dataset is None:
            raise BadInput(
                "unknown_training",
                "These weights were trained on data that is not in this store: nothing here can judge what they draw.",
                "Name the dataset to compare with: --weights NAME --dataset NAME. It stays internal.",
            )
        judged_by = usable(call, known.dataset_id) if known.dataset_id else newest(call, str(dataset)).id
        return {
            "weights": weights,
            "run_id": known.run_id,
            "dataset_id": judged_by,
            "generator_digest": known.digest,
        }
    return {"dataset_id": newest(call, str(dataset)).id, "run_id": None}


def _no_generator(call: Call, run: Any) -> Busy:
    """A run that rests has its best generator in a checkpoint, from which nothing is drawn before it has ended."""
    folder = RunFolder(call.home.runs / run.folder)
    if run_state(call, run, folder) in ("paused", "interrupted") and (folder.checkpoints / "best.pth").exists():
        return Busy(
            "no_generator",
            "This run rests: its best generator is drawn from once the run has ended.",
            f"Stop it, which keeps its best so far (medsynth runs stop {run.name}), or resume it and let it end "
            f"(medsynth runs resume {run.name}).",
        )
    return Busy("no_generator", "This run has no generator yet.", f"See: medsynth runs show {run.name}")


def _shown(call: Call, row: Any) -> dict[str, Any]:
    from db.tables import Dataset, Run

    with call.read() as session:
        evaluation = newest_evaluation(session, row.id, row.digest)
        dataset = session.get(Dataset, row.dataset_id) if row.dataset_id else None
        run = session.get(Run, row.run_id) if row.run_id else None
        outdated = outdated_because(session, evaluation) if evaluation else []
    return {
        **row.document,
        "cohort": row.name,
        "dataset": called(dataset),
        "run": run.name.split("~")[0] if run else None,
        "weights": row.weights,
        "n": row.n,
        "created": row.created_at.isoformat(timespec="seconds"),
        "digest": row.digest,
        "simulated": row.simulated,
        "evaluated": evaluation is not None,
        "outdated": outdated,
        "gauge": evaluation.document.get("gauge") if evaluation else None,
        "path": str(call.home.cohorts / row.folder),
    }


def _demand_attributes(call: Call, dataset_id: str, asked: list[str]) -> None:
    """Raise BadInput at once where an attribute is asked for that the dataset does not have."""
    from db.tables import Dataset

    with call.read() as session:
        columns = (session.get_one(Dataset, dataset_id).summary.get("schema") or {}).get("columns") or []
    known = {column["name"] for column in columns} | {
        column["role"] for column in columns if column["role"] != "column"
    }
    known |= {"age_band"} if any(column["role"] == "age" for column in columns) else set()
    for name in asked:
        if name not in known:
            raise BadInput(
                "no_such_attribute",
                f"The dataset has no column {plain(name, 40)!r}.",
                f"It has: {plain(', '.join(sorted(known - {'age'})), 600)}.",
            )
