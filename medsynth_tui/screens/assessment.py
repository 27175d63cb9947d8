"""A privacy impact assessment: its seven sections, the risk register, the signatures; and each role's next step."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_engine.kernel.errors import MedSynthError, NotFound
from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.screens.answer import EditAnswer, EditRisk
from medsynth_tui.screens.assessment_diff import Difference
from medsynth_tui.screens.assessment_judged import Judges
from medsynth_tui.screens.assessment_pages import heading, lines_of, rows_of
from medsynth_tui.screens.confirm import Ask, ConfirmByName
from medsynth_tui.widgets.field import needed
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import said

KEPT = "kept; esc or F6 closes"
AUDIENCES = ["internal", "recipient", "public"]
STEPS = {
    r.AssessmentEdit: "edit",
    r.AssessmentSubmit: "submit",
    r.AssessmentWithdraw: "withdraw",
    r.AssessmentOpinion: "concur",
    r.AssessmentApprove: "approve",
    r.AssessmentReturn: "return",
    r.AssessmentReject: "reject",
}
"""Commands and the workflow's own word for each; the engine says in `possible` which may be taken now."""


class AssessmentDetail(Judges):
    """Questions, risks and signatures on the left, the one under the cursor in full on the right."""

    CSS_PATH = "assessment.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (
        r.AssessmentDraft,
        r.AssessmentEdit,
        r.AssessmentSubmit,
        r.AssessmentOpinion,
        r.AssessmentApprove,
        r.AssessmentReturn,
        r.AssessmentReject,
        r.AssessmentWithdraw,
        r.AssessmentDiff,
    )

    def __init__(self, subject: str, audience: str = "", left_under: str = "") -> None:
        """`audience`: for whom a new one is meant, where whoever came here knows that. `left_under`: the id of the
        assessment that a release names, from which one came here; where it is an earlier one, that is said."""
        super().__init__()
        self.subject, self.audience, self.left_under = subject, audience, left_under
        self.document: dict[str, Any] = {}
        self.missing = False
        self._one_at_a_time, self._answers = asyncio.Lock(), itertools.count()

    def place(self) -> tuple[str, ...]:
        return ("Assessments", self.subject)

    def compose_body(self) -> ComposeResult:
        yield Static("Asking the store", id="head")
        with Horizontal():
            yield WindowTable((Column("", 1), Column("what is asked")), id="parts")
            with VerticalScroll(id="full"):
                yield Static(id="text")

    def load(self) -> None:
        subject = self.subject

        async def look(engine: Any) -> Any:
            async with self._one_at_a_time:  # what is being kept just now is waited for: an older text never shows
                return await engine.pia_show(subject)

        self.ask(look, self._show, refused=self._none)

    def _none(self, error: MedSynthError) -> bool:
        """No assessment yet: the screen offers to draft one."""
        if not isinstance(error, NotFound) or error.code != "no_assessment":
            return False
        self.missing, self.document = True, {}
        words = f"There is no assessment of {said(self.subject, 60)} yet."
        if self.studio.session.may(r.AssessmentDraft.permission):
            words += (
                f" Press {self.key(r.AssessmentDraft)}: a complete draft is written from the evidence, and you fill in "
                "what only a person knows."
            )
        self.query_one("#head", Static).update(Content(words))
        self.query_one("#parts").display = False
        self.place_changed()
        return True

    def _show(self, document: dict[str, Any]) -> None:
        was_missing = self.missing
        self.document, self.missing = document, False
        self.query_one("#head", Static).update(heading(document, self.left_under))
        table = self.query_one("#parts", WindowTable)
        table.display = True
        table.show(rows_of(document, self.studio.glyphs))
        if self.focused is None or was_missing:
            table.focus()
        self._show_part()
        self.place_changed()

    @on(DataTable.RowHighlighted)
    def _show_part(self) -> None:
        key = self.query_one("#parts", WindowTable).current_key
        if key is not None and self.document:
            lines = lines_of(self.document, key)
            self.query_one("#text", Static).update(Content("\n").join(lines))
            self.query_one("#full").scroll_home(animate=False)

    # --- what may be done -------------------------------------------------------------------------------------

    def offered(self, command: Command) -> bool:
        if command is r.AssessmentDiff:
            return bool(self.document)
        if command is r.AssessmentDraft:
            ended = self.document.get("state") in ("rejected", "withdrawn", "expired", "superseded", "approved")
            return super().offered(command) and (self.missing or ended)
        if command in STEPS:
            return STEPS[command] in self.document.get("possible", ()) and super().offered(command)
        return super().offered(command)

    def do_assessment_draft(self) -> None:
        self.studio.push_screen(
            Ask(
                f"Draft an assessment of {self.subject}",
                "Purpose",
                says="For whom is the release, and what is it for? The rest comes from the evidence.",
                check=needed("A purpose"),
                choice=("Audience", AUDIENCES),
                chosen=self.audience,
                verb="Draft",
            ),
            self._draft,
        )

    def _draft(self, given: tuple[str, str] | None) -> None:
        if given is None:
            return
        audience, purpose = given
        subject, answers = self.subject, {"need": {"purpose": purpose}}
        self._step(lambda engine: engine.pia_draft(subject, audience=audience, answers=answers), "Drafted.")

    def _step(self, question: Any, done: str) -> None:
        """One step of the workflow; the answer is the document as it then is."""
        self.clear()

        def then(document: dict[str, Any]) -> None:
            self._show(document)
            self.say(done)

        async def take(engine: Any) -> Any:
            async with self._one_at_a_time:  # a look that was begun before it never answers after it
                return await question(engine)

        self.ask(take, then, group="step")

    @on(DataTable.RowSelected)
    def do_assessment_edit(self) -> None:
        key = self.query_one("#parts", WindowTable).current_key
        if key is None or not self.offered(r.AssessmentEdit):
            return
        kind, _, name = key.partition(" ")
        if kind == "question":
            asked = next(
                field for section in self.document["sections"] for field in section["fields"] if field["id"] == name
            )
            self.studio.push_screen(
                EditAnswer(asked["question"], asked["answer"], lambda text: self._answer(name, text)),
                lambda told: self._tell_editor(told or ""),
            )
        elif kind == "risk":
            risk = next(each for each in self.document["risks"] if each["id"] == name)
            self.studio.push_screen(EditRisk(risk), self._change_risk)

    def _answer(self, name: str, text: str) -> None:
        """Keep an answer while it is still being written; one after the other, so that none overtakes."""
        section, _, field = name.partition(".")
        subject, answers = self.subject, {section: {field: text}}

        async def update(engine: Any) -> Any:
            async with self._one_at_a_time:
                return await engine.pia_update(subject, answers)

        def kept(document: dict[str, Any]) -> None:
            self._show(document)
            self._tell_editor(KEPT)

        def refused(error: MedSynthError) -> bool:
            self._tell_editor(f"NOT kept: {said(error.message, 60)}")
            return False

        self.ask(update, kept, group=f"answer {next(self._answers)}", refused=refused)

    def _tell_editor(self, words: str) -> None:
        if isinstance(self.studio.screen, EditAnswer):
            self.studio.screen.told(words)
        elif words == KEPT:
            self.say("Saved.")

    def do_assessment_diff(self) -> None:
        subject = self.subject
        self.ask(lambda engine: engine.pia_diff(subject), lambda found: self.studio.push_screen(Difference(found)))

    def _change_risk(self, change: dict[str, Any] | None) -> None:
        if change is not None:
            subject, answers = self.subject, {"risk": [change]}
            self._step(lambda engine: engine.pia_update(subject, answers), "Saved.")

    def do_assessment_submit(self) -> None:
        subject = self.subject
        self._step(
            lambda engine: engine.pia_submit(subject), "Submitted: an auditor gives an opinion, an admin decides."
        )

    def do_assessment_withdraw(self) -> None:
        self.studio.push_screen(
            ConfirmByName(
                f"Withdraw the assessment of {self.subject}",
                "It then counts for nothing; a new draft begins another version.",
                self.subject,
                "Withdraw it",
            ),
            self._withdraw,
        )

    def _withdraw(self, sure: bool | None) -> None:
        if sure:
            subject = self.subject
            self._step(lambda engine: engine.pia_withdraw(subject), "Withdrawn.")
