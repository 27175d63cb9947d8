"""Look at what would be taken in; nothing is stored."""

from __future__ import annotations

from typing import Any

from medsynth_engine.intake.take_in import scan
from medsynth_engine.work.desk import Desk, run
from medsynth_engine.work.intake import options


def work(desk: Desk) -> dict[str, Any]:
    source, chosen = options(desk.arguments)
    return scan(source, chosen, desk.progress("files"), desk.wanted)


if __name__ == "__main__":
    run(work)
