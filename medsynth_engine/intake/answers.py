"""What became of every picture of a source: asked of the journal, of an earlier version, else of the workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from medsynth_engine.intake import pool
from medsynth_engine.intake.archives import archive, arrays
from medsynth_engine.intake.items import Item
from medsynth_engine.intake.journal import Journal, item_key
from medsynth_engine.intake.known import Known
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.plan import Plan, identifiers_of
from medsynth_engine.intake.stacks import asks_headers, choose
from medsynth_engine.intake.worker import NO_DISK, NO_ROOM, Setup, Task
from medsynth_engine.kernel.disk import failed, full
from medsynth_engine.kernel.errors import NoRoom

Progress = Callable[[int, int | None, str], None]
Wanted = Callable[[], bool]
TICK_SECONDS = 0.2


LEFT = "no dataset was made, and the same command goes on where it stood"


def _stop(said: str) -> NoRoom:
    """What a worker met when it wrote, as the error that ends the intake."""
    return failed(LEFT) if said == NO_DISK else full(LEFT)


def answers_of(
    plan: Plan,
    options: Options,
    journal: Journal,
    store: Path | None,
    key: bytes,
    progress: Progress,
    wanted: Wanted,
    earlier: Known,
) -> list[dict[str, Any]]:
    """One answer a picture, in the order of the items: from the journal where there is one, else from the pool.

    earlier  what an earlier version of the dataset made of items; those are not opened again
    """
    if asks_headers(plan, options):
        choose(plan, options, _surveyed(plan, options, key, progress, wanted))
    keys = {item.ordinal: item_key(key, item) for item in plan.items}
    todo = [
        item
        for item in plan.items
        if item.refused is None and keys[item.ordinal] not in journal.answers and keys[item.ordinal] not in earlier
    ]
    if todo:
        done, total = len(plan.items) - len(todo), len(plan.items)
        progress(done, total, "reading and de-identifying")
        setup = _setup(plan, options, key, store)
        said = time.monotonic()
        for answer, small in pool.run(setup, _tasks(plan, options, todo), len(todo), wanted):
            if answer["code"] in (NO_ROOM, NO_DISK):
                raise _stop(answer["code"])
            journal.add(keys[answer["ordinal"]], answer, small)
            done += answer["last"]
            if time.monotonic() - said > TICK_SECONDS or done == total:
                said = time.monotonic()
                progress(done, total, "reading and de-identifying")
    answers: list[Any] = []  # of Told, which reads like a dictionary
    for item in plan.items:
        if item.refused is not None:
            answers.append({"ordinal": item.ordinal, "code": item.refused.value})
            continue
        told = journal.answers.pop(keys[item.ordinal], None)  # not held twice
        if told is None:
            answers += [{"ordinal": item.ordinal, "code": code} for code in earlier.codes(keys[item.ordinal])]
            continue
        answers += [answer.numbered(item.ordinal) for answer in told if answer["place"] >= 0]
    return answers


def _setup(plan: Plan, options: Options, key: bytes, store: Path | None, survey: bool = False) -> Setup:
    source = plan.source
    return Setup(source.kind, source.path.absolute(), options.reading(key), store, survey, source.place)


def _surveyed(
    plan: Plan, options: Options, key: bytes, progress: Progress, wanted: Wanted
) -> dict[int, dict[str, Any]]:
    """What the headers of all items say, by ordinal; nothing is decoded."""
    items = [item for item in plan.items if item.refused is None]
    setup = _setup(plan, options, key, None, survey=True)
    heads: dict[int, dict[str, Any]] = {}
    said = time.monotonic()
    for answer, _ in pool.run(setup, _tasks(plan, options, items), len(items), wanted):
        heads[answer["ordinal"]] = answer
        if time.monotonic() - said > TICK_SECONDS:
            said = time.monotonic()
            progress(len(heads), len(items), "reading headers")
    return heads


def _tasks(plan: Plan, options: Options, todo: list[Item]) -> Iterator[Task]:
    plan.source.demand_same()
    identifiers = identifiers_of(plan)
    if plan.source.kind == "npz":
        wanted = {item.ordinal: item for item in todo}
        for ordinal, (data, entry) in enumerate(arrays.entries(plan.source.path, options.limits)):
            if ordinal in wanted:
                yield Task(ordinal, wanted[ordinal].name, 0, identifiers[ordinal], data, entry)
        return
    if plan.source.kind == "tar":
        wanted = {item.ordinal: item for item in todo}
        for ordinal, data in archive.members(plan.source.path, options.limits):
            if ordinal in wanted:
                item = wanted[ordinal]
                yield Task(ordinal, item.name, item.stamp, identifiers[ordinal], data)
        return
    for item in todo:
        yield Task(item.ordinal, item.name, item.stamp, identifiers[item.ordinal])
