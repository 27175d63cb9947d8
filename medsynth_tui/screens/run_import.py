"""Bringing in what was trained elsewhere: where it lies, what it is, and whether all was deleted over there."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands_away as a
from medsynth_tui.command import Command
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.picker import Picker
from medsynth_tui.view import View
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field, Go, filled_in, needed, told_at
from medsynth_tui.words import said

RUN, GENERATOR = "a run", "a generator alone"
KINDS = {
    RUN: "run_back.zip, or its folder: curves, samples and generator.",
    GENERATOR: "One .pth file. It knows no dataset; the gauge stays grey.",
}
NOT_TOLD, TOLD = "not told yet", "I was told so"
DELETION = "Bundle, checkpoints, key: gone, says the recipient."
WITHOUT_WORD = (
    "Nobody has confirmed yet that bundle, checkpoints and key were deleted over there; they know the real images. "
    "The run carries this warning."
)
FIELDS = {"bad_name": "name", "name_taken": "name"} | dict.fromkeys(("not_a_file", "no_such_path"), "path")
"""The field at which each refusal is said."""


class RunImport(View):
    """Nobody has said that anything was deleted until a person chooses so."""

    HERE: ClassVar[tuple[Command, ...]] = (a.ImportPick, a.ImportTake)

    def place(self) -> tuple[str, ...]:
        return ("Runs", "Bring back")

    def compose_body(self) -> ComposeResult:
        yield Static(
            Content("What a bigger machine trained. It is read as if an enemy had written it."),
            classes="muted",
        )
        yield Field(
            "File or folder",
            "path",
            hint=f"A path on this machine; {self.key(a.ImportPick)} picks one.",
            check=needed("A path"),
        ).add_class("gap")
        yield Choice("It is", list(KINDS), "kind", hint=KINDS[RUN])
        yield Field("Name", "name", hint="What to call it from now on; empty: as the file.")
        yield Choice("Deleted there", [NOT_TOLD, TOLD], "deleted", hint=DELETION)
        with Horizontal(classes="buttons"):
            yield Go("Bring it in", id="go")

    def on_mount(self) -> None:
        self.query_one("#path", Field).focus_input()

    @property
    def whole(self) -> bool:
        """Whether it is a run, with all that belongs to one."""
        return self.query_one("#kind", Choice).value == RUN

    def _now(self, kind: str) -> None:
        choice = self.query_one("#kind", Choice)
        choice.hint = KINDS[kind]
        choice.refresh()
        self.query_one("#deleted").display = kind == RUN

    @on(Choice.Changed, "#kind")
    def _chose(self, event: Choice.Changed) -> None:
        self._now(event.choice.value)

    def do_import_pick(self) -> None:
        field = self.query_one("#path", Field)
        self.studio.push_screen(Picker(field.value, ("archive", "file")), self._picked)

    def _picked(self, path: str | None) -> None:
        if path:
            self.query_one("#path", Field).value = path
            self.query_one("#kind", Choice).chosen = int(PurePath(path).suffix == ".pth")

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(Go.Pressed)
    def do_import_take(self) -> None:
        if self.followed or self.awaits("import"):
            return
        self.clear()
        if not filled_in(self.query(Field)):
            return
        path, name = self.query_one("#path", Field).value, self.query_one("#name", Field).value or None
        deleted = self.query_one("#deleted", Choice).value == TOLD
        if self.whole:
            self.ask(
                lambda engine: engine.runs_import(path, name, deleted),
                lambda document: self._begun(document, deleted),
                group="import",
                refused=self._refused,
            )
        else:
            self.ask(
                lambda engine: engine.weights_import(path, name),
                lambda document: self.follow(document["job"], f"Reading {document['weights']}", self._generator),
                group="import",
                refused=self._refused,
            )

    def _refused(self, error: MedSynthError) -> bool:
        return told_at(self, FIELDS, error)

    def _begun(self, document: dict[str, Any], deleted: bool) -> None:
        self.follow(document["job"], f"Reading {document['run']}", lambda found: self._run(found, deleted))

    def _run(self, found: dict[str, Any], deleted: bool) -> None:
        name, dataset = found["run"], said(found.get("dataset"), 80)
        paragraphs = [f"Its curves, samples and generator are here. It learned from {dataset}."]
        if not deleted:
            paragraphs.append(WITHOUT_WORD)
        self.studio.push_screen(Tell(f"{said(name, 80)} is back", *paragraphs), lambda _: self._open(name))

    def _open(self, name: str) -> None:
        self.studio.go("runs")
        self.studio.open("run", name=name)

    def _generator(self, found: dict[str, Any]) -> None:
        name = said(found["weights"], 80)
        self.studio.push_screen(
            Tell(f"{name} is here", "It is offered where a new cohort asks by what it is drawn."),
            lambda _: self.studio.back(),
        )
