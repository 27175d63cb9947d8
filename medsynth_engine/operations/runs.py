"""Training: starting a run, watching it, and bending its course."""

from __future__ import annotations

import base64
import time
from typing import Any

from sqlmodel import col, select

from db.tables import new_id
from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.gan.private import limits
from medsynth_engine.jobs.watch import cancel, look, newest_job_of, relaunch
from medsynth_engine.kernel.errors import Busy, NotFound
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.folders import ENDED, RunFolder
from medsynth_engine.kernel.home import low_resource as small_machine
from medsynth_engine.operations.datasets import newest
from medsynth_engine.operations.declare import Call, checked_name, operation
from medsynth_engine.operations.free_names import demand_free_run
from medsynth_engine.operations.jobs import launch
from medsynth_engine.operations.removal import remove_run
from medsynth_engine.operations.run_checks import (
    check_cluster,
    check_device,
    check_goes_on,
    check_memory,
    check_processes,
    check_training,
)
from medsynth_engine.operations.run_facts import best_of, queued_behind, run_state, shown
from medsynth_engine.operations.run_steps import hand_over_training
from medsynth_engine.operations.run_wishes import take_back_pause, wish

DEFAULT_MINUTES = 10.0


def own_run(call: Call, name: str) -> Any:
    """The run's row. Raises NotFound or Denied."""
    from db.tables import Run

    with call.read() as session:
        row = session.exec(select(Run).where(Run.name == name, Run.state != "removed")).first()
    if row is None:
        raise NotFound("no_such_run", f"There is no run {plain(name)!r}.", "See: medsynth runs list")
    call.require_own(row, "run")
    return row


class Runs:
    """A run is one training; its folder is the truth, the ledger mirrors it."""

    @operation("runs.train", Permission.TRAIN, about="dataset")
    def train(
        self,
        call: Call,
        dataset: str,
        name: str | None = None,
        preset: str = "auto",
        minutes: float | None = None,
        kimg: float | None = None,
        device: str = "auto",
        low_resource: bool = False,
        seed: int = 0,
        simulated: bool = False,
        processes: int = 1,
        epsilon: float | None = None,
        delta: float | None = None,
        cluster: str | None = None,
    ) -> dict[str, Any]:
        from db.tables import Run

        row = newest(call, dataset)
        check_training(row.summary, preset, minutes, kimg, device, seed)
        if cluster is not None:
            device = check_cluster(call.home, cluster, device, processes, simulated)
        else:
            low_resource = small_machine(low_resource)
            check_processes(processes, device)
            if not simulated:
                check_device(device)
                check_memory(preset, device, low_resource)
        preset = limits.check_preset(preset, epsilon)
        privacy = limits.asked(epsilon, delta, int(row.summary.get("patients") or 0), processes)
        name = checked_name(name or f"{dataset[:50]}-{time.strftime('%m%d-%H%M%S')}", "run")
        budget = {"kimg": kimg} if kimg else {"minutes": minutes or DEFAULT_MINUTES}
        arguments = {
            "run": name,
            "run_id": new_id(),
            "dataset_id": row.id,
            "preset": preset,
            "budget": budget,
            "device": device,
            "low_resource": low_resource,
            "seed": seed,
            "simulated": simulated,
            "processes": processes,
            "cluster": cluster,
            "privacy": privacy,
        }
        facts = {"dataset": dataset, "preset": preset, "simulated": simulated, **budget, **(privacy or {})}
        facts |= {"cluster": cluster} if cluster else {}
        with call.change(f"run:{name}", **facts) as change:
            demand_free_run(call.home, change.session, name)
            change.session.add(
                Run(
                    id=arguments["run_id"],
                    name=name,
                    dataset_id=row.id,
                    owner_id=call.actor.user_id,
                    state="queued",
                    preset=preset,
                    folder=name,
                    simulated=simulated,
                )
            )
            job = hand_over_training(call, change, name, arguments, prepare=not simulated)
            if simulated:  # nothing real is copied for what is not trained
                folder = RunFolder(call.home.runs / name)
                folder.create()
                folder.set_config({"format": 1, "dataset": dataset, **arguments})
        launch(call, job)
        return {**shown(call, own_run(call, name), private=privacy is not None), "job": job}

    @operation("runs.list", Permission.TRAIN)
    def runs_list(self, call: Call) -> list[dict[str, Any]]:
        from db.tables import Run, User

        with call.read() as session:
            owners = {user.id: user.name for user in session.exec(select(User))}
            rows = session.exec(select(Run).where(Run.state != "removed").order_by(col(Run.created_at).desc())).all()
        keys = ("run", "dataset", "preset", "state", "kimg", "kimg_total", "simulated")
        listed = []
        for row in rows:
            if call.scope is Scope.OWN and row.owner_id != call.actor.user_id:
                continue
            facts = shown(call, row)
            listed.append(
                {
                    **{key: facts[key] for key in keys},
                    "started": row.created_at.isoformat(timespec="seconds"),
                    "owner": owners.get(row.owner_id, ""),
                    "generator": row.generator_digest is not None,
                }
            )
        return listed

    @operation("runs.show", Permission.TRAIN, about="run")
    def runs_show(self, call: Call, run: str) -> dict[str, Any]:
        return shown(call, own_run(call, run))

    @operation("runs.watch", Permission.TRAIN, about="run")
    def runs_watch(self, call: Call, run: str, offset: int = 0) -> dict[str, Any]:
        row = own_run(call, run)
        folder = RunFolder(call.home.runs / row.folder)
        records, offset = folder.lines(offset)
        return {
            "records": records,
            "offset": offset,
            "state": run_state(call, row, folder),
            "queued_behind": queued_behind(call, row),
            "best": best_of(folder.state()),
            "log": folder.log_tail(50),
            "samples": sorted(_sheets(folder)),
            "images_per_step": folder.plan().get("batch"),
        }

    @operation("runs.sample", Permission.TRAIN, about="run")
    def runs_sample(self, call: Call, run: str, kimg: float | None = None, size: int | None = None) -> dict[str, Any]:
        from PIL import Image

        folder = RunFolder(call.home.runs / own_run(call, run).folder)
        sheets = _sheets(folder)
        if not sheets:
            raise NotFound("no_samples", "There is no sample sheet yet.", "The first one comes after a few seconds.")
        chosen = max(sheets) if kimg is None else min(sheets, key=lambda at: abs(at - kimg))
        with Image.open(sheets[chosen]) as opened:
            picture = opened.convert("RGB") if opened.mode not in ("L", "RGB") else opened.copy()
        if size:
            picture.thumbnail((size, size))
        return {
            "kimg": chosen,
            "width": picture.width,
            "height": picture.height,
            "channels": len(picture.getbands()),
            "pixels": base64.b64encode(picture.tobytes()).decode(),
        }

    @operation("runs.pause", Permission.TRAIN, about="run")
    def runs_pause(self, call: Call, run: str) -> dict[str, Any]:
        return wish(call, own_run(call, run), "pause", ("running",))

    @operation("runs.stop", Permission.TRAIN, about="run")
    def runs_stop(self, call: Call, run: str) -> dict[str, Any]:
        return wish(call, own_run(call, run), "stop", ("queued", "running", "paused", "interrupted"))

    @operation("runs.resume", Permission.TRAIN, about="run")
    def runs_resume(self, call: Call, run: str) -> dict[str, Any]:
        row = own_run(call, run)
        folder = RunFolder(call.home.runs / row.folder)
        state = run_state(call, row, folder)
        job = newest_job_of(call.ledger, f"run:{run}")
        if state == "running":
            return {**take_back_pause(call, row, folder), "job": job}
        if state in ("finished", "stopped"):
            raise Busy("ended", f"This run is {state}.", "Train again: medsynth train DATASET")
        if state == "queued":
            behind = queued_behind(call, row)
            said = f" behind {plain(behind)}" if behind else ""
            raise Busy("queued", f"This run is queued{said}.", f"Watch it: medsynth runs watch {run}")
        if state == "failed" and not row.simulated and not (folder.data.exists() and folder.config()):
            why = (shown(call, row)["error"] or {}).get("message") or "it could not be prepared."
            raise Busy("ended", f"This run failed before it began: {plain(why)}", "Train again: medsynth train DATASET")
        check_goes_on(call.home, folder, job)
        if folder.path.is_dir():
            folder.set_wish("run")
        if job and state in ("paused", "interrupted"):
            with call.change(f"run:{run}", job=job):
                pass
            relaunch(call.ledger, call.home, job, call.actor)
            return {**shown(call, row), "job": job}
        config = folder.config()
        arguments = {
            "run": run,
            "run_id": row.id,
            "dataset_id": row.dataset_id,
            "device": config.get("device", "auto"),
            "simulated": row.simulated,
            "processes": config.get("processes", 1),
            "cluster": config.get("cluster"),
        }
        with call.change(f"run:{run}") as change:
            job = hand_over_training(call, change, row.name, arguments, prepare=False)
        launch(call, job)
        return {**shown(call, row), "job": job}

    @operation("runs.remove", Permission.TRAIN, fresh=True, about="run")
    def runs_remove(self, call: Call, run: str) -> dict[str, Any]:
        row = own_run(call, run)
        state = run_state(call, row, RunFolder(call.home.runs / row.folder))
        job = newest_job_of(call.ledger, f"run:{row.name}")
        if state != "running" and job and look(call.ledger, call.home, job) not in ENDED:
            cancel(call.ledger, call.home, job)  # a job that is left behind would train into the next run of that name
        if state == "running" or (job and look(call.ledger, call.home, job) not in ENDED):
            raise Busy("running", "This run is running.", f"Stop it first: medsynth runs stop {run}")
        return remove_run(call, row)


def _sheets(folder: RunFolder) -> dict[float, Any]:
    found = {}
    for sheet in folder.samples.glob("*.png"):
        try:
            found[float(sheet.stem)] = sheet
        except ValueError:
            continue
    return found
