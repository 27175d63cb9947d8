"""A canary is a made-up identifier that occurs nowhere else, and must be in no byte of what an intake leaves."""

from __future__ import annotations

from dataclasses import dataclass, field

DICOM, PICTURE, TABLE, NAME = "dicom", "picture", "table", "name"
FAMILIES = {
    DICOM: "places in a DICOM file",
    PICTURE: "carriers in an image file",
    TABLE: "columns of a table",
    NAME: "names and paths",
}
NEEDED = {DICOM: 55, PICTURE: 30, TABLE: 33, NAME: 20}
"""Places that a self-test must try, at least (requirement A-1 and section 7 of the abuse suite)."""


@dataclass(frozen=True)
class Canary:
    """family and place say where it was planted; forms are the bytes in which it may come out, lower case."""

    family: str
    place: str
    text: str
    forms: tuple[bytes, ...]


@dataclass
class Aviary:
    """Makes canaries of different shapes, and remembers them."""

    made: list[Canary] = field(default_factory=list)

    def text(self, family: str, place: str) -> str:
        """Letters and digits, as a number of a record; at most 16 characters, the shortest a DICOM text may hold."""
        letters = "".join(character for character in place.upper() if character.isalnum())
        return self._add(family, place, f"ZQ{len(self.made):04d}{letters[:9]}")

    def short(self, family: str, place: str) -> str:
        """Ten characters, for fields that hold no more."""
        return self._add(family, place, f"ZQ{len(self.made):04d}SHRT")

    def words(self, family: str, place: str, sentence: str) -> str:
        """A sentence about somebody; the canary is the number in it."""
        return sentence.format(self.text(family, place))

    def name(self, family: str, place: str, encoding: str = "utf-8", letters: str = "") -> str:
        """A person's name, in other letters where they are given."""
        number = len(self.made)
        family_name = f"Zq{_spelled(number)}"
        return self._add(family, place, f"{letters or family_name}{_spelled(number) if letters else ''}", encoding)

    def date(self, family: str, place: str) -> str:
        """A day of 1841 to 1860 as DICOM writes it; no other date of the suite is so early."""
        number = len(self.made)
        year, month, day = 1841 + number // 336 % 20, 1 + number // 28 % 12, 1 + number % 28
        text = f"{year}{month:02d}{day:02d}"
        more = (f"{year}-{month:02d}-{day:02d}", f"{day:02d}.{month:02d}.{year}", f"{month:02d}/{day:02d}/{year}")
        return self._add(family, place, text, more=more)

    def uid(self, family: str, place: str) -> str:
        return self._add(family, place, f"1.2.826.0.1.3680043.99.{7_000_000 + len(self.made)}")

    def digits(self, family: str, place: str, shape: str) -> str:
        """`shape` with every # replaced by a digit of a number that is used once."""
        number = f"{97_531_246 + 7919 * len(self.made):012d}"[::-1]
        text = "".join(number[shape[:at].count("#") % 12] if mark == "#" else mark for at, mark in enumerate(shape))
        return self._add(family, place, text)

    def places(self, family: str) -> list[str]:
        return list(dict.fromkeys(canary.place for canary in self.made if canary.family == family))

    def _add(self, family: str, place: str, text: str, encoding: str = "utf-8", more: tuple[str, ...] = ()) -> str:
        forms = {
            spelled.lower().encode(coding)
            for spelled in (text, *more)
            for coding in ("utf-8", encoding, "utf-16-le", "utf-16-be", "utf-32-le")
        }
        self.made.append(Canary(family, place, text, tuple(sorted(forms))))
        return text


def _spelled(number: int) -> str:
    """A number in letters, so that names hold no digits."""
    return "".join("abcdefghik"[int(digit)] for digit in f"{number:04d}")
