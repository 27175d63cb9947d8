"""One turn of a piece of work in a Slurm job: from where it stood to its end, or to the cluster's time limit.

Shortly before the limit Slurm sends SIGUSR1: the work is told to note where it stands, and the job goes back into the
queue under the same number. SIGTERM is passed on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from types import FrameType

from medsynth_engine.jobs import slurm
from medsynth_engine.kernel.errors import Interrupted

PATIENCE = 30.0
"""Seconds that Slurm gets to end a job that was put back into the queue."""


class Stint(ABC):
    """A turn of `python -m COMMAND`, with the exit codes of the contract: 130 says that it can go on from where it
    stood. What a subclass reads when it is made, it reads before the work begins."""

    def __init__(self, command: list[str], processes: int = 1) -> None:
        self._command = [sys.executable, "-P", "-m", *command]
        self._processes = processes
        self._time_is_up = self._asked_to_end = False
        self._child: subprocess.Popen[bytes] | None = None
        self.job = os.environ.get("SLURM_JOB_ID", "")
        self.again = os.environ.get("SLURM_RESTART_COUNT", "0") not in ("", "0")
        for number in (signal.SIGUSR1, signal.SIGTERM):
            signal.signal(number, self._heard)

    @abstractmethod
    def goes_on_later(self) -> int | None:
        """The time is up: None where the work shall go on in another turn, after saying so; else the exit code."""

    def work(self) -> int:
        """Do it; the exit code."""
        self._child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, env=self._environment())
        if self._time_is_up or self._asked_to_end:  # heard while it was being started
            self._child.terminate()
        code = self._child.wait()
        if not self._time_is_up or code != Interrupted.exit_code:
            return code
        over = self.goes_on_later()
        if over is not None:
            return over
        if slurm.requeue(self.job):
            time.sleep(PATIENCE)
        return Interrupted.exit_code  # Slurm did not take it back: who waits for the work submits it again

    def _environment(self) -> dict[str, str]:
        """As many threads as cores were asked for, also where Slurm does not hold processes to theirs."""
        cores = int(os.environ.get("SLURM_CPUS_PER_TASK", "0") or 0) // self._processes
        return {**({"MEDSYNTH_THREADS": str(cores)} if cores else {}), **os.environ}

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGUSR1:
            self._time_is_up = True
        elif self._time_is_up and self._child is not None and self._child.poll() is not None:
            raise SystemExit(Interrupted.exit_code)  # put back into the queue: no more to do here
        else:
            self._asked_to_end = True
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
