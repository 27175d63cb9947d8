"""Bring a dataset in: the room writes the folder, this commits it to the ledger with its intake ledger."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from medsynth_engine.intake.dataset import Dataset as DatasetFolder
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.pseudonym import load_key, source_of
from medsynth_engine.intake.rules.profile import edition
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.kernel.errors import Busy
from medsynth_engine.work.dataset_row import (
    COUNTS,
    add_row,
    ask_for_text_check,
    newest_version,
    next_version,
    share_as,
    summary_of,
)
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    chosen = Options.from_document(desk.arguments)
    name, source = desk.arguments["name"], Path(desk.arguments["source"])
    with desk.ledger.read() as session:
        # Asked now, not when the job was: a text check or a review may have made a version meanwhile.
        earlier, version = newest_version(session, name), next_version(session, name)
    if earlier is not None and not chosen.append:
        raise Busy("name_taken", f"There is a dataset {name!r} already.", "Choose another name, or --append.")
    target = desk.home.datasets / f"{name}-v{version}"
    if target.exists():
        # Killed after the folder was whole and before the ledger knew: it may be of another source, so it goes.
        shutil.rmtree(target)
    before = desk.home.datasets / earlier.folder if earlier else None
    key = load_key(desk.home.key)
    document = take_in(source, chosen, target, key, desk.progress("files"), desk.wanted, before)
    summary = summary_of(DatasetFolder(target), document, name) | {"source": source_of(key, source)}
    counts = {count: document[count] for count in COUNTS} | {"rules": edition().document()}
    with desk.commit("datasets.taken_in", f"dataset:{name}", version=version, **counts) as change:
        row = add_row(change, target, name, version, desk.actor.user_id, summary)
        if earlier is not None:
            share_as(change.session, earlier, row)
        if summary["text"]["state"] == "waiting":
            ask_for_text_check(desk, change, row, chosen.burned_in)
    return document


if __name__ == "__main__":
    run(work)
