"""What nobody foresaw: one sentence, exit code 1, and a log that names where it happened and nothing else.

The log holds the kinds of the exceptions and the places in the code. Their messages are left out: they may quote a
file's name or a value, and what identifies a person never gets into a log.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
import traceback
from pathlib import Path
from types import TracebackType

from medsynth_engine.kernel.home import Home, default_home


def install(arguments: list[str]) -> None:
    """Let every exception that nothing caught end here. `arguments` tell where the store is and how to answer."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log = write_log(error, _folder(arguments))
        message = "Something went wrong that MedSynth did not foresee."
        hint = f"Where it happened is written down in {log}" if log else "It could not be written down."
        if "--json" in arguments:
            from medsynth_tui.cli.face import print_json

            print_json({"error": {"code": "unexpected", "message": message, "hint": hint, "log": str(log or "")}})
        print(f"{message}\n{hint}", file=sys.stderr)

    sys.excepthook = hook


def _folder(arguments: list[str]) -> Path:
    """The logs folder of the store; a temporary folder of the user's own where there is no store."""
    root = default_home()
    for place, argument in enumerate(arguments):
        if argument == "--home" and place + 1 < len(arguments):
            root = Path(arguments[place + 1])
        elif argument.startswith("--home="):
            root = Path(argument.removeprefix("--home="))
    home = Home(root.expanduser().resolve())
    return home.logs if home.data.is_dir() and os.access(home.data, os.W_OK) else Path(tempfile.mkdtemp("-medsynth"))


def describe(error: BaseException) -> str:
    """Kinds and places, innermost last, without messages and without values."""
    lines = []
    chain: list[BaseException] = []
    while error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__ or error
    for link in reversed(chain):
        for frame in traceback.extract_tb(link.__traceback__):
            module = "/".join(Path(frame.filename).parts[-3:])
            lines.append(f"  {module}:{frame.lineno} in {frame.name}")
        lines.append(f"{type(link).__module__}.{type(link).__qualname__}")
    return "\n".join(lines)


def write_log(error: BaseException, folder: Path) -> Path | None:
    """Write it down, 0600; None where even that cannot be done."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    path = folder / f"error-{stamp}-{secrets.token_hex(3)}.txt"
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as stream:
            stream.write(describe(error) + "\n")
    except OSError:
        return None
    return path
