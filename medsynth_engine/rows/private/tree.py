"""Rows under differential privacy: noisy counts of single columns, of pairs along a tree, and nothing else.

McKenna, Miklau & Sheldon 2021 ("Winning the NIST contest", MST) over the Bayesian-network idea of Zhang et al. 2017
(PrivBayes). Every count has exact discrete Gaussian noise, the tree is chosen by the exponential mechanism, and all
that may be counted is declared beforehand (`domain`). What is drawn later costs nothing more.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from medsynth_engine.rows.columns import AGE_BAND, Coded, Inner
from medsynth_engine.rows.model import RowModel
from medsynth_engine.rows.private.accounting import DELTA, Budget, Spending
from medsynth_engine.rows.private.belief import Network, cells_of
from medsynth_engine.rows.private.domain import declared, dtype_of, encode
from medsynth_engine.rows.private.marginals import agreeing, grouped, noisy, of_codes, onto_simplex
from medsynth_engine.rows.private.noise import Below, exponential_mechanism
from medsynth_engine.rows.sequence import in_order
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import checked, outer_columns
from medsynth_engine.rows.unusable import UnusableTable


@dataclass(frozen=True)
class PrivateTree(RowModel):
    """`network` draws the columns of `inner`; `spending` is what its learning cost. One record a synthetic patient."""

    network: Network
    spending: Spending

    FORMAT: ClassVar[str] = "medsynth.rows.private"

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame,
        schema: Schema,
        rng: np.random.Generator | None = None,
        first: Sequence[str] = (),
        patients: np.ndarray | pd.Series | None = None,
        epsilon: float = 3.0,
        delta: float = DELTA,
        words: Mapping[str, str] | None = None,
        rows_per_patient: int = 1,
        below: Below = secrets.randbelow,
    ) -> Self:
        """Learn `table` with (epsilon, delta)-differential privacy of each patient; see `SequentialTrees.fit`.

        rng               is not used: with a seed that somebody knows there would be no privacy
        words             what is declared of each column, in `domain.GRAMMAR`
        rows_per_patient  a patient's first so many rows count, the noise grows with them
        below             the source of the noise, replaced in tests alone

        Raises UnusableTable (`undeclared`) where bounds or values would have to come from the data, `bad_epsilon`.
        """
        if not (0.01 <= epsilon <= 100 and 0 < delta < 0.01 and 1 <= rows_per_patient <= 1000):
            raise UnusableTable("bad_epsilon", "Epsilon lies between 0.01 and 100.", "For instance: --epsilon 3")
        whose = checked(table, schema, patients)
        inner, left_out = declared(schema, words or {})
        used = pd.Series(whose).groupby(whose).cumcount().to_numpy() < rows_per_patient
        rows = table[used]
        nodes = [column for column in inner if column.name != AGE_BAND]
        if not nodes:
            raise UnusableTable("nothing_declared", "No column is left to learn.", "Declare one.")
        counted = _Counted(nodes, {c.name: encode(rows[c.source], c) for c in nodes}, rows_per_patient, below)
        budget = Budget.of(epsilon, delta)
        network = counted.learn(budget)
        coded = [Coded(column, np.zeros(0, dtype=np.int64)) for column in inner]
        ordered, asked = in_order(coded, schema, [name for name in first if name not in left_out])
        places = {node.name: place for place, node in enumerate(nodes)}
        arranged = _arranged([column.inner for column in ordered], asked, network.order, nodes)
        spending = Spending(
            float(budget.single + budget.chosen + budget.pairs), epsilon, delta, rows_per_patient,
            float(budget.single), float(budget.chosen), float(budget.pairs),
        )  # fmt: skip
        kept = tuple((name, dtype_of(schema, name)) for name, _ in outer_columns(table, schema) if name not in left_out)
        return cls(kept, arranged, asked, None, network.for_columns(arranged, places), spending)

    def _shares(self) -> np.ndarray:
        sizes = tuple(column.coding.size for column in self.inner[: self.asked])
        return cells_of(self.network, self.inner, sizes)

    def _complete(self, codes: np.ndarray, firsts: np.ndarray, patient: np.ndarray, rng: np.random.Generator) -> None:
        self.network.complete(codes, self.inner, self.asked, self.masks, rng)

    def _learned(self) -> dict[str, Any]:
        return {"network": self.network.document(), "spending": self.spending.document()}

    @classmethod
    def _restored(cls, document: dict[str, Any], **shared: Any) -> Self:
        network = Network.from_document(document["network"])
        return cls(network=network, spending=Spending(**document["spending"]), **shared)


class _Counted:
    """The table while it is counted. Its methods are the only ones that see a count without noise."""

    def __init__(self, nodes: list[Inner], codes: dict[str, np.ndarray], rows: int, below: Below) -> None:
        self.nodes, self.rows, self.below = nodes, rows, below
        self.codes = [codes[node.name] for node in nodes]

    def learn(self, budget: Budget) -> Network:
        d = len(self.nodes)
        single = budget.variance(budget.single, d, self.rows)
        pair = budget.variance(budget.pairs, max(1, d - 1), self.rows)
        counts = [
            noisy(np.bincount(codes, minlength=node.coding.size), single, self.below)
            for node, codes in zip(self.nodes, self.codes, strict=True)
        ]
        total = max(1.0, float(np.mean([count.sum() for count in counts])))
        deviations = float(single) ** 0.5, float(pair) ** 0.5
        groups = [
            grouped(count, total, node.coding, *deviations) for node, count in zip(self.nodes, counts, strict=True)
        ]
        shares = [of_codes(c, g, total, deviations[0]) for c, g in zip(counts, groups, strict=True)]
        margins = [np.bincount(g, s) for g, s in zip(groups, shares, strict=True)]
        edges = self._tree(groups, margins, total, budget) if d > 1 else []
        tables = {}
        for a, b in edges:
            table = noisy(self._pair(a, b, groups), pair, self.below)
            tables[a, b] = agreeing(onto_simplex(table, total) / total, margins[a], margins[b])
        age = next((place for place, node in enumerate(self.nodes) if node.within == AGE_BAND), 0)
        return Network.rooted(shares, groups, tables, age)  # drawn first: its band can be asked for

    def _pair(self, a: int, b: int, groups: list[np.ndarray]) -> np.ndarray:
        size = int(groups[a].max()) + 1, int(groups[b].max()) + 1
        joined = groups[a][self.codes[a]] * size[1] + groups[b][self.codes[b]]
        return np.bincount(joined, minlength=size[0] * size[1]).reshape(size)

    def _tree(
        self, groups: list[np.ndarray], margins: list[np.ndarray], total: float, budget: Budget
    ) -> list[tuple[int, int]]:
        """A spanning tree of the pairs that are farthest from independent, each chosen privately.

        A score is the distance (L1) of the pair's counts from what the noisy margins say. One row moves it by at most
        1, and so its whole part.
        """
        d = len(groups)
        scores = {
            (a, b): int(np.abs(self._pair(a, b, groups) - total * np.outer(margins[a], margins[b])).sum())
            for a, b in combinations(range(d), 2)
        }
        epsilon = budget.epsilon_of_choice(d - 1)
        component, edges = list(range(d)), []
        for _ in range(d - 1):
            open_pairs = [(a, b) for a, b in scores if component[a] != component[b]]
            place = exponential_mechanism([scores[pair] for pair in open_pairs], epsilon, self.rows, self.below)
            a, b = open_pairs[place]
            edges.append((a, b))
            joined = component[b]
            component = [component[a] if one == joined else one for one in component]
        return edges


def _arranged(columns: list[Inner], asked: int, order: Sequence[int], nodes: list[Inner]) -> tuple[Inner, ...]:
    """The conditioning columns, then the others as the tree draws them: parents before children."""
    rank = {nodes[place].name: position for position, place in enumerate(order)}
    return (*columns[:asked], *sorted(columns[asked:], key=lambda column: rank.get(column.name, -1)))
