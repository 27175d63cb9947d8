"""What a table's own columns call people by, and whether a text holds any of it, in whatever spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

import pandas as pd

from medsynth_engine.intake.tables import shapes
from medsynth_engine.intake.tables.folding import folded, spellings
from medsynth_engine.intake.tables.guesses import ETHNICITIES
from medsynth_engine.intake.tables.normalise import clean
from medsynth_engine.intake.tables.surnames import is_surname
from medsynth_engine.intake.tables.words import listed

_WORD = re.compile(r"[^\W_]+")
_SCIENTIFIC = re.compile(r"\d+(\.\d+)?e\+?\d{1,2}")
TITLES = listed("dr med prof mr mrs ms miss herr frau mme md phd jr sr")
EVERYDAY = ETHNICITIES | listed("brown gray grey green red blue yellow young old long short small none left right both")
"""Words that are surnames as well, and far more often something else."""
LONGEST_CODE = 4
"""Words that one code may be written in: `12 345 678`."""
_UNSPACED = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+")
"""Letters of languages that put no blanks between words."""


class Identifiers:
    """The values of the columns that name people, so far as they matter for the texts that are to be looked at.

    codes    letters and digits of those with a letter and four characters, or six digits, wherever they stand
    pairs    two words of one row's names, in either order, or one and the first letter of another
    words    single words of names, and `short` numbers of four or five digits: those only tell where few people have
             the text, because `White` and `Brown` are names as well
    numbers  codes that are numbers
    unspaced names in letters of languages without blanks, which are looked for anywhere
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._in_texts = {word for text in texts for word in _WORD.findall(folded(text))}
        self.codes: set[str] = set()
        self.short: set[str] = set()
        self.pairs: set[tuple[str, str]] = set()
        self.words: set[str] = set()
        self.numbers: set[float] = set()
        self.unspaced: set[str] = set()

    def add_codes(self, values: Iterable[str]) -> None:
        for value in values:
            if value.isascii() and value.isdigit():  # the common case, and the quick one
                code = value.lstrip("0")
                if len(code) >= 6:
                    self.codes.add(code)
                    if len(code) < 16:
                        self.numbers.add(float(code))
                elif len(code) >= 4:
                    self.short.add(code)
                continue
            word = folded(value.strip()).removesuffix(".0")
            if _SCIENTIFIC.fullmatch(word) and float(word).is_integer():
                word = str(int(float(word)))
            code = _bare(word)
            digits = sum(map(str.isdigit, code))
            if digits >= 6 or (digits and len(code) >= 4 and any(map(str.isalpha, code))):
                self.codes.add(code)
                if code.isdecimal() and len(code) < 16:
                    self.numbers.add(float(code))
            elif digits >= 4:
                self.short.add(code)

    def add_names(self, names: pd.DataFrame) -> None:
        """The columns that hold names, a row a person: what stands in two columns is one name."""
        for cells in names.drop_duplicates().itertuples(index=False):
            whole = [cell for cell in map(clean, cells) if _UNSPACED.fullmatch(cell)]
            joined = ("".join(whole), "".join(whole[::-1]))
            self.unspaced.update(name for name in (*whole, *joined) if len(name) > 1)
            for spelled in zip(*map(_spelled, cells), strict=True):
                self._add_name([word for words in spelled for word in words])

    def _add_name(self, words: list[str]) -> None:
        seen = [word for word in words if word in self._in_texts]
        self.words.update(word for word in seen if len(word) >= 3 and word not in EVERYDAY)
        for word in seen:
            for other in words:
                if other != word and len(other) > 1 and other in self._in_texts:
                    self.pairs.add(_pair(word, other))
                if other is not word and len(word) >= 3 and other[0] in self._in_texts:
                    self.pairs.add(_pair(word, other[0]))

    def inside(self, text: str) -> bool:
        """Whether a code or a name of two words is the text, or a part of it between word boundaries."""
        if self.unspaced and _UNSPACED.search(text) and any(name in clean(text) for name in self.unspaced):
            return True
        words = _WORD.findall(folded(text))
        for length in range(1, LONGEST_CODE + 1):
            if any(_bare("".join(words[at : at + length])) in self.codes for at in range(len(words) - length + 1)):
                return True
        if not self.pairs:
            return False
        names = [word for word in words if word not in TITLES and word not in shapes.PARTICLES]
        whole = [word for word in names if len(word) > 1]  # without the initial of a middle name
        return any(_pair(*two) in self.pairs for some in (names, whole) for two in pairwise(some))

    def names_somebody(self, text: str) -> bool:
        """Whether a text holds a known identifier, or something of the shape of one."""
        return self.inside(text) or bool(shapes.kind_inside(text))

    def doubtful(self, text: str) -> bool:
        """Whether a text looks like a name, a sentence or a number of somebody, and so must not be of few people."""
        words = _WORD.findall(folded(text))
        return (
            any(word in self.words or word.lstrip("0") in self.short for word in words)
            or shapes.is_sentence(text)
            or shapes.is_spelled_out(text)
            or shapes.has_name(text, shapes.is_given_name)
            or shapes.has_name(text, is_surname)
        )


def _bare(code: str) -> str:
    """Letters and digits, without zeros in front."""
    return "".join(filter(str.isalnum, code)).lstrip("0")


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _spelled(cell: str) -> tuple[list[str], list[str]]:
    """The words of a name in two spellings: `Müller` is `muller` and `mueller`."""
    word = clean(cell)
    first, *more = sorted(spellings(word))
    return _name_words(first), _name_words(more[0] if more else first)


def _name_words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word not in TITLES and word not in shapes.PARTICLES]
