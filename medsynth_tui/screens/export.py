"""The release: for whom, in which format; what the gate says, and what to do about it."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_engine.kernel.errors import MedSynthError, Refused
from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.gate_words import gate_lines
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.view import View
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field, Go
from medsynth_tui.widgets.turned import MORE, turned
from medsynth_tui.words import count, said

AUDIENCES = {
    "internal": "people of this project, in this institution",
    "recipient": "named recipients under a written agreement",
    "public": "anybody",
}
FORMATS = {
    "folder": "images and table, loads in pandas, torchvision and datasets",
    "zip": "the same folder in one file",
    "dicom": "DICOM files that say they are synthetic",
    "hf": "a Hugging Face imagefolder",
}
MENDS = {
    "pia": "assessment",
    "approved": "assessment",
    "evaluat": "evaluation",
    **dict.fromkeys(("evidence", "band", "identical", "copies", "membership", "identifying"), "evidence"),
}
"""Parts of the gate's reason codes, and what each is about: an assessment and an evaluation are mended in the studio,
of evidence one reads why it is so. For the other reasons the studio has no page."""
MENDED = ("assessment", "evaluation")


class Export(View):
    """The gate is asked again when the audience changes, and by the engine before anything is written."""

    HERE: ClassVar[tuple[Command, ...]] = (r.ExportGo, r.ExportMend)

    def __init__(self, cohort: str) -> None:
        super().__init__()
        self.cohort = cohort
        self.verdict: dict[str, Any] = {}
        self.simulated_subject = False

    def place(self) -> tuple[str, ...]:
        return ("Cohorts", self.cohort, "Export")

    def compose_body(self) -> ComposeResult:
        yield Choice("Audience", list(AUDIENCES), "audience", hint=AUDIENCES["internal"])
        yield Choice("Format", list(FORMATS), "format", hint=FORMATS["folder"])
        yield Field("Into", "to", hint="A folder on this machine; empty: where exports go.")
        with Horizontal(classes="buttons"):
            yield Go("Export", id="go")
        yield Static("Asking the gate", id="verdict", classes="gap")
        with VerticalScroll(id="reasons", can_focus=False):
            yield Static("", id="gate")

    def on_mount(self) -> None:
        may = self.studio.session.may(r.ExportGo.permission)
        for part in ("#format", "#to", ".buttons"):
            self.query_one(part).display = may
        self.query_one("#audience", Choice).focus()

    def load(self) -> None:
        cohort, audience = self.cohort, self.query_one("#audience", Choice).value
        self.ask(lambda engine: engine.gate_show(cohort, audience), self._show_gate, group="gate")

    @on(Choice.Changed)
    def _chose(self, event: Choice.Changed) -> None:
        hints = AUDIENCES if event.choice.id == "audience" else FORMATS
        event.choice.hint = hints[event.choice.value]
        event.choice.refresh()
        if event.choice.id == "audience":
            self.load()

    def _show_gate(self, verdict: dict[str, Any]) -> None:
        self.verdict = verdict
        self.query_one("#gate", Static).update(Content("\n").join([*self._on_a_tour(), *gate_lines(verdict)[1:]]))
        self.query_one("#reasons").scroll_home(animate=False)
        self._say_whether_all()
        self.place_changed()

    def on_resize(self) -> None:
        self._say_whether_all()

    def _say_whether_all(self) -> None:
        """The verdict stays above the reasons; it says so where the window has not room for all of them."""
        self.call_after_refresh(self._say_verdict)

    def _say_verdict(self) -> None:
        if self.verdict and self.is_mounted:
            more = f" ({MORE})" if self.query_one("#reasons").max_scroll_y > 0 else ""
            self.query_one("#verdict", Static).update(gate_lines(self.verdict)[0] + Content.styled(more, "$muted"))

    def on_key(self, event: events.Key) -> None:
        """The reasons have no cursor: the page keys turn them, whatever field has it."""
        turned(self.query_one("#reasons"), event)

    def _on_a_tour(self) -> list[Content]:
        """What the gate advises is written for the shell, which knows another store than the tour's."""
        if self.studio.tour is None or self.verdict["open"]:
            return []
        here = f": {self.key(r.ExportMend)} does it here" if self._mend() in MENDED else ""
        return [Content.assemble((f"Commands of the shell go to your own store{here}.", "$warning"))]

    def offered(self, command: Command) -> bool:
        if command is r.ExportMend:
            return bool(self.verdict) and not self.verdict["open"] and self._mend() is not None
        return super().offered(command)

    def label(self, command: Command) -> str:
        """Evidence is read, not mended; who may not export mends nothing either, but sees where it would be."""
        if command is r.ExportMend and self._mend() not in MENDED:
            return "See why"
        if command is r.ExportMend and not self.studio.session.may(r.ExportGo.permission):
            return "See where"
        return super().label(command)

    def _mend(self) -> str | None:
        codes = [str(each["code"]).lower() for each in self.verdict.get("reasons") or []]
        return next((about for code in codes for part, about in MENDS.items() if part in code), None)

    def do_export_mend(self) -> None:
        if self._mend() == "assessment":
            audience = self.query_one("#audience", Choice).value
            self.studio.open("assessment", subject=self.cohort, audience=audience)
        else:
            self.studio.open("evidence", cohort=self.cohort, page="privacy")

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(Go.Pressed)
    def do_export_go(self) -> None:
        self.clear()
        order: dict[str, Any] = {
            "cohort": self.cohort,
            "format": self.query_one("#format", Choice).value,
            "audience": self.query_one("#audience", Choice).value,
            "to": self.query_one("#to", Field).value or None,
        }
        self.ask(lambda engine: engine.export(**order), self._exporting, group="export", refused=self._refused)

    def _refused(self, error: MedSynthError) -> bool:
        if not isinstance(error, Refused):
            return False
        self._show_gate({"open": False, "reasons": error.reasons})
        self.complain(error.message, "The reasons, and what to do about each, are above.")
        return True

    def _exporting(self, document: dict[str, Any]) -> None:
        self.follow(document["job"], f"Exporting {self.cohort}", self._exported)

    def _exported(self, document: dict[str, Any]) -> None:
        files = document.get("files")
        number = len(files) if isinstance(files, list) else files
        self.studio.push_screen(
            Tell(
                f"{self.cohort} is released",
                Content.assemble(("Release  ", "$muted"), said(document.get("release"), 80)),
                Content.assemble(("Where    ", "$muted"), said(document.get("path"), 400)),
                Content.assemble(("Files    ", "$muted"), count(number)),
                "It is in the audit log, with its digest.",
            ),
            lambda _: self.studio.back(),
        )
