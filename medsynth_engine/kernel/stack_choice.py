"""Which pictures of a stack are taken: one word for frames of a file, slices of a volume, and files of a series."""

from __future__ import annotations

import re

from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain

GRAMMAR = "all, first, middle, middle:N, every:N, or A-B (from 1)"
_CHOICE = re.compile(r"(all|first|middle)|(middle|every):([1-9]\d{0,5})|([1-9]\d{0,5})-([1-9]\d{0,5})")


def checked(choice: str) -> str:
    """The choice as it is compared and stored. Raises BadInput where it is none."""
    word = choice.strip().lower()
    found = _CHOICE.fullmatch(word)
    if found is None or (found[4] and int(found[4]) > int(found[5])):
        raise BadInput(
            "unknown_choice", f"{plain(choice, 40)!r} chooses no pictures of a stack.", f"--slices takes {GRAMMAR}."
        )
    return word


def chosen(choice: str, count: int) -> tuple[int, ...]:
    """The numbers (from 0, rising) that `choice` takes from a stack of `count` pictures.

    `middle:N` spreads N pictures evenly over the central half of the stack, where anatomy is; a range is cut to the
    stack, and a range beyond it takes nothing. Raises BadInput where the word is no choice.
    """
    found = _CHOICE.fullmatch(checked(choice))
    assert found is not None
    if count <= 0:
        return ()
    if found[1]:
        return {"all": tuple(range(count)), "first": (0,), "middle": (count // 2,)}[found[1]]
    if found[2] == "every":
        return tuple(range(0, count, int(found[3])))
    if found[2] == "middle":
        wanted = min(int(found[3]), count)
        width = max(wanted, -(-count // 2))
        start = (count - width) // 2
        return tuple(start + (2 * place + 1) * width // (2 * wanted) for place in range(wanted))
    return tuple(range(int(found[4]) - 1, min(int(found[5]), count)))
