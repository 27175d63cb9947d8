"""What the gate was asking for when an assessment was written: a digest of every bound it decides by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db.canonical import digest
from medsynth_engine.evidence.gauge import BANDS
from medsynth_engine.governance import asked, measured, rules


def in_force() -> str:
    """The digest of today's thresholds: the gauge's bands and every constant of the gate's rules.

    Under other thresholds the same evidence may be judged otherwise, so an assessment is bound to them.
    """
    return digest({"bands": _plain(BANDS), **{name: _plain(value) for name, value in _constants().items()}})


def _constants() -> dict[str, Any]:
    return {
        name: value
        for module in (asked, measured, rules)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int | float | str | Mapping | frozenset | tuple) and name != "RULES"
    }


def _plain(value: Any) -> Any:
    """As JSON that is always spelled alike."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value
