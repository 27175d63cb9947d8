"""Target populations: what share of the cohort each cell shall have, from a built-in name or a population file.

A file gives margins, optionally joints. Where it gives margins only, the joint is raked from the training data by
iterative proportional fitting (Deming & Stephan 1940) and said to be assumed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from medsynth_engine.cohort.cells import AGE_BAND
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.outside import toml
from medsynth_engine.rows.ages import BANDS, EDGES

FACTS = ("name", "source", "url", "year", "geography", "licence", "version", "population_n")
CLOSE = 0.02
"""Published margins are rounded: they may miss 1 by so much, and are then scaled to it."""


@dataclass(frozen=True)
class Axis:
    """One margin. `shares` sum to 1; `words[value]` are the training values that the file's value stands for."""

    name: str
    shares: dict[str, float]
    words: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Margin:
    """A joint over some axes: shares of the cells it names; what is left goes to all others together."""

    axes: tuple[str, ...]
    shares: dict[tuple[str, ...], float]


@dataclass(frozen=True)
class Target:
    """A population file, read. `facts` are its name, source, year and so on, made inert."""

    axes: tuple[Axis, ...]
    joints: tuple[Margin, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def assumed(self) -> tuple[str, ...]:
        """What the file does not say and raking supplied, in sentences."""
        names = [axis.name for axis in self.axes]
        if len(names) < 2 or any(set(joint.axes) == set(names) for joint in self.joints):
            return ()
        return (f"How {_and(names)} go together was taken from the training data and raked to the margins asked for.",)


def read(source: Path | str | dict[str, Any]) -> Target:
    """A population file or its document (DESIGN section 6). Raises BadInput with what is wrong with it."""
    if not isinstance(source, dict):
        try:
            source = toml(source)
        except BadInput as error:
            raise _bad("it cannot be read as TOML") from error
    axes = source.get("axis")
    if not isinstance(axes, dict) or not axes:
        raise _bad("it has no [axis.NAME]")
    read_axes = tuple(_axis(name, body) for name, body in axes.items())
    if len({axis.name for axis in read_axes}) < len(read_axes):
        raise _bad("it has age twice")
    known = {axis.name: axis for axis in read_axes}
    joints = source.get("joint", [])
    if not isinstance(joints, list):
        raise _bad("a joint is written [[joint]]")
    facts = {key: plain(source[key], 300) for key in FACTS if key in source}
    return Target(read_axes, tuple(_joint(body, known) for body in joints), facts)


def rake(seed: np.ndarray, constraints: Sequence[tuple[np.ndarray, np.ndarray]], rounds: int = 500) -> np.ndarray:
    """Shares of cells that meet every constraint and keep the associations of `seed`: float64, like `seed`, sum 1.

    seed         non-negative training counts of the cells
    constraints  pairs (group of each cell, as int array like `seed`; target share of each group)

    A cell without training records stays empty unless its group has no others: then the group is filled evenly, so
    that the request is not lost and the small-cell rule can speak.
    """
    cells = seed.astype(float) / max(1.0, float(seed.sum()))
    for groups, shares in constraints:
        have = np.bincount(groups.ravel(), cells.ravel(), minlength=len(shares))
        for group in np.flatnonzero((have <= 0) & (shares > 0)):
            cells[groups == group] = 1e-9
    for _ in range(rounds):
        before = cells.copy()
        for groups, shares in constraints:
            have = np.bincount(groups.ravel(), cells.ravel(), minlength=len(shares))
            factor = np.divide(shares, have, out=np.zeros(len(shares)), where=have > 0)
            cells = cells * factor[groups]
        if np.abs(cells - before).max() < 1e-12:
            break
    return cells / cells.sum()


def shares(target: Target, names: Sequence[str], seed: np.ndarray) -> np.ndarray:
    """The share of every cell over the target's axes `names`: float64, an axis each in the order of its values."""
    axes = [next(axis for axis in target.axes if axis.name == name) for name in names]
    places = np.indices(seed.shape)
    constraints = [(places[i], np.array(list(axis.shares.values()))) for i, axis in enumerate(axes)]
    for joint in target.joints:
        groups = np.full(seed.shape, len(joint.shares))
        for number, key in enumerate(joint.shares):
            inside = np.ones(seed.shape, dtype=bool)
            for name, value in zip(joint.axes, key, strict=True):
                axis = list(names).index(name)
                inside &= places[axis] == list(axes[axis].shares).index(value)
            groups[inside] = number
        given = np.array(list(joint.shares.values()))
        constraints.append((groups, np.r_[given, max(0.0, 1 - given.sum())]))
    raked = rake(seed, constraints)
    for groups, wanted in constraints:
        if np.abs(np.bincount(groups.ravel(), raked.ravel(), minlength=len(wanted)) - wanted).max() > CLOSE:
            raise _bad("its margins and joints contradict each other, or no training record can meet them together")
    return raked


def _axis(name: str, body: Any) -> Axis:
    if not isinstance(body, dict):
        raise _bad(f"axis {plain(name, 40)} is no table")
    if body.get("unknown", "exclude") != "exclude":
        raise _bad(f'axis {plain(name, 40)}: unknown values are never asked for, only unknown = "exclude" is possible')
    if body.get("kind") == "binned" or "edges" in body:
        return _binned(name, body)
    values, words = body.get("values"), body.get("map", {})
    if not isinstance(values, dict) or not isinstance(words, dict):
        raise _bad(f"axis {plain(name, 40)} needs values = {{ value = share }}")
    given = {str(key): _share(name, value) for key, value in values.items()}
    mapped = [(str(one), str(other)) for one, other in words.items()]
    meant = {  # written either way round: training word = "file value", or file value = "training word"
        value: tuple(
            dict.fromkeys(
                [value, *(a for a, b in mapped if b == value and a not in given), *(b for a, b in mapped if a == value)]
            )
        )
        for value in given
    }
    return Axis(_axis_name(name), _scaled(name, given), meant)


def _binned(name: str, body: dict[str, Any]) -> Axis:
    edges, given = body.get("edges"), body.get("p")
    if _axis_name(name) != AGE_BAND or not isinstance(edges, list) or not isinstance(given, list):
        raise _bad("only age is binned, with edges = [...] and p = [...]")
    if not all(_whole(edge) for edge in edges):
        raise _bad("the edges of age are whole numbers; the last may be inf")
    if len(given) != len(edges) - 1 or any(edge not in EDGES for edge in edges[:-1]) or edges != sorted(set(edges)):
        raise _bad(f"the edges of age must be rising, among {', '.join(map(str, EDGES))}, and one more than p")
    names, words = {}, {}
    for low, high, share in zip(edges[:-1], edges[1:], given, strict=True):
        bands = tuple(band for band, edge in zip(BANDS, EDGES, strict=True) if low <= edge < high)
        label = f"{low:.0f}+" if math.isinf(high) else f"{low:.0f}-{high - 1:.0f}"
        label = bands[0] if len(bands) == 1 else label
        names[label], words[label] = _share(name, share), bands
    return Axis(AGE_BAND, _scaled(name, names), words)


def _whole(edge: Any) -> bool:
    """A whole number, or without end."""
    number = isinstance(edge, int | float) and not isinstance(edge, bool)
    return number and (edge == math.inf or float(edge).is_integer())


def _joint(body: Any, axes: dict[str, Axis]) -> Margin:
    named = body.get("axes") if isinstance(body, dict) else None
    names = tuple(_axis_name(str(name)) for name in named) if isinstance(named, list) else ()
    if len(names) < 2 or any(name not in axes for name in names) or not isinstance(body.get("cells"), list):
        raise _bad("a [[joint]] names at least two axes of the file and its cells")
    given: dict[tuple[str, ...], float] = {}
    for cell in body["cells"]:
        words = cell.get("k") if isinstance(cell, dict) else None
        key = tuple(map(str, words)) if isinstance(words, list) else ()
        if len(key) != len(names) or any(v not in axes[a].shares for a, v in zip(names, key, strict=True)):
            raise _bad("a cell of a [[joint]] has k = [a value of each axis] and p = its share")
        given[key] = _share("joint", cell.get("p"))
    total = sum(given.values())
    if total > 1 + CLOSE:
        raise _bad("the shares of a [[joint]] sum to more than 1")
    whole = len(given) == math.prod(len(axes[name].shares) for name in names)
    scale = total if total > 1 or (whole and total > 0) else 1.0
    return Margin(names, {key: share / scale for key, share in given.items()})


def _axis_name(name: str) -> str:
    """Age is asked for by its band."""
    return AGE_BAND if name == "age" else name


def _share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise _bad(f"a share of {plain(name, 40)} is no number from 0 to 1")
    return float(value)


def _scaled(name: str, given: dict[str, float]) -> dict[str, float]:
    total = sum(given.values())
    if abs(total - 1) > CLOSE:
        raise _bad(f"the shares of {plain(name, 40)} sum to {total:.3f}, not to 1")
    return {value: share / total for value, share in given.items()}


def _bad(why: str) -> BadInput:
    return BadInput("bad_population", f"The population file cannot be used: {why}.", "See docs/formats.md.")


def _and(names: Sequence[str]) -> str:
    words = [plain(name, 40) for name in names]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def product(values: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Every cell over the values of several axes, the last one turning fastest (as numpy ravels)."""
    return list(itertools.product(*values))
