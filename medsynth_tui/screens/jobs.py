"""Work: everything long that was asked for, how far it is, and the way to cancel it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_evidence as e
from medsynth_tui.command import Command
from medsynth_tui.commands import CancelJob, DatasetCheck
from medsynth_tui.commands_list import LISTED
from medsynth_tui.evidence_words import Row
from medsynth_tui.option_words import in_fields
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.cell import Cell, at
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import count, ending, said, state, work

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine

ALIVE = ("queued", "running", "paused")
NARROW = (
    Column("work", 12),
    Column("about"),
    Column("state", 13),
    Column("so far", 17),
    Column("asked for", 12),
)
WIDE = (*NARROW[:2], Column("state", 15), Column("so far", 22), NARROW[4])
MOST_ASKED = 5
"""Of so many jobs that go on the progress is asked for; the supervisor starts no more at once on a small machine."""
EVERY = 2.0
"""Seconds between two looks while something goes on."""


class Jobs(WritesList, View):
    """The newest first. While something goes on it is looked at again by itself."""

    CSS_PATH = "jobs.tcss"
    LIST = "jobs"
    HERE: ClassVar[tuple[Command, ...]] = (e.JobOpen, *LISTED)

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[dict[str, Any]] = []

    def place(self) -> tuple[str, ...]:
        return ("Work",)

    def compose_body(self) -> ComposeResult:
        yield WindowTable(NARROW, WIDE)
        yield Static("Asking the store", classes="empty", id="empty")

    def on_mount(self) -> None:
        self.set_interval(EVERY, self._look_again)

    def load(self) -> None:
        self.ask(_work, self._show)

    def _look_again(self) -> None:
        going_on = any(each["state"] in ALIVE for each in self.documents)
        if going_on and self.is_current and not self.failed and not self.awaits("view"):
            self.load()

    def _show(self, documents: list[dict[str, Any]]) -> None:
        self.documents = documents
        table, empty = self.query_one(WindowTable), self.query_one("#empty", Static)
        table.show(lambda: [self._row(each) for each in documents])
        table.display, empty.display = bool(documents), not documents
        empty.update(Content("You have asked for nothing long yet: bringing in, training, drawing, judging, reports."))
        if documents and self.focused is None:
            table.focus()
        self.place_changed()

    def _row(self, each: dict[str, Any]) -> Row:
        text = self.studio.glyphs.text
        about = ending(said(each["subject"].partition(":")[2], 60), self.query_one(WindowTable).widths()[1])
        done = (each.get("progress") or {}).get("done")
        return each["job"], [
            text(work(each["kind"])),
            Cell(text(about), by=each["subject"].partition(":")[2]),
            text(state(each["state"])),
            Cell(text(so_far(each.get("progress"))), by=done),
            at(each["created"]),
        ]

    def _chosen(self) -> dict[str, Any] | None:
        key = self.query_one(WindowTable).current_key
        return next((each for each in self.documents if each["job"] == key), None)

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        self.place_changed()

    def offered(self, command: Command) -> bool:
        if command is CancelJob:
            chosen = self._chosen()
            return chosen is not None and chosen["state"] in ALIVE
        return super().offered(command)

    def do_job_cancel(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.cancel(chosen["job"], self._cancelled, what(chosen), chosen["kind"])

    def _cancelled(self, document: dict[str, Any]) -> None:
        self.say("Asked to cancel it.")
        self.load()

    @on(DataTable.RowSelected)
    def do_jobs_open(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            job = chosen["job"]
            self.ask(lambda engine: engine.jobs_show(job), self._tell, group="job")

    def _tell(self, document: dict[str, Any]) -> None:
        progress, over = document.get("progress") or {}, document["state"] not in ALIVE
        lines = [state(document["state"]), so_far({**progress, "say": None} if over else progress, 200)]
        error = document.get("error") or {}
        lines += [said(in_fields(str(error[part])), 600) for part in ("message", "hint") if error.get(part)]
        if document["kind"] == "check_text" and over and document["state"] != "finished":
            lines.append(f"{self.key(DatasetCheck)} on the dataset's page asks for it again.")
        title, text = what(document), self.studio.glyphs.text
        self.studio.push_screen(Tell(title[:1].upper() + title[1:], *(text(line) for line in lines if line)))


async def _work(engine: Engine) -> list[dict[str, Any]]:
    """The actor's jobs, of those that go on with their progress."""
    jobs = await engine.jobs_list()
    alive = [each["job"] for each in jobs if each["state"] in ALIVE][:MOST_ASKED]
    known = {job: await engine.jobs_show(job) for job in alive}
    return [{**each, **known.get(each["job"], {})} for each in jobs]


def what(job: dict[str, Any]) -> str:
    """What kind of work a job is, and what about."""
    return f"{work(job['kind'])}: {said(job['subject'].partition(':')[2], 60)}"


def so_far(progress: dict[str, Any] | None, limit: int = 22) -> str:
    """`3 of 14 measures`, and what it is at where there is room."""
    if not progress or progress.get("done") is None:
        return ""
    of = f" of {count(progress['total'])}" if progress.get("total") else ""
    words = f"{count(progress['done'])}{of} {said(progress.get('unit') or '', 20)}"
    more = f", {said(progress['say'], 80)}" if progress.get("say") else ""
    return (words + more)[:limit] if limit > 22 else words[:limit]
