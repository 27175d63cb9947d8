"""`python -m medsynth_engine.jobs.serve trainings|others`: starts the work that people of a server ask for.

On a laptop who asks for work starts it. On a server two services do so (`deploy/`), for three reasons: work then
belongs to no login, so no end of a login ends it; a training has the memory limit of its unit; and what a killed
machine left behind is looked at without anybody logging in. Nothing is decided here: whether a job may go, its
supervisor asks the ledger. So two of these, or none for a while, do no harm.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session, col, select

from db.errors import LedgerBusy, LedgerError
from db.ledger import Ledger
from db.place import open_store, store_exists
from db.tables import Job
from medsynth_engine.jobs import watch
from medsynth_engine.jobs.start import launch
from medsynth_engine.kernel.errors import MedSynthError, NotFound, WrongUsage
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.kernel.home import Home, default_home
from medsynth_engine.kernel.served import SERVED

TURN_SECONDS = 1.0
LOOK_SECONDS = 20.0
"""Between two looks at what runs: whether its supervisor lives."""
QUIET_SECONDS = 3600.0
"""A trouble that lasts is said again after so long; a turn comes every second."""
TROUBLES = (MedSynthError, LedgerError, OSError, ValueError)
"""What one job or one turn may raise: a full disk, a database that is away, a file that was cut off. The service goes
on, for its end would be the end of every training in its unit."""
KINDS: dict[str, Callable[[Job], bool]] = {
    "trainings": lambda job: job.kind == "train",
    "others": lambda job: job.kind != "train",
}


class Service:
    """Starts the jobs for which `mine` is true, each queue in the order of asking."""

    def __init__(self, ledger: Ledger, home: Home, mine: Callable[[Job], bool]) -> None:
        self.ledger, self.home, self.mine = ledger, home, mine
        self._tried: dict[tuple[str, datetime | None], float] = {}
        self._next_look = 0.0
        self._said: dict[str, float] = {}

    def turn(self) -> list[str]:
        """Start what may start; which jobs those were. Now and then look at what runs."""
        self._look()
        now = time.monotonic()
        self._tried = {key: at for key, at in self._tried.items() if now - at < watch.LAUNCH_SECONDS}
        begun = []
        with self.ledger.read() as session:
            waiting = [job for job in first_in_line(session) if self.mine(job)]
        for job in waiting:
            key = (job.id, job.started_at)  # one that was paused and is to go on has another time of its start
            try:
                if key in self._tried or watch.supervised(JobFolder(self.home.jobs / job.folder)):
                    continue
                self._tried[key] = now
                if JobFolder(self.home.jobs / job.folder).usable():
                    launch(self.home, job.id)
                    begun.append(job.id)
                else:
                    watch.look(self.ledger, self.home, job.id)  # its order is gone: that ends it
            except TROUBLES as error:
                self.say(job.id, error)
        return begun

    def say(self, what: str, error: Exception) -> None:
        """On stderr, once in a while. What an OSError or a ValueError says may hold a path: it is not repeated."""
        why = getattr(error, "message", "") or getattr(error, "strerror", "") or type(error).__name__
        sentence, now = f"{what}: {why}", time.monotonic()
        if now - self._said.get(sentence, -QUIET_SECONDS) >= QUIET_SECONDS:
            self._said = {old: at for old, at in self._said.items() if now - at < QUIET_SECONDS} | {sentence: now}
            print(sentence, getattr(error, "hint", ""), file=sys.stderr, flush=True)

    def _look(self) -> None:
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        with self.ledger.read() as session:
            running = [job.id for job in session.exec(select(Job).where(Job.state == "running")) if self.mine(job)]
        for job in running:
            try:
                watch.look(self.ledger, self.home, job)
            except TROUBLES as error:
                self.say(job, error)


def first_in_line(session: Session) -> list[Job]:
    """What waits for nobody, and of each queue that nobody has the first."""
    query = select(Job).where(col(Job.state).in_(("queued", "running"))).order_by(col(Job.created_at), Job.id)
    jobs = session.exec(query).all()
    taken = {job.queue for job in jobs if job.state == "running"} - {None}
    first = []
    for job in jobs:
        if job.state == "queued" and job.queue not in taken:
            taken |= {job.queue} - {None}
            first.append(job)
    return first


def serve(which: str, stop: threading.Event) -> None:
    """Go on until `stop` is set. Raises NotFound where there is no store: whoever started this tries again."""
    home = Home(default_home())
    if not store_exists(home.ledger):
        raise NotFound("no_store", "There is no store here yet.", "Make one with: medsynth init")
    with open_store(home.ledger) as ledger:
        service = Service(ledger, home, KINDS[which])
        while not stop.is_set():
            try:
                service.turn()
            except LedgerBusy:
                pass  # a long change, or a backup that took its place: the next turn sees
            except TROUBLES as error:
                service.say("queue", error)
            stop.wait(TURN_SECONDS)


def main(arguments: list[str]) -> int:
    os.umask(0o077)
    os.environ.pop(SERVED, None)  # what is started here shall start its own successors
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        if len(arguments) != 2 or arguments[1] not in KINDS:
            raise WrongUsage("bad_kind", "Which work?", f"python -m medsynth_engine.jobs.serve {'|'.join(KINDS)}")
        serve(arguments[1], stop)
    except (MedSynthError, LedgerError) as error:
        print(error.message, error.hint, file=sys.stderr)
        return error.exit_code if isinstance(error, MedSynthError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
