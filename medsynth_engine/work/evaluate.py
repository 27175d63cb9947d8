"""Gather the evidence about one cohort, and bind it to the cohort's digest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from db.canonical import digest
from db.tables import Cohort as CohortRow
from db.tables import Evaluation, Weights
from medsynth_engine.kernel.atomic import write_json
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.operations.judged import pairs_path, pairs_wanted
from medsynth_engine.work.desk import Desk, run

if TYPE_CHECKING:
    from medsynth_engine.evidence.inputs import Inputs


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    with desk.ledger.read() as session:
        row = session.get_one(CohortRow, arguments["cohort_id"])
        weights = session.get(Weights, row.weights) if row.weights else None
        cached = session.get(Evaluation, arguments["cached"]) if arguments.get("cached") else None
        pairs = cached is not None and pairs_wanted(session, desk.home.cohorts, desk.home.datasets, row)
    unknown = weights is not None and weights.dataset_id is None
    if cached is not None:
        if pairs:
            _keep_pairs(desk, row, _gathered(desk, row, unknown))
        return _shown(row.name, cached.digest, cached.document, cached=True)
    document = _judge(desk, row, unknown)
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
    from medsynth_engine.evidence.document import document
    from medsynth_engine.operations.settings import setting
    from medsynth_engine.work.gathered import gathered
    from medsynth_engine.work.inception import with_inception
    from medsynth_engine.work.site_encoder import with_encoder

    inputs = _gathered(desk, row, unknown_training)
    _, folder = desk.dataset(row.dataset_id)
    inputs = with_encoder(folder, inputs, desk.progress("encoder"), desk.wanted)
    inputs = replace(inputs, gathered=tuple(gathered(desk, row, inputs)))
    with desk.ledger.read() as session:
        inputs = with_inception(setting(session, "inception_file"), inputs)
    found = document(inputs, desk.progress("measures"), desk.wanted)
    _keep_pairs(desk, row, inputs)
    return found


def _gathered(desk: Desk, row: CohortRow, unknown_training: bool) -> Inputs:
    """Raises BadInput where the cohort's files are no longer those that the ledger knows."""
    from medsynth_engine.cohort.read import Cohort
    from medsynth_engine.intake.dataset import Dataset as DatasetFolder
    from medsynth_engine.work.judging import gather

    _, dataset_folder = desk.dataset(row.dataset_id)
    cohort = Cohort(desk.home.cohorts / row.folder)
    inputs = gather(DatasetFolder(dataset_folder), cohort, row, unknown_training)
    if cohort.digest() != row.digest:  # after everything was read: what is judged is what the ledger knows
        raise BadInput("cohort_changed", "The cohort's files are not the ones that were drawn.", "Draw it again.")
    return inputs


def _keep_pairs(desk: Desk, row: CohortRow, inputs: Inputs) -> None:
    """Which synthetic images lie nearest to which training images: names alone, beside the real ones."""
    from medsynth_engine.evidence.nearest_pairs import nearest_pairs

    if not inputs.has_images:
        return
    desk.stop_if_unwanted()
    desk.progress("pairs")(0, None, "looking for the nearest pairs")
    _, folder = desk.dataset(row.dataset_id)
    path = pairs_path(folder, row.id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    pairs = [
        {
            "synthetic": str(inputs.synthetic["file_name"].iloc[pair.synthetic]),
            "training": str(inputs.training["record"].iloc[pair.training]),
            "alike": pair.alike,
            "as_near": pair.as_near,
        }
        for pair in nearest_pairs(inputs)
    ]
    write_json(path, {"cohort_digest": row.digest, "pairs": pairs})


def _shown(cohort: str, bound: str, document: dict[str, Any], cached: bool = False) -> dict[str, Any]:
    return {"cohort": cohort, "digest": bound, "cached": cached, **document}


if __name__ == "__main__":
    run(work)
