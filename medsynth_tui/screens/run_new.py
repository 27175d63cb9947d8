"""A new training: on which dataset, how large a network, for how long, where."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui.command import Command
from medsynth_tui.commands import Back, DatasetAdd
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.late import WaitsForChoices
from medsynth_tui.view import View
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field, Go, NumberField, filled_in, or_nothing, positive, whole_number
from medsynth_tui.words import said

PRESETS = ["auto", "nano32", "tiny64", "small64", "small128", "base128", "base256"]
DEVICES = ["auto", "cpu", "cuda", "mps"]
YES, NO = "yes", "no"
HERE = "this machine"
ITS_QUEUE = "It has its own queue; watched from here as any run."
LEARNS = "What the generator learns from."
UNREAD = "Not yet read for text: what learned from text stays here."
PRIVATE = "Empty: none. 1 strong, 10 weak; from 1,000 patients."


class NewRun(WaitsForChoices, View):
    """Begins the training in a process of its own: it goes on when you leave."""

    HERE: ClassVar[tuple[Command, ...]] = ()

    def __init__(self, dataset: str = "") -> None:
        super().__init__()
        self.dataset = dataset
        self.unread: set[str] = set()
        """Datasets with pictures that are still to be read for burned-in text."""

    def place(self) -> tuple[str, ...]:
        return ("Runs", "New run")

    def compose_body(self) -> ComposeResult:
        yield Static(Content("The training runs in a process of its own: it goes on when you leave."), classes="muted")
        with VerticalScroll(can_focus=False):
            known = [self.dataset] if self.dataset else []
            yield Choice("Dataset", known, "dataset", hint=LEARNS, late=True).add_class("gap")
            yield Choice("Preset", PRESETS, "preset", hint="Network and image size; auto chooses for this machine.")
            yield NumberField("Minutes", "minutes", value="10", hint="How long to train.", check=positive)
            yield Field("Name", "name", hint="Empty: the dataset's name and the time.")
            with Horizontal(classes="buttons"):
                yield Go("Begin training", id="begin")
            yield Static(Content("Where nothing is changed below, it is chosen for you."), classes="muted gap")
            yield Choice("Cluster", [HERE], "cluster", hint=ITS_QUEUE)
            yield Choice("Device", DEVICES, "device", hint="A device that fails its self-test is not used.")
            yield Choice("Low resource", [NO, YES], "low", hint="Half the batch and half the default length.")
            yield Choice(
                "Simulated", [NO, YES], "simulated", hint="Curves without training; marked everywhere, never let out."
            )
            yield NumberField("Epsilon", "epsilon", hint=PRIVATE, check=or_nothing(positive))
            yield NumberField("Processes", "processes", value="1", hint="One for each GPU.", check=whole_number(1, 64))
            yield NumberField(
                "Seed", "seed", value="0", check=whole_number(0, 2**31 - 1), hint="The same seed, the same run."
            )

    def on_mount(self) -> None:
        self.query_one("#cluster").display = False
        if self.studio.session.simulated:
            self.query_one("#simulated", Choice).chosen = 1
        self.query_one("#preset" if self.dataset else "#dataset", Choice).focus()

    def load(self) -> None:
        self.ask(lambda engine: engine.datasets_list(), self._offer)
        self.ask(
            lambda engine: engine.runs_clusters(), self._offer_clusters, group="clusters", refused=self._no_cluster
        )

    def _offer_clusters(self, document: dict[str, Any]) -> None:
        names = document["clusters"]
        choice = self.query_one("#cluster", Choice)
        choice.display, choice.hint = bool(names), ITS_QUEUE
        choice.offer([HERE, *names])

    def _no_cluster(self, error: MedSynthError) -> bool:
        """A file that cannot be used is said where its clusters would stand: a run here needs none."""
        if not error.code.endswith("cluster_file"):
            return False
        choice = self.query_one("#cluster", Choice)
        choice.display, choice.hint = True, error.message
        choice.offer([HERE])
        return True

    def _offer(self, documents: list[dict[str, Any]]) -> None:
        names = [each["dataset"] for each in documents if each["images"]]
        self.unread = {each["dataset"] for each in documents if each.get("text_waits")}
        self.query_one("#dataset", Choice).offer(names, self.dataset)
        self._say_what_waits()
        if not names:
            self.complain(
                "There is no dataset with images yet.", f"Bring one in first: {self.key(Back)}, then Datasets."
            )

    @on(Choice.Changed, "#dataset")
    def _say_what_waits(self) -> None:
        """Before a training begins, not after it: its generator may be one that can never leave."""
        choice = self.query_one("#dataset", Choice)
        choice.hint = UNREAD if choice.value in self.unread else LEARNS
        choice.refresh()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(Go.Pressed)
    def _begin(self) -> None:
        self.clear()
        if not filled_in(self.query(Field)) or self.still_read(self._begin):
            return
        dataset = self.query_one("#dataset", Choice)
        if not dataset.value:
            self.complain(
                "Choose a dataset first.", f"Bring one in where there is none: Datasets, then {self.key(DatasetAdd)}."
            )
            return
        cluster = self.query_one("#cluster", Choice)
        order: dict[str, Any] = {
            "dataset": dataset.value,
            "name": self.query_one("#name", Field).value or None,
            "preset": self.query_one("#preset", Choice).value,
            "minutes": float(self.query_one("#minutes", Field).value),
            "device": self.query_one("#device", Choice).value,
            "processes": int(self.query_one("#processes", Field).value),
            "epsilon": float(epsilon) if (epsilon := self.query_one("#epsilon", Field).value) else None,
            "cluster": cluster.value if cluster.chosen else None,  # the first is this machine
            "seed": int(self.query_one("#seed", Field).value),
            "low_resource": self.query_one("#low", Choice).value == YES,
            "simulated": self.query_one("#simulated", Choice).value == YES,
        }
        self.ask(lambda engine: engine.train(**order), self._begun, group="train")

    def _begun(self, document: dict[str, Any]) -> None:
        name, warnings = document["run"], document.get("warnings") or []
        if warnings:
            told = [said(each, 600) for each in warnings]
            self.studio.push_screen(Tell(f"{said(name, 60)} has begun", *told), lambda _: self._open(name))
        else:
            self._open(name)

    def _open(self, name: str) -> None:
        self.studio.go("runs")
        self.studio.open("run", name=name)
