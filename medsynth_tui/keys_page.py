"""docs/keys.md, written from the commands themselves: `make keys`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from medsynth_engine.access.roles import Permission, Role, permitted
from medsynth_engine.kernel.atomic import write_text
from medsynth_tui.command import Command
from medsynth_tui.commands import EVERYWHERE, PLACES
from medsynth_tui.counterparts import on_the_line
from medsynth_tui.keymap import Keymap
from medsynth_tui.keys import TAKEN
from medsynth_tui.places import SCREENS
from medsynth_tui.view import View

HEAD = """# Keys

Written by `make keys` from the commands themselves; a test compares. In the studio `?` (or F1) shows the keys of the
screen in front, and ctrl+p finds a command by a part of its name.

In tables: arrows or j/k move, g and G go to the first and last row, enter opens. In forms: tab or down goes to the
next field, left and right choose, space picks, enter goes on; while you type, letters are text. ctrl+c only says how
to leave.

## Keys of your own

Write them into `keys.toml` in your configuration folder (`~/.config/medsynth/`, on a Mac
`~/Library/Application Support/medsynth/`): the command's id, and a key or several.

```toml
"dataset.add" = "a"
"run.stop" = ["S", "F9"]
audit = "ctrl+t"          # a place gets a key of its own
```

Keys are written as people call them: `x`, `X`, `?`, `ctrl+x` (or `^x`), `F1` to `F10`, `esc`, `space`. What cannot be
is said on the first screen and under `?`, and keeps its own key: a command that is not there, a key that would do two
things on one screen, a letter alone for what is needed while one types, a key that no terminal sends, and these:

"""
COLUMNS = "| key | command | what it does | who | on the command line |\n|---|---|---|---|---|\n"


def page() -> str:
    """The whole page."""
    reasons: dict[str, list[str]] = {}
    for key, why in TAKEN.items():
        reasons.setdefault(why, []).append(f"`{key}`")
    taken = "".join(f"* {', '.join(keys)}: {why}\n" for why, keys in reasons.items())
    return "".join((HEAD, taken, "\n", *_sections())).rstrip() + "\n"


def _sections() -> Iterator[str]:
    yield f"## Everywhere\n\n{_table((*EVERYWHERE, *View.ALWAYS))}\n"
    yield f"## Places\n\nBy ctrl+p, or a key of your own.\n\n{_table(PLACES)}\n"
    for name, where in SCREENS.items():
        module, _, kind = where.partition(":")
        screen = getattr(import_module(f"medsynth_tui.screens.{module}"), kind)
        commands = [each for each in (*screen.HERE, *screen.ALWAYS) if each not in View.ALWAYS]
        first = (screen.__doc__ or "").strip().splitlines()[0]
        yield f"## {name.replace('_', ' ').capitalize()}\n\n{first}\n\n" + (f"{_table(commands)}\n" if commands else "")


def _table(commands: Iterable[Command]) -> str:
    own = Keymap()
    rows = []
    for each in commands:
        line = on_the_line(each.id)
        keys = " ".join(f"`{label}`" for label in own.labels(each).split())
        says = each.help if each.help.startswith(each.title) else f"{each.title}: {each.help}"
        rows.append(f"| {keys} | `{each.id}` | {says} | {_who(each)} | {f'`medsynth {line}`' if line else ''} |\n")
    return COLUMNS + "".join(rows).replace("`|`", "`\\|`")


def _who(command: Command) -> str:
    if not command.permission:
        return ""
    able = [role.value for role in Role if permitted(role, Permission(command.permission))]
    return "all" if len(able) == len(Role) else ", ".join(able)


if __name__ == "__main__":
    write_text(Path(sys.argv[1]), page())
