"""Waiting for a job. The job has a process of its own, so an interrupt here is a question, not an end."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from medsynth_engine.kernel.errors import Interrupted, MedSynthError
from medsynth_tui.cli.face import Face
from medsynth_tui.cli.progress import shown

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine

QUESTION = "Leave it running, or stop it? [l/s] "


def wait(face: Face, job: str, engine: Engine | None = None) -> dict[str, Any]:
    """The job's result document; raises what its process raised, and Interrupted after Ctrl-C."""

    asked = engine or face.engine

    async def last() -> dict[str, Any]:
        kind = (await asked.jobs_show(job))["kind"]
        with shown(face, str(kind)) as update:
            return await asked.finish(job, update)

    try:
        return face.runner.run(last())
    except KeyboardInterrupt:
        if leave_it():
            raise Interrupted(
                "left_running", f"Left running, as job {job}.", f"Look at it with: medsynth jobs show {job}"
            ) from None
    face.say("Stopping ...")
    stop(face, job, asked)
    raise Interrupted(
        "interrupted", "Stopped. Nothing was left half done.", "The same command again begins anew or goes on."
    )


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
