"""What is asked of Slurm: take a job, how it stands, end it. Its own programs, called as a person would.

Submitting is plain `sbatch` with a script that is kept beside the work, not submitit: what runs over there is a command
line on a folder. So nothing is pickled, and a person can read what was asked, and submit it again.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medsynth_engine.jobs.cluster_file import Cluster
from medsynth_engine.kernel.atomic import write_text
from medsynth_engine.kernel.errors import MedSynthError, NotFound
from medsynth_engine.kernel.escape import plain

WAITS = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT")
RUNS = ("RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING")
GONE = "GONE"
"""No word of the job is left in the queue, nor in the accounts."""
PATIENCE = 60.0
"""Seconds that one of Slurm's programs gets."""
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "MODULEPATH",
              "LOW_RESOURCE_MODE", "VIRTUAL_ENV")  # fmt: skip
_PASSED_ON_BEGIN = ("LC_", "SLURM_CONF", "SBATCH_", "MUNGE_", "LMOD", "MODULES", "BASH_FUNC_", "OMP_", "NCCL_", "GLOO_")


@dataclass(frozen=True)
class Word:
    """What the queue says of a job: its state in Slurm's own word, and why it waits."""

    state: str
    reason: str = ""

    @property
    def waits(self) -> bool:
        return self.state in WAITS

    @property
    def active(self) -> bool:
        return self.waits or self.state in RUNS


def demand_slurm(hint: str = "Ask from a machine that does, or leave --cluster out.") -> None:
    """Raise NotFound, with what to do as its `hint`, where this machine cannot talk to a Slurm."""
    for program in ("sbatch", "squeue", "scancel"):
        if shutil.which(program) is None:
            raise NotFound(
                "no_slurm",
                f"There is no {program} here: this machine submits to no Slurm. Nothing was started.",
                hint,
            )


def script(cluster: Cluster, command: Sequence[str]) -> str:
    """The batch script: what the cluster's file says comes first, then the program takes the shell's place, so that
    Slurm's signals reach it."""
    lines = ["#!/bin/bash", *cluster.setup, "exec " + shlex.join([cluster.interpreter, "-P", "-m", *command])]
    return "\n".join(lines) + "\n"


def submit(cluster: Cluster, folder: Path, command: Sequence[str], processes: int, tasks: int = 1) -> str:
    """Hand `python -m COMMAND` to the queue; the number of its job. It may be begun again after its time limit.

    folder     where the script and what the job says are kept: both machines see it
    processes  of one job: each gets the cluster file's GPUs, cores and memory
    tasks      more than one makes an array of so many jobs, told apart by SLURM_ARRAY_TASK_ID

    Raises MedSynthError with what `sbatch` says where it refuses.
    """
    path = folder / "cluster.sh"
    write_text(path, script(cluster, command))
    asked = [
        "sbatch",
        "--parsable",
        "--job-name=medsynth",  # everybody on the cluster may read it: neither run nor dataset is named
        "--nodes=1",
        "--ntasks=1",
        f"--cpus-per-task={cluster.cpus * processes}",
        f"--mem={cluster.memory_mb * processes}M",
        f"--time={-(-cluster.time // 60)}",
        f"--signal=B:USR1@{cluster.margin}",
        "--requeue",
        "--open-mode=append",
        f"--output={_said(folder, tasks)}",
        f"--chdir={folder}",
    ]
    asked += [f"--{key}={value}" for key in ("partition", "account", "qos") if (value := getattr(cluster, key))]
    if cluster.gpus:
        kind = f"{cluster.gpu_type}:" if cluster.gpu_type else ""
        asked.append(f"--gres=gpu:{kind}{cluster.gpus * processes}")
    if tasks > 1:
        asked.append(f"--array=0-{tasks - 1}")
    said = _call([*asked, str(path)])
    number = said.stdout.strip().partition(";")[0]
    if said.returncode or not re.fullmatch(r"\d+", number):
        raise MedSynthError(
            "not_submitted", f"Slurm did not take the job: {plain(_why(said), 300)}.", "See docs/cluster.md."
        )
    return number


def words(job: str) -> list[Word] | None:
    """How the job stands, one word for each job of an array; `GONE` where nobody knows it any more.

    None where Slurm does not answer: then nothing is known, and what was known before still holds.
    """
    said = _call(["squeue", "--noheader", "--array", "--states=all", f"--jobs={job}", "--format=%T|%r"])
    if said.returncode == 0 and said.stdout.strip():
        return [
            Word(*(part.strip() for part in line.split("|", 1))) for line in said.stdout.splitlines() if "|" in line
        ]
    if said.returncode != 0 and "Invalid job id" not in said.stderr:
        return None
    return _from_accounts(job) or [Word(GONE)]


def _from_accounts(job: str) -> list[Word]:
    """A job that ended a while ago is only in the accounts, on clusters that keep them."""
    if shutil.which("sacct") is None:
        return []
    said = _call(["sacct", "-X", "--noheader", "--parsable2", f"--jobs={job}", "--format=State"])
    if said.returncode:
        return []
    return [Word(line.split()[0].rstrip("+")) for line in said.stdout.splitlines() if line.split()]


def cancel(job: str) -> None:
    """Ask Slurm to end the job: SIGTERM, and after the cluster's KillWait SIGKILL."""
    _call(["scancel", "--quiet", job])


def requeue(job: str) -> bool:
    """From within the job: back into the queue under the same number. Slurm then ends what is left of it here."""
    return _call(["scontrol", "requeue", job]).returncode == 0


def _said(folder: Path, tasks: int) -> Path:
    return folder / ("cluster-%a.log" if tasks > 1 else "cluster.log")


def _call(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=PATIENCE,
            env=_environment(),
        )  # fmt: skip
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, "", f"there is no {command[0]} here")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"{command[0]} did not answer")


def _environment() -> dict[str, str]:
    """What goes to the other machine with the job: nothing that a login, a ledger or a mail program left here."""
    kept = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_BEGIN)
    }
    return {**kept, "PYTHONUNBUFFERED": "1"}


def _why(said: subprocess.CompletedProcess[str]) -> str:
    lines = [line.removeprefix("sbatch: ").removeprefix("error: ") for line in said.stderr.splitlines() if line.strip()]
    return (lines[-1] if lines else "it gave no reason").rstrip(".")
