"""What a user can do, said once: a class per action feeds key bindings, footer, `?`, palette, and later the docs."""

from __future__ import annotations

import inspect
from typing import ClassVar

from textual.binding import Binding

REGISTRY: dict[str, type[Command]] = {}
"""Every command by its id, in the order of definition."""

KEY_WORDS = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "space": "space",
    "enter": "enter",
    "right": "→",
    "left": "←",
    "plus": "+",
    "minus": "-",
}


class Command:
    """One action. The docstring is its help text.

    id          stable name `noun.verb`, for remapping keys and for the palette (`:runs.new`)
    keys        Textual key names, comma separated; empty: palette only
    title       two or three words for the footer and the palette
    permission  a word of `whoami().permissions` without which it is not offered; the engine decides anyway
    footer      whether the footer has room for it
    """

    id: ClassVar[str] = ""
    keys: ClassVar[str] = ""
    title: ClassVar[str] = ""
    permission: ClassVar[str] = ""
    footer: ClassVar[bool] = False
    palette: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        if not cls.id or not cls.title or not cls.__doc__:
            raise TypeError(f"{cls.__name__} needs an id, a title and a docstring")
        if cls.id in REGISTRY:
            raise TypeError(f"two commands are called {cls.id}")
        REGISTRY[cls.id] = cls

    @classmethod
    def help(cls) -> str:
        return " ".join((inspect.getdoc(cls) or "").split())

    @classmethod
    def handler(cls) -> str:
        """The method that does it, on the screen or on the app."""
        return "do_" + cls.id.replace(".", "_")

    @classmethod
    def binding(cls) -> Binding:
        return Binding(cls.keys, f"command('{cls.id}')", cls.title, show=cls.footer, id=cls.id, tooltip=cls.help())

    @classmethod
    def key_label(cls) -> str:
        """Its first key as people call it."""
        return key_word(cls.keys.split(",")[0]) if cls.keys else ""


def key_word(key: str) -> str:
    if key in KEY_WORDS:
        return KEY_WORDS[key]
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+")
    return key.upper() if key.startswith("f") and key[1:].isdigit() else key


def bindings(commands: tuple[type[Command], ...]) -> list[Binding]:
    return [command.binding() for command in commands if command.keys]
