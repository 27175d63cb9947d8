"""The records of a training gathered into curves, so that a second's news costs a second's work."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from medsynth_tui.widgets.line_chart import Series


@dataclass
class Curves:
    """`ticks` and `evaluations` as they came; `last` the newest value of each measure."""

    ticks: list[dict[str, Any]] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)

    def add(self, records: list[dict[str, Any]]) -> None:
        kinds = {"tick": self.ticks, "evaluation": self.evaluations, "event": self.events}
        for record in records:
            kinds.get(str(record.get("kind")), []).append(record)
            self.last.update({key: value for key, value in record.items() if key not in ("kind", "what")})

    def loss(self) -> list[Series]:
        return [
            _series(self.ticks, "loss_generator", "generator", "primary"),
            _series(self.ticks, "loss_discriminator", "discriminator", "accent"),
        ]

    def accuracy(self) -> list[Series]:
        return [
            _series(self.ticks, "accuracy_real", "real", "primary"),
            _series(self.ticks, "accuracy_fake", "drawn", "accent"),
        ]

    def frechet(self) -> list[Series]:
        return [_series(self.evaluations, "fd_ratio_validation", "against validation", "secondary")]

    @property
    def best(self) -> dict[str, Any] | None:
        measured = [each for each in self.evaluations if isinstance(each.get("fd_ratio_validation"), int | float)]
        return min(measured, key=lambda each: each["fd_ratio_validation"]) if measured else None


def _series(records: list[dict[str, Any]], key: str, name: str, role: str) -> Series:
    points = [(record["kimg"], record.get(key)) for record in records if "kimg" in record]
    return Series(
        name,
        role,
        [float(x) for x, _ in points],
        [float(y) if isinstance(y, int | float) else math.nan for _, y in points],
    )
