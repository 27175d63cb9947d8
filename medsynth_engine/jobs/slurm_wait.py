"""`python -m medsynth_engine.jobs.slurm_wait RUN_FOLDER PROCESSES CLUSTER JOB_FOLDER`: a training that Slurm runs.

The step of a job that stands for a training elsewhere. It submits, then looks at the run's folder for the state and now
and then at the queue, whose last word it keeps in `cluster.json`: whoever shows the run reads that file and never asks
Slurm. Its exit codes are those of `medsynth_engine.gan.train`. Killed and begun again it finds its Slurm job again.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from types import FrameType

from medsynth_engine.jobs import slurm
from medsynth_engine.jobs.cluster_file import Cluster, cluster
from medsynth_engine.jobs.elsewhere import QUEUE_WORD, queue_word
from medsynth_engine.jobs.slurm_node import kept_kimg, too_short
from medsynth_engine.kernel.atomic import write_json
from medsynth_engine.kernel.errors import Interrupted, MedSynthError, NoRoom
from medsynth_engine.kernel.folders import ENDED, JobFolder, RunFolder
from medsynth_engine.kernel.home import Home, default_home

LOOK = 1.0
"""Seconds between two looks at the folder."""
LEAVING = 60.0
"""Seconds that a Slurm job gets to leave the queue once its run has ended."""
LOST = ("NODE_FAIL", "PREEMPTED", "CANCELLED", "BOOT_FAIL", "REVOKED", slurm.GONE, "COMPLETED")
"""Ends that say nothing against the run: it can be resumed."""


class Waiting:
    """One run, from its place in the queue to its end."""

    def __init__(self, folder: RunFolder, processes: int, where: Cluster, job: JobFolder) -> None:
        self.folder, self.processes, self.where, self.job = folder, processes, where, job
        self.told_to_leave = False
        self.asked_at = self.submitted_kimg = 0.0
        self.word = slurm.Word("PENDING")
        self.gone_before = self.cancelled = False
        self.number = ""
        signal.signal(signal.SIGTERM, self._on_terminate)

    def wait(self) -> int:
        """Until the run has ended; the exit code. Raises MedSynthError where Slurm does not take it."""
        if not self._begin():
            return 0
        while True:
            state = str(self.folder.state()["state"])
            if state in (*ENDED, "paused"):
                return self._leave(state)
            self._heed()
            if self.told_to_leave and not self.cancelled:
                return Interrupted.exit_code  # the Slurm job goes on without us
            if not self._ask():
                code = self._without_a_job(str(self.folder.state()["state"]))
                if code is not None:
                    return code
            time.sleep(min(LOOK, self.where.ask))

    def _begin(self) -> bool:
        """Find the run's job in the queue, or submit one; False where there is nothing to do (any more)."""
        state, wish = str(self.folder.state()["state"]), self.folder.wish()
        if state in ("finished", "stopped") or (state == "paused" and wish == "pause"):
            return False
        known = queue_word(self.folder)
        self.number = str(known.get("job", "")) if known.get("cluster") == self.where.name else ""
        if state in ("paused", "failed"):
            self._until_it_left()
        elif self.number and any(word.active for word in slurm.words(self.number) or []):
            return True
        if wish == "stop":
            self._stopped()
            return False
        self._submit()
        return True

    def _submit(self) -> None:
        self.submitted_kimg = kept_kimg(self.folder)
        self.folder.set_state("queued", error=None)
        command = ["medsynth_engine.jobs.slurm_node", str(self.folder.path), str(self.processes)]
        self.number = slurm.submit(self.where, self.folder.path, command, self.processes)
        self.folder.log(f"Submitted to Slurm as job {self.number}.")
        self.gone_before, self.asked_at = False, time.monotonic()
        self._note(slurm.Word("PENDING"))

    def _heed(self) -> None:
        """A wish to end reaches a training by its folder; one that has not begun is taken out of the queue here."""
        if self.cancelled:
            return
        if self.told_to_leave and "stop" in (self.job.wish(), self.folder.wish()):
            self.folder.set_wish("stop")
            self._cancel()  # it was asked before, by the folder, and did not end in time
        elif self.folder.wish() == "stop" and self.word.waits:
            self._ask(now=True)
            if self.word.waits:
                self._cancel()

    def _cancel(self) -> None:
        self.cancelled = True
        slurm.cancel(self.number)
        self.asked_at = 0.0

    def _ask(self, now: bool = False) -> bool:
        """Ask the queue where it is time to; False once it has said twice that the job is gone: what a shared disk
        shows of the folder may be older than the queue's word."""
        if not now and time.monotonic() - self.asked_at < self.where.ask:
            return True
        self.asked_at = time.monotonic()
        found = slurm.words(self.number)
        if not found:
            return True  # no answer is no news
        self._note(found[0])
        gone, self.gone_before = self.gone_before, not found[0].active
        return found[0].active or not gone

    def _note(self, word: slurm.Word) -> None:
        self.word = word
        document = {"cluster": self.where.name, "job": self.number, "state": word.state, "reason": word.reason}
        write_json(self.folder.path / QUEUE_WORD, {**document, "at": time.time()})

    def _without_a_job(self, state: str) -> int | None:
        """The queue has no job of this run, and the run has not ended: submit it again (None), or say how it ended."""
        if state in (*ENDED, "paused"):
            return None
        if self.cancelled and self.folder.wish() == "stop":
            return self._stopped()
        if state == "queued" and self.word.state in ("COMPLETED", "FAILED", slurm.GONE) and self._learned():
            self._submit()  # its time was up, and its cluster does not let a job put itself back into the queue
            return None
        if self.word.state in ("TIMEOUT", "DEADLINE"):
            if not self._learned():
                return too_short(self.folder)
            self.folder.log("The time limit came before the checkpoint: on from the one before it.")
            self._submit()
            return None
        if state == "interrupted" or self.word.state in LOST:
            self.folder.set_state("interrupted")
            return Interrupted.exit_code
        return self._failed()

    def _learned(self) -> bool:
        return kept_kimg(self.folder) > self.submitted_kimg

    def _stopped(self) -> int:
        """Taken out of the queue before its turn. What it measured in an earlier turn is kept by the next step."""
        self.folder.set_state("stopped")
        self.folder.log("Taken out of the queue of the cluster.")
        return 0

    def _failed(self) -> int:
        error: MedSynthError
        if self.word.state == "OUT_OF_MEMORY":
            error = NoRoom("no_memory", "The cluster ended the job: it needed more memory.", "Give it more `memory`.")
        else:
            error = MedSynthError(
                "job_failed",
                f"The Slurm job ended ({self.word.state.lower()}) before the training could say why.",
                "The last lines of cluster.log in the run's folder say more.",
            )
        self.folder.log(error.message)
        self.folder.set_state("failed", error={**error.document(), "exit_code": error.exit_code})
        return error.exit_code

    def _leave(self, state: str) -> int:
        """The run has ended: its job leaves the queue in a moment, and is not waited for if it does not."""
        if state == "paused":  # it may be resumed at once
            return 0
        self._until_it_left()
        if state == "failed":
            said = self.folder.state().get("error") or {}
            return int(said.get("exit_code") or MedSynthError.exit_code)
        return 0

    def _until_it_left(self) -> None:
        end = time.monotonic() + LEAVING
        while self.number and time.monotonic() < end and not self.told_to_leave:
            found = slurm.words(self.number)
            if found:
                self._note(found[0])
            if not found or not found[0].active:
                return
            if found[0].waits:
                slurm.cancel(self.number)  # put back into the queue a moment before
            time.sleep(LOOK)

    def _on_terminate(self, number: int, frame: FrameType | None) -> None:
        self.told_to_leave = True


def main(arguments: list[str]) -> int:
    if len(arguments) != 4 or not arguments[1].isdigit():
        print("usage: python -m medsynth_engine.jobs.slurm_wait RUN_FOLDER PROCESSES CLUSTER JOB", file=sys.stderr)
        return 2
    folder = RunFolder(Path(arguments[0]))
    try:
        where = cluster(Home(default_home()), arguments[2])
        return Waiting(folder, int(arguments[1]), where, JobFolder(Path(arguments[3]))).wait()
    except MedSynthError as error:
        folder.set_state("failed", error={**error.document(), "exit_code": error.exit_code})
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
