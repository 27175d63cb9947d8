"""A bundle for a bigger machine: who gets it, what for, until when; what the gate says first, and a key told once."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_engine.kernel.errors import MedSynthError, Refused
from medsynth_tui import commands_away as a
from medsynth_tui.command import Command
from medsynth_tui.gate_words import gate_lines
from medsynth_tui.screens.backups import facts
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.run_new import PRESETS
from medsynth_tui.view import View
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import (
    Field,
    Go,
    NumberField,
    filled_in,
    needed,
    or_nothing,
    positive,
    told_at,
    whole_number,
)
from medsynth_tui.words import count, said

AUDIENCE = "recipient"
"""A bundle holds real images and goes to named people: the gate is always asked for these."""
KEY_TO_COME = "The bundle is still being begun, and its key is told only once."
MOST_DAYS = 365
FIELDS = {"bad_days": "days", "bad_key": "key"} | dict.fromkeys(
    ("bundle_exists", "no_such_folder", "inside_store", "holds_store", "not_writable"), "to"
)
"""The field at which each refusal is said."""


class Bundle(View):
    """The form while the gate is open, its reasons while it is closed; and what the file is, once it lies there."""

    HERE: ClassVar[tuple[Command, ...]] = (a.BundleMake, a.BundleMend)

    def __init__(self, dataset: str) -> None:
        super().__init__()
        self.dataset = dataset
        self.verdict: dict[str, Any] = {}
        self.made: dict[str, Any] = {}

    def place(self) -> tuple[str, ...]:
        return ("Datasets", self.dataset, "Bundle")

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static("Asking the gate", id="gate")
            with Vertical(id="form", classes="row"):
                yield Field(
                    "Recipient", "recipient", hint="Who gets it: a person and a place.", check=needed("A recipient")
                ).add_class("gap")
                yield Field("Purpose", "purpose", hint="What it may be used for.", check=needed("A purpose"))
                yield Choice("Preset", PRESETS, "preset", hint="Network and image size; auto suits a GPU.")
                yield NumberField("Minutes", "minutes", value="60", hint="How long to train there.", check=positive)
                yield NumberField(
                    "Days", "days", value="30", hint="How long it may be used.", check=whole_number(1, MOST_DAYS)
                )
                yield Field(
                    "Their key", "key", hint="age1…, if they have one. Empty: one is made.", check=or_nothing(_key)
                )
                yield Field("Into", "to", hint="A folder on this machine; empty: where exports go.")
                with Horizontal(classes="buttons"):
                    yield Go("Make the bundle", id="go")

    def on_mount(self) -> None:
        self.query_one("#form").display = False

    def load(self) -> None:
        if not self.made:
            subject = f"dataset:{self.dataset}"
            self.ask(lambda engine: engine.gate_show(subject, AUDIENCE), self._show_gate, group="gate")

    def _show_gate(self, verdict: dict[str, Any]) -> None:
        self.verdict = verdict
        form, was = self.query_one("#form"), self.query_one("#form").display
        form.display = verdict["open"]
        lines = gate_lines({**verdict, "marks": []})  # they are borne by cohorts
        if not verdict["open"]:
            lines = [Content("A bundle holds real images: it leaves only through the gate, for a recipient."), *lines]
        self.query_one("#gate", Static).update(Content("\n").join(lines))
        if not form.display:
            self.set_focus(None)  # no field is seen; the keys are those of the screen
        elif not was:
            self.query_one("#recipient", Field).focus_input()
        self.place_changed()

    def offered(self, command: Command) -> bool:
        if command is a.BundleMake and (self.made or self.followed or not self.verdict.get("open")):
            return False
        if command is a.BundleMend and (not self.verdict or self.verdict["open"]):
            return False
        return super().offered(command)

    def do_bundle_mend(self) -> None:
        self.studio.open("assessment", subject=f"dataset:{self.dataset}", audience=AUDIENCE)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(Go.Pressed)
    def do_bundle_make(self) -> None:
        if self.followed or self.awaits("bundle"):
            return
        self.clear()
        if not filled_in(self.query(Field)):
            return
        texts = {name: self.query_one(f"#{name}", Field).value for name in ("recipient", "purpose", "key", "to")}
        order: dict[str, Any] = {
            "dataset": self.dataset,
            **{name: text or None for name, text in texts.items()},
            "preset": self.query_one("#preset", Choice).value,
            "minutes": float(self.query_one("#minutes", Field).value),
            "days": int(self.query_one("#days", Field).value),
        }
        self.ask(
            lambda engine: engine.bundle(**order), self._begun, group="bundle", refused=self._refused, here=KEY_TO_COME
        )

    def _refused(self, error: MedSynthError) -> bool:
        if isinstance(error, Refused):
            self._show_gate({"open": False, "reasons": error.reasons})
            return True
        return told_at(self, FIELDS, error)

    def _begun(self, document: dict[str, Any]) -> None:
        self.follow(document["job"], f"Packing {self.dataset}", self._made)
        self.place_changed()
        if document["key"]:
            self.studio.push_screen(KeyTold(document["key"], document["expires"]))

    def _made(self, document: dict[str, Any]) -> None:
        self.made = document
        self.set_focus(None)
        self.query_one("#form").display = False
        self.query_one("#gate", Static).update(
            Content("\n").join(
                [
                    Content.assemble(("The bundle is written.", "bold $success")),
                    Content(""),
                    facts(
                        ("File", said(document["path"], 400)),
                        ("Images", count(document["images"])),
                        ("Size", f"{count(document['bytes'])} bytes"),
                        ("Until", said(document["expires"], 40)),
                        ("SHA-256", said(document["digest"], 80)),
                    ),
                    Content(""),
                    Content(f"What comes back from there is brought in under Runs, with {self.key(a.RunImport)}."),
                ]
            )
        )
        self.place_changed()


class KeyTold(Tell):
    """The secret half of a bundle's key, on one line where the window is as wide as it must be."""

    def __init__(self, key: str, expires: str) -> None:
        super().__init__(
            "The key of this bundle",
            Content.assemble((said(key, 200), "bold")),
            "It is told this once and kept nowhere: write it down, or copy it, before you close this.",
            f"Hand it over by another way than the file, and never beside it. Until {said(expires, 40)} it opens it.",
        )

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(".card").styles.width = 80


def _key(text: str) -> str:
    return "" if text.startswith("age1") else "One word that begins with age1."
