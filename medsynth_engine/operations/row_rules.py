"""Rules of a dataset's rows, and which learner suits its table: asked for, confirmed and dropped by its owner.

Rules lie in the summary of the dataset's ledger row and hold for the versions that follow. Only confirmed ones bind
what is drawn.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.errors import BadInput, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.datasets import newest
from medsynth_engine.operations.declarations import LEARNERS, demand_declared, learner_arguments
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.jobs import hand_over, launch

RULES = "row_rules"


class RowRules:
    """`rules` and `rows compare`."""

    @operation("rules.list", Permission.READ_REPORTS, about="dataset")
    def rules_list(self, call: Call, dataset: str) -> dict[str, Any]:
        """The rules of a dataset, confirmed and proposed, with how many real rows each speaks about and how many break
        it: None where 1 to 10 do, and where all but 1 to 10 do."""
        row = newest(call, dataset)
        with call.read() as session:
            return {"dataset": row.name, "version": row.version, "rules": rules_of(session, row)}

    @operation("rules.propose", Permission.GENERATE, about="dataset")
    def rules_propose(self, call: Call, dataset: str) -> dict[str, Any]:
        """Look for rules that the training fold keeps; what is found is proposed, never binding by itself."""
        row = newest(call, dataset)
        call.require_owner(row, "dataset")
        subject = f"dataset:{row.name}"
        with call.change(subject, version=row.version) as change:
            job = hand_over(call, change, "propose_rules", subject, {"dataset_id": row.id}, queue=subject)
        launch(call, job)
        return {"job": job, "dataset": row.name}

    @operation("rules.confirm", Permission.GENERATE, about="dataset")
    def rules_confirm(self, call: Call, dataset: str, rules: list[str]) -> dict[str, Any]:
        """From now on drawn rows obey these (names, ids, or `all`)."""
        return _decide(call, dataset, rules, "confirmed")

    @operation("rules.drop", Permission.GENERATE, about="dataset")
    def rules_drop(self, call: Call, dataset: str, rules: list[str]) -> dict[str, Any]:
        """These (names, ids, or `all`) are no longer obeyed, and no longer listed."""
        return _decide(call, dataset, rules, None)

    @operation("rows.compare", Permission.GENERATE, about="dataset")
    def rows_compare(
        self,
        call: Call,
        dataset: str,
        learners: list[str] | None = None,
        epsilon: float = 3.0,
        declare: dict[str, str] | None = None,
        seed: int = 0,
    ) -> dict[str, Any]:
        """Judge the learners on the training fold alone, two thirds against one: fidelity, use, risk and seconds."""
        row = newest(call, dataset)
        unknown = set(learners or ()) - set(LEARNERS)
        if unknown:
            raise BadInput("bad_learner", "There is no such learner of rows.", "One of: " + ", ".join(LEARNERS) + ".")
        if not 0 <= seed < 2**31:
            raise BadInput("bad_seed", "A seed is a whole number from 0 to 2147483647.", "For instance: --seed 1")
        if declare and learners and "dp" not in learners:
            raise BadInput("not_private", "Only private rows need declarations.", "Leave --declare, or compare dp too.")
        told = learner_arguments("dp", epsilon, declare)
        if declare or "dp" in (learners or ()):  # else what was not asked for is not in the others' way
            demand_declared(call, row.id, told["declare"])
        arguments = {
            "dataset_id": row.id,
            "learners": list(dict.fromkeys(learners or LEARNERS)),
            **told,
            "seed": seed,
        }
        subject = f"dataset:{row.name}"
        with call.change(subject, version=row.version, learners=arguments["learners"]) as change:
            job = hand_over(call, change, "compare_rows", subject, arguments)
        launch(call, job)
        return {"job": job, "dataset": row.name}


def rules_of(session: Session, row: Any) -> list[dict[str, Any]]:
    """The rules of the newest version of a dataset that has any said of it."""
    from medsynth_engine.operations.decisions import lineage

    for version in lineage(session, row):
        if RULES in version.summary:
            return list(version.summary[RULES])
    return []


def _decide(call: Call, dataset: str, chosen: list[str], state: str | None) -> dict[str, Any]:
    from db.tables import Dataset

    row = newest(call, dataset)
    call.require_owner(row, "dataset")
    with call.change(f"dataset:{row.name}", version=row.version) as change:
        rules = rules_of(change.session, row)
        ids = _named(rules, chosen)
        kept = [{**rule, "state": state} if rule["id"] in ids else rule for rule in rules]
        if state is None:
            kept = [rule for rule in rules if rule["id"] not in ids]
        now = change.session.get_one(Dataset, row.id)
        now.summary = {**now.summary, RULES: kept}
        change.session.add(now)
        change.detail["rules"] = sorted(ids)
    return {"dataset": row.name, "version": row.version, "rules": kept}


def _named(rules: list[dict[str, Any]], chosen: list[str]) -> set[str]:
    """The ids of what was chosen. Raises NotFound where one is not there."""
    if "all" in chosen:
        return {rule["id"] for rule in rules}
    found = {word: rule["id"] for rule in rules for word in (rule["id"], rule["name"])}
    for word in chosen:
        if word not in found:
            raise NotFound("no_such_rule", f"There is no rule {plain(word, 60)!r}.", "See: medsynth rules list DATASET")
    return {found[word] for word in chosen}
