"""What writes while the disk fails: `python disk_victim.py WHAT FOLDER` prints what it kept, and how it ended."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from db.errors import LedgerError
from medsynth_engine.jobs.child import translated
from medsynth_engine.kernel.errors import MedSynthError

KEY = bytes(range(32))


def ledger(folder: Path) -> None:
    """A change after the other; one that is refused is told, and the next one is tried."""
    from db.ledger import Ledger

    with Ledger.open(folder / "data" / "medsynth.sqlite3") as opened:
        for _ in range(8):
            try:
                with opened.write() as change:
                    record = change.record(actor="ada", action="test.write", detail={"padding": "x" * 900})
            except LedgerError as error:
                said = translated(error)
                print("refused", said.code, said.exit_code, flush=True)
            else:
                print("kept", record.seq, flush=True)


def checkpoint(folder: Path) -> None:
    import torch

    from medsynth_engine.gan import checkpoint

    for number in range(1, 4):
        checkpoint.save(folder / "last.pt", {"number": number, "weights": torch.full((2**15,), float(number))})
        print("kept", number, flush=True)


def stream(folder: Path) -> None:
    """What a job tells while it works; a line that was cut short would take the next one with it."""
    from medsynth_engine.kernel.folders import JobFolder

    for number in range(1, 9):
        JobFolder(folder).progress(number, 8, "things")
        print("kept", number, flush=True)


def export(folder: Path) -> None:
    from medsynth_engine.engine import Engine

    engine = Engine(folder, os.environ["VICTIM_TOKEN"])
    asyncio.run(engine.audit_export(str(folder / "leaves" / "log.jsonl")))
    print("kept", 1, flush=True)


def dataset(folder: Path) -> None:
    from medsynth_engine.intake.options import Options
    from medsynth_engine.intake.take_in import take_in

    document = take_in(folder / "ward", Options.of("set"), folder / "sets" / "set", KEY, lambda *_: None, lambda: True)
    print("kept", document["accepted"], flush=True)


def main() -> int:
    try:
        {each.__name__: each for each in (ledger, checkpoint, stream, export, dataset)}[sys.argv[1]](Path(sys.argv[2]))
    except MedSynthError as error:
        print("refused", error.code, error.exit_code, flush=True)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
