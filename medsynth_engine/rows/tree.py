"""One decision tree over coded columns whose leaves are summaries: counts of codes, never a stored row.

A tree is grown with scikit-learn (CART, Breiman et al. 1984), then taken apart into plain arrays, so that it can be
written as JSON, and pruned until every leaf rests on at least eleven distinct patients.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from medsynth_engine.rows.choose import choose
from medsynth_engine.rows.coding import SMALLEST
from medsynth_engine.rows.ranking import places, rank_of
from medsynth_engine.rows.tilt import Tilt

HEAP = 3.0
"""A code of an ordered outcome is not smoothed where it holds so many times what half of the codes hold."""
REGRESSED = 32
"""A nominal outcome of more levels than this is split by where its levels lie among the predictors, not by impurity."""


@dataclass(frozen=True)
class Tree:
    """`feature[i]` is the predictor that node i asks about, -1 for a leaf; code rank <= `threshold[i]` goes left.

    `ranks[j]` re-orders the codes of a nominal predictor for this outcome; predictors without an entry are asked as
    they are. Leaf k (in the order of the nodes) holds `codes[starts[k]:starts[k+1]]`, each seen `counts` times. Where
    `smooth`, a drawn code is moved by a few, within the range of its leaf, so that rows of many numbers are not copies.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    ranks: dict[int, np.ndarray]
    starts: np.ndarray
    codes: np.ndarray
    counts: np.ndarray
    smooth: bool = False

    def leaves(self, predictors: np.ndarray) -> np.ndarray:
        """The number of the leaf of each row of `predictors`, int (n, p) codes."""
        asked = self._ranked(predictors)
        node = np.zeros(len(predictors), dtype=np.int64)
        rows = np.flatnonzero(self.feature[node] >= 0)
        while len(rows):
            at = node[rows]
            goes_left = asked[rows, self.feature[at]] <= self.threshold[at]
            node[rows] = np.where(goes_left, self.left[at], self.right[at])
            rows = rows[self.feature[node[rows]] >= 0]
        return self._leaf_number[node]

    def draw(self, predictors: np.ndarray, rng: np.random.Generator, tilt: Tilt | None = None) -> np.ndarray:
        """One code for each row, from the summary of its leaf, tilted where there is a tilt."""
        leaf = self.leaves(predictors)
        even = rng.random(len(leaf))
        drawn = self._picked(leaf, even) if tilt is None else self._tilted(leaf, tilt, predictors, even)
        if not self.smooth:
            return drawn
        moved = np.rint(drawn + rng.standard_normal(len(leaf)) * self._bandwidth[leaf]).astype(np.int64)
        moved = np.clip(moved, self.codes[self.starts[leaf]], self.codes[self.starts[leaf + 1] - 1])
        return np.where(self._heaped[drawn] | self._heaped[moved], drawn, moved)

    def _picked(self, leaf: np.ndarray, even: np.ndarray) -> np.ndarray:
        base = self._before[leaf]
        reach = base + even * (self._before[leaf + 1] - base)
        place = np.searchsorted(self._running, reach, side="right")
        found: np.ndarray = self.codes[np.clip(place, self.starts[leaf], self.starts[leaf + 1] - 1)]
        return found

    def _tilted(self, leaf: np.ndarray, tilt: Tilt, predictors: np.ndarray, even: np.ndarray) -> np.ndarray:
        """As `_picked`; rows of one leaf and one finding share their shares."""
        values, height = tilt.values(predictors), tilt.height
        cells, place = np.unique(leaf * height + values, return_inverse=True)
        running = np.cumsum(tilt.on(self.shares(len(tilt.groups))[cells // height], cells % height), axis=1)
        last = running.shape[1] - 1 - np.argmax((np.diff(running, axis=1, prepend=0) > 0)[:, ::-1], axis=1)
        reach = (running + np.arange(len(cells))[:, None]).ravel()
        drawn = np.searchsorted(reach, place + even * running[place, -1], side="right") - place * running.shape[1]
        return np.clip(drawn, 0, last[place])

    def draw_allowed(
        self, predictors: np.ndarray, forbidden: np.ndarray, rng: np.random.Generator, tilt: Tilt | None = None
    ) -> np.ndarray:
        """One code for each row that is not among its `forbidden`, bool (n, size): from its leaf, else from all leaves.

        Where nothing is left either it is the last code: missing. Drawing a row that fell on a forbidden code once
        more like this gives the leaf's shares without those codes, exactly.
        """
        size = forbidden.shape[1]
        picked = choose(self.probabilities(predictors, size, tilt), forbidden, rng.random(len(predictors)))
        everywhere = np.bincount(self.codes, self.counts, minlength=size)[None, :]
        left = np.flatnonzero(picked < 0)
        picked[left] = choose(np.repeat(everywhere, len(left), axis=0), forbidden[left], rng.random(len(left)))
        return np.where(picked < 0, size - 1, picked)

    def probabilities(self, predictors: np.ndarray, size: int, tilt: Tilt | None = None) -> np.ndarray:
        """Share of each of `size` codes for each row: float64 (n, size), rows sum to 1."""
        found: np.ndarray = self.shares(size)[self.leaves(predictors)]
        return found if tilt is None else tilt.on(found, tilt.values(predictors))

    def shares(self, size: int) -> np.ndarray:
        """Share of each of `size` codes in each leaf: float64 (leaves, size), rows sum to 1."""
        shares = np.zeros((len(self.starts) - 1, size))
        leaf_of_entry = np.repeat(np.arange(len(shares)), np.diff(self.starts))
        shares[leaf_of_entry, self.codes] = self.counts
        return shares / shares.sum(axis=1, keepdims=True)

    def _ranked(self, predictors: np.ndarray) -> np.ndarray:
        if not self.ranks:
            return predictors
        asked = predictors.copy()
        for number, rank in self.ranks.items():
            asked[:, number] = rank[predictors[:, number]]
        return asked

    @cached_property
    def _leaf_number(self) -> np.ndarray:
        return np.cumsum(self.feature < 0) - 1

    @cached_property
    def _running(self) -> np.ndarray:
        return np.cumsum(self.counts, dtype=float)

    @cached_property
    def _bandwidth(self) -> np.ndarray:
        """By how many codes a drawn one is moved, for each leaf: Silverman 1986, equation 3.31, on codes."""
        leaf = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        totals = np.bincount(leaf, self.counts)
        means = np.bincount(leaf, self.counts * self.codes) / totals
        spread = np.sqrt(np.bincount(leaf, self.counts * (self.codes - means[leaf]) ** 2) / totals)
        bandwidth: np.ndarray = 0.9 * spread * totals**-0.2
        return bandwidth

    @cached_property
    def _heaped(self) -> np.ndarray:
        """bool, one a code: those that hold far more than their part (0 of a dose, say) keep it."""
        totals = np.bincount(self.codes, self.counts)
        return totals > HEAP * np.median(totals[totals > 0])

    @cached_property
    def _before(self) -> np.ndarray:
        return np.r_[0.0, self._running][self.starts]

    def document(self) -> dict[str, Any]:
        names = ("feature", "threshold", "left", "right", "starts", "codes", "counts")
        return {
            **{name: getattr(self, name).tolist() for name in names},
            **({"smooth": True} if self.smooth else {}),
            "ranks": {str(number): rank.tolist() for number, rank in self.ranks.items()},
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Tree:
        names = ("feature", "threshold", "left", "right", "starts", "codes", "counts")
        arrays = {name: np.array(document[name], dtype=np.int64) for name in names}
        ranks = {int(number): np.array(rank, dtype=np.int64) for number, rank in document["ranks"].items()}
        return cls(**arrays, ranks=ranks, smooth=bool(document.get("smooth", False)))


def grow(
    predictors: np.ndarray,
    outcome: np.ndarray,
    patients: np.ndarray,
    leaf: int,
    nominal: dict[int, int],
    ordered: bool,
    seed: int,
) -> Tree:
    """Learn `outcome` (int codes, n) from `predictors` (int codes, (n, p)); `patients` (n) numbers whose row it is.

    leaf       the least rows in a leaf; besides, every leaf rests on at least eleven distinct patients
    nominal    {predictor: number of its codes} for predictors whose codes have no order
    ordered    whether the codes of the outcome have one (then squared error on the codes, else Gini impurity)
    """
    if not predictors.shape[1] or len(outcome) < 2 * leaf or (outcome == outcome[0]).all():
        return _summarised(*_only_a_root(), {}, np.zeros(len(outcome), dtype=np.int64), outcome, False)
    ranks = {number: rank_of(predictors[:, number], size, outcome, ordered) for number, size in nominal.items()}
    asked = predictors.astype(np.float32)
    for number, rank in ranks.items():
        asked[:, number] = rank[predictors[:, number]]
    if ordered:
        target = outcome.astype(float)
    else:
        target = places(asked, outcome) if outcome.max() >= REGRESSED else outcome
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor  # a second that drawing need not wait for

    kind = DecisionTreeClassifier if target is outcome else DecisionTreeRegressor
    candidates = []
    for smallest in _smallest_leaves(patients, leaf):
        nodes = _taken_apart(kind(min_samples_leaf=smallest, random_state=seed).fit(asked, target).tree_)
        candidates.append(nodes if smallest == _surely(patients, leaf) else _pruned(nodes, asked, patients))
    nodes = candidates[0]
    if len(candidates) > 1:
        nodes = min(candidates, key=lambda nodes: _loss(_walk(nodes, asked), outcome, ordered))
    return _summarised(*nodes, ranks, _walk(nodes, asked), outcome, ordered)


Nodes = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _only_a_root() -> Nodes:
    return np.array([-1]), np.array([0]), np.array([-1]), np.array([-1])


def _smallest_leaves(patients: np.ndarray, leaf: int) -> list[int]:
    """Leaf sizes to try: with one row a patient just `leaf`; with more, also larger ones that prune less away."""
    surely = _surely(patients, leaf)
    return sorted({leaf, round((leaf * surely) ** 0.5), surely})


def _surely(patients: np.ndarray, leaf: int) -> int:
    """So many rows always belong to at least eleven patients: nothing of such a tree has to be pruned."""
    return max(leaf, (SMALLEST - 1) * int(np.unique(patients, return_counts=True)[1].max()) + 1)


def _taken_apart(tree: Any) -> Nodes:
    """scikit-learn's tree as four arrays; thresholds as the highest whole code that goes left."""
    inner = tree.children_left >= 0
    threshold = np.where(inner, np.floor(tree.threshold), 0).astype(np.int64)
    return np.where(inner, tree.feature, -1), threshold, tree.children_left.copy(), tree.children_right.copy()


def _walk(nodes: Nodes, asked: np.ndarray) -> np.ndarray:
    """The node each row ends in."""
    feature, threshold, left, right = nodes
    node = np.zeros(len(asked), dtype=np.int64)
    rows = np.flatnonzero(feature[node] >= 0)
    while len(rows):
        at = node[rows]
        node[rows] = np.where(asked[rows, feature[at]] <= threshold[at], left[at], right[at])
        rows = rows[feature[node[rows]] >= 0]
    return node


def _pruned(nodes: Nodes, asked: np.ndarray, patients: np.ndarray) -> Nodes:
    """Make a leaf of every node that has a child with fewer than eleven distinct patients."""
    feature, threshold, left, right = (part.copy() for part in nodes)
    pairs = np.unique(np.c_[_walk(nodes, asked), patients], axis=0)
    inside: dict[int, set[int]] = {}
    for node, patient in pairs.tolist():
        inside.setdefault(node, set()).add(patient)
    for node in range(len(feature) - 1, -1, -1):  # children come after their parent
        if feature[node] < 0:
            continue
        ours, theirs = inside[int(left[node])], inside[int(right[node])]
        inside[node] = ours | theirs
        if min(len(ours), len(theirs)) < SMALLEST:
            feature[node] = -1
    return _packed(feature, threshold, left, right)


def _packed(feature: np.ndarray, threshold: np.ndarray, left: np.ndarray, right: np.ndarray) -> Nodes:
    """Leave out the nodes that no row can reach any more."""
    kept, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        kept.append(node)
        if feature[node] >= 0:
            waiting += [int(right[node]), int(left[node])]
    new = np.full(len(feature) + 1, -1)
    new[kept] = np.arange(len(kept))
    inner = feature[kept] >= 0
    lefts, rights = np.where(inner, left[kept], -1), np.where(inner, right[kept], -1)
    return feature[kept], np.where(inner, threshold[kept], 0), new[lefts], new[rights]


def _summarised(
    feature: np.ndarray,
    threshold: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    ranks: dict[int, np.ndarray],
    ends: np.ndarray,
    outcome: np.ndarray,
    smooth: bool,
) -> Tree:
    numbers = np.cumsum(feature < 0) - 1
    size = int(outcome.max()) + 1
    entries, counts = np.unique(numbers[ends] * size + outcome, return_counts=True)
    starts = np.searchsorted(entries // size, np.arange(int((feature < 0).sum()) + 1))
    asked = set(feature[feature >= 0].tolist())
    used = {number: rank for number, rank in ranks.items() if number in asked}
    return Tree(feature, threshold, left, right, used, starts, entries % size, counts, smooth)


def _loss(ends: np.ndarray, outcome: np.ndarray, ordered: bool) -> float:
    """Log loss of the leaves' summaries on their own rows (add-one per leaf entry); smaller is finer."""
    size = int(outcome.max()) + 1
    _, place, counts = np.unique(ends * size + outcome, return_inverse=True, return_counts=True)
    _, leaf, totals = np.unique(ends, return_inverse=True, return_counts=True)
    if ordered:
        means = np.bincount(leaf, outcome) / totals
        return float(((outcome - means[leaf]) ** 2).mean())
    return float(-np.log(counts[place] / totals[leaf]).mean())
