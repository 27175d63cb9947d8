"""What a person is shown of a column's raw values: how they were read, and which could not be; never an identifier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from medsynth_engine.intake import amounts, normalise, shapes
from medsynth_engine.kernel.escape import plain

MOST_READ = 200
MOST_UNREAD = 50
SAMPLE = 8
MOST_LOOKED_AT = 5000
LONGEST = 40
OLD = "90 and older"


@dataclass(frozen=True)
class Reading:
    """A raw value, what it became (None: it could not be read), and how many cells hold it."""

    raw: str
    read: str | None
    count: int

    @property
    def changed(self) -> bool:
        """Whether a person would want to see it: `36.50` for 36.5 is no change, `1,234` for 1234 is one."""
        if self.read is None or self.raw == self.read:
            return False
        try:
            return float(self.raw) != float(self.read)
        except ValueError:
            return True


def readings(
    raw: Sequence[str], cleaned: Sequence[str], mapped: Sequence[object], counts: Sequence[int]
) -> tuple[Reading, ...]:
    """Of every non-missing value what it became, commonest first: the changed, the unread, and a few of the others."""
    order = sorted(
        (place for place, word in enumerate(cleaned) if word), key=lambda place: (-counts[place], raw[place])
    )
    kept: list[Reading] = []
    left = {True: MOST_READ, False: SAMPLE, None: MOST_UNREAD}
    unread = [place for place in order[MOST_LOOKED_AT:] if mapped[place] is None]
    for place in [*order[:MOST_LOOKED_AT], *unread]:
        one = Reading(raw[place].strip(), as_text(mapped[place]), counts[place])
        which = None if one.read is None else one.changed
        if left[which]:
            left[which] -= 1
            kept.append(one)
        elif not any(left.values()):
            break
    return tuple(kept)


def as_text(value: object) -> str | None:
    """A typed value as a person writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return amounts.written(float(value))  # type: ignore[arg-type]


def masked(raw: str, known: Callable[[str], bool], unread: bool = False) -> str:
    """A raw value that may be shown; where it looks like an identifier, its kind in brackets instead. What was `unread`
    needs less to look like a name."""
    word = normalise.clean(raw)
    kind = shapes.kind_inside(word)
    if not kind and unread and (shapes.is_given_name(word) or shapes.COMMA_NAME.fullmatch(word)):
        kind = "names"
    if not kind and known(word):
        kind = "other_identifiers"
    if kind:
        return f"({kind.replace('_', ' ')})"
    return plain(raw, LONGEST) if len(word.split()) <= 6 else "(text)"


def value_map(seen: Iterable[Reading], known: Callable[[str], bool], every: bool = False) -> dict[str, str]:
    """raw -> read for what changed (or `every` value that was read), at most 200, the commonest first. What was merged
    into `other` is not shown: it is rare. `known` says whether a text holds a known identifier."""
    read = (one for one in seen if one.read not in (None, "other") and (every or one.changed))
    return {masked(one.raw, known): masked(one.read or "", known) for one in read}


def unreadable(seen: Iterable[Reading], known: Callable[[str], bool]) -> dict[str, int]:
    """raw -> cells for what could not be read, at most 50, the commonest first."""
    found: dict[str, int] = {}
    for one in seen:
        if one.read is None:
            shown = masked(one.raw, known, unread=True)
            found[shown] = found.get(shown, 0) + one.count
    return found


def sample(seen: Iterable[Reading], known: Callable[[str], bool]) -> list[dict[str, Any]]:
    """The commonest values and what became of them; those that were not read have `read` None."""
    return [
        {
            "raw": masked(one.raw, known, one.read is None),
            "read": None if one.read is None else masked(one.read, known),
            "count": one.count,
        }
        for one in list(seen)[:SAMPLE]
    ]


def without_old(seen: Iterable[Reading], per_year: int = 1) -> tuple[Reading, ...]:
    """Ages of 90 and more in one line, whatever was written: `97` says more than may stay. `per_year`: their unit."""
    kept: list[Reading] = []
    old, read = 0, str(normalise.OLDEST * per_year)
    for one in seen:
        if _is_old(one.raw, per_year):
            old, read = old + one.count, one.read if one.read in normalise.BANDS else read
        else:
            kept.append(one)
    return (*kept, Reading(OLD, read, old)) if old else tuple(kept)


def _is_old(raw: str, per_year: int) -> bool:
    number = amounts.numbers_of([normalise.clean(raw)]).get(normalise.clean(raw))
    if number is not None:
        return number >= normalise.OLDEST * per_year
    interval = normalise.age_interval(raw)
    return interval is not None and interval[0] >= normalise.OLDEST
