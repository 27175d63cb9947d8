"""A new cohort: drawn by which generator, how many, balanced how, for which population."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui.command import Command, command
from medsynth_tui.commands import RunNew
from medsynth_tui.commands_rows import PopulationEdit
from medsynth_tui.planned import BROADEN, REFUSE, given_as_pairs, margins_in_words, merger
from medsynth_tui.population_words import BUILT_IN, BY_HAND, FILE, POPULATIONS, TRAINING, even_of
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.late import WaitsForChoices
from medsynth_tui.screens.picker import Picker
from medsynth_tui.screens.population import PopulationEditor
from medsynth_tui.screens.upload import pairs
from medsynth_tui.view import View
from medsynth_tui.widgets.choice import Choice, Picks
from medsynth_tui.widgets.field import Field, Go, NumberField, filled_in, positive, whole_number
from medsynth_tui.words import said

MOST = 10_000_000
TRAIN_FIRST = "Train a generator first: Runs, then"
TRY_AGAIN_SECONDS = 2.0
PATIENCE = 15
"""How often it is tried again."""
ATTRIBUTES = ["sex", "age_band", "ethnicity", "finding"]
"""Offered until the dataset has said what it has."""
TREES, PRIVATE = "trees", "dp"
LEARNERS = [TREES, PRIVATE, "gan"]

PickPopulation = command("cohort.population", "f2", "Pick a file", footer=True, palette=False)(
    "Pick a population file: the target to draw for."
)


class NewCohort(WaitsForChoices, View):
    """Rows first, then an image for every row. Leaving does not stop the drawing."""

    CSS_PATH = "cohort_new.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (PopulationEdit, PickPopulation)

    def __init__(self, run: str = "", dataset: str = "", rows: str = TREES) -> None:
        super().__init__()
        self.given_rows = rows
        self.given_run, self.given_dataset = run, dataset
        self.sources: dict[str, dict[str, str]] = {}
        self.patience = PATIENCE
        self.margins: dict[str, Any] | None = None
        """The population that was set by hand."""
        self.learners: dict[str, Any] = {}

    def place(self) -> tuple[str, ...]:
        return ("Cohorts", "New cohort")

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Choice(
                "Drawn by", [], "source", hint="A run, imported weights, or a table for rows alone.", late=True
            )
            yield Field("Name", "name", hint="What the cohort is called.", check=_name)
            yield NumberField(
                "Records", "n", value="500", check=whole_number(1, MOST), hint="Each an image and its row."
            )
            yield Choice("Population", list(POPULATIONS), "target", hint=POPULATIONS[TRAINING])
            yield Picks("Balance", ATTRIBUTES, "balance", hint="As many of each value, in every combination.")
            yield Field("File", "population", hint=self._with_keys("A TOML file of margins; {pick} picks."))
            yield Static("", id="margins", classes="muted")
            yield Field("Only", "given", hint="For instance finding=glioma, sex=F. Empty: all.", check=given_as_pairs)
            yield Choice(
                "Small cells",
                [REFUSE, BROADEN],
                "small",
                hint="Under 20 images or 10 patients: refuse, or merge values.",
            )
            yield Choice("Rows by", LEARNERS, "rows", value=self.given_rows, hint="What learns the rows.")
            yield NumberField("Epsilon", "epsilon", value="3", check=positive, hint="Smaller is more private.")
            yield Field(
                "Declared", "declare", check=given_as_pairs, hint="Bounds and values that are not from the data."
            )
            yield NumberField(
                "Seed", "seed", value="0", check=whole_number(0, 2**31 - 1), hint="The same seed, the same cohort."
            )
            with Horizontal(classes="buttons"):
                yield Go("Draw", id="draw")
        yield Static("", id="note", classes="muted")

    def on_mount(self) -> None:
        self._show_what_counts()
        self.query_one("#source", Choice).focus()

    def load(self) -> None:
        async def sources(engine: Any) -> dict[str, Any]:
            return {
                "runs": await engine.runs_list(),
                "weights": await engine.weights_list(),
                "datasets": await engine.datasets_list(),
            }

        self.ask(sources, self._offer, group="sources")

    def _offer(self, known: dict[str, Any]) -> None:
        sources: dict[str, dict[str, str]] = {}
        later: dict[str, dict[str, str]] = {}
        for each in known["runs"]:
            if not each.get("simulated") and each["state"] in ("finished", "stopped", "paused", "running"):
                of = sources if each.get("generator", True) else later
                of[f"run {each['run']}"] = {"run": each["run"], "of": each["dataset"]}
        for each in known["weights"]:
            sources[f"weights {each['name']}"] = {"weights": each["name"]}
        for each in known["datasets"]:
            sources[f"rows of {each['dataset']}"] = {"dataset": each["dataset"], "of": each["dataset"]}
        sources |= later  # no generator yet, or never: last, so that nothing is drawn with it unasked
        self.sources = sources
        wanted = (
            f"run {self.given_run}" if self.given_run else f"rows of {self.given_dataset}" if self.given_dataset else ""
        )
        self.query_one("#source", Choice).offer(list(sources), wanted)
        self._ask_attributes()
        if not sources:
            self.complain("There is nothing to draw with yet.", f"{TRAIN_FIRST} {self.key(RunNew)}.")

    @on(Choice.Changed, "#source")
    def _ask_attributes(self) -> None:
        dataset = self._source().get("of")
        if dataset:
            self.ask(lambda engine: engine.datasets_show(dataset), self._offer_attributes, group="attributes")
            self.ask(lambda engine: engine.rows_learners(dataset), self._offer_learners, group="learners")

    def _offer_attributes(self, document: dict[str, Any]) -> None:
        attributes = [said(name, 20) for name in document.get("composition") or {}]
        if attributes:
            self.query_one("#balance", Picks).offer(attributes[:6])

    def _offer_learners(self, document: dict[str, Any]) -> None:
        known = self.learners
        self.learners = document
        if document.get("dataset") != known.get("dataset"):
            undeclared = ", ".join(f"{name}={word}" for name, word in document["undeclared"].items())
            self.query_one("#declare", Field).value = undeclared
        self._show_what_counts()

    @on(Choice.Changed, "#target")
    @on(Choice.Changed, "#rows")
    def _show_what_counts(self) -> None:
        """Only the fields that mean something with what is chosen."""
        target, rows = self.query_one("#target", Choice), self.query_one("#rows", Choice)
        target.hint = self._with_keys(POPULATIONS[target.value])
        self.query_one("#balance").display = target.value == TRAINING
        self.query_one("#population").display = target.value == FILE
        margins = self.query_one("#margins", Static)
        margins.display = target.value == BY_HAND
        margins.update(Content(margins_in_words(self.margins) if self.margins else "Nothing is set yet."))
        says = {each["learner"]: each["says"] for each in self.learners.get("learners") or []}
        rows.hint = says.get(rows.value, rows.hint)
        for name in ("#epsilon", "#declare"):
            self.query_one(name).display = rows.value == PRIVATE
        target.refresh()
        rows.refresh()

    def _with_keys(self, words: str) -> str:
        return words.replace("{pick}", self.key(PickPopulation)).replace("{edit}", self.key(PopulationEdit))

    def _source(self) -> dict[str, str]:
        return self.sources.get(self.query_one("#source", Choice).value, {})

    def do_population_edit(self) -> None:
        self.clear()
        source = {key: value for key, value in self._source().items() if key != "of"}
        number = self.query_one("#n", Field)
        if not source or not number.valid():
            self.complain("Say first what draws, and how many records.", self._with_keys("Then {edit} shows it."))
            return
        target = self.query_one("#target", Choice).value
        asked = {
            "population": self.margins if target == BY_HAND else None,
            "path": self.query_one("#population", Field).value if target == FILE else "",
            "even": even_of(target, self.query_one("#balance", Picks).value),
            "drawn": {key: each for key, each in self._population(target).items() if key in ("balance", "population")},
            "given": pairs(self.query_one("#given", Field).value),
            "small_cells": self.query_one("#small", Choice).value,
        }
        self.studio.push_screen(PopulationEditor(source, int(number.value), asked), self._edited)

    def _edited(self, answer: dict[str, Any] | None) -> None:
        if answer is None:
            return
        self.query_one("#given", Field).value = ", ".join(f"{key}={value}" for key, value in answer["given"].items())
        small, target = self.query_one("#small", Choice), self.query_one("#target", Choice)
        small.chosen = small.options.index(answer["small_cells"])
        if not answer["unmoved"]:
            self.margins = answer["population"]
            target.chosen = target.options.index(BY_HAND if self.margins else TRAINING)
            if not self.margins:  # the editor showed what was picked, and it was taken away there
                self.query_one("#balance", Picks).picked = frozenset()
        self._show_what_counts()
        target.focus()

    def do_cohort_population(self) -> None:
        target = self.query_one("#target", Choice)
        target.chosen = target.options.index(FILE)
        field = self.query_one("#population", Field)
        self.studio.push_screen(Picker(field.value), lambda path: self._picked(field, path))

    @staticmethod
    def _picked(field: Field, path: str | None) -> None:
        if path:
            field.value = path

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(Go.Pressed)
    def _draw(self) -> None:
        self.clear()
        if not filled_in(field for field in self.query(Field) if field.display) or self.still_read(self._draw):
            return
        source = {key: value for key, value in self._source().items() if key != "of"}
        if not source:
            self.complain("Choose what to draw with.", f"Where there is nothing: {TRAIN_FIRST} {self.key(RunNew)}.")
            return
        target = self.query_one("#target", Choice).value
        if (target == BY_HAND and not self.margins) or (
            target == FILE and not self.query_one("#population", Field).value
        ):
            self.complain("The population is not set.", self._with_keys("{edit} sets margins, {pick} picks a file."))
            return
        self.patience = PATIENCE
        self._order({**source, **self._population(target), **self._drawing_of()})

    def _population(self, target: str) -> dict[str, Any]:
        file = self.query_one("#population", Field).value
        return {
            "balance": self.query_one("#balance", Picks).value if target == TRAINING else [],
            "population": self.margins if target == BY_HAND else file if target == FILE else BUILT_IN[target],
            "given": pairs(self.query_one("#given", Field).value),
            "small_cells": self.query_one("#small", Choice).value,
        }

    def _drawing_of(self) -> dict[str, Any]:
        rows = self.query_one("#rows", Choice).value
        private = {
            "epsilon": float(self.query_one("#epsilon", Field).value),
            "declare": pairs(self.query_one("#declare", Field).value),
        }
        return {
            "cohort": self.query_one("#name", Field).value,
            "n": int(self.query_one("#n", Field).value),
            "seed": int(self.query_one("#seed", Field).value),
            "rows": rows,
            **(private if rows == PRIVATE else {}),
        }

    def _order(self, order: dict[str, Any]) -> None:
        self.ask(
            lambda engine: engine.generate(**order),
            self._drawing,
            group="draw",
            refused=lambda error: self._wait_for_generator(error, order),
        )

    def _wait_for_generator(self, error: MedSynthError, order: dict[str, Any]) -> bool:
        """A training that has just ended still puts its generator away: wait for it instead of refusing."""
        self.patience -= 1
        if error.code != "no_generator" or self.patience <= 0:
            return False
        self.note("Waiting for the run's generator: it is being put away")
        self.set_timer(TRY_AGAIN_SECONDS, lambda: self._order(order))
        return True

    def _drawing(self, document: dict[str, Any]) -> None:
        self.follow(document["job"], f"Drawing {document['cohort']}", self._drawn)

    def _drawn(self, document: dict[str, Any]) -> None:
        name = str(document["cohort"])
        mergers = document.get("mergers") or []
        if mergers:
            lines = [merger(each) for each in mergers]
            self.studio.push_screen(Tell("Small cells were merged", *lines[:12]), lambda _: self._open(name))
        else:
            self._open(name)

    def _open(self, name: str) -> None:
        self.studio.go("cohorts")
        self.studio.open("cohort", name=name)


def _name(text: str) -> str:
    good = text[:1].isalnum() and all(each.isalnum() or each in "._-" for each in text)
    return "" if good else "Letters, digits, . - _"
