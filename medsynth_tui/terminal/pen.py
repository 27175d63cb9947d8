"""What a terminal writes with: ink, ground and attributes, and the shortest way from one to the next (ECMA-48 SGR)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

BOLD, DIM, ITALIC, UNDERLINE, REVERSE = "1", "2", "3", "4", "7"
OFF = {BOLD: "22", DIM: "22", ITALIC: "23", UNDERLINE: "24", "21": "24", "5": "25", "6": "25", REVERSE: "27",
       "8": "28", "9": "29", "53": "55", "51": "54", "52": "54"}  # fmt: skip
"""What ends an attribute."""
UNSEEN_ON_BLANKS = frozenset((BOLD, DIM, ITALIC, "8"))
"""A space looks the same with and without these."""


@dataclass(frozen=True)
class Pen:
    """SGR parameters: `ink` and `ground` such as `38;5;116` (empty: the terminal's own), `marks` such as bold."""

    ink: str = ""
    ground: str = ""
    marks: frozenset[str] = frozenset()

    @property
    def shows_on_blanks(self) -> bool:
        """Whether a space written with it shows more than its ground (a line, or ink and ground exchanged)."""
        return not self.marks <= UNSEEN_ON_BLANKS

    @property
    def bare(self) -> Pen:
        """What is left of it on a space."""
        return self if self.shows_on_blanks else Pen(ground=self.ground)

    @property
    def codes(self) -> str:
        return ";".join([*sorted(self.marks), *filter(None, (self.ink, self.ground))])


PLAIN = Pen()


@lru_cache(8192)
def change(old: Pen | None, new: Pen) -> str:
    """The shortest sequence that makes `new` of `old`; `old` None: it is not known what the terminal writes with."""
    if old == new:
        return ""
    afresh = f"\x1b[0;{new.codes}m" if new.codes else "\x1b[m"
    if old is None:
        return afresh
    steps = f"\x1b[{';'.join(_steps(old, new))}m"
    return min(steps, afresh, key=len)


def _steps(old: Pen, new: Pen) -> list[str]:
    gone = old.marks - new.marks
    off = sorted({OFF[mark] for mark in gone})
    kept = {mark for mark in old.marks & new.marks if OFF[mark] not in off}
    parts = [*off, *sorted(new.marks - kept)]
    if old.ink != new.ink:
        parts.append(new.ink or "39")
    if old.ground != new.ground:
        parts.append(new.ground or "49")
    return parts


def for_blank(old: Pen | None, blank: Pen) -> Pen:
    """The pen nearest to `old` that writes a space looking as `blank` does: its ink may stay as it is."""
    if old is None or blank.shows_on_blanks:
        return blank
    if old.shows_on_blanks:
        return blank
    return Pen(old.ink, blank.ground, old.marks)
