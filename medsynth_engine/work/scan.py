"""Look at what would be taken in; nothing is stored."""

from __future__ import annotations

from typing import Any

from medsynth_engine.intake.options import Options
from medsynth_engine.intake.take_in import scan
from medsynth_engine.kernel.store_key import load_key
from medsynth_engine.operations.places import source_still_apart
from medsynth_engine.work.desk import Desk, run


def work(desk: Desk) -> dict[str, Any]:
    source = source_still_apart(desk.home, desk.arguments)
    chosen = Options.from_document(desk.arguments)
    # With the store's own key the folds are the ones that taking it in will make.
    return scan(source, chosen, desk.progress("files"), desk.wanted, load_key(desk.home.key))


if __name__ == "__main__":
    run(work)
