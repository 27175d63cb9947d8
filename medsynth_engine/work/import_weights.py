"""Take in a weights file that came from elsewhere: read hardened, checked, and kept under its name."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import IO, Any

from sqlmodel import select

from db.tables import Run, Weights
from medsynth_engine.gan.card import weights_document
from medsynth_engine.kernel.atomic import file_digest, write_new
from medsynth_engine.kernel.errors import BadInput, name_taken
from medsynth_engine.operations.found_weights import PLACED
from medsynth_engine.operations.free_names import demand_free_run
from medsynth_engine.operations.places import source_still_apart
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    name, source = desk.arguments["name"], source_still_apart(desk.home, desk.arguments)
    target = desk.home.weights / f"{name}.pth"
    placed = source == target.parent.resolve() / target.name
    digest = file_digest(source)
    document = {**weights_document(source), PLACED: placed}
    if not placed:
        _keep(source, target, digest)
    elif file_digest(source) != digest:
        raise _changed()
    with desk.commit("weights.imported", f"generator:{name}", digest=digest) as change:
        demand_free_run(desk.home, change.session, name)
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


def _keep(source: Path, target: Path, checked: str) -> None:
    """Copy what was checked, never in the place of another file: that is somebody's, or of an import beside this one.

    Raises BadInput where it is no longer what was checked, Busy where the name is another file's. The same bytes under
    that name are what this job kept before it was cut short.
    """

    def fill(kept: IO[bytes]) -> None:
        with source.open("rb") as stream:
            shutil.copyfileobj(stream, kept)
        kept.seek(0)
        if hashlib.file_digest(kept, "sha256").hexdigest() != checked:  # type: ignore[arg-type]
            raise _changed()

    try:
        write_new(target, fill)
    except FileExistsError as error:
        if target.is_symlink() or not target.is_file() or file_digest(target) != checked:
            raise name_taken("a generator", target.stem, "Choose another --name.") from error


def _changed() -> BadInput:
    return BadInput("source_changed", "The file changed while it was taken in.", "Ask for it again.")


if __name__ == "__main__":
    run(work)
