"""Where a job's step does its work: its arguments, its progress, and the one way to commit what it made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from db.ledger import Ledger
from db.place import open_store
from db.tables import Dataset as DatasetRow
from db.tables import Run
from medsynth_engine.jobs import child
from medsynth_engine.jobs.grant import Holder, holder
from medsynth_engine.kernel.errors import BadInput, Interrupted
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.kernel.home import Home, default_home
from medsynth_engine.operations.declare import Recorded, record_as
from medsynth_engine.rows.unusable import UnusableTable


@dataclass(frozen=True)
class Desk:
    """One step of one job."""

    folder: JobFolder

    @cached_property
    def home(self) -> Home:
        return Home(default_home())

    @cached_property
    def ledger(self) -> Ledger:
        return open_store(self.home.ledger)

    @cached_property
    def order(self) -> dict[str, Any]:
        return self.folder.order()

    @property
    def arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = self.order["arguments"]
        return arguments

    @cached_property
    def actor(self) -> Holder:
        """Who asked for the job and still may have it done. Raises Denied where the grant has ended."""
        return holder(self.ledger, self.folder)

    def progress(self, unit: str) -> Callable[[int, int | None, str], None]:
        return child.progress(self.folder, unit)

    @cached_property
    def wanted(self) -> Callable[[], bool]:
        return child.wanted(self.folder)

    @contextmanager
    def commit(self, action: str, object_: str, **detail: Any) -> Iterator[Recorded]:
        """A write transaction that ends with its audit record, in the name of who asked for the job."""
        actor = self.actor
        with self.ledger.write() as change:
            recorded = Recorded(change.session, change, object_, {"job": self.folder.name, **detail})
            yield recorded
            record_as(change, actor, "job", action, recorded.object_, detail=recorded.detail)

    def record_failed(self, action: str, object_: str, **detail: Any) -> None:
        """Append that what was recorded as done, before it could be, was not done after all."""
        with self.ledger.write() as change:
            detail = {"job": self.folder.name, **detail}
            record_as(change, self.actor, "job", action, object_, outcome="failed", detail=detail)

    def dataset(self, dataset_id: str) -> tuple[DatasetRow, Path]:
        """The dataset's row and folder. Raises BadInput where it was removed meanwhile."""
        with self.ledger.read() as session:
            row = session.get(DatasetRow, dataset_id)
        if row is None or row.state != "present":
            raise BadInput("dataset_removed", "The dataset behind this was removed.", "Bring it in again.")
        return row, self.home.datasets / row.folder

    def stop_if_unwanted(self) -> None:
        if not self.wanted():
            raise Interrupted("cancelled", "The job was cancelled; nothing was kept.", "Ask for it again any time.")


def own_run(desk: Desk) -> Run:
    """The row of the run that this job was asked for. Raises Interrupted where it was removed meanwhile."""
    with desk.ledger.read() as session:
        row = session.get(Run, desk.arguments["run_id"])
    if row is None or row.state == "removed":
        raise Interrupted("run_removed", "The run was removed.", "Train again.")
    return row


def run(work: Callable[[Desk], dict[str, Any] | None]) -> None:
    """The main of every step: `python -m medsynth_engine.work.NAME JOB_FOLDER`."""

    def step(folder: JobFolder) -> dict[str, Any] | None:
        try:
            return work(Desk(folder))
        except UnusableTable as error:
            raise BadInput(error.code, error.message, error.hint) from error

    child.main(step)
