"""Bring a dataset in: the room writes the folder, this commits it to the ledger with its intake ledger."""

from __future__ import annotations

import shutil
from typing import Any

from db.tables import Dataset
from medsynth_engine.intake.dataset import Dataset as DatasetFolder
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.pseudonym import source_of
from medsynth_engine.intake.rules.profile import edition
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.kernel.errors import Denied, name_taken
from medsynth_engine.kernel.store_key import load_key
from medsynth_engine.operations.datasets import OR_APPEND
from medsynth_engine.operations.places import source_still_apart
from medsynth_engine.work.dataset_next import demand_newest, newest_of
from medsynth_engine.work.dataset_row import (
    COUNTS,
    add_row,
    ask_for_text_check,
    newest_version,
    next_folder,
    next_version,
    share_as,
    summary_of,
)
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    chosen = Options.from_document(desk.arguments)
    source = source_still_apart(desk.home, desk.arguments)
    earlier = _earlier(desk, chosen.append)
    name = earlier.name if earlier else desk.arguments["name"]
    with desk.ledger.read() as session:
        version = next_version(session, name)
        target = desk.home.datasets / next_folder(session, name, version)
    if target.exists():
        # Killed after the folder was whole and before the ledger knew: it may be of another source, so it goes.
        shutil.rmtree(target)
    before = desk.home.datasets / earlier.folder if earlier else None
    key = load_key(desk.home.key)
    document = take_in(source, chosen, target, key, desk.progress("files"), desk.wanted, before)
    try:
        summary = summary_of(DatasetFolder(target), document, name) | {"source": source_of(key, source)}
        counts = {count: document[count] for count in COUNTS} | {"rules": edition().document()}
        with desk.commit("datasets.taken_in", f"dataset:{name}", version=version, **counts) as change:
            if earlier is not None:
                demand_newest(change.session, earlier)
                _demand_owner(desk, earlier)
            elif newest_version(change.session, name) is not None:
                raise name_taken("a dataset", name, OR_APPEND)
            row = add_row(change, target, name, version, earlier.owner_id if earlier else desk.actor.user_id, summary)
            if earlier is not None:
                share_as(change.session, earlier, row)
            if summary["text"]["state"] == "waiting":
                ask_for_text_check(desk, change, row, chosen.burned_in)
    except Exception:
        shutil.rmtree(target, ignore_errors=True)  # nothing was committed, and nobody's row names these pictures
        raise
    return document


def _earlier(desk: Desk, append: bool) -> Dataset | None:
    """The version to append to: the newest now, for a text check or a review may have made one since it was asked.

    Raises Interrupted where the dataset that was meant is gone, Busy where the name was taken by another meanwhile,
    Denied where it is somebody else's.
    """
    asked = desk.arguments.get("earlier")
    if asked is not None:
        row: Dataset | None = newest_of(desk, asked)[0]
    else:
        with desk.ledger.read() as session:
            row = newest_version(session, desk.arguments["name"])
        if row is not None and not append:
            raise name_taken("a dataset", row.name, OR_APPEND)
    if row is not None:
        _demand_owner(desk, row)
    return row


def _demand_owner(desk: Desk, row: Dataset) -> None:
    if row.owner_id != desk.actor.user_id:
        raise Denied("not_yours", "This dataset belongs to somebody else.", "Only its owner can do that.")


if __name__ == "__main__":
    run(work)
