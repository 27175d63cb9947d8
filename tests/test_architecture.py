"""The picture in docs/architecture.md is the one that the imports draw; what the page and the walls name is there."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
LONG = {
    "db/tables.py": "every table of the ledger, to be read beside each other",
    "db/migrations/versions/0001_first.py": "the first ledger, as it was: migrations never change",
}
LONGEST = 300
CIRCLES = {
    frozenset({"db.place", "db.postgres_ledger"}): "which ledger is in charge opens one of them, and that one asks",
    frozenset(f"medsynth_tui.{name}" for name in ("view", "work", "screens.confirm", "screens.prove")): "a screen asks "
    "the engine, and may have to ask the person first, on a screen",
}
"""Files that know each other, and why. Everywhere else the way leads on."""


@pytest.fixture(scope="module")
def picture() -> ModuleType:
    found = importlib.util.spec_from_file_location("picture_of_imports", ROOT / "scripts" / "picture.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def sources() -> list[Path]:
    return [file for package in ("db", "medsynth_engine", "medsynth_tui") for file in (ROOT / package).rglob("*.py")]


def test_the_picture_is_the_one_that_the_imports_draw(picture: ModuleType) -> None:
    assert picture.replaced(PAGE, picture.drawn(picture.arrows())) == PAGE, "make architecture, and read the difference"


def test_no_two_rooms_know_each_other(picture: ModuleType) -> None:
    found = picture.arrows()
    assert [(room, other) for room in found for other in found[room] if room in found.get(other, ())] == []


def test_an_arrow_that_a_longer_way_stands_for_is_left_out_and_no_other(picture: ModuleType) -> None:
    found = {"face": {"door", "floor"}, "door": {"floor"}, "floor": set(), "left": {"right"}, "right": {"left"}}
    short = {"face": {"door"}, "door": {"floor"}, "floor": set(), "left": {"right"}, "right": {"left"}}
    assert picture.shortened(found) == short


def test_every_room_has_a_wall_that_import_linter_keeps_or_is_above_them_all(picture: ModuleType) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    walled = {source.rpartition(".")[2] for contract in contracts for source in contract.get("source_modules", ())}
    above = {"work", "medsynth", "studio", "trial", "benchmark"}
    assert set(picture.arrows()) - walled == above


def test_every_path_that_the_page_names_is_there() -> None:
    named = {path.rstrip("/") for path in re.findall(r"`(\w+/[\w./*]*)`", PAGE)}
    below = (ROOT, ROOT / "medsynth_engine", ROOT / "medsynth_tui")
    assert len(named) > 40
    assert [path for path in sorted(named) if not any(any(place.glob(path)) for place in below)] == []


def test_a_file_is_no_longer_than_one_can_read_but_for_two_that_say_why() -> None:
    long = {file.relative_to(ROOT).as_posix() for file in sources() if len(file.read_text().splitlines()) > LONGEST}
    assert long == set(LONG)


def known_by(file: Path, modules: set[str]) -> set[str]:
    """Modules of ours that a file needs when it runs, also inside a function; those for types alone are not needed."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typed = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in typed:
            found |= {f"{node.module}.{name.name}" for name in node.names} | {node.module}
        elif isinstance(node, ast.Import) and id(node) not in typed:
            found |= {name.name for name in node.names}
    return found & modules


def test_the_way_from_file_to_file_turns_back_nowhere_but_where_it_says_why() -> None:
    files = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in sources()}
    needs = {name: known_by(file, set(files)) for name, file in files.items()}
    reached: dict[str, set[str]] = {}
    for name in needs:
        seen, waiting = set[str](), list(needs[name])
        while waiting:
            other = waiting.pop()
            if other not in seen:
                seen.add(other)
                waiting += needs[other]
        reached[name] = seen
    circles = {frozenset(other for other in reached[name] if name in reached[other]) for name in needs}
    assert circles - {frozenset()} == set(CIRCLES)
