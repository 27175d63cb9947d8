"""The records of a training gathered into curves, so that a second's news costs a second's work."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from medsynth_tui.widgets.plot import Series


@dataclass
class Curves:
    """Each measure as two lists that only grow; `last` the newest value of each, `events` as they came."""

    ticks: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Any] | None = None
    """The record of the least Fréchet ratio."""
    _measures: dict[tuple[str, str], tuple[list[float], list[float]]] = field(default_factory=dict)

    def add(self, records: list[dict[str, Any]]) -> None:
        for record in records:
            kind = str(record.get("kind"))
            if kind == "event":
                self.events.append(record)
            elif kind in ("tick", "evaluation"):
                self._measure(kind, record)
            self.last.update({key: value for key, value in record.items() if key not in ("kind", "what")})

    def _measure(self, kind: str, record: dict[str, Any]) -> None:
        self.ticks += kind == "tick"
        at = record.get("kimg")
        if not isinstance(at, int | float):
            return
        for drawn_kind, key in DRAWN:
            if drawn_kind == kind:
                xs, ys = self._measures.setdefault((kind, key), ([], []))
                if xs and at < xs[-1]:
                    self._taken_back(xs, ys, at)
                value = record.get(key)
                xs.append(float(at))
                ys.append(float(value) if isinstance(value, int | float) else math.nan)
        ratio = record.get("fd_ratio_validation")
        if isinstance(ratio, int | float) and (self.best is None or ratio < self.best["fd_ratio_validation"]):
            self.best = record

    @staticmethod
    def _taken_back(xs: list[float], ys: list[float], at: float) -> None:
        """A run that was resumed from its checkpoint goes over its last steps again: what it says now counts."""
        while xs and xs[-1] >= at:
            xs.pop()
            ys.pop()

    def loss(self) -> list[Series]:
        return [
            self._series("tick", "loss_generator", "generator", "primary"),
            self._series("tick", "loss_discriminator", "discriminator", "accent"),
        ]

    def accuracy(self) -> list[Series]:
        return [
            self._series("tick", "accuracy_real", "real", "primary"),
            self._series("tick", "accuracy_fake", "drawn", "accent"),
        ]

    def frechet(self) -> list[Series]:
        return [self._series("evaluation", "fd_ratio_validation", "against validation", "secondary")]

    def _series(self, kind: str, key: str, name: str, role: str) -> Series:
        return Series(name, role, *self._measures.get((kind, key), ([], [])))


DRAWN = (
    ("tick", "loss_generator"),
    ("tick", "loss_discriminator"),
    ("tick", "accuracy_real"),
    ("tick", "accuracy_fake"),
    ("evaluation", "fd_ratio_validation"),
)
