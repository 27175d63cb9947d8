"""A store with one user, real supervisors and small real workers: what the tests of jobs share."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from db import chain
from db.ledger import Ledger
from db.tables import Job, User
from medsynth_engine.access.actor import Actor
from medsynth_engine.access.roles import Role
from medsynth_engine.jobs import watch
from medsynth_engine.jobs.books import read_beat
from medsynth_engine.jobs.process import Identity, alive
from medsynth_engine.jobs.start import launch, start
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.kernel.home import Home

ADA = Actor("user-ada", "ada", Role.RESEARCHER, "0123456789abcdef-and-more")
WORKER = """
import os, signal, sys, time
from pathlib import Path
from medsynth_engine.jobs import child
from medsynth_engine.kernel.errors import BadInput, Interrupted

def work(folder):
    what = sys.argv[2]
    progress, wanted = child.progress(folder, "things"), child.wanted(folder)
    if what == "quick":
        for done in range(1000):
            progress(done + 1, 1000, "counting")
        return {"answer": 42, "source": folder.order()["arguments"].get("source")}
    if what == "bad":
        raise BadInput("bad_thing", "The thing is bad.", "Take a good one.")
    if what == "defect":
        name = "DOE^JANE"
        raise ValueError(f"cannot convert {name}")
    if what == "mute":
        os._exit(3)
    if what == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    if what == "until":  # a file appears, or it is told to stop
        folder.path.joinpath("begun").touch()
        while not folder.path.joinpath("enough").exists():
            if not wanted():
                raise Interrupted("cancelled", "The job was cancelled.", "Ask again.")
            time.sleep(0.02)
        return {"answer": "enough"}

child.main(work)
"""
TRAINER = """
import signal, sys, time
from pathlib import Path
from medsynth_engine.kernel.folders import RunFolder
run = RunFolder(Path(sys.argv[1]))
run.set_state("running", turns=run.state().get("turns", 0) + 1)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
while run.wish() == "run":
    time.sleep(0.02)
time.sleep(0.1)
run.set_state({"pause": "paused", "stop": "stopped"}[run.wish()])
"""
FAST = {"beat": 0.2, "grant": 0.2, "grace": 0.6, "patience": 5.0, "look": 0.02}


class Bench:
    """A store with one user, and how to ask for work in it."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.ledger = Ledger.create(self.home.ledger, "development")
        for name, program in (("worker.py", WORKER), ("trainer.py", TRAINER)):
            (root / name).write_text(program)
        with self.ledger.write() as change:
            change.session.add(User(id=ADA.user_id, name="ada", role="researcher", state="active"))
            change.record(actor="system", action="user.add")

    def step(self, what: str) -> list[str]:
        return [sys.executable, str(self.home.root / "worker.py"), "{job}", what]

    def ask(self, *steps: list[str], go: bool = True, **options: object) -> str:
        settings: dict = {
            "kind": "test_work",
            "subject": "thing:x",
            "arguments": {},
            "actor": ADA,
            "pace": FAST,
            **options,
        }
        with self.ledger.write() as change:
            job = start(change, self.home, steps=list(steps), **settings)
            change.record(actor=ADA, action="test.ask", object_=job)
        if go:
            launch(self.home, job)
        return job

    def folder(self, job: str) -> JobFolder:
        return JobFolder(self.home.jobs / job)

    def look(self, job: str) -> str:
        return watch.look(self.ledger, self.home, job)

    def until(self, job: str, *states: str, seconds: float = 120) -> str:
        wait_for(lambda: self.look(job) in states, seconds, lambda: f"{self.look(job)}: {self.folder(job).log_tail()}")
        return self.look(job)

    def begun(self, job: str) -> None:
        wait_for(lambda: (self.folder(job).path / "begun").exists())

    def enough(self, job: str) -> None:
        (self.folder(job).path / "enough").touch()

    def supervisor(self, job: str) -> Identity:
        found = Identity.from_document((read_beat(self.folder(job)) or {}).get("supervisor"))
        assert found
        return found

    def child(self, job: str) -> Identity | None:
        return Identity.from_document((read_beat(self.folder(job)) or {}).get("child"))

    def kill_supervisor(self, job: str) -> None:
        wait_for(lambda: alive(self.child(job)))
        known = self.supervisor(job)
        os.kill(known.pid, signal.SIGKILL)
        wait_for(lambda: not alive(known))

    def row(self, job: str) -> Job:
        with self.ledger.read() as session:
            return session.get_one(Job, job)

    def actions(self, job: str) -> list[str]:
        with self.ledger.read() as session:
            return [r.action for r in chain.page(session, object_=f"job:{job}")][::-1]


def wait_for(true: Callable[[], bool], seconds: float = 120, say: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, say()
        time.sleep(0.02)
