"""A cohort's images drawn by several processes or jobs: the same bytes as by one, for any number of them.

One rule makes it so: what record i looks like depends on its row, the cohort's seed and its place in its block of 256,
and shards are whole blocks. Rows are drawn by one process: they take a twentieth of the time of the smallest images.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from medsynth_engine.cohort.tables import BLOCK
from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.errors import BadInput, MedSynthError, from_document

DESK = ".shards"
"""In the folder that is drawn into: the order, how far each shard is, and what went wrong; gone before it is whole."""
LOOK = 0.25


class Crew(Protocol):
    """Who draws the shards: processes of this machine, or jobs of a cluster."""

    shards: int

    def begin(self, staging: Path, order: dict[str, Any]) -> Path:
        """Start one worker for each shard; the folder they work in."""
        ...

    def at_work(self) -> bool:
        """Whether one of them still works. Raises MedSynthError where one was lost without a word."""
        ...

    def bring(self, staging: Path) -> None:
        """Put what they drew into `staging/images`."""
        ...

    def end(self) -> None:
        """Stop whoever still works; of what they worked with nothing is left."""
        ...


def cut(n: int, shards: int) -> list[range]:
    """The records of each shard: whole blocks, as evenly as they go; fewer shards where there are fewer blocks."""
    blocks = -(-n // BLOCK)
    count = max(1, min(shards, blocks))
    ends = [min(n, BLOCK * (blocks * number // count)) for number in range(count + 1)]
    return [range(first, last) for first, last in pairwise(ends)]


def draw_by(
    crew: Crew,
    staging: Path,
    n: int,
    seed: int,
    progress: Callable[[int, int | None, str], None],
    check: Callable[[], None],
) -> float:
    """Have the images of the staged table drawn into `staging/images`; returns the seconds it took.

    check  raises where nobody wants the cohort any more; the shards are then stopped
    """
    began = time.perf_counter()
    order = {"n": n, "seed": seed, "shards": len(cut(n, crew.shards))}
    try:
        desk = crew.begin(staging, order) / DESK
        working = True
        while working:
            check()
            try:
                working = crew.at_work()  # asked first: what is read next is then the last word
            finally:
                refuse_errors(desk, order["shards"])
            progress(sum(done(desk, number) for number in range(order["shards"])), n, "drawing images")
            if working:
                time.sleep(LOOK)
        if sum(done(desk, number) for number in range(order["shards"])) != n:
            raise BadInput("too_few_images", "Fewer images were drawn than there are rows.", "Draw the cohort again.")
        crew.bring(staging)
    finally:
        crew.end()
    shutil.rmtree(staging / DESK, ignore_errors=True)
    return time.perf_counter() - began


def write_order(folder: Path, order: dict[str, Any], generator: Path) -> None:
    """What a shard needs to know beside the table: how many records, which seed, how many shards, which generator."""
    (folder / DESK).mkdir(mode=0o700)
    write_json(folder / DESK / "order.json", {**order, "generator": str(generator)})


def done(desk: Path, number: int) -> int:
    """How many images of a shard are written."""
    with suppress(ValueError, OSError):
        return int((read_json(desk / f"{number}.json") or {}).get("done", 0))
    return 0


def say_done(desk: Path, number: int, count: int) -> None:
    """Not synced: a shard that is begun again after a crash trusts only what `keep` said."""
    partial = desk / f".{number}.json"
    partial.write_text(f'{{"done": {count}}}\n')
    partial.replace(desk / f"{number}.json")


def refuse_errors(desk: Path, shards: int) -> None:
    """Raise what a shard says it failed of."""
    for number in range(shards):
        said = read_json(desk / f"{number}.error.json")
        if said:
            raise from_document(said, int(said.get("exit_code", MedSynthError.exit_code)))


def lost() -> MedSynthError:
    return MedSynthError(
        "shard_lost",
        "One of the processes that drew images ended without a word; no cohort was made.",
        "Draw it again.",
    )
