"""Drawing from a tree of pairs, given any of its columns: messages up the tree, then codes down it (Pearl 1988).

Nothing is rejected: the messages carry what was asked for, and each code is drawn from what is left given everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from medsynth_engine.rows.choose import choose
from medsynth_engine.rows.columns import AGE_BAND, Inner, ages_of_bands
from medsynth_engine.rows.masks import Masks

LEAST = 1e-12
"""No combination of learned groups is quite impossible: what is asked for can be drawn."""
CELLS = 4096


@dataclass(frozen=True)
class Network:
    """A tree over nodes. `columns[i]` is the model's column of node i (-1 before that is known).

    shares  of node i: float64 (size,), of its codes
    groups  of node i: int64 (size,), the group of each code
    order   the nodes, parents before children
    parents of node i: a node, or -1 for the root
    given   of node i: float64 (groups of the parent, its own groups), rows sum to 1; (1, groups) for the root
    """

    shares: tuple[np.ndarray, ...]
    groups: tuple[np.ndarray, ...]
    order: tuple[int, ...]
    parents: tuple[int, ...]
    given: tuple[np.ndarray, ...]
    columns: tuple[int, ...]

    @classmethod
    def rooted(
        cls,
        shares: Sequence[np.ndarray],
        groups: Sequence[np.ndarray],
        tables: Mapping[tuple[int, int], np.ndarray],
        root: int = 0,
    ) -> Self:
        """From shares of single columns and joint tables (groups of a, groups of b) along the edges of a tree."""
        d = len(shares)
        parents, order = [-1] * d, [root]
        given: list[Any] = [np.bincount(groups[node], shares[node])[None, :] for node in range(d)]
        for node in order:
            for (a, b), table in tables.items():
                child, joint = (b, table) if a == node else (a, table.T) if b == node else (-1, table)
                if child >= 0 and child not in order:
                    parents[child] = node
                    order.append(child)
                    given[child] = joint + LEAST
        rows = tuple(one / one.sum(axis=1, keepdims=True) for one in given)
        return cls(tuple(shares), tuple(groups), tuple(order), tuple(parents), rows, (-1,) * d)

    def for_columns(self, inner: Sequence[Inner], nodes: Mapping[str, int]) -> Network:
        columns = [-1] * len(self.shares)
        for place, column in enumerate(inner):
            if column.name in nodes:
                columns[nodes[column.name]] = place
        return Network(self.shares, self.groups, self.order, self.parents, self.given, tuple(columns))

    def messages(self, evidence: Mapping[int, np.ndarray], n: int) -> tuple[dict[int, np.ndarray], np.ndarray]:
        """What each node and all below it say of its groups, (n, groups); and how likely each row's evidence is (n,).

        evidence  {node: float (n, groups)}: the share of each group that is in accordance with what is known
        """
        belief = {node: evidence.get(node, np.ones((n, self.given[node].shape[1]))).copy() for node in self.order}
        for node in reversed(self.order[1:]):
            belief[self.parents[node]] *= belief[node] @ self.given[node].T
        root = self.order[0]
        return belief, belief[root] @ self.given[root][0]

    def complete(
        self, codes: np.ndarray, inner: Sequence[Inner], asked: int, masks: Masks, rng: np.random.Generator
    ) -> None:
        """Draw every column from `asked` on into `codes`, given the ones before it, under the rules."""
        n = len(codes)
        belief, _ = self.messages(_evidence(self, codes[:, :asked], inner, asked), n)
        band = next((i for i, column in enumerate(inner) if column.name == AGE_BAND), None)
        for node in self.order:
            number = self.columns[node]
            if number < asked:
                continue
            parent = self.parents[node]
            above = codes[:, self.columns[parent]] if parent >= 0 else None
            start = self.given[node][0 if above is None else self.groups[parent][above]]
            weight = np.broadcast_to(start, belief[node].shape) * belief[node]
            barred = masks.forbidden(number, codes)
            out = np.zeros((n, len(self.shares[node])), dtype=bool) if barred is None else barred
            if inner[number].within and band is not None and band < asked:
                out = out | ~ages_of_bands(inner[number], inner[band])[codes[:, band]]
            free = np.where(out, 0.0, self.shares[node] + LEAST) @ _members(self.groups[node])
            whole = (self.shares[node] + LEAST) @ _members(self.groups[node])
            group = choose(weight * free / whole, np.zeros_like(free, dtype=bool), rng.random(n))
            out = out | (self.groups[node][None, :] != group[:, None])
            drawn = choose(np.broadcast_to(self.shares[node] + LEAST, out.shape), out, rng.random(n))
            codes[:, number] = np.where(drawn < 0, len(self.shares[node]) - 1, drawn)
            if inner[number].within and band is not None and band >= asked:
                codes[:, band] = np.argmax(ages_of_bands(inner[number], inner[band])[:, codes[:, number]], axis=0)

    def document(self) -> dict[str, Any]:
        arrays = {name: [np.round(one, 9).tolist() for one in getattr(self, name)] for name in ("shares", "given")}
        groups = [one.tolist() for one in self.groups]
        whole = {"order": list(self.order), "parents": list(self.parents), "columns": list(self.columns)}
        return {**arrays, "groups": groups, **whole}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        shares, given = (tuple(np.array(one, dtype=float) for one in document[name]) for name in ("shares", "given"))
        groups = tuple(np.array(one, dtype=np.int64) for one in document["groups"])
        order, parents, columns = (tuple(map(int, document[name])) for name in ("order", "parents", "columns"))
        return cls(shares, groups, order, parents, given, columns)


def cells_of(network: Network, inner: Sequence[Inner], sizes: tuple[int, ...]) -> np.ndarray:
    """The joint of the first columns, float64 of shape `sizes`: how likely each cell is in the whole tree."""
    count = int(np.prod(sizes, dtype=np.int64))
    likely = np.empty(count)
    for start in range(0, count, CELLS):
        flat = np.arange(start, min(start + CELLS, count))
        codes = np.stack(np.unravel_index(flat, sizes), axis=1) if sizes else np.zeros((len(flat), 0), dtype=np.int64)
        _, likely[flat] = network.messages(_evidence(network, codes, inner, len(sizes)), len(flat))
    return (likely / likely.sum()).reshape(sizes)


def _evidence(network: Network, codes: np.ndarray, inner: Sequence[Inner], asked: int) -> dict[int, np.ndarray]:
    """What the conditioning columns say of their nodes, and the age's band of the age."""
    found: dict[int, np.ndarray] = {}
    places = {column: node for node, column in enumerate(network.columns)}
    for number in range(asked):
        if number in places:
            node = places[number]
            part = network.shares[node] + LEAST
            whole = part @ _members(network.groups[node])
            held = np.zeros((len(codes), len(whole)))
            group = network.groups[node][codes[:, number]]
            held[np.arange(len(codes)), group] = part[codes[:, number]] / whole[group]
            found[node] = held
        elif inner[number].name == AGE_BAND:
            age = next(i for i, column in enumerate(inner) if column.within == AGE_BAND)
            node = places[age]
            part = network.shares[node] + LEAST
            members = _members(network.groups[node])
            allowed = ages_of_bands(inner[age], inner[number])
            found[node] = ((allowed * part) @ members / (part @ members))[codes[:, number]]
    return found


def _members(groups: np.ndarray) -> np.ndarray:
    """float (size, groups): 1 where a code belongs to a group."""
    return np.eye(int(groups.max()) + 1)[groups]
