"""Look at what would be taken in; nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import scan
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    return scan(Path(arguments["source"]), Options.from_document(arguments), desk.progress("files"), desk.wanted)


if __name__ == "__main__":
    run(work)
