"""A terminal in thirty lines, for the self-check: reads only what Textual and our painter write."""

from __future__ import annotations

import re

SEQUENCE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|([\r\n\b])|([^\x1b\r\n\b]+)")
Look = tuple[str, str, str, frozenset[str]]
"""Character, ink, ground, attributes."""
ENDS = {"22": ("1", "2"), "23": ("3",), "24": ("4",), "27": ("7",), "29": ("9",)}


class Reading:
    """A window of cells (`row` by `column`), fed with output; characters are one column wide here."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.x = self.y = 0
        self.ink = self.ground = ""
        self.marks: frozenset[str] = frozenset()
        self.cells: list[list[Look]] = [[self._blank() for _ in range(width)] for _ in range(height)]

    def _blank(self) -> Look:
        return " ", "", self.ground, frozenset()

    def feed(self, output: str) -> None:
        """Raises ValueError for a sequence that is not known."""
        end = 0
        for match in SEQUENCE.finditer(output):
            if match.start() != end:
                raise ValueError("output that cannot be read")
            end = match.end()
            numbers, final, motion, text = match.groups()
            if text:
                self._write(text)
            elif motion:
                self.x = 0 if motion == "\r" else max(0, self.x - (motion == "\b"))
                self.y += motion == "\n"
            else:
                self._obey(numbers.split(";"), final)
        if end != len(output):
            raise ValueError("output that cannot be read")

    def _write(self, text: str) -> None:
        for character in text:
            if self.x < self.width and self.y < self.height:
                if character == " " and not self.marks - {"1", "2", "3"}:
                    self.cells[self.y][self.x] = self._blank()
                else:
                    self.cells[self.y][self.x] = (character, self.ink, self.ground, self.marks)
            self.x += 1

    def _obey(self, numbers: list[str], final: str) -> None:
        first = int(numbers[0] or 1) if numbers[0] != "0" else 0
        if final == "H":
            self.y, self.x = first - 1, int(numbers[1]) - 1 if len(numbers) > 1 else 0
        elif final == "C":
            self.x += first
        elif final == "X":
            self.cells[self.y][self.x : self.x + first] = [self._blank() for _ in range(first)]
        elif final == "K":
            self.cells[self.y][self.x :] = [self._blank() for _ in range(self.width - self.x)]
        elif final == "J":
            self.cells = [[self._blank() for _ in range(self.width)] for _ in range(self.height)]
        elif final == "m":
            self._turn(numbers)
        else:
            raise ValueError(f"a sequence that is not known: {final}")

    def _turn(self, numbers: list[str]) -> None:
        while numbers:
            code, *rest = numbers
            taken = 0
            if code in ("", "0"):
                self.ink = self.ground = ""
                self.marks = frozenset()
            elif code in ("38", "48"):
                taken = 4 if rest[0] == "2" else 2
                self._colour(code == "38", ";".join([code, *rest[:taken]]))
            elif code in ("39", "49"):
                self._colour(code == "39", "")
            elif (len(code) > 1 and code[0] in "349") or len(code) == 3:
                self._colour(code[0] in "39", code)
            elif code in ENDS:
                self.marks -= set(ENDS[code])
            else:
                self.marks |= {code}
            numbers = rest[taken:]

    def _colour(self, ink: bool, codes: str) -> None:
        if ink:
            self.ink = codes
        else:
            self.ground = codes
