"""The shortest bytes that make what the terminal shows into what is wanted. Nothing here knows Textual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from medsynth_tui.terminal.pen import PLAIN, Pen, change, for_blank
from medsynth_tui.terminal.window import Cell, Row, Window

BRIDGE = 4
"""Unchanged cells that are cheaper to send again than to jump over (a jump takes at least four bytes)."""
WORTH_ERASING = 8
"""Blanks from which an erasing sequence pays."""
MUCH = 0.4
"""Share of the window's cells that must change before emptying it first is tried."""


@dataclass(frozen=True)
class Skills:
    """What the terminal can do. `erase`: ECH (VT220 and later). `tint`: erased cells take the ground of the pen."""

    erase: bool = True
    tint: bool = True


def skills_for(environment: Mapping[str, str]) -> Skills:
    """By TERM: GNU screen erases to black unless told otherwise, a VT100 cannot erase single characters."""
    term = environment.get("TERM", "")
    old = term in ("vt100", "vt102")
    return Skills(erase=not old, tint=not (old or term == "vt220" or term.startswith("screen")))


@dataclass(frozen=True)
class Hand:
    """Where the terminal writes next and with what; None where that is not known."""

    at: tuple[int, int] | None = None
    """Column and row."""
    pen: Pen | None = None


@dataclass(frozen=True)
class Frame:
    """What to write, and how the terminal stands afterwards. `rows` are those that then show what is wanted."""

    data: str
    hand: Hand
    rows: Sequence[int]
    emptied: Cell | None = None
    """What every other cell shows then, where the window is emptied first."""
    rest: bool = False
    """Whether rows are left for a next frame."""


def paint(window: Window, hand: Hand, skills: Skills, limit: int | None = None) -> Frame:
    """The frame from what `window` shows to what is wanted; changes nothing.

    With a `limit` in characters it ends after the row that reaches it.
    """
    rows = window.changed_rows()
    strokes = Strokes(window, hand, skills)
    for y in rows:
        strokes.row(y, window.shown[y], window.wanted[y])
    if len(rows) >= MUCH * window.height and _changed(window, rows) >= MUCH * window.width * window.height:
        emptied, ground = _from_empty(window, hand, skills)
        if len(emptied.data) < len(strokes.data):
            return emptied.frame(limit, ground)
    return strokes.frame(limit)


def _changed(window: Window, rows: Sequence[int]) -> int:
    return sum(a != b for y in rows for a, b in zip(window.shown[y], window.wanted[y], strict=True))


def _from_empty(window: Window, hand: Hand, skills: Skills) -> tuple[Strokes, Cell]:
    """As if the window were first filled with its most frequent ground."""
    blanks: Counter[Cell] = Counter(
        cell for row in window.wanted for cell in row if cell and cell[0] == " " and not cell[1].shows_on_blanks
    )
    (ground, _) = blanks.most_common(1)[0] if blanks and skills.tint else ((" ", PLAIN), 0)
    strokes = Strokes(window, hand, skills)
    strokes.turn(for_blank(hand.pen, ground[1]))
    strokes.put("\x1b[2J")
    empty: Row = [ground] * window.width
    for y, row in enumerate(window.wanted):
        if row != empty:
            strokes.row(y, empty, row)
    return strokes, ground


class Strokes:
    """Collects the sequences of one frame, row by row."""

    def __init__(self, window: Window, hand: Hand, skills: Skills) -> None:
        self.window, self.skills, self.hand = window, skills, hand
        self._out: list[str] = []
        self._ends: list[tuple[int, int, Hand]] = []
        """After each row: its number, how much has been put, and how the terminal stands."""

    @property
    def data(self) -> str:
        return "".join(self._out)

    def frame(self, limit: int | None, emptied: Cell | None = None) -> Frame:
        """All of it, or the rows up to the one that reaches `limit` characters."""
        size, before = 0, 0
        for index, (_, end, hand) in enumerate(self._ends[:-1] if limit is not None else ()):
            size += sum(map(len, self._out[before:end]))
            before = end
            if limit is not None and size >= limit:
                rows = [y for y, _, _ in self._ends[: index + 1]]
                return Frame("".join(self._out[:end]), hand, rows, emptied, rest=True)
        return Frame(self.data, self.hand, [y for y, _, _ in self._ends], emptied)

    def put(self, sequence: str) -> None:
        self._out.append(sequence)

    def turn(self, pen: Pen) -> None:
        """Write with `pen` from now on."""
        if pen is not self.hand.pen:
            self.put(change(self.hand.pen, pen))
            self.hand = replace(self.hand, pen=pen)

    def row(self, y: int, shown: Row, wanted: Row) -> None:
        """The runs of cells that differ, the end of the row erased where it is empty."""
        tail = self._tail(wanted, shown)
        for start, end in runs(shown, wanted, tail):
            self._run(y, start, end, wanted)
        if tail < len(wanted):
            start = next(x for x in range(tail, len(wanted)) if shown[x] != wanted[x])
            cell = wanted[tail]
            assert cell is not None
            self._go(start, y)
            self.turn(for_blank(self.hand.pen, cell[1]))
            self.put("\x1b[K")
        self._ends.append((y, len(self._out), self.hand))

    def _tail(self, wanted: Row, shown: Row) -> int:
        """Where the empty end of the row begins, if erasing it is allowed and pays; else the row's width."""
        width = len(wanted)
        last = wanted[-1] if width else None
        if last is None or last[0] != " " or not self._erasable(last[1]):
            return width
        start = width
        while start and wanted[start - 1] == last:
            start -= 1
        differing = sum(shown[x] != wanted[x] for x in range(start, width))
        return start if differing > 3 else width

    def _erasable(self, pen: Pen) -> bool:
        return not pen.shows_on_blanks and (self.skills.tint or not pen.ground)

    def _run(self, y: int, start: int, end: int, wanted: Row) -> None:
        self._go(start, y)
        x = start
        while x < end:
            cell = wanted[x]
            assert cell is not None
            stop = x + 1
            while stop < end and wanted[stop] == cell:
                stop += 1
            if cell[0] == " " and stop - x >= WORTH_ERASING and self.skills.erase and self._erasable(cell[1]):
                self.turn(for_blank(self.hand.pen, cell[1]))
                self.put(f"\x1b[{stop - x}X")
                if stop < end:
                    self.put(f"\x1b[{stop - x}C")
                    self._moved(stop, y)
            else:
                self.turn(for_blank(self.hand.pen, cell[1]) if cell[0] == " " else cell[1])
                self.put(cell[0] * (stop - x))
                self._moved(stop, y, cell[0])
            x = stop

    def _moved(self, x: int, y: int, character: str = " ") -> None:
        """After the last column, or a character that terminals give different widths, the place is not known."""
        sure = x < self.window.width and (character == "" or _one_column(character))
        if character == "" and self.hand.at is None:
            return
        self.hand = replace(self.hand, at=(x, y) if sure else None)

    def _go(self, x: int, y: int) -> None:
        if self.hand.at != (x, y):
            self.put(move(self.hand.at, x, y))
            self.hand = replace(self.hand, at=(x, y))

    def rest(self, x: int, y: int) -> None:
        """Where the cursor stays: hidden, but screen readers and input methods look there."""
        self._go(x, y)


def _one_column(character: str) -> bool:
    """ASCII, boxes, blocks and braille are as wide everywhere."""
    return len(character) == 1 and (
        character < "\x7f" or "\u2500" <= character < "\u25a0" or "\u2800" <= character < "\u2900"
    )


def move(at: tuple[int, int] | None, x: int, y: int) -> str:
    """The shortest sequence that brings the cursor to column `x`, row `y` (both from 0)."""
    there = f"\x1b[{y + 1}H" if not x else f"\x1b[{y + 1};{x + 1}H"
    if at is None:
        return there
    column, row = at
    ways = [there]
    ahead = "" if x == 0 else "\x1b[C" if x == 1 else f"\x1b[{x}C"
    if row == y:
        ways.append("\r" + ahead)
        if x > column:
            ways.append("\x1b[C" if x - column == 1 else f"\x1b[{x - column}C")
        elif x < column:
            ways.append("\b" * (column - x))
    elif y == row + 1:
        ways.append("\r\n" + ahead)
    return min(ways, key=len)


def runs(shown: Row, wanted: Row, end: int) -> list[tuple[int, int]]:
    """Spans of cells that differ, before column `end`; short gaps of cells that need no other pen are bridged."""
    found: list[tuple[int, int]] = []
    x = 0
    while x < end:
        if shown[x] == wanted[x]:
            x += 1
            continue
        start = x
        while start and (wanted[start] or " ")[0] == "":
            start -= 1  # the right half of a wide character cannot be written alone
        while x < end and (shown[x] != wanted[x] or (wanted[x] or " ")[0] == ""):
            x += 1
        if found and _bridged(wanted, found[-1][1], start):
            found[-1] = (found[-1][0], x)
        else:
            found.append((start, x))
    return found


def _bridged(wanted: Row, gap: int, start: int) -> bool:
    if start <= gap:
        return True
    if start - gap > BRIDGE:
        return False
    pens = {cell[1] for cell in wanted[gap - 1 : start] if cell is not None}
    return len(pens) == 1
