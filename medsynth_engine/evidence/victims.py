"""Whom the attacks on rows are made on, what an attacker is taken to know, and how an outcome is told.

Each attack is made on training records and on held-out ones. Rates are divided by attacks really made, intervals rest
on no more trials than there are patients behind them (Giomi et al. 2023; the bugs of others: reference 4.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from medsynth_engine.evidence.intervals import Interval
from medsynth_engine.evidence.tables import Column
from medsynth_engine.kernel.evidence import Evidence, not_enough

QUASI_ROLES = ("age", "sex", "ethnicity")
FEWEST = 11


@dataclass(frozen=True)
class Victims:
    """The three tables of an attack, their common columns, and the patients behind the real records."""

    training: pd.DataFrame
    holdout: pd.DataFrame
    synthetic: pd.DataFrame
    columns: tuple[Column, ...]

    @property
    def enough(self) -> bool:
        return min(len(self.training), len(self.holdout), len(self.synthetic)) >= FEWEST

    @property
    def quasi(self) -> tuple[Column, ...]:
        """What an attacker is taken to know: age, sex, ethnicity; all columns where fewer than two of these exist."""
        found = tuple(column for column in self.columns if column.role in QUASI_ROLES)
        return found if len(found) >= 2 else self.columns

    def short(self, name: str, adversary: str, method: str) -> Evidence:
        why = f"fewer than {FEWEST} records in one of the tables, or too few columns."
        return not_enough(name, len(self.synthetic), "lower", why, method, adversary)


def told(name: str, found: Interval, control: float, n: int, adversary: str, method: str, what: str) -> Evidence:
    """`found` as Evidence; `what` is the first half of its sentence and holds the attack's rate."""
    sentence = f"{what}, against {control:.1%} among held-out patients; the value is the risk that remains."
    return Evidence(name, found.value, found.low, found.high, control, n, "lower", adversary, sentence, method)
