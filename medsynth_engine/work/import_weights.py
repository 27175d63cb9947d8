"""Take in a weights file that came from elsewhere: read hardened, checked, and kept under its name."""

from __future__ import annotations

import shutil
from typing import Any

from sqlmodel import select

from db.tables import Run, Weights
from medsynth_engine.kernel.atomic import file_digest, write_with
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.operations.placed import PLACED
from medsynth_engine.operations.places import source_still_apart
from medsynth_engine.work.cards import weights_document
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    name, source = desk.arguments["name"], source_still_apart(desk.home, desk.arguments)
    target = desk.home.weights / f"{name}.pth"
    fresh = file_digest(source)
    if target.exists() and file_digest(target) != fresh:
        raise BadInput("name_taken", "There is a weights file of this name already.", "Choose another --name.")
    document = {**weights_document(source), PLACED: target.resolve() == source.resolve()}
    if target.resolve() != source.resolve():
        with source.open("rb") as stream:
            write_with(target, lambda kept: shutil.copyfileobj(stream, kept))
    digest = file_digest(target)
    if digest != fresh:
        target.unlink()
        raise BadInput("source_changed", "The file changed while it was taken in.", "Ask for it again.")
    with desk.commit("weights.imported", f"generator:{name}", digest=digest) as change:
        # Weights that this store trained itself are known by their digest, wherever they have been since.
        known = change.session.exec(select(Run).where(Run.generator_digest == digest)).first()
        change.session.add(
            Weights(
                name=name,
                owner_id=desk.actor.user_id,
                digest=digest,
                origin="import",
                run_id=known.id if known else None,
                dataset_id=known.dataset_id if known else None,
                document=document,
            )
        )
    return {"weights": name, "digest": digest, **document}


if __name__ == "__main__":
    run(work)
