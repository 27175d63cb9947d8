"""Asking for long work: a row with its grant and a folder, in the transaction of who asks; then its supervisor."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from db.ledger import Change, Who
from db.tables import Job, new_id
from medsynth_engine.jobs.grant import digest_of
from medsynth_engine.kernel.atomic import write_json
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.kernel.home import Home
from medsynth_engine.kernel.served import served

EXPIRES_HOURS = 14 * 24.0
PRIVATE = ("source", "metadata", "path", "target", "where", "columns", "given")
"""Arguments that may name a person or a file: in the job's folder until it has ended, never in the ledger."""
_SECRETS = ("TOKEN", "PASSWORD", "SECRET")


def start(
    change: Change,
    home: Home,
    *,
    kind: str,
    arguments: Mapping[str, Any],
    steps: Sequence[Sequence[str]],
    actor: Who,
    subject: str,
    queue: str | None = None,
    expires_hours: float = EXPIRES_HOURS,
    run_folder: Path | str | None = None,
    pace: Mapping[str, float] | None = None,
) -> str:
    """Write the job down in the caller's change; its id, such as `intake-7f3a`. `launch` it after the commit.

    steps      command lines, run one after the other; `{job}` in them stands for the job's folder
    queue      at most one job of a queue runs at a time, first come first served; None waits for nobody
    run_folder the run that a step of this job trains: it is asked to pause or stop before it is signalled
    pace       seconds, to change how often the supervisor looks (`pace.Pace`)
    """
    job = _free_id(change, kind)
    folder = JobFolder(home.jobs / job)
    order = {
        "format": 1,
        "job": job,
        "kind": kind,
        "arguments": dict(arguments),
        "steps": [list(step) for step in steps],
        "queue": queue,
        "run_folder": str(run_folder) if run_folder else None,
        "subject": subject,
        "role": str(actor.role),
        "session": actor.session_id,
        "pace": dict(pace or {}),
    }
    change.session.add(
        Job(
            id=job,
            kind=kind,
            actor_id=actor.user_id,
            subject=subject,
            arguments={key: value for key, value in arguments.items() if key not in PRIVATE},
            arguments_digest=digest_of(order),
            expires_at=datetime.now(UTC) + timedelta(hours=expires_hours),
            folder=folder.name,
            queue=queue,
        )
    )
    change.session.flush()
    folder.create()
    write_json(folder.path / "job.json", order)
    folder.set_state("queued")
    return job


def launch(home: Home, job: str) -> None:
    """Start the job's supervisor, in a session of its own, so that it outlives the terminal and the login.

    On a server with services for that (`jobs.serve`) it stays queued: they see it within a second.
    """
    if served():
        return
    folder = JobFolder(home.jobs / job)
    (folder.path / "launched").touch(mode=0o600)
    command = [*_scope(job), sys.executable, "-P", "-m", "medsynth_engine.jobs.supervise", str(folder.path)]
    with os.fdopen(os.open(folder.log_file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=home.root,
            env=environment(home),
            start_new_session=True,
        )
    # Reaped as soon as it ends: in a studio that stays open it would otherwise look alive as a zombie.
    threading.Thread(target=process.wait, daemon=True, name=f"reap-{job}").start()


def environment(home: Home) -> dict[str, str]:
    """What the work sees: ours without anything that looks like a secret, and where the store is."""
    kept = {name: value for name, value in os.environ.items() if not any(word in name.upper() for word in _SECRETS)}
    # No module is taken from the folder that the process happens to stand in.
    return {**kept, "MEDSYNTH_HOME": str(home.root), "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}


def _free_id(change: Change, kind: str) -> str:
    for length in (4, 4, 4, 8, 12):
        job = f"{kind.replace('_', '-')}-{new_id()[:length]}"
        if change.session.get(Job, job) is None:
            return job
    raise AssertionError("twelve random characters were taken")


def _scope(job: str) -> list[str]:
    """Where the login manager kills what a user leaves behind, a scope of its own keeps the job alive."""
    return (
        ["systemd-run", "--user", "--scope", "--quiet", "--collect", f"--description=MedSynth {job}"]
        if _scopes()
        else []
    )


@cache
def _scopes() -> bool:
    if not (shutil.which("systemd-run") and Path("/run/systemd/system").exists() and os.environ.get("XDG_RUNTIME_DIR")):
        return False
    try:
        tried = subprocess.run(
            ["systemd-run", "--user", "--scope", "--quiet", "--collect", "true"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0
