"""The learners of rows side by side on one table: how faithful, how useful, how risky, how long."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_rows as c
from medsynth_tui.command import Command
from medsynth_tui.planned import given_as_pairs
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.upload import pairs
from medsynth_tui.view import View
from medsynth_tui.widgets.choice import Picks
from medsynth_tui.widgets.field import Field, Go, NumberField, filled_in, positive
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import count, number, said, span

LEARNERS = ["trees", "dp", "gan"]
MEASURES = {
    "pairwise": ("pairs", "Associations between columns that were kept; higher is better."),
    "detection_auc": ("told", "How well drawn rows are told from real ones (AUC); 0.5 is guessing."),
    "tstr_auc": ("AUC", "A classifier taught on drawn rows, tested on real ones; higher is better."),
    "close_match": (
        "close",
        "Share of drawn rows that all but equal a row that was learned from; beside what chance gives.",
    ),
    "membership_auc": ("member", "How well an attacker tells who was learned from (AUC); 0.5 is guessing."),
}
COLUMNS = (
    Column("rows by"),
    *(Column(title, 7, right=True) for title, _ in MEASURES.values()),
    Column("took", 8, right=True),
)
LEGEND = "pairs, AUC: higher is better. told, member: 0.5 is guessing. close: near copies, beside chance."
NOT_YET = "Not compared yet. F6 teaches each on two thirds of the training fold and judges it on the rest."
REAL = "-real"


class Learners(View):
    """Nothing is kept of what is taught here but the figures."""

    CSS_PATH = "learners.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (c.LearnersCompare, c.LearnersDraw)

    def __init__(self, dataset: str) -> None:
        super().__init__()
        self.dataset = dataset
        self.found: dict[str, Any] = {}
        self.prefilled: str | None = None
        """What the private learner must be told of this table, to be filled in."""

    def place(self) -> tuple[str, ...]:
        return ("Datasets", self.dataset, "Learners")

    def compose_body(self) -> ComposeResult:
        yield Picks("Compare", LEARNERS, "learners", hint="None picked: all that this table can teach.")
        yield NumberField("Epsilon", "epsilon", value="3", check=positive, hint="Of dp: smaller is more private.")
        yield Field(
            "Declared", "declare", check=given_as_pairs, hint="Of dp: bounds and values that are not from the data."
        )
        with Horizontal(classes="buttons"):
            yield Go("Compare", id="compare")
        yield WindowTable(COLUMNS, id="compared")
        yield Static(Content(NOT_YET), classes="muted", id="legend")

    def on_mount(self) -> None:
        self.query_one("#compared").display = False
        self.query_one(Picks).focus()

    def load(self) -> None:
        name = self.dataset
        if self.prefilled is None:
            self.ask(lambda engine: engine.rows_learners(name), self._offer, group="learners")
        if not self.found:
            self.ask(lambda engine: engine.jobs_list(), self._earlier, group="earlier")

    def _offer(self, document: dict[str, Any]) -> None:
        self.prefilled = ", ".join(f"{column}={word}" for column, word in document["undeclared"].items())
        self.query_one("#declare", Field).value = self.prefilled

    def _earlier(self, jobs: list[dict[str, Any]]) -> None:
        """What was found the last time is shown again."""
        mine = (
            each for each in jobs if each["kind"] == "compare_rows" and each["subject"] == f"dataset:{self.dataset}"
        )
        done = next((each for each in mine if each["state"] == "finished"), None)
        if done is not None:
            job = done["job"]
            self.ask(lambda engine: engine.jobs_show(job), lambda shown: self._show(shown["result"]), group="earlier")

    # --- comparing --------------------------------------------------------------------------------------------

    @on(Go.Pressed)
    def do_learners_compare(self) -> None:
        self.clear()
        chosen = self.query_one(Picks).value
        declared = self.query_one("#declare", Field).value
        private = "dp" in chosen or (not chosen and declared != self.prefilled)
        if private and not filled_in(self.query(Field)):
            return
        order: dict[str, Any] = {"learners": chosen or None}
        if private:
            order["epsilon"] = float(self.query_one("#epsilon", Field).value)
            order["declare"] = pairs(declared)
        name = self.dataset
        self.ask(lambda engine: engine.rows_compare(name, **order), self._comparing, group="compare")

    def _comparing(self, document: dict[str, Any]) -> None:
        self.follow(document["job"], f"Comparing learners on {self.dataset}", self._show)

    def _show(self, document: dict[str, Any] | None) -> None:
        if not document:
            return
        self.found = document
        table = self.query_one("#compared", WindowTable)
        table.display = True
        table.show(compared_rows(document))
        taught = f"Taught on {count(document['rows'])} rows, judged on {count(document['held'])} others. {LEGEND}"
        self.query_one("#legend", Static).update(Content(taught))
        table.focus()
        self.place_changed()

    @on(DataTable.RowSelected)
    def _explain(self, event: DataTable.RowSelected) -> None:
        one = (self.found.get("learners") or {}).get(str(event.row_key.value))
        if one is not None:
            self.studio.push_screen(Tell(f"Rows by {event.row_key.value}", *explained(one)))

    def offered(self, command: Command) -> bool:
        if command is c.LearnersDraw:
            return self._chosen() is not None and super().offered(command)
        return super().offered(command)

    def _chosen(self) -> str | None:
        key = self.query_one("#compared", WindowTable).current_key if self.found else None
        one = (self.found.get("learners") or {}).get(key or "")
        return key if one is not None and "refused" not in one else None

    def do_learners_draw(self) -> None:
        learner = self._chosen()
        if learner is not None:
            self.studio.open("cohort_new", dataset=self.dataset, rows=learner)


def compared_rows(document: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """A row for each learner, and last what real rows reach."""
    rows: list[tuple[str, list[Any]]] = []
    control: dict[str, Any] = {}
    for name, one in document["learners"].items():
        if "refused" in one:
            rows.append((name, [(said(name, 12), "$muted"), *[""] * (len(MEASURES) - 1), ("refused", "$warning"), ""]))
            continue
        control = control or {key: (one.get(key) or {}).get("control") for key in MEASURES}
        figures = [number((one.get(key) or {}).get("value")) for key in MEASURES]
        rows.append((name, [(said(name, 12), "bold"), *figures, took(one["seconds"])]))
    if control:
        rows.append((REAL, [("real rows", "$muted"), *(number(control[key]) for key in MEASURES), ""]))
    return rows


def explained(one: dict[str, Any]) -> list[str]:
    """Every figure of one learner in words, or why it was refused."""
    if "refused" in one:
        return [said(one["refused"]["why"], 300), said(one["refused"]["what_to_do"], 300)]
    lines = []
    for key, (title, meaning) in MEASURES.items():
        figure = one.get(key) or {}
        beside = f" (real rows {number(figure.get('control'))})" if figure.get("control") is not None else ""
        lines.append(f"{title} {number(figure.get('value'))}{beside}. {meaning}")
    return [*lines, f"It took {took(one['seconds'])}."]


def took(seconds: float) -> str:
    return f"{number(seconds, 2)} s" if seconds < 90 else span(seconds)
