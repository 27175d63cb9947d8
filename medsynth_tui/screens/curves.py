"""The records of a training gathered into curves, so that a second's news costs a second's work."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from medsynth_engine.kernel.run_records import measured
from medsynth_tui.run_charts import FRECHET, MEASURES, Chart, Measure
from medsynth_tui.run_events import kind_of, weight
from medsynth_tui.widgets.plot import Mark, Series
from medsynth_tui.widgets.units import NAMES


@dataclass
class Clock:
    """Where the records of one kind lie on each of the axes: lists that only grow, but for what is taken back."""

    places: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})

    def __len__(self) -> int:
        return len(self.places["kimg"])

    def at(self, kimg: float, unit: str) -> float:
        """Where the record of this `kimg`, or the newest before it, lies on the axis `unit`."""
        before = bisect_right(self.places["kimg"], kimg + 1e-9) - 1
        return self.places[unit][before] if before >= 0 else 0.0

    def take_back(self, kimg: float) -> bool:
        """A run that was resumed from its checkpoint goes over its last steps again: what it says now counts."""
        there = self.places["kimg"]
        if not there or kimg >= there[-1]:
            return False
        kept = bisect_left(there, kimg)
        for own in self.places.values():
            del own[kept:]
        return True

    def append(self, places: dict[str, float]) -> None:
        for name, own in self.places.items():
            place = places[name]
            own.append(own[-1] if own and own[-1] > place else place)


@dataclass
class Track:
    """One measure: its values, and which records of its clock they are of."""

    clock: Clock = field(default_factory=Clock)
    values: list[float] = field(default_factory=list)
    _records: list[int] = field(default_factory=list)

    def append(self, value: float) -> None:
        """The value of the clock's newest record."""
        self._records.append(len(self.clock) - 1)
        self.values.append(value)

    def take_back(self) -> None:
        """What the clock knows no more."""
        kept = bisect_left(self._records, len(self.clock))
        del self._records[kept:], self.values[kept:]

    def places(self, unit: str) -> list[float]:
        """Where its values lie on the axis `unit`; without a copy where every record has one."""
        places = self.clock.places[unit]
        return places if len(self._records) == len(places) else [places[record] for record in self._records]

    @property
    def last(self) -> float | None:
        """The newest number."""
        return next((value for value in reversed(self.values) if math.isfinite(value)), None)

    def best(self, better: str) -> int | None:
        """Where the first of the best numbers is; None where there is none, or where none is `better` than another."""
        there = [index for index, value in enumerate(self.values) if math.isfinite(value)]
        if not there or better not in ("low", "high"):
            return None
        return (min if better == "low" else max)(there, key=self.values.__getitem__)


@dataclass
class Curves:
    """`last` is the newest value of each measure, `events` what happened, as it came.

    images_per_step  of the training's batch; None while nothing is known of it
    """

    ticks: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Any] | None = None
    """The generator that is kept: its `kimg` and `fd_ratio_validation`, as the engine says."""
    images_per_step: float | None = None
    _clocks: dict[str, Clock] = field(default_factory=lambda: {kind: Clock() for kind in KINDS})
    _tracks: dict[str, Track] = field(default_factory=dict)
    _marked: tuple[str, int, list[Mark]] = ("", 0, [])
    """The marks of an axis and of so many events, which do not change any more."""

    @property
    def private(self) -> bool:
        """Whether there is a privacy budget."""
        return "epsilon" in self.last

    def add(self, records: list[dict[str, Any]]) -> None:
        for record in records:
            kind = str(record.get("kind"))
            if kind == "event":
                self.events.append(record)
            elif kind in KINDS:
                self._measure(kind, record)
            self.last.update(measured(record))

    def _measure(self, kind: str, record: dict[str, Any]) -> None:
        self.ticks += kind == "tick"
        if not _is_number(record.get("kimg")):
            return
        clock = self._clocks[kind]
        if clock.take_back(record["kimg"]):
            for track in self._tracks.values():
                track.take_back()
        clock.append(self._places(record))
        for measure in KINDS[kind]:
            if measure.key in record:
                value = record[measure.key]
                if value is None and (measure.gaps or "epsilon" in record):
                    continue  # also: a generator that had no turn between two looks of a private training
                if measure.key not in self._tracks:
                    self._tracks[measure.key] = Track(clock)
                self._tracks[measure.key].append(float(value) if _is_number(value) else math.nan)

    def _places(self, record: dict[str, Any]) -> dict[str, float]:
        kimg, per_step = float(record["kimg"]), self.images_per_step
        seconds, epsilon = record.get("seconds"), record.get("epsilon")
        return {
            "kimg": kimg,
            "step": kimg * 1000 / per_step if per_step else kimg,
            "time": float(seconds) if _is_number(seconds) else 0.0,
            "epsilon": float(epsilon) if _is_number(epsilon) else 0.0,
        }

    def units(self) -> list[str]:
        """The axes along which this training can be drawn."""
        known = {"step": bool(self.images_per_step), "epsilon": self.private, "time": True, "kimg": True}
        return [name for name in NAMES if known[name]]

    def track(self, measure: Measure) -> Track:
        return self._tracks.get(measure.key) or Track()

    def best_of(self, measure: Measure, unit: str) -> tuple[float, float] | None:
        """Place on the axis `unit` and value of the best; of the Fréchet ratio that of the generator which is kept."""
        track = self.track(measure)
        if measure is FRECHET:
            ratio = self.best and self.best["fd_ratio_validation"]
            if self.best is None or not _is_number(ratio):
                return None
            return track.clock.at(float(self.best["kimg"]), unit), float(ratio)
        best = track.best(measure.better)
        return None if best is None else (track.places(unit)[best], track.values[best])

    def series(self, measure: Measure, unit: str = "kimg") -> Series:
        track = self.track(measure)
        return Series(measure.name, measure.role, track.places(unit), track.values, measure.brief)

    def of(self, chart: Chart, unit: str = "kimg") -> list[Series]:
        """Its curves that were measured; the first alone, empty, where none was."""
        found = [self.series(each, unit) for each in chart.measures if each.key in self._tracks]
        return found or [self.series(chart.measures[0], unit)]

    def measured(self, chart: Chart) -> bool:
        return any(each.key in self._tracks for each in chart.measures)

    def reach(self, unit: str = "kimg") -> float:
        """How far the training has come."""
        return max((clock.places[unit][-1] for clock in self._clocks.values() if len(clock)), default=0.0)

    def place(self, value: float, unit: str, wanted: str) -> float:
        """Where a place of the axis `unit` lies on the axis `wanted`: at the newest record before it."""
        places = max(self._clocks.values(), key=len).places
        index = bisect_right(places[unit], value) - 1
        return places[wanted][index] if index >= 0 else 0.0

    def marks(self, unit: str = "kimg") -> list[Mark]:
        """What happened, where it is seen: of several in one place the weightiest comes last."""
        if self._marked[:2] != (unit, len(self.events)):
            found = []
            for event in sorted(self.events, key=weight):
                if _is_number(event.get("kimg")):
                    kind = kind_of(event)
                    found.append(Mark(self._where(event, unit), kind.sign, kind.role, kind.word))
            self._marked = (unit, len(self.events), found)
        return self._marked[2]

    def _where(self, event: dict[str, Any], unit: str) -> float:
        """As the event says itself, else as the records before it do."""
        if unit in KEYS and not _is_number(event.get(KEYS[unit])):
            return self.place(float(event["kimg"]), "kimg", unit)
        return self._places(event)[unit]


KINDS: dict[str, list[Measure]] = {
    kind: [measure for measure in MEASURES if measure.kind == kind] for kind in ("tick", "evaluation")
}
"""The records that measure, and what."""
KEYS = {"time": "seconds", "epsilon": "epsilon"}
"""Where a record says its place on an axis, where that is not its kimg."""


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
