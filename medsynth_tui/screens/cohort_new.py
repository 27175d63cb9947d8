"""A new cohort: drawn by which generator, how many, balanced how, for which population."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui.command import Command
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.picker import Picker
from medsynth_tui.screens.upload import pairs
from medsynth_tui.view import View
from medsynth_tui.widgets.choice import Choice, Picks
from medsynth_tui.widgets.field import Field, Go, first_invalid, whole_number
from medsynth_tui.words import count, said

MOST = 10_000_000
TRY_AGAIN_SECONDS = 2.0
PATIENCE = 15
"""How often it is tried again."""
REFUSE, BROADEN = "refuse", "broaden"
ATTRIBUTES = ["sex", "age_band", "ethnicity", "finding"]
"""Offered until the dataset has said what it has."""


class PickPopulation(Command):
    """Pick a population file: the target to draw for."""

    id, keys, title, footer, palette = "cohort.population", "f2", "Pick population", True, False


class NewCohort(View):
    """Rows first, then an image for every row. Leaving does not stop the drawing."""

    HERE: ClassVar[tuple[type[Command], ...]] = (PickPopulation,)

    def __init__(self, run: str = "", dataset: str = "") -> None:
        super().__init__()
        self.given_run, self.given_dataset = run, dataset
        self.sources: dict[str, dict[str, str]] = {}
        self.patience = PATIENCE

    def place(self) -> tuple[str, ...]:
        return ("Cohorts", "New cohort")

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Choice("Drawn by", [], "source", hint="A run, imported weights, or a table for rows alone.")
            yield Field("Name", "name", hint="What the cohort is called.", check=_name)
            yield Field("Records", "n", value="500", check=whole_number(1, MOST), hint="Each an image and its row.")
            yield Picks("Balance", ATTRIBUTES, "balance", hint="As many of each value, in every combination.")
            yield Field("Population", "population", hint="A TOML file of margins, instead of balance; F2 picks.")
            yield Field("Only", "given", hint="For instance finding=glioma, sex=F. Empty: all.", check=_given)
            yield Choice(
                "Small cells",
                [REFUSE, BROADEN],
                "small",
                hint="Under 20 images or 10 patients: refuse, or merge values.",
            )
            yield Field(
                "Seed", "seed", value="0", check=whole_number(0, 2**31 - 1), hint="The same seed, the same cohort."
            )
            with Horizontal(classes="buttons"):
                yield Go("Draw", id="draw")
        yield Static("", id="note", classes="muted")

    def on_mount(self) -> None:
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
        for each in known["runs"]:
            if not each.get("simulated") and each["state"] in ("finished", "stopped", "paused", "running"):
                sources[f"run {each['run']}"] = {"run": each["run"], "of": each["dataset"]}
        for each in known["weights"]:
            sources[f"weights {each['name']}"] = {"weights": each["name"]}
        for each in known["datasets"]:
            sources[f"rows of {each['dataset']}"] = {"dataset": each["dataset"], "of": each["dataset"]}
        self.sources = sources
        wanted = (
            f"run {self.given_run}" if self.given_run else f"rows of {self.given_dataset}" if self.given_dataset else ""
        )
        self.query_one("#source", Choice).offer(list(sources), wanted)
        self._ask_attributes()
        if not sources:
            self.complain("There is nothing to draw with yet.", "Train a generator first: Runs, then n.")

    @on(Choice.Changed, "#source")
    def _ask_attributes(self) -> None:
        dataset = self._source().get("of")
        if dataset:
            self.ask(lambda engine: engine.datasets_show(dataset), self._offer_attributes, group="attributes")

    def _offer_attributes(self, document: dict[str, Any]) -> None:
        attributes = [said(name, 20) for name in document.get("composition") or {}]
        if attributes:
            self.query_one("#balance", Picks).offer(attributes[:6])

    def _source(self) -> dict[str, str]:
        return self.sources.get(self.query_one("#source", Choice).value, {})

    def do_cohort_population(self) -> None:
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
        wrong = first_invalid(list(self.query(Field)))
        if wrong is not None:
            wrong.focus_input()
            return
        source = {key: value for key, value in self._source().items() if key != "of"}
        if not source:
            self.complain("Choose what to draw with.", "Train a generator first where there is none.")
            return
        order: dict[str, Any] = {
            "cohort": self.query_one("#name", Field).value,
            "n": int(self.query_one("#n", Field).value),
            "balance": self.query_one("#balance", Picks).value,
            "population": self.query_one("#population", Field).value or None,
            "given": pairs(self.query_one("#given", Field).value),
            "small_cells": self.query_one("#small", Choice).value,
            "seed": int(self.query_one("#seed", Field).value),
            **source,
        }
        self.patience = PATIENCE
        self._order(order)

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


def merger(document: dict[str, Any]) -> str:
    """One merger of small cells as a sentence."""
    others = ", ".join(said(each, 30) for each in document.get("merged_with") or [])
    return (
        f"{said(document.get('attribute'), 30)} {said(document.get('value'), 30)} was drawn together with {others} "
        f"({count(document.get('n'))} records)."
    )


def _name(text: str) -> str:
    return (
        ""
        if text and text[0].isalnum() and all(ch.isalnum() or ch in "._-" for ch in text)
        else "Letters, digits, . - _"
    )


def _given(text: str) -> str:
    whole = all("=" in part for part in text.split(",") if part.strip())
    return "" if whole else "Write attribute=value, several apart by commas."
