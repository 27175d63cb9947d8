"""Asking for what only the person has: the code of a second factor, and the password once more."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from medsynth_engine.kernel.errors import Denied, WrongUsage
from medsynth_tui.cli.options import passwords

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine
    from medsynth_tui.cli.face import Face

T = TypeVar("T")


def with_code(face: Face, engine: Engine, from_stdin: bool, ask: Callable[[Engine, str], Awaitable[T]]) -> T:
    """What `ask(engine, code)` returns: first without a code, then with the one that the engine asks for.

    The code is a further line of stdin, or asked for at the terminal.
    """

    async def call(code: str) -> T:
        return await ask(engine, code)

    try:
        return face.runner.run(call(""))
    except Denied as denied:
        if denied.code != "code_needed" or not (from_stdin or sys.stdin.isatty()):
            raise
        try:
            (code,) = passwords(from_stdin, "Code of the second factor")
        except WrongUsage:
            raise denied from None  # stdin had no further line: say what was missing
    return face.runner.run(call(code))


def prove_again(face: Face, engine: Engine) -> bool:
    """Ask for the password at the terminal and show it to the engine; False where there is no terminal to ask at."""
    if not sys.stdin.isatty():
        return False
    face.say("[dim]This needs your password again.[/dim]")
    (password,) = passwords(False, "Password")
    with_code(face, engine, False, lambda engine, code: engine.confirm(password, code))
    return True
