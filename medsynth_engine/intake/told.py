"""Answers of the workers, kept in memory by the hundred thousand: one tuple a picture instead of one dictionary."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

FORGOTTEN = ("item", "size", "check", "last")
"""What only the journal on disk has to know."""
SHARED = frozenset(("code", "patient", "group", "series", "height", "width", "frames"))
"""What many pictures have in common."""


class Told(Mapping[str, Any]):
    """What is known of one picture; reads like the dictionary that it came as, and never changes."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: dict[str, int], values: tuple[Any, ...]) -> None:
        self._places = places
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[self._places[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def numbered(self, ordinal: int) -> Told:
        """The same of the item with that ordinal."""
        place = self._places["ordinal"]
        if self._values[place] == ordinal:
            return self
        return Told(self._places, (*self._values[:place], ordinal, *self._values[place + 1 :]))


class Keeper:
    """Makes answers small: names, common values and equal attributes are held once for all of them."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, ...], dict[str, int]] = {}
        self._equal: dict[Any, Any] = {}

    def kept(self, answer: Mapping[str, Any]) -> Told:
        names = tuple(name for name in answer if name not in FORGOTTEN)
        places = self._places.get(names)
        if places is None:
            places = self._places[names] = {name: place for place, name in enumerate(names)}
        return Told(places, tuple(self._value(name, answer[name]) for name in names))

    def _value(self, name: str, value: Any) -> Any:
        if name in SHARED:
            return self._equal.setdefault(value, value)
        if isinstance(value, dict):
            return self._equal.setdefault(json.dumps(value), value)
        return value
