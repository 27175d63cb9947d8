"""The dialogs of who judges an assessment: an opinion, an approval, sending back, rejecting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui.screens.assessment_pages import opinions_of, signed_lines, signed_so_far
from medsynth_tui.screens.cohort_pages import closing_lines
from medsynth_tui.screens.confirm import Ask
from medsynth_tui.view import View
from medsynth_tui.widgets.field import needed


class Judges(View):
    """For the screen of an assessment: who judges it reads first what the evidence comes to and what auditors said."""

    subject: str
    document: dict[str, Any]

    def _step(self, question: Any, done: str) -> None:
        raise NotImplementedError

    def _for_whom(self) -> str:
        """What is judged, and whom it would go to: the signature is under both."""
        return f"{self.subject} for {self.document['audience']}"

    def do_assessment_opinion(self) -> None:
        self._with_evidence(self._ask_opinion)

    def _with_evidence(self, then: Callable[[str], object]) -> None:
        """What is judged, in the sentences of its evaluation; nothing where there is none."""
        self.clear()
        subject = self.subject
        if ":" in subject:  # a dataset or a generator: cohorts are what is evaluated
            then("")
            return

        def none(error: MedSynthError) -> bool:
            then("")
            return True

        self.ask(
            lambda engine: engine.evaluation_show(subject),
            lambda found: then(closing_lines(found).plain),
            group="evidence",
            refused=none,
        )

    def _ask_opinion(self, evidence: str) -> None:
        self.studio.push_screen(
            Ask(
                f"Opinion on {self._for_whom()}",
                "Note",
                says="\n".join(
                    [
                        *(signed_lines(self.document) if signed_so_far(self.document) else []),
                        "A dissent needs a reason; the admin must answer it to approve nevertheless.",
                        *(["", evidence.strip()] if evidence else []),
                    ]
                ),
                choice=("You", ["concur", "dissent"]),
                chosen_checks={"dissent": needed("The reason of a dissent")},
                verb="Sign",
            ),
            self._opinion,
        )

    def _opinion(self, given: tuple[str, str] | None) -> None:
        if given is not None:
            subject, (word, note) = self.subject, given
            self._step(lambda engine: engine.pia_opinion(subject, word == "concur", note), "Signed.")

    def do_assessment_approve(self) -> None:
        self._with_evidence(self._ask_approval)

    def _ask_approval(self, evidence: str) -> None:
        opinions = opinions_of(self.document)
        dissent = any(each["kind"] == "dissent" for each in opinions)
        told = signed_lines(self.document)
        need = (
            "To approve nevertheless, say why." if dissent else "" if opinions else "To approve without one, say why."
        )
        self.studio.push_screen(
            Ask(
                f"Approve {self._for_whom()}",
                "Note",
                says="\n".join(filter(None, (*told, need, f"\n{evidence.strip()}" if evidence else ""))),
                check=needed("A reason") if need else None,
                verb="Approve",
            ),
            self._approve,
        )

    def _approve(self, note: str | None) -> None:
        if note is not None:
            subject = self.subject
            self._step(lambda engine: engine.pia_approve(subject, note), "Signed.")

    def do_assessment_return(self) -> None:
        self.studio.push_screen(
            Ask(f"Send {self.subject} back", "What is missing", check=needed("A note"), verb="Send back"), self._return
        )

    def _return(self, note: str | None) -> None:
        if note:
            subject = self.subject
            self._step(lambda engine: engine.pia_return(subject, note), "Sent back to its author.")

    def do_assessment_reject(self) -> None:
        self.studio.push_screen(
            Ask(f"Reject {self.subject}", "The reason", check=needed("A reason"), verb="Reject"), self._reject
        )

    def _reject(self, note: str | None) -> None:
        if note:
            subject = self.subject
            self._step(lambda engine: engine.pia_reject(subject, note), "Rejected.")
