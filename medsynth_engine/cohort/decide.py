"""From a request to whole numbers of records in cells, and what happens to cells that are too small.

Knows no pandas: the same decision is made by the job that draws and, live, in a face's process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from medsynth_engine.cohort import target as targets
from medsynth_engine.cohort.cells import AGE_BAND, Count, Training, ground
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.rows.ages import BANDS

MOST_CELLS = 2_000
REFUSE, BROADEN = "refuse", "broaden"

Cell = dict[str, tuple[Any, ...]]
"""For each attribute the training values that may be drawn; more than one where values were merged or mapped."""


@dataclass(frozen=True)
class Request:
    """What a cohort shall be, its attributes by the names that the training fold has for them.

    target    margins and joints, or None: every cell alike
    balanced  without a target, attributes whose known values shall be equally frequent, jointly
    given     {attribute: value}: only such records
    """

    n: int
    target: targets.Target | None = None
    balanced: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    small_cells: str = REFUSE

    @property
    def attributes(self) -> tuple[str, ...]:
        axes = [axis.name for axis in self.target.axes] if self.target else []
        return tuple(dict.fromkeys([*axes, *self.balanced, *self.given]))


@dataclass(frozen=True)
class Decision:
    """How many records of which cell: `counts` int (cells,) sum to n.

    asked    what each cell was asked as, before anything was merged
    cells    the training values behind each cell
    grounds  how many training images and patients each has; where one is small nothing can be drawn
    mergers  what was broadened: documents with `cell`, `attribute`, `value`, `merged_with`, `n`
    assumed  sentences about what the population does not say
    """

    attributes: tuple[str, ...]
    asked: tuple[Cell, ...]
    cells: tuple[Cell, ...]
    counts: np.ndarray
    grounds: tuple[Count, ...]
    mergers: tuple[dict[str, Any], ...] = ()
    assumed: tuple[str, ...] = ()
    source: dict[str, Any] = field(default_factory=dict)

    @property
    def small(self) -> list[tuple[Cell, Count]]:
        return [(cell, ground) for cell, ground in zip(self.cells, self.grounds, strict=True) if ground.small]


def decide(training: Training, request: Request) -> Decision:
    """Decide how many records each cell gets; the counts add up to n exactly (largest remainder).

    training  seen through `request.attributes`

    Small cells are counted, not refused: see `Decision.small` and `too_small`. Raises BadInput: `unknown_value`,
    `bad_population`, `nothing_asked`, `too_many_cells`.
    """
    target = request.target
    source = target.facts if target else {"name": "uniform" if request.balanced else "training"}
    if not request.attributes:
        return Decision((), ({},), ({},), np.array([request.n]), (training.count({}),), source=source)
    cells, shares = _asked(training, target, request.given)
    cells = [cell for cell, share in zip(cells, shares, strict=True) if share > 0]
    counts = largest_remainder(shares[shares > 0], request.n)
    asked, mergers = tuple(cells), []
    if request.small_cells == BROADEN:
        cells = [_broadened(training, cell) for cell in cells]
        for before, after, count in zip(asked, cells, counts, strict=True):
            mergers += _mergers(before, after, int(count))
    grounds = tuple(training.count(cell) for cell in cells)
    assumed = target.assumed() if target else ()
    return Decision(request.attributes, asked, tuple(cells), counts, grounds, tuple(mergers), assumed, source)


def too_small(small: Sequence[tuple[Cell, Count]], small_cells: str) -> BadInput:
    """The refusal of cells with fewer than 20 images or 10 patients; how few only roughly, as `ground` tells it.

    The way out comes before the cells: where there is little room, the end is cut off.
    """
    lines = [
        ", ".join(f"{plain(name, 40)}={plain(label(values), 80)}" for name, values in cell.items())
        + ": "
        + ", ".join(f"{few} {what}" for what, few in ground(count).items() if few is not None)
        for cell, count in small[:12]
    ]
    more = f"; and {len(small) - 12} more" if len(small) > 12 else ""
    wider = "Draw from wider cells (--small-cells broaden)."
    way_out = "Bring in more patients, or ask for fewer attributes." if small_cells == BROADEN else wider
    return BadInput(
        "small_cells",
        f"{len(small)} of the cells asked for have fewer than 20 training images or 10 patients.",
        f"{way_out} Too small: {'; '.join(lines)}{more}.",
    )


def largest_remainder(asked: np.ndarray, n: int) -> np.ndarray:
    """Whole numbers that sum to `n` and lie within 1 of `asked * n` (Hamilton's method): int64, like `asked`."""
    exact = np.asarray(asked, dtype=float) / np.sum(asked) * n
    counts = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: n - counts.sum()]] += 1
    return counts


def label(values: Sequence[Any]) -> str:
    """A cell's value as people read it: "A or B" where values were merged."""
    return " or ".join(str(value) for value in values)


def _asked(
    training: Training, target: targets.Target | None, given: Mapping[str, Any]
) -> tuple[list[Cell], np.ndarray]:
    """Every cell that the request spans, and its share: as the target says, else uniform, then restricted."""
    choices: dict[str, list[tuple[Any, ...]]] = {}
    for name in training.attributes:
        axis = next((axis for axis in target.axes if axis.name == name), None) if target else None
        if axis is not None:
            choices[name] = [_meant(training, name, axis.words[value]) or (value,) for value in axis.shares]
        else:
            choices[name] = [(value,) for value in training.values[name]]
    if np.prod([len(values) for values in choices.values()]) > MOST_CELLS:
        raise BadInput("too_many_cells", "The request has too many cells.", "Ask for fewer attributes at a time.")
    cells = [dict(zip(choices, values, strict=True)) for values in targets.product(list(choices.values()))]
    shape = tuple(len(values) for values in choices.values())
    names = list(training.attributes)
    share = np.full(shape, 1 / max(1, len(cells)))
    if target is not None:
        seed = np.array([training.count(cell).images for cell in cells], dtype=float).reshape(shape)
        axes = [axis.name for axis in target.axes]
        others = tuple(number for number, name in enumerate(names) if name not in axes)
        margin = targets.shares(target, axes, seed.sum(axis=others))  # the axes come first among the attributes
        share = np.broadcast_to(margin.reshape([*margin.shape, *[1] * len(others)]), shape)
    for number, name in enumerate(names):
        if name in given:
            value = training.find(name, given[name])
            kept = np.array([value in values for values in choices[name]])
            share = share * kept.reshape([-1 if axis == number else 1 for axis in range(len(names))])
    if share.sum() <= 0:
        raise BadInput("nothing_asked", "No cell of the request is left.", "Restrict or target fewer attributes.")
    return cells, share.ravel() / share.sum()


def _meant(training: Training, name: str, words: Sequence[str]) -> tuple[Any, ...]:
    """The training values that a population file's value stands for, the most frequent first."""
    values = [value for value in training.values[name] if str(value) in words]
    return tuple(sorted(values, key=lambda value: -training.images(name, value)))


def _broadened(training: Training, cell: Cell) -> Cell:
    """Widen a cell until it is large enough, beginning with the attribute whose value is rarest."""
    rarest_first = sorted(cell, key=lambda name: training.count({name: cell[name]}).images)
    wide = dict(cell)
    for name in rarest_first:
        while training.count(wide).small:
            more = _next(training, name, wide[name])
            if more is None:
                break
            wide[name] = (*wide[name], more)
    return wide


def _next(training: Training, name: str, held: Sequence[Any]) -> Any | None:
    """The value to merge with next: for age the smaller of the neighbouring bands, else the smallest there is."""
    others = [value for value in training.values[name] if value not in held]
    if name == AGE_BAND and set(held) | set(others) <= set(BANDS):
        reach = [BANDS.index(band) for band in held]
        places = [BANDS.index(band) for band in others]
        below = [place for place in places if place < min(reach)]
        above = [place for place in places if place > max(reach)]
        others = [BANDS[place] for place in (*below[-1:], *above[:1])]
    return min(others, key=lambda value: training.images(name, value), default=None)


def _mergers(before: Cell, after: Cell, n: int) -> list[dict[str, Any]]:
    cell = {name: plain(label(values)) for name, values in before.items()}
    return [
        {
            "cell": cell,
            "attribute": name,
            "value": cell[name],
            "merged_with": [plain(value) for value in after[name][len(before[name]) :]],
            "n": n,
        }
        for name in before
        if len(after[name]) > len(before[name])
    ]
