"""Bringing in: where the files are, what the dataset is called; then a scan that stores nothing."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_engine.kernel import stack_choice
from medsynth_engine.kernel.errors import BadInput
from medsynth_tui import commands as c
from medsynth_tui.command import Command
from medsynth_tui.screens.picker import Picker
from medsynth_tui.view import View
from medsynth_tui.widgets.choice import Choice, Picks
from medsynth_tui.widgets.field import Field, Go, filled_in, needed
from medsynth_tui.words import said

SAY_NOTHING = ("images", "image", "data", "files", "png", "jpg", "dicom", "metadata")
"""Names of folders after which no dataset should be called."""
CHARACTERISTICS = ["age", "sex", "ethnicity"]
NO_ARRIVAL = "none"
WITHOUT_SLICES = (".csv", ".tsv", ".data", ".xlsx", ".xls", ".ods", ".parquet", ".npz", ".png", ".jpg", ".jpeg", ".bmp")
"""What is no stack of slices, by the end of its name."""


class Upload(View):
    """Path, table and name; esc from the scan's result leads back here with everything as it was."""

    HERE: ClassVar[tuple[Command, ...]] = (c.UploadPick, c.UploadScan)

    def __init__(self) -> None:
        super().__init__()
        self.arrivals: dict[str, str] = {}
        self.from_box = ""
        """The path that the drop box filled in."""
        self.suggested = ""
        """The name that was guessed from the path; what a person typed in its place stays."""

    def place(self) -> tuple[str, ...]:
        return ("Datasets", "Bring in")

    def compose_body(self) -> ComposeResult:
        yield Static(
            Content("Images in a folder, archive or volume, or a table alone. Nothing is stored before you say so."),
            classes="muted",
        )
        with VerticalScroll(can_focus=False):
            # First: what appears later and has no place yet counts as the first in the order of tab.
            yield Choice("Drop box", [NO_ARRIVAL], "arrival", hint="What came and was not brought in yet.")
            yield Field(
                "Images",
                "path",
                hint=f"A path on this machine; {self.key(c.UploadPick)} picks one.",
                check=needed("A path"),
            ).add_class("gap")
            yield Field("Table", "metadata", hint="The table (CSV, Excel, Parquet); empty: one among them.")
            yield Field("Name", "name", hint="What the dataset is called from now on.", check=_name)
            yield Picks(
                "From DICOM", CHARACTERISTICS, "characteristics", hint="Kept from DICOM headers only when picked."
            )
            yield Field(
                "Only rows where", "where", hint="For instance modality=X-ray. Empty: all of them.", check=_where
            )
            yield Choice(
                "Burned-in text",
                ["quarantine", "mask"],
                "burned_in",
                hint="Such pictures: quarantine, or mask the text.",
            )
            yield Choice(
                "Faces", ["review", "keep"], "faces", hint="Slices of a head that may show one: a person looks."
            )
            yield Choice(
                "Dates", ["drop", "year", "shift"], "dates", hint="A shift is one for each patient, and secret."
            )
            yield Field(
                "Slices", "slices", value="all", hint="all, first, middle, middle:5, every:10 or 20-40", check=_slices
            )
            yield Choice("NIfTI along", ["axial", "coronal", "sagittal"], "axis", hint="The axis that is cut across.")
            with Horizontal(classes="buttons"):
                yield Go("Scan", id="scan")

    def on_mount(self) -> None:
        self.query_one("#arrival").display = False
        self.query_one("#path", Field).focus_input()

    def load(self) -> None:
        """What was typed stays; the drop box may have something new."""
        self.ask(lambda engine: engine.arrivals(), self._arrived, group="arrivals")

    def _arrived(self, found: list[dict[str, Any]]) -> None:
        self.arrivals = {_arrival_name(each): each["path"] for each in found}
        choice = self.query_one("#arrival", Choice)
        choice.display = bool(found)
        choice.offer([NO_ARRIVAL, *self.arrivals])

    @on(Choice.Changed, "#arrival")
    def _arrival_chosen(self, event: Choice.Changed) -> None:
        path, field = self.arrivals.get(event.choice.value), self.query_one("#path", Field)
        if path is not None:
            field.value = self.from_box = path
        elif self.from_box:
            if field.value == self.from_box:
                field.value = ""
            self.from_box = ""
        self._suggest_name()

    @on(Input.Changed)
    def _path_typed(self) -> None:
        self._suggest_name()
        path = self.query_one("#path", Field).value.lower()
        stack = not path.endswith(WITHOUT_SLICES)
        for place in ("slices", "axis"):
            self.query_one(f"#{place}").display = stack

    def do_upload_pick(self) -> None:
        metadata = self.query_one("#metadata", Field)
        table_wanted = self.focused is metadata.typed
        start = metadata.value or self.query_one("#path", Field).value
        kinds = ("table",) if table_wanted else ("archive", "table", "images")
        target = metadata if table_wanted else self.query_one("#path", Field)
        self.studio.push_screen(Picker(start, kinds), lambda path: self._picked(target, path))

    def _picked(self, target: Field, path: str | None) -> None:
        if path:
            target.value = path
            self._suggest_name()

    def _suggest_name(self) -> None:
        """The name follows the path until somebody types another, which a guess leaves room for."""
        name, path = self.query_one("#name", Field), self.query_one("#path", Field).value
        name.typed.select_on_focus = guessed = name.value == self.suggested
        if guessed and self.focused is not name.typed:
            self.suggested = name.value = _name_of(path)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        self._suggest_name()
        self.focus_next()

    @on(Go.Pressed)
    def do_upload_scan(self) -> None:
        self.clear()
        self._suggest_name()
        if not filled_in(self.query(Field)):
            return
        intake = self.intake()
        self.ask(lambda engine: engine.datasets_scan(**intake), self._scanning, group="scan")

    def intake(self) -> dict[str, Any]:
        """The arguments that scanning and bringing in share."""
        return {
            "path": self.query_one("#path", Field).value,
            "metadata": self.query_one("#metadata", Field).value or None,
            "columns": {},
            "where": pairs(self.query_one("#where", Field).value),
            "characteristics": self.query_one("#characteristics", Picks).value,
            "slices": self.query_one("#slices", Field).value or "all",
            **{name: self.query_one(f"#{name}", Choice).value for name in ("burned_in", "faces", "dates", "axis")},
        }

    def _scanning(self, document: dict[str, Any]) -> None:
        self.follow(document["job"], "Scanning", self._scanned)

    def _scanned(self, document: dict[str, Any]) -> None:
        name = self.query_one("#name", Field).value
        self.studio.open("scan", name=name, intake=self.intake(), document=document)


def _name_of(path: str) -> str:
    """What a dataset of that path is called; empty without a path."""
    place = PurePath(path)
    stem = place.parent.name if place.stem.lower() in SAY_NOTHING else place.stem
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-.")[:40].lower()


def _name(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", text):
        return ""
    return "Letters, digits, . - _; first a letter or digit."


def pairs(text: str) -> dict[str, str]:
    """`a=b, c=d` as a mapping."""
    return {
        key.strip(): value.strip()
        for key, _, value in (part.partition("=") for part in text.split(",") if part.strip())
    }


def _where(text: str) -> str:
    whole = all("=" in part for part in text.split(",") if part.strip())
    return "" if whole else "Write column=value, several apart by commas."


def _slices(text: str) -> str:
    try:
        stack_choice.checked(text or "all")
    except BadInput:
        return "all, first, middle, middle:5, every:10 or 20-40."
    return ""


def _arrival_name(arrival: dict[str, Any]) -> str:
    """As it is offered; its name alone, for all lie in one folder."""
    return said(PurePath(arrival["path"]).name, 120)
