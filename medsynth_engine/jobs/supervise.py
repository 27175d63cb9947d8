"""`python -m medsynth_engine.jobs.supervise JOB_FOLDER`: runs a job's steps as its children and keeps its books.

Small and without torch. It beats every two seconds, passes a wish to stop on to the work, ends it when the grant
ends, writes what became of it into the ledger, and starts the next job of the queue. Killed, it leaves the work
running; the next look (`jobs.watch`) repairs the record.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.ledger import Ledger
from db.place import open_store
from db.tables import Job
from medsynth_engine.jobs import cap, grant, queue, record
from medsynth_engine.jobs.books import beat, only_one, read_beat
from medsynth_engine.jobs.child import error_document
from medsynth_engine.jobs.elsewhere import goes_on_elsewhere
from medsynth_engine.jobs.memory import killed, kills_for_memory, no_memory
from medsynth_engine.jobs.pace import pace_of
from medsynth_engine.jobs.process import Identity, identity, signal_group
from medsynth_engine.jobs.room import demand_room
from medsynth_engine.jobs.start import environment
from medsynth_engine.kernel.atomic import write_json
from medsynth_engine.kernel.errors import Denied, Interrupted, MedSynthError, NoRoom
from medsynth_engine.kernel.folders import JobFolder, RunFolder
from medsynth_engine.kernel.home import Home, default_home

CANNOT_START = 127
"""The exit code of a step whose program is not there, as a shell would say it."""
HURRY = 5.0
"""Seconds from SIGTERM to SIGKILL for work that holds too much memory."""


@dataclass
class Ending:
    """Why the work is being ended, and how far that has come. `grace` where it is not left the time it usually gets."""

    state: str
    error: MedSynthError | None
    since: float
    terminated_at: float | None = None
    killed: bool = False
    grace: float | None = None


class Supervisor:
    """One job from its claim to its end."""

    def __init__(self, folder: JobFolder, ledger: Ledger, home: Home) -> None:
        self.folder, self.ledger, self.home = folder, ledger, home
        self.order = folder.order()
        self.pace = pace_of(self.order)
        run = self.order.get("run_folder")
        self.run_folder = RunFolder(Path(run)) if run else None
        self.step = 0
        self.ending: Ending | None = None
        self.next_beat = self.next_grant = 0.0
        self.child: Identity | None = None
        self.memory_kills = kills_for_memory()
        self.memory_cap = 0
        self.no_room: NoRoom | None = None
        signal.signal(signal.SIGTERM, self._on_shutdown)

    def work(self) -> None:
        """All steps that are not done yet; then the books."""
        self.step = int(self.folder.state().get("steps_done", 0))
        self._beat()
        state, error = "finished", None
        while self.step < len(self.order["steps"]):
            code = self._run_step(self.order["steps"][self.step])
            state, error = self._judge(code)
            if state != "next":
                break
            self.step += 1
            self.folder.set_state("running", steps_done=self.step)
            state = "finished"
        if state == "interrupted" and self._only_we_end():
            return  # as if we were killed: the next look begins the step again
        document = self._error_file(state, error)
        if state == "interrupted" and self.run_folder is not None and self.run_folder.state()["state"] == "running":
            self.run_folder.set_state("interrupted")
        record.settle(self.ledger, self.folder, state, document)

    def _run_step(self, step: list[str]) -> int:
        """The exit code of the step; negative for a signal."""
        if self._over_before_it_began():
            return Interrupted.exit_code
        for leftover in ("error.json", "step.json"):
            (self.folder.path / leftover).unlink(missing_ok=True)
        self.memory_kills = kills_for_memory()
        try:
            demand_room([self.folder.path, *([self.run_folder.path] if self.run_folder else [])])
        except NoRoom as error:
            self.no_room = error
            return NoRoom.exit_code
        try:
            process = self._spawn([str(self.folder.path) if part == "{job}" else part for part in step])
        except OSError as error:
            self.folder.log(f"The step could not be started: {error.strerror}.")
            return CANNOT_START
        self.child = identity(process.pid)
        self._fence(process.pid)
        self.next_beat = 0.0
        while True:
            self._look_after()
            try:
                code = process.wait(self.pace.look)
            except subprocess.TimeoutExpired:
                continue
            self.child = None
            return code

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        """In a session of its own: a signal to us is no signal to the work, and its whole group can be ended."""
        with self.folder.log_file.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home.root,
                env={**environment(self.home), "MEDSYNTH_STEP": str(self.step)},
                start_new_session=True,
            )

    def _over_before_it_began(self) -> bool:
        """A stop that came between two steps. A run that did stop has granted the wish: its last steps are done."""
        self._look_after()
        if self.ending is not None and self.ending.state == "stopped" and self._run_ended_well():
            self.ending = None
            self.folder.set_wish("run")
        return self.ending is not None

    def _look_after(self) -> None:
        moment = time.monotonic()
        if moment >= self.next_beat:
            self.next_beat = moment + self.pace.beat
            self._beat()
            self._look_at_memory(moment)
        if moment >= self.next_grant:
            self.next_grant = moment + self.pace.grant
            self._check_grant()
        if self.ending is None and self.folder.wish() == "stop":
            self.ending = Ending("stopped", None, moment)
        if self.ending is not None and self.child is not None:
            self._press(self.ending, moment)

    def _fence(self, pid: int) -> None:
        run = self.run_folder if self._trains() else None
        self.memory_cap = cap.cap_of(self.ledger, run)
        cap.fence(pid, self.memory_cap, run)

    def _look_at_memory(self, moment: float) -> None:
        """What no single process was told by the kernel: together they hold too much. It grows while one waits."""
        if not self.memory_cap or self.child is None or self.ending is not None:
            return
        if cap.held(self.child.pid) > self.memory_cap:
            self.ending = Ending("failed", cap.over(self.memory_cap), moment, grace=min(HURRY, self.pace.grace))

    def _beat(self) -> None:
        with suppress(OSError, NoRoom):  # a full disk is no reason to leave the work alone
            beat(self.folder, self.child, self.step)

    def _check_grant(self) -> None:
        with self.ledger.read() as session:
            denied = grant.refusal(session, session.get(Job, self.folder.name), self.order)
        if denied is not None and self.ending is None:
            self.ending = Ending("failed", denied, time.monotonic())

    def _press(self, ending: Ending, moment: float) -> None:
        """First a word to the run, then SIGTERM, then SIGKILL."""
        run = self.run_folder if self._trains() else None
        if run is not None and ending.state != "interrupted" and ending.grace is None and ending.terminated_at is None:
            if run.wish() != "stop":
                run.set_wish("stop")
            if moment - ending.since < self.pace.patience:
                return
        if ending.terminated_at is None:
            ending.terminated_at = moment
            signal_group(self.child, signal.SIGTERM)
        elif moment - ending.terminated_at >= (ending.grace or self.pace.grace) and not ending.killed:
            ending.killed = True
            signal_group(self.child, signal.SIGKILL)

    def _trains(self) -> bool:
        """Whether the step under way is the one that trains the run."""
        return self.run_folder is not None and str(self.run_folder.path) in self.order["steps"][self.step]

    def _only_we_end(self) -> bool:
        """Whether this machine goes down, and the work of the step under way is on another one."""
        shut_down = self.ending is not None and self.ending.state == "interrupted"
        return shut_down and goes_on_elsewhere(self.order, self.step)

    def _run_ended_well(self) -> bool:
        return self.run_folder is not None and self.run_folder.state()["state"] in ("stopped", "finished")

    def _judge(self, code: int) -> tuple[str, MedSynthError | None]:
        """What an exit code means: `next`, or the state of the job and why."""
        if code == 0:
            run = self.run_folder if self._trains() else None
            return ("paused", None) if run is not None and run.state()["state"] == "paused" else ("next", None)
        if self._trains() and self._run_ended_well():
            return "next", None  # it had said so and was only slow to leave
        if self.ending is not None:
            return self.ending.state, self.ending.error
        if code in (Interrupted.exit_code, -signal.SIGTERM, -signal.SIGHUP, -signal.SIGINT):
            return "interrupted", None
        if code == -signal.SIGKILL and kills_for_memory() == self.memory_kills:
            return "interrupted", killed()
        return "failed", no_memory() if code == -signal.SIGKILL else self._without_a_word(code)

    def _without_a_word(self, code: int) -> MedSynthError | None:
        """A full disk also keeps the work from writing down why it failed; then its exit code says so."""
        if code == NoRoom.exit_code and self.folder.error() is None:
            return self.no_room or NoRoom(
                "disk_full", "There was no room left, on the disk or in memory.", "Free some, then ask again."
            )
        return None

    def _error_file(self, state: str, error: MedSynthError | None) -> dict[str, Any] | None:
        """The document of `error.json`: what the work said, else what the supervisor knows."""
        if error is None and state == "failed":
            said = self.folder.error() or run_error(self.run_folder)
            if said is not None:
                return said
            error = wordless()
        if error is None:
            return None
        with suppress(NoRoom):
            write_json(self.folder.path / "error.json", error_document(error))
        return error_document(error)

    def _on_shutdown(self, _number: int, _frame: object) -> None:
        """The machine (or its service manager) goes down: the work gets the chance to write what it has."""
        if self.ending is None:
            self.ending = Ending("interrupted", None, time.monotonic())


def wordless() -> MedSynthError:
    return MedSynthError(
        "unexpected", "The work ended without saying why.", "The last lines of the job's log.txt say more."
    )


def run_error(run: RunFolder | None) -> dict[str, Any] | None:
    """What the training said when it failed."""
    said = run.state().get("error") if run is not None else None
    if isinstance(said, dict) and "message" in said:
        return {"code": "unexpected", "hint": "", "exit_code": 1, **said}
    if isinstance(said, str) and said:
        return {"code": "training_failed", "message": said, "hint": "", "exit_code": 1}
    return None


def main() -> int:
    os.umask(0o077)
    folder, home = JobFolder(Path(sys.argv[1])), Home(default_home())
    with only_one(folder) as first, open_store(home.ledger) as ledger:
        if not first:
            return 0
        name = folder.order().get("queue")
        before = read_beat(folder)
        beat(folder, None, int(folder.state().get("steps_done", 0)))
        try:
            claimed = record.claim(ledger, folder)
        except Denied as denied:
            write_json(folder.path / "error.json", error_document(denied))
            folder.set_state("failed", error=error_document(denied))
            record.forget_private(folder)
            claimed = "gone"
        if claimed == "go":
            folder.set_state("running")
            Supervisor(folder, ledger, home).work()
        elif before is not None:
            write_json(folder.path / "heartbeat.json", before)  # not ours: leave the trace of who worked on it
        if name:
            queue.start_next(ledger, home, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
