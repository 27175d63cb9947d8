"""Look for rules in the training fold of a dataset, and count how the confirmed ones fare."""

from __future__ import annotations

from typing import Any

import pandas as pd

from db.canonical import digest
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.small_cells import SMALLEST
from medsynth_engine.operations.row_rules import RULES, rules_of
from medsynth_engine.rows.propose import Proposal, counted, propose
from medsynth_engine.rows.rule import Rule
from medsynth_engine.rows.table import Schema
from medsynth_engine.work.dataset_next import newest_of, set_summary
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    row, folder = newest_of(desk, desk.arguments["dataset_id"])
    dataset = Dataset(folder)
    records = dataset.records()
    training = records[records["fold"] == "training"].reset_index(drop=True)
    desk.progress("rows")(0, None, "looking for rules")
    columns = Schema.from_document(dataset.schema())
    found = propose(training, columns, pd.factorize(training["patient"])[0])
    desk.stop_if_unwanted()
    with desk.commit("rules.proposed", f"dataset:{row.name}", version=row.version, found=len(found)) as change:
        earlier = [rule for rule in rules_of(change.session, row) if rule["state"] == "confirmed"]
        kept = [_told(Proposal(*counted(Rule.from_document(rule), training)), "confirmed") for rule in earlier]
        known = {rule["id"] for rule in kept}
        proposed = [_told(one, "proposed") for one in found]
        rules = kept + [rule for rule in proposed if rule["id"] not in known]
        set_summary(change, row.id, **{RULES: rules})
    looked_at = None if 0 < len(training) < SMALLEST else len(training)
    return {"dataset": row.name, "version": row.version, "rules": rules, "looked_at": looked_at, "found": len(found)}


def _told(proposal: Proposal, state: str) -> dict[str, Any]:
    """A rule as the ledger has it: counts of 1 to 10 rows are told to nobody, nor what they would follow from."""
    says = proposal.rule.document()
    identity = {name: says.get(name) for name in ("when", "then", "order")}
    rows, broken = proposal.rule.rows, proposal.broken
    return {
        **says,
        "id": digest(identity)[:6],
        "rows": rows if not 0 < rows < SMALLEST else None,
        "broken": None if 0 < broken < SMALLEST or 0 < rows - broken < SMALLEST else broken,
        "state": state,
    }


if __name__ == "__main__":
    run(work)
