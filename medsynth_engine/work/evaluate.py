"""Gather the evidence about one cohort, and bind it to the cohort's digest."""

from __future__ import annotations

from typing import Any

from db.canonical import digest
from db.tables import Cohort as CohortRow
from db.tables import Evaluation, Weights
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    with desk.ledger.read() as session:
        row = session.get_one(CohortRow, arguments["cohort_id"])
        weights = session.get(Weights, row.weights) if row.weights else None
        cached = session.get(Evaluation, arguments["cached"]) if arguments.get("cached") else None
    if cached is not None:
        return _shown(row.name, cached.digest, cached.document)
    document = _judge(desk, row, weights is not None and weights.dataset_id is None)
    desk.stop_if_unwanted()
    bound = digest(document)
    with desk.commit("cohorts.evaluated", f"cohort:{row.name}", cohort=row.digest, digest=bound) as change:
        change.session.add(
            Evaluation(
                cohort_id=row.id,
                cohort_digest=row.digest,
                dataset_id=row.dataset_id,
                digest=bound,
                document=document,
                actor_id=desk.actor.user_id,
            )
        )
    return _shown(row.name, bound, document)


def _judge(desk: Desk, row: CohortRow, unknown_training: bool) -> dict[str, Any]:
    # Imported here: what was judged before is shown without waiting for torch.
    from medsynth_engine.cohort.read import Cohort
    from medsynth_engine.evidence.document import document
    from medsynth_engine.intake.dataset import Dataset
    from medsynth_engine.work.judging import gather

    _, dataset_folder = desk.dataset(row.dataset_id)
    cohort = Cohort(desk.home.cohorts / row.folder)
    inputs = gather(Dataset(dataset_folder), cohort, row, unknown_training)
    if cohort.digest() != row.digest:  # after everything was read: what is judged is what the ledger knows
        raise BadInput("cohort_changed", "The cohort's files are not the ones that were drawn.", "Draw it again.")
    return document(inputs, desk.progress("measures"), desk.wanted)


def _shown(cohort: str, bound: str, document: dict[str, Any]) -> dict[str, Any]:
    return {"cohort": cohort, "digest": bound, **document}


if __name__ == "__main__":
    run(work)
