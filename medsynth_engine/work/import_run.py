"""Bring in a run that was trained elsewhere on one of our bundles: its curves, its samples, its generator."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from db.canonical import digest
from db.ledger import Session
from db.tables import Dataset as DatasetRow
from db.tables import Release, Run
from medsynth_engine.exchange.cloud.arrival import take_in
from medsynth_engine.gan.card import weights_document
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.atomic import file_digest, write_new
from medsynth_engine.kernel.errors import BadInput, name_taken
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.operations.free_names import demand_free_run
from medsynth_engine.operations.places import source_still_apart
from medsynth_engine.operations.removal import STAGING
from medsynth_engine.work.desk import Desk, run
from medsynth_engine.work.run_weights import weights_of


def work(desk: Desk) -> dict[str, Any]:
    name = desk.arguments["run"]
    hidden = RunFolder(desk.home.runs / f"{STAGING}{desk.folder.name}")
    shutil.rmtree(hidden.path, ignore_errors=True)
    try:
        config = take_in(source_still_apart(desk.home, desk.arguments), hidden)
        if not hidden.generator.exists():
            raise BadInput(
                "no_generator", "The run brought no generator back.", "Let it train to its first evaluation."
            )
        document = weights_document(hidden.generator)
        dataset = _learned_from(desk, str(config.get("bundle") or ""), document["training_digest"])
        if dataset is None:
            raise BadInput(
                "unknown_bundle",
                "This run was not trained on a bundle of yours that left this store.",
                "Its generator alone can be brought in: medsynth weights import FILE",
            )
        _commit(desk, hidden, dataset, document)
    finally:
        shutil.rmtree(hidden.path, ignore_errors=True)
    return {
        "run": name,
        "dataset": dataset.name,
        "state": RunFolder(desk.home.runs / name).state()["state"],
        **document,
    }


def _learned_from(desk: Desk, bundle: str, fingerprint: str) -> DatasetRow | None:
    """The version of the dataset that the bundle held. A file's word alone is not enough: the bundle must have left,
    from a dataset of the same person, and the training fold's fingerprint must be that of one of its versions."""
    with desk.ledger.read() as session:
        release = session.get(Release, bundle)
        if release is None or release.subject_kind != "dataset":
            return None
        for row in _versions(session, release.subject_name, desk.actor.user_id):
            dataset = Dataset(desk.home.datasets / row.folder)
            records = dataset.records()
            training = records[(records["fold"] == "training") & records["file"].notna()]
            if digest({"dataset": dataset.digest(), "records": sorted(training["record"])}) == fingerprint:
                return row
    return None


def _versions(session: Session, name: str, owner: str) -> list[DatasetRow]:
    query = select(DatasetRow).where(
        DatasetRow.name == name, DatasetRow.owner_id == owner, DatasetRow.state == "present"
    )
    return list(session.exec(query.order_by(col(DatasetRow.version).desc())).all())


def _commit(desk: Desk, hidden: RunFolder, dataset: DatasetRow, document: dict[str, Any]) -> None:
    """Ledger, folder and weights appear together, under the ledger's write lock: no run of this name begins or ends
    meanwhile, so that what is taken back after a failure is what was put there here."""
    name, folder = desk.arguments["run"], RunFolder(desk.home.runs / desk.arguments["run"])
    weights, kept = file_digest(hidden.generator), desk.home.weights / f"{name}.pth"
    detail = {"dataset": dataset.name, "generator": weights, "deletion_confirmed": bool(desk.arguments["deleted"])}
    written = moved = False
    try:
        with desk.commit("runs.imported", f"run:{name}", **detail) as change:
            demand_free_run(desk.home, change.session, name)
            row = Run(
                name=name,
                dataset_id=dataset.id,
                owner_id=desk.actor.user_id,
                state=str(hidden.state()["state"]),
                preset=str(document["preset"]),
                folder=name,
                summary={"imported": True, "deletion_confirmed": bool(desk.arguments["deleted"])},
                generator_digest=weights,
            )
            change.session.add(row)
            change.session.flush()
            change.session.add(weights_of(row, document))
            _keep(hidden.generator, kept)
            written = True
            hidden.path.rename(folder.path)
            moved = True
    except BaseException:
        if written:
            kept.unlink(missing_ok=True)
        if moved:
            folder.path.rename(hidden.path)
        raise


def _keep(generator: Path, kept: Path) -> None:
    """Copy the generator to where nothing is yet. Raises Busy where something is: that is not ours to take away."""
    try:
        with generator.open("rb") as source:
            write_new(kept, lambda stream: shutil.copyfileobj(source, stream))
    except FileExistsError as error:
        raise name_taken("a generator", kept.stem, "Choose another --name.") from error


if __name__ == "__main__":
    run(work)
