"""What a dataset made of each item it was given, so that the same folder brought in again is not opened again.

`sources.txt` has one line an item: a keyed digest of its name, size and time, then the code of each of its pictures.
Its first line is a keyed digest of the options that decide what a file gives: other options open the files again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from medsynth_engine.intake.journal import VOLATILE
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.pseudonym import keyed
from medsynth_engine.intake.reasons import Code, outcome
from medsynth_engine.kernel.atomic import write_bytes

NAME = "sources.txt"
AGAIN = VOLATILE | {Code.JOINS_FOLDS.value}
"""What may end otherwise another time."""


def _footing(key: bytes, options: Options) -> str:
    asked = (options.characteristics, options.slices, options.axis, options.faces)
    return keyed(key, "reading", repr(asked))


@dataclass
class Known:
    """items: item key -> the codes of its pictures, empty for what was accepted."""

    footing: str = ""
    items: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path | None, key: bytes, options: Options) -> Known:
        """What the dataset in `folder` knows; nothing where it was taken in under other options."""
        footing = _footing(key, options)
        try:
            lines = (folder / NAME).read_text().splitlines() if folder is not None else []
        except FileNotFoundError:
            lines = []
        if not lines or lines[0] != footing:
            return cls(footing)
        return cls(
            footing, {item: tuple(codes.split(",")) for item, _, codes in (line.partition(" ") for line in lines[1:])}
        )

    def __contains__(self, item: str) -> bool:
        return item in self.items

    def codes(self, item: str) -> list[str]:
        """What its pictures are called when they come again: those that were taken are there already."""
        kept = self.items[item]
        return [code if outcome(code) == "rejected" else Code.ALREADY_THERE.value for code in kept]

    def add(self, codes: Mapping[str, Iterable[str]]) -> None:
        for item, given in codes.items():
            listed = tuple(given)
            if item not in self.items and not AGAIN.intersection(listed):
                self.items[item] = listed

    def write(self, folder: Path) -> None:
        lines = [self.footing, *(f"{item} {','.join(codes)}" for item, codes in sorted(self.items.items()))]
        write_bytes(folder / NAME, ("\n".join(lines) + "\n").encode())
