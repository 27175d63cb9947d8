"""Waiting for a job. The job has a process of its own, so an interrupt here is a question, not an end."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from medsynth_engine.kernel.errors import Interrupted, MedSynthError
from medsynth_engine.kernel.run_records import measured
from medsynth_tui.cli.progress import shown

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine
    from medsynth_tui.cli.face import Document, Face

LOOK_EVERY_SECONDS = 1.0
LEFT_RUNNING = "left_running"
"""The code of the interrupt that stopped nothing."""
QUESTION = "Leave it running, or stop it? [l/s] "


def wait(face: Face, job: str, engine: Engine | None = None, run: str | None = None) -> Document:
    """The job's result document; raises what its process raised, and Interrupted after Ctrl-C.

    `run` names the run that the job trains: its numbers are then the progress.
    """
    asked = engine or face.engine
    try:
        return face.runner.run(_wait(face, job, asked, run))
    except KeyboardInterrupt:
        if leave_it():
            raise Interrupted(
                LEFT_RUNNING, f"Left running, as job {job}.", f"Look at it with: medsynth jobs show {job}"
            ) from None
    face.say("Stopping ...")
    stop(face, job, asked)
    raise Interrupted(
        "interrupted", "Stopped. Nothing was left half done.", "The same command again begins anew or goes on."
    )


async def _wait(face: Face, job: str, engine: Engine, run: str | None) -> Document:
    kind = str((await engine.jobs_show(job))["kind"])
    training = Training(engine, run) if run else None
    if run:
        from medsynth_tui.cli.watching import say_behind

        await say_behind(face, engine, run)
    with shown(face, kind) as update:
        async for document in engine.follow(job):
            update(training.progress if training and await training.look() else document)
    return await engine.finish(job)


class Training:
    """The numbers of a run as the progress of its job."""

    def __init__(self, engine: Engine, run: str) -> None:
        self.engine, self.run = engine, run
        self.offset = 0
        self.total: float | None = None
        self.last: Document = {}
        self.looked = -LOOK_EVERY_SECONDS

    async def look(self) -> bool:
        """Read what is new, now and then; False until the training itself has begun."""
        if time.monotonic() - self.looked >= LOOK_EVERY_SECONDS:
            self.looked = time.monotonic()
            seen = await self.engine.runs_watch(self.run, self.offset)
            self.offset = seen["offset"]
            for record in seen["records"]:
                self.last.update(measured(record))
            if self.last and self.total is None:
                self.total = (await self.engine.runs_show(self.run)).get("kimg_total")
        return bool(self.last)

    @property
    def progress(self) -> Document:
        ratio = self.last.get("fd_ratio_validation")
        return {
            "progress": {
                "done": round(float(self.last.get("kimg") or 0.0), 1),
                "total": round(self.total, 1) if self.total else None,
                "unit": "kimg",
                "say": "learning to draw",
                "note": f"Fréchet ratio {ratio:.1f}" if ratio is not None else "",
            }
        }


def leave_it() -> bool:
    """Ask once; without a terminal to ask in, the job is stopped."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    try:
        print(f"\n{QUESTION}", end="", file=sys.stderr, flush=True)
        return not sys.stdin.readline().strip().lower().startswith("s")
    except KeyboardInterrupt:
        return True  # whoever insists wants the prompt back; stopping would lose work that nobody asked to lose


def stop(face: Face, job: str, engine: Engine) -> None:
    """Cancel the job and wait until its process has cleaned up."""
    face.runner.run(engine.jobs_cancel(job))
    with suppress(MedSynthError):
        face.runner.run(engine.finish(job))
