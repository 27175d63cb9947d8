"""What a user can do, said once: a command feeds key bindings, footer, `?`, palette, re-mapping and docs/keys.md."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from textual.binding import Binding
from textual.keys import KEY_NAME_REPLACEMENTS

REGISTRY: dict[str, Command] = {}
"""Every command by its id, in the order of declaration."""


def sign_name(sign: str) -> str:
    """What Textual calls the key of a sign: `exclamation_mark`."""
    name = unicodedata.name(sign).lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


KEY_WORDS = {
    **{sign_name(sign): sign for sign in string.punctuation},
    "escape": "esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "space": "space",
    "enter": "enter",
    "right": "→",
    "left": "←",
    "up": "↑",
    "down": "↓",
}


@dataclass(frozen=True, eq=False)
class Command:
    """One action, declared by `command`.

    id          stable name `noun.verb`, for re-mapping keys and for the palette (`:runs.new`)
    keys        Textual key names, comma separated; empty: palette only
    title       two or three words for the footer and the palette
    help        a sentence or two on what it does
    permission  a word of `whoami().permissions` without which it is not offered; the engine decides anyway
    footer      whether the footer has room for it
    palette     whether the palette lists it: not what only makes sense with the cursor on a row
    """

    id: str
    keys: str
    title: str
    help: str
    permission: str = ""
    footer: bool = False
    palette: bool = True

    @property
    def handler(self) -> str:
        """The method that does it, on the screen or on the app."""
        return "do_" + self.id.replace(".", "_")

    def binding(self) -> Binding:
        return Binding(self.keys, f"command('{self.id}')", self.title, show=self.footer, id=self.id, tooltip=self.help)


def command(
    id: str, keys: str, title: str, permission: str = "", *, footer: bool = False, palette: bool = True
) -> Callable[[str], Command]:
    """Declare a command: call what comes back with its help text. Raises TypeError where one is called so already."""

    def declare(help: str) -> Command:
        if not id or not title or not help:
            raise TypeError(f"{id or title!r} needs an id, a title and a help text")
        if id in REGISTRY:
            raise TypeError(f"two commands are called {id}")
        REGISTRY[id] = Command(id, keys, title, help, permission, footer, palette)
        return REGISTRY[id]

    return declare


def key_word(key: str) -> str:
    """A key as people call it."""
    if key in KEY_WORDS:
        return KEY_WORDS[key]
    if key.startswith("ctrl+"):
        return "^" + key.removeprefix("ctrl+")
    return key.upper() if key.startswith("f") and key[1:].isdigit() else key


def bindings(commands: tuple[Command, ...]) -> list[Binding]:
    return [each.binding() for each in commands if each.keys]
