"""The studio starts light, and its files keep to the ban list."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import medsynth_tui

ROOM = Path(medsynth_tui.__file__).parent
HEAVY = ("torch", "pandas", "sqlalchemy", "sqlmodel", "sklearn", "scipy", "numpy", "matplotlib", "alembic", "PIL")


def loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_importing_the_studio_loads_nothing_heavy() -> None:
    assert not loaded_after("import medsynth_tui.app, medsynth_tui.screens.login") & set(HEAVY)


def test_no_screen_loads_anything_heavy() -> None:
    names = ", ".join(f"medsynth_tui.screens.{path.stem}" for path in (ROOM / "screens").glob("*.py"))
    assert not loaded_after(f"import {names}") & set(HEAVY)


def test_the_engine_in_the_studios_process_loads_no_torch() -> None:
    assert not loaded_after("import medsynth_engine.engine") & {"torch", "pandas", "sklearn", "scipy"}


def sources() -> dict[str, str]:
    """The studio's own files; the command line's are tested beside it."""
    return {
        str(path.relative_to(ROOM)): path.read_text()
        for path in ROOM.rglob("*.*")
        if path.suffix in (".py", ".tcss") and "cli" not in path.parts
    }


def test_the_ban_list_is_kept() -> None:
    banned = {
        "LoadingIndicator": r"\bLoadingIndicator\b",
        "widget.loading": r"\.loading\s*=",
        "a clock in the header": r"show_clock",
        "blinking": r"cursor_blink\s*=\s*True|text-style:.*blink",
        "a scrolling tail": r"\bRichLog\b",
        "an indeterminate bar": r"\bProgressBar\(",
        "smooth scrolling": r"animate=True",
        "translucent grounds": r"background:[^;]*\d+%",
        "a dump of local variables": r"show_locals",
    }
    found = [
        f"{name}: {what}" for name, text in sources().items() for what, bad in banned.items() if re.search(bad, text)
    ]
    assert not found


def test_no_file_outgrows_its_idea() -> None:
    for name, text in sources().items():
        assert text.count("\n") <= 300, name


def test_screens_never_reach_past_the_engine() -> None:
    for name, text in sources().items():
        for line in re.findall(r"^\s*(?:from|import) .*$", text, re.MULTILINE):
            if "medsynth_engine" in line:
                allowed = ("kernel", "engine import Engine", "access.roles import Permission")
                assert any(word in line for word in allowed), f"{name}: {line}"
            assert not re.search(r"\b(from|import) db\b", line), name
