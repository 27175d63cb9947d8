"""`python -m medsynth_engine.cohort.shard FOLDER NUMBER`: draws the images of one shard of a staged cohort.

The folder holds `metadata.parquet` and the order (`shards.write_order`); nothing else is needed: no ledger, no login.
SIGTERM ends it with 130 after what is written was noted, and begun again it goes on from there.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from medsynth_engine.cohort.pictures import Pictures
from medsynth_engine.cohort.shards import DESK, cut, say_done
from medsynth_engine.cohort.tables import BLOCK, groups
from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.disk import trouble
from medsynth_engine.kernel.errors import Interrupted, MedSynthError, NoRoom

LIFELINE = "MEDSYNTH_SHARD_OF"
"""Set by a process of this machine that the shard must not outlive."""


def draw_shard(folder: Path, number: int, drawer: Any, wanted: Callable[[], bool] = lambda: True) -> int:
    """Draw the shard's images into `FOLDER/images`, from where an earlier attempt stood; how many there are now.

    drawer  `gan.sample.Drawer`. Raises Interrupted where `wanted` turned False, after noting what is whole.
    """
    order = read_json(folder / DESK / "order.json")
    part = cut(order["n"], order["shards"])[number]
    begin = part.start + kept(folder, number)
    pictures = Pictures(folder / "images", start=begin, shared=True)
    try:
        with pictures:
            for table, start in _rows(folder, begin, part.stop):
                with closing(drawer.draw(table, order["seed"], start)) as blocks:
                    for block in blocks:
                        if not wanted():
                            raise Interrupted("interrupted", "Stopped before all was drawn.", "Begin it again.")
                        pictures.add(block)
                        say_done(folder / DESK, number, begin - part.start + pictures.written)
    except Interrupted:
        _keep(folder, number, begin - part.start + pictures.written)
        raise
    say_done(folder / DESK, number, begin - part.start + pictures.written)
    return begin - part.start + pictures.written


def kept(folder: Path, number: int) -> int:
    """Images of the shard, a whole number of blocks, that an earlier attempt left safe on the disk."""
    return int((read_json(folder / DESK / f"{number}.kept.json") or {}).get("kept", 0))


def _keep(folder: Path, number: int, count: int) -> None:
    os.sync()
    write_json(folder / DESK / f"{number}.kept.json", {"kept": count // BLOCK * BLOCK})


def _rows(folder: Path, begin: int, end: int) -> Any:
    """The rows from `begin` to before `end`, a group at a time, each with the place of its first."""
    at = 0
    for group in groups(folder):
        first, last = max(begin, at), min(end, at + len(group))
        if first < last:
            yield group.iloc[first - at : last - at].drop(columns=["file_name", "patient"]), first
        at += len(group)
        if at >= end:
            return


def main(arguments: list[str]) -> int:
    os.umask(0o077)
    folder, number = Path(arguments[0]), int(arguments[1])
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda heard, frame: ended.append(heard))
    if LIFELINE in os.environ:
        from medsynth_engine.kernel.parent import leave_with_parent

        leave_with_parent()
    try:
        from medsynth_engine.gan.sample import Drawer

        drawer = Drawer(Path(read_json(folder / DESK / "order.json")["generator"]))
        draw_shard(folder, number, drawer, lambda: not ended)
    except Interrupted as error:
        return error.exit_code
    except MedSynthError as error:
        return _say_why(folder, number, error)
    except OSError as error:
        short = trouble(error, "no cohort was made")
        if short is None:
            raise
        return _say_why(folder, number, short)
    except MemoryError:
        return _say_why(folder, number, NoRoom("no_memory", "The memory was not enough.", "Use fewer processes."))
    return 0


def _say_why(folder: Path, number: int, error: MedSynthError) -> int:
    write_json(folder / DESK / f"{number}.error.json", {**error.document(), "exit_code": error.exit_code})
    return error.exit_code


if __name__ == "__main__":
    if len(sys.argv) != 3 or not sys.argv[2].isdigit():
        raise SystemExit("usage: python -m medsynth_engine.cohort.shard FOLDER NUMBER")
    sys.exit(main(sys.argv[1:]))
