"""Which rules bind the rows of a dataset: the confirmed ones, here and wherever its generators go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from db.tables import Dataset
from medsynth_engine.operations.row_rules import rules_of
from medsynth_engine.rows.rule import Rule
from medsynth_engine.work.desk import Desk


def confirmed(rules: Sequence[dict[str, Any]]) -> tuple[Rule, ...]:
    return tuple(Rule.from_document(rule) for rule in rules if rule["state"] == "confirmed")


def binding(learner: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that a learner's rows obey: all, but for private rows none that was found in the real table."""
    return tuple(rule for rule in rules if learner != "dp" or rule.origin != "learned")


def of_dataset(desk: Desk, row: Dataset) -> tuple[Rule, ...]:
    """The rules that the dataset's owner has confirmed."""
    with desk.ledger.read() as session:
        return confirmed(rules_of(session, row))


def travelling(desk: Desk, row: Dataset) -> tuple[Rule, ...]:
    """`of_dataset` without how many real rows spoke for each: that stays where the rows are."""
    return tuple(replace(rule, rows=0) for rule in of_dataset(desk, row))


def in_force(learner: str, of_dataset: Sequence[Rule], of_weights: Sequence[Rule], run_known: bool) -> tuple[Rule, ...]:
    """The rules under which a cohort is drawn, each once.

    Where the generator was trained here its dataset's rules are the newest word: a rule that was dropped since binds no
    longer. Weights from elsewhere bring their own, which nobody here has dropped; the dataset's are added.
    """
    brought = () if run_known else tuple(replace(rule, rows=0) for rule in of_weights)
    said = {replace(rule, rows=0) for rule in brought}
    return binding(learner, (*brought, *(rule for rule in of_dataset if replace(rule, rows=0) not in said)))
