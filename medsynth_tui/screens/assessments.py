"""The list of privacy impact assessments."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LISTED
from medsynth_tui.screens.confirm import Ask
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.cell import Cell, at
from medsynth_tui.widgets.field import needed
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import ending

KINDS = ["cohort", "dataset", "generator"]
NARROW = (
    Column("subject"),
    Column("audience", 10),
    Column("state", 11),
    Column("version", 7, right=True),
    Column("drafted", 12),
)
WIDE = (*NARROW[:4], Column("author", 20), NARROW[4])


class Assessments(WritesList, View):
    """Newest first; a subject's newest version is the one that counts."""

    LIST = "assessments"
    ALL_OF_IT = "All assessments, also the versions before these, as a CSV table for other programs."
    HERE: ClassVar[tuple[Command, ...]] = (r.AssessmentOpen, r.AssessmentNew, *LISTED)

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[str, int | None] = {}

    def place(self) -> tuple[str, ...]:
        return ("Assessments",)

    def compose_body(self) -> ComposeResult:
        yield WindowTable(NARROW, WIDE)
        yield Static("Asking the store", classes="empty", id="empty")

    def load(self) -> None:
        self.ask(lambda engine: engine.pia_list(), self._show)

    def _show(self, documents: list[dict[str, Any]]) -> None:
        table, empty = self.query_one(WindowTable), self.query_one("#empty", Static)
        seen: set[str] = set()
        newest = [each for each in documents if not (each["subject"] in seen or seen.add(each["subject"]))]  # type: ignore[func-returns-value]
        self.versions = {each["subject"]: each.get("version") for each in newest}
        table.show(lambda: [(each["subject"], self._row(each)) for each in newest])
        table.display, empty.display = bool(newest), not newest
        if self.studio.session.may(r.AssessmentDraft.permission):
            new, in_a_cohort = self.key(r.AssessmentNew), self.key(r.CohortAssess)
            words = f"No assessments yet.\n\nPress {new}, or {in_a_cohort} in a cohort or a dataset, to draft one."
            empty.update(Content(words))
        else:
            empty.update(Content("No assessments yet. Researchers draft them; they come here when submitted."))
        if newest and self.focused is None:
            table.focus()

    def _seen(self) -> list[str]:
        """With the versions: those before them go by the same name and are not seen."""
        seen = [(subject, self.versions.get(subject)) for subject in super()._seen()]
        return [subject if version is None else f"{subject}#{version}" for subject, version in seen]

    def _row(self, each: dict[str, Any]) -> list[Any]:
        table = self.query_one(WindowTable)
        emphasis = "bold" if each["state"] in ("submitted", "returned") else ""
        return [
            Cell(ending(each["subject"], table.widths()[0]), by=each["subject"]),
            each["audience"],
            (each["state"], emphasis),
            each["version"],
            *([each["author"]] if table.wide else []),
            at(each["created"]),
        ]

    def do_assessment_new(self) -> None:
        self.studio.push_screen(
            Ask(
                "What is assessed?",
                "Name",
                says="A cohort before an export, a dataset before a bundle leaves, a generator before its weights do.",
                check=needed("A name"),
                choice=("A", KINDS),
                verb="Go on",
            ),
            self._new,
        )

    def _new(self, given: tuple[str, str] | None) -> None:
        if given is not None:
            kind, name = given
            self.studio.open("assessment", subject=name if kind == "cohort" else f"{kind}:{name}")

    @on(DataTable.RowSelected)
    def do_assessment_open(self) -> None:
        subject = self.query_one(WindowTable).current_key
        if subject is not None:
            self.studio.open("assessment", subject=subject)
