"""Keys as people write them, and which of them a terminal can send and nobody else takes."""

from __future__ import annotations

import re
from collections.abc import Collection

from medsynth_engine.kernel.escape import plain
from medsynth_tui.command import KEY_WORDS, sign_name

NAMES = {word.lower(): key for key, word in KEY_WORDS.items()} | {
    "escape": "escape",
    "esc": "escape",
    "right": "right",
    "left": "left",
    "pageup": "pageup",
    "pagedown": "pagedown",
}
"""Textual's names by those that people use, in small letters."""

TAKEN = {
    **dict.fromkeys(("ctrl+a", "ctrl+b"), "screen and tmux take it"),
    **dict.fromkeys(("ctrl+s",), "serial lines stop at it"),
    **dict.fromkeys(("ctrl+c",), "it interrupts elsewhere; here it only says how to leave"),
    **dict.fromkeys(("ctrl+z",), "it suspends programs elsewhere"),
    **dict.fromkeys(("ctrl+h",), "terminals send it as backspace"),
    **dict.fromkeys(("ctrl+i",), "terminals send it as tab"),
    **dict.fromkeys(("ctrl+j", "ctrl+m"), "terminals send it as enter"),
    **dict.fromkeys((f"ctrl+{letter}" for letter in "defkuvwx"), "a field that one types in needs it"),
    **dict.fromkeys(("ctrl+space",), "a Mac changes its keyboard by it"),
    **dict.fromkeys(("f11", "f12"), "windows and Macs take it"),
    **dict.fromkeys(
        ("tab", "up", "down", "home", "end", "pageup", "pagedown", "backspace", "delete"), "one moves by it"
    ),
    **dict.fromkeys("jkgG", "one moves in lists and tables by it"),
    **dict.fromkeys("HL0", "sliders move by it"),
}
"""Keys that no command may have, and why."""
OF_THEIR_OWN = ("enter", "escape", "space", "left", "right", "h", "l", "left_square_bracket", "right_square_bracket")
"""Keys that mean something in lists and forms: only a command that has them already may keep them."""
FUNCTION_KEY = re.compile("f([1-9]|1[0-2])")


class Unusable(Exception):
    """A line of the file that cannot be done; what it says is the sentence."""


def key_named(word: str, own: Collection[str], command: str) -> str:
    """Textual's name of the key that people call `word`, for a command with the keys `own`. Raises Unusable."""
    key = _textual_name(word.strip(), command)
    if key in TAKEN:
        raise Unusable(f"{command} cannot be {plain(word, 20)}: {TAKEN[key]}.")
    if key in OF_THEIR_OWN and key not in own:
        raise Unusable(f"{command} cannot be {plain(word, 20)}: lists and forms need it.")
    return key


def works_in_a_form(key: str) -> bool:
    """Whether it is no text where somebody types."""
    return key == "escape" or key.startswith("ctrl+") or FUNCTION_KEY.fullmatch(key) is not None


def _textual_name(word: str, command: str) -> str:
    if len(word) == 1:
        return _character(word, command)
    low = word.lower()
    low = f"ctrl+{low[1:]}" if low.startswith("^") else low
    if low in NAMES:
        return NAMES[low]
    if low in TAKEN or FUNCTION_KEY.fullmatch(low):
        return low
    if low.startswith("ctrl+") and len(low) == 6 and "a" <= low[5] <= "z":
        return low
    raise Unusable(f"{command} cannot be {plain(word, 20)}: no terminal sends it. {_instead(low)}")


def _character(letter: str, command: str) -> str:
    if letter.isascii() and letter.isalnum():
        return letter
    if letter == " ":
        return "space"
    if not letter.isascii() or not letter.isprintable():
        raise Unusable(f"{command} cannot be {plain(letter, 20)!r}: not every keyboard has it. Take ASCII.")
    return sign_name(letter)


def _instead(low: str) -> str:
    if low.startswith("shift+") and len(low) == 7:
        return f"For shift and a letter write {low[6].upper()}."
    if low.startswith(("alt+", "meta+", "option+", "cmd+", "super+")):
        return "Alt and command stay with the terminal; take a letter, ctrl and a letter, or F1 to F10."
    return "Take a letter or sign, ctrl and a letter, or F1 to F10."
