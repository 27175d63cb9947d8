"""Look at what would be taken in; nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medsynth_engine.intake.options import Options
from medsynth_engine.intake.pseudonym import load_key
from medsynth_engine.intake.take_in import scan
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    chosen = Options.from_document(arguments)
    # With the store's own key the folds are the ones that taking it in will make.
    return scan(Path(arguments["source"]), chosen, desk.progress("files"), desk.wanted, load_key(desk.home.key))


if __name__ == "__main__":
    run(work)
