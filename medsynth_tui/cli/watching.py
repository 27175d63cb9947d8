"""Following a run's numbers live: a small table in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from medsynth_engine.kernel.escape import markup
from medsynth_engine.kernel.run_records import measured
from medsynth_tui.cli import show
from medsynth_tui.cli.progress import LINE_EVERY_SECONDS
from medsynth_tui.words import of_a_run

if TYPE_CHECKING:
    from rich.table import Table

    from medsynth_engine.engine import Engine
    from medsynth_tui.cli.face import Document, Face

LOOK_EVERY_SECONDS = 1.0
UNDER_WAY = ("queued", "running")
SHOWN = (
    "kimg",
    "images_per_second",
    "loss_generator",
    "loss_discriminator",
    "accuracy_real",
    "accuracy_fake",
    "fd_ratio_validation",
    "nearest_neighbour_risk",
    "epsilon",
    "eta_seconds",
)


def follow(face: Face, run: str) -> Document:
    """Show the run's numbers until it has ended or the watcher leaves; the `runs show` document then."""
    try:
        face.runner.run(_follow(face, run))
    except KeyboardInterrupt:
        face.say("The run goes on.")
    return face.ask(lambda engine: engine.runs_show(run))


async def _follow(face: Face, run: str) -> None:
    await say_behind(face, face.engine, run)
    if face.messages.is_terminal and not face.manner.plain:
        from rich.live import Live

        with Live(console=face.messages, auto_refresh=False, transient=True) as live:
            async for state, last in _looks(face, run):
                live.update(_numbers(run, state, last), refresh=True)
        return
    at = -LINE_EVERY_SECONDS
    async for state, last in _looks(face, run):
        now = asyncio.get_running_loop().time()
        if not face.json and last and (now - at >= LINE_EVERY_SECONDS or state not in UNDER_WAY):
            at = now
            face.say(", ".join(f"{of_a_run(key)}: {show.text(last[key])}" for key in SHOWN if key in last))


async def say_behind(face: Face, engine: Engine, run: str) -> None:
    """One line where the run waits for another one."""
    behind = (await engine.runs_show(run)).get("queued_behind")
    if behind and not face.json:
        face.say(markup(f"{run}: queued behind {behind}"))


async def _looks(face: Face, run: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    offset, last = 0, {}
    while True:
        document = await face.engine.runs_watch(run, offset)
        offset = document["offset"]
        for record in document["records"]:
            last.update(measured(record))
        yield document["state"], last
        if document["state"] not in UNDER_WAY:
            return
        await asyncio.sleep(LOOK_EVERY_SECONDS)


def _numbers(run: str, state: str, last: dict[str, Any]) -> Table:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_row(show.cell(run), show.cell(state))
    for key in SHOWN:
        if key in last:
            grid.add_row(show.cell(of_a_run(key)), show.cell(last[key]))
    grid.add_row(show.cell("Ctrl-C stops watching, not the run."))
    return grid
