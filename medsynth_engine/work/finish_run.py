"""After training: take the generator into the ledger, so that cohorts and the gate can be bound to its digest."""

from __future__ import annotations

import shutil
from typing import Any

from db.tables import Run, Weights
from medsynth_engine.kernel.atomic import file_digest, write_with
from medsynth_engine.kernel.errors import name_taken
from medsynth_engine.kernel.folders import ENDED, RunFolder
from medsynth_engine.work.desk import Desk, own_run, run
from medsynth_engine.work.run_weights import generator_document, put_aside, weights_of


def work(desk: Desk) -> dict[str, Any]:
    name = desk.arguments["run"]
    mine = own_run(desk)
    folder = RunFolder(desk.home.runs / name)
    state = str(folder.state()["state"])
    if state == "stopped" and not folder.generator.exists() and (folder.checkpoints / "best.pth").exists():
        from medsynth_engine.work.promote_run import promote

        promote(folder)  # taken out of a cluster's queue between two turns
    made = folder.generator.exists() and state in ENDED
    document: dict[str, Any] = {}
    digest = None
    if made:
        digest = file_digest(folder.generator)
        document = generator_document(folder, digest)
        with desk.ledger.read() as session:
            taken = session.get(Weights, name)
        if taken is not None and taken.run_id != mine.id:
            raise name_taken("another generator", name, "Train under another name.")
        kept = desk.home.weights / f"{name}.pth"
        aside = put_aside(kept, {digest, taken.digest} if taken else {digest})
        if aside:
            folder.log(f"A file that was not this run's lay at weights/{kept.name}: it is weights/{aside} now.")
        with folder.generator.open("rb") as source:
            write_with(kept, lambda stream: shutil.copyfileobj(source, stream))
    with desk.commit("runs.ended", f"run:{name}", state=state, generator=digest) as change:
        row = change.session.get_one(Run, mine.id)
        row.state = state
        row.generator_digest = digest
        change.session.add(row)
        if digest is not None:
            change.session.merge(weights_of(row, document))
    return {"run": name, "state": state, "generator": digest}


if __name__ == "__main__":
    run(work)
