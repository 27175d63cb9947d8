"""`python scripts/picture.py`: who imports whom, drawn from the imports themselves into docs/architecture.md.

Rooms are the packages and modules right under `medsynth_engine`; `db`, the studio and the command line are one each.
Standard library alone (`ast`): nothing of ours is imported, so that the picture is the same wherever it is drawn.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- made by make architecture -->", "<!-- end of what make architecture makes -->"
PACKAGES = ("db", "medsynth_engine", "medsynth_tui")
Arrows = dict[str, set[str]]
ASIDE = frozenset({"trial", "benchmark", "simulated", "phantom"})
"""Self-tests, a benchmark and what stands in for real patients: no part of the data's way."""


def room_of(module: str) -> str:
    """The name in the picture: `medsynth_engine.intake.take_in` is in `intake`, the program's start in `medsynth`."""
    package, _, rest = module.partition(".")
    inner = rest.partition(".")[0]
    if package == "medsynth_tui":
        return {"cli": "cli", "__main__": "medsynth"}.get(inner, "studio")
    return inner if package == "medsynth_engine" and inner and inner != "__init__" else package


def imported_by(tree: ast.AST) -> Iterator[str]:
    """Modules that a file imports, also inside a function, also for types alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def arrows(root: Path = ROOT) -> Arrows:
    """Each room, and the rooms that a file of it imports."""
    found: Arrows = {}
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            here = room_of(".".join(file.relative_to(root).with_suffix("").parts))
            there = {
                room_of(name)
                for name in imported_by(ast.parse(file.read_text(encoding="utf-8")))
                if name.partition(".")[0] in PACKAGES
            }
            found.setdefault(here, set()).update(there - {here, "medsynth_engine"})
    found.pop("medsynth_engine", None)  # its __init__ holds the version and nothing else
    return found


def shortened(found: Arrows) -> Arrows:
    """Without the arrows that a longer way stands for (transitive reduction); a circle keeps all of its own."""

    @cache
    def reached(room: str) -> frozenset[str]:
        seen: set[str] = set()
        waiting = list(found.get(room, ()))
        while waiting:
            other = waiting.pop()
            if other not in seen:
                seen.add(other)
                waiting += found.get(other, ())
        return frozenset(seen)

    return {
        room: {
            other
            for other in others
            if not any(other in reached(via) and room not in reached(via) for via in others - {other})
        }
        for room, others in found.items()
    }


def drawn(found: Arrows) -> str:
    """The picture (mermaid), and under it every room with all that it imports."""
    main = {room: others - ASIDE for room, others in found.items() if room not in ASIDE}
    lines = ["```mermaid", "flowchart TD"]
    for room, others in sorted(shortened(main).items()):
        lines += [f"  {room} --> {other}" for other in sorted(others)] or [f"  {room}"]
    lines += ["```", "", "An arrow is left out where a longer way says the same. All of them:", ""]
    lines += ["| room | imports |", "|---|---|"]
    lines += [f"| {room} | {', '.join(sorted(others)) or '–'} |" for room, others in sorted(found.items())]
    return "\n".join(lines)


def replaced(page: str, picture: str) -> str:
    """The page with the picture between its two marks. Raises ValueError where they are not there."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{PAGE.name} has not both marks")
    return f"{before}{BEGIN}\n{picture}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), drawn(arrows())), encoding="utf-8")
    sys.exit(0)
