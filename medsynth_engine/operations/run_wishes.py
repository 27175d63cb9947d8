"""What is wished of a run that is there: to pause, to stop, and not to pause after all. Its folder carries the wish."""

from __future__ import annotations

from typing import Any

from medsynth_engine.jobs.elsewhere import waits_elsewhere
from medsynth_engine.jobs.watch import cancel, newest_job_of
from medsynth_engine.kernel.errors import Busy
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.folders import RunFolder, Wish
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.jobs import hand_over, launch, step
from medsynth_engine.operations.run_facts import run_state, shown


def wish(call: Call, row: Any, asked: Wish, allowed: tuple[str, ...]) -> dict[str, Any]:
    """Ask the run to pause or stop; the `runs show` document. Raises Busy where its state is none of `allowed`."""
    folder = RunFolder(call.home.runs / row.folder)
    state = run_state(call, row, folder)
    if state not in allowed:
        raise Busy(f"run_{state}", f"This run is {state}: there is nothing to {asked}.", "See: medsynth runs list")
    in_a_queue = state == "queued" and waits_elsewhere(folder)
    if asked == "stop" and state in ("queued", "paused", "interrupted") and not in_a_queue:
        _stop_idle(call, row, folder, state)
        return shown(call, row)
    folder.create()
    with folder.undisturbed():
        if state == "running":
            _demand_at_work(row, folder, asked)
        with call.change(f"run:{row.name}"):
            pass
        folder.set_wish(asked)
    return shown(call, row)


def take_back_pause(call: Call, row: Any, folder: RunFolder) -> dict[str, Any]:
    """A run that was asked to pause, and has not yet, trains on in the job that it has. Raises Busy if nobody asked, or
    where it rests by now."""
    folder.create()
    with folder.undisturbed():
        if folder.wish() != "pause":
            raise Busy("running", "This run is running.", f"Watch it: medsynth runs watch {plain(row.name)}")
        _demand_at_work(row, folder, "resume")
        with call.change(f"run:{row.name}"):
            pass
        folder.set_wish("run")
    return shown(call, row)


def _demand_at_work(row: Any, folder: RunFolder, asked: str) -> None:
    """Raise Busy where a run that was running when it was looked at has paused since."""
    if folder.state()["state"] == "paused":
        again = f"Ask again: medsynth runs {asked} {plain(row.name)}"
        raise Busy("run_paused", "This run has paused at this very moment.", again)


def _stop_idle(call: Call, row: Any, folder: RunFolder, state: str) -> None:
    """Nobody is at work on it: the wish is the fact. The best that a resting run has measured is kept by a job."""
    resting = newest_job_of(call.ledger, f"run:{row.name}")
    keeps = state != "queued" and not row.simulated and (folder.checkpoints / "best.pth").exists()
    keeping = None
    with call.change(f"run:{row.name}") as change:
        if keeps:
            arguments = {"run": row.name, "run_id": row.id}
            steps = [step("medsynth_engine.work.promote_run"), step("medsynth_engine.work.finish_run")]
            keeping = hand_over(call, change, "promote", f"run:{row.name}", arguments, steps)
    folder.create()
    folder.set_wish("stop")
    if resting:
        cancel(call.ledger, call.home, resting)
    if keeping:
        launch(call, keeping)
    else:
        folder.set_state("stopped")
