"""Margins that a person moves in whole points of a hundred. Pure: no screen, no engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

WHOLE = 100
BY_HAND, CHANGED = "Margins by hand", ", changed by hand"
FACTS = ("name", "source", "url", "year", "geography", "licence", "version", "population_n")


@dataclass(frozen=True)
class Margin:
    """One attribute: a share of each value, in points that sum to 100.

    start  where the points began: of the training data (None where fewer than eleven patients have the value) or a file
    exact  shares of a file, until somebody moves a point of this attribute
    words  values of the dataset that stand for those of a file
    """

    name: str
    values: tuple[str, ...]
    points: tuple[int, ...]
    start: tuple[int | None, ...]
    asked: bool = False
    exact: Mapping[str, float] | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def offered(cls, document: Mapping[str, Any]) -> Margin:
        """From an attribute of the engine's `population_offered`."""
        start = tuple(each["points"] for each in document["values"])
        points = tuple(each or 0 for each in start)
        values = tuple(str(each["value"]) for each in document["values"])
        return cls(str(document["name"]), values, points if sum(points) == WHOLE else even(len(values)), start)

    @classmethod
    def of_file(cls, name: str, axis: Mapping[str, Any]) -> Margin:
        """From an axis of a population file's document."""
        shares = {str(value): float(share) for value, share in axis["values"].items()}
        points = rounded(list(shares.values()))
        return cls(name, tuple(shares), points, points, True, shares, dict(axis.get("map") or {}))

    def starting(self, offered: Margin) -> Margin:
        """The same points, taken back to where an attribute of these values began."""
        return replace(self, start=offered.start) if self.values == offered.values else self

    def moved(self, at: int, by: int) -> Margin:
        """`by` points more or less for value `at`; the others give or take in proportion to what they have."""
        return replace(self, points=moved(self.points, at, by), asked=True, exact=None)

    def reset(self) -> Margin:
        points = tuple(each or 0 for each in self.start)
        return replace(self, points=points if sum(points) == WHOLE else even(len(points)), exact=None)

    def level(self) -> Margin:
        """As many of each."""
        return replace(self, points=even(len(self.values)), asked=True, exact=None)

    def axis(self) -> dict[str, Any]:
        shares = self.exact or {value: each / WHOLE for value, each in zip(self.values, self.points, strict=True)}
        return {"values": dict(shares), **({"map": dict(self.words)} if self.words else {})}


def even(count: int) -> tuple[int, ...]:
    return rounded([1.0] * count)


def rounded(shares: Sequence[float]) -> tuple[int, ...]:
    """Whole points that sum to 100 (largest remainder); `shares` are not negative and not all zero."""
    total = sum(shares)
    exact = [WHOLE * share / total for share in shares]
    points = [int(each + 1e-9) for each in exact]
    order = sorted(range(len(exact)), key=lambda index: points[index] - exact[index])
    for index in order[: WHOLE - sum(points)]:
        points[index] += 1
    return tuple(points)


def moved(points: Sequence[int], at: int, by: int) -> tuple[int, ...]:
    """Points that still sum to 100, with `by` more at `at` (as far as there is room), the others rescaled."""
    if len(points) < 2:
        return tuple(points)
    wanted = min(WHOLE, max(0, points[at] + by))
    others = [each for index, each in enumerate(points) if index != at]
    left, had = WHOLE - wanted, sum(others)
    exact = [left * each / had if had else left / len(others) for each in others]
    scaled = [int(each + 1e-9) for each in exact]
    order = sorted(range(len(others)), key=lambda index: scaled[index] - exact[index])
    for index in order[: left - sum(scaled)]:
        scaled[index] += 1
    return (*scaled[:at], wanted, *scaled[at:])


def population(margins: Sequence[Margin], opened: Mapping[str, Any]) -> dict[str, Any] | None:
    """The document of what is asked for; None where nothing is.

    opened  the document of the file that was opened, or nothing: its joints stay while their margins are as they were
    """
    axes = {margin.name: margin.axis() for margin in margins if margin.asked}
    if not axes:
        return None
    as_opened = {margin.name for margin in margins if margin.asked and margin.exact}
    joints = [joint for joint in opened.get("joint", ()) if set(joint["axes"]) <= as_opened]
    facts = {key: opened[key] for key in FACTS if key in opened}
    untouched = bool(opened) and set(axes) == as_opened == set(opened["axis"])
    if not untouched:
        facts = {"name": _changed(opened.get("name"))}
    return {**facts, "axis": axes, **({"joint": joints} if joints else {})}


def _changed(name: str | None) -> str:
    """What margins are called that were no longer left as they were opened."""
    if name is None or name == BY_HAND or name.endswith(CHANGED):
        return name or BY_HAND
    return name + CHANGED


def joints_left_out(margins: Sequence[Margin], opened: Mapping[str, Any]) -> bool:
    """Whether a joint of the opened file holds no more, because a margin of it was moved."""
    kept = (population(margins, opened) or {}).get("joint", ())
    return len(kept) < len(opened.get("joint", ()))
