"""One dataset: what intake took and refused, what it is made of, and a few of its pictures when asked for."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands as c
from medsynth_tui import commands_release as r
from medsynth_tui import commands_rows as t
from medsynth_tui.command import Command
from medsynth_tui.commands_away import DatasetBundle
from medsynth_tui.commands_pictures import PicturesDraw
from medsynth_tui.intake_words import came_back, suppressed
from medsynth_tui.screens.confirm import Ask, ConfirmByName, Tell
from medsynth_tui.screens.costly import SaysWhatPicturesCost
from medsynth_tui.screens.intake_report import report
from medsynth_tui.screens.jobs import ALIVE, EVERY
from medsynth_tui.screens.runs import LOOK_EVERY
from medsynth_tui.view import View
from medsynth_tui.widgets.bars import Attribute, Bars
from medsynth_tui.widgets.field import needed
from medsynth_tui.widgets.picture import Pictures, Pixels
from medsynth_tui.words import count, said, when


class DatasetDetail(SaysWhatPicturesCost, View):
    """Intake report on the left, composition on the right; pictures take the place of the composition by key."""

    CSS_PATH = "dataset.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (
        c.DatasetTrain,
        c.DatasetRows,
        t.DatasetTableOpen,
        t.DatasetRules,
        t.DatasetLearners,
        c.DatasetPictures,
        PicturesDraw,
        c.DatasetReview,
        c.DatasetCheck,
        c.DatasetShare,
        r.DatasetAssess,
        DatasetBundle,
        c.DatasetRemove,
    )

    def __init__(self, name: str) -> None:
        super().__init__()
        self.dataset = name
        self.document: dict[str, Any] = {}
        self.review: dict[str, Any] = {}
        self.checking: bool | None = None
        """Whether its pictures are being read for text, or wait for it; None until that is known."""
        self.shown: tuple[Any, ...] | None = None
        self.gone = False
        """Whether the store refused to show it: then it is not asked again by itself."""

    def place(self) -> tuple[str, ...]:
        return ("Datasets", self.dataset)

    def compose_body(self) -> ComposeResult:
        with Horizontal():
            with VerticalScroll(id="report-side"):
                yield Static("Asking the store", classes="muted", id="report")
            with VerticalScroll(id="composition-side"):
                yield Bars(id="composition")
                yield Static("", classes="muted", id="suppressed")
                yield Pictures(id="pictures")

    def on_mount(self) -> None:
        self.query_one("#report-side").focus()
        self.set_interval(EVERY, self._look_again)
        self.set_interval(LOOK_EVERY, self._keep_up)

    def _look_again(self) -> None:
        if self.checking and self.is_current and not self.failed and not self.awaits("check"):
            self._ask_for_the_check()

    def _keep_up(self) -> None:
        """What others do with it meanwhile: a new version, a decision about a picture, its end."""
        busy = self.failed or self.gone or self.awaits("view") or self.awaits("review")
        if self.is_current and not busy:
            self._ask_what_it_is()

    def _refused(self, error: MedSynthError) -> bool:
        self.gone = True
        return False

    def _ask_for_the_check(self) -> None:
        self.ask(lambda engine: engine.jobs_list(), self._see_the_check, group="check")

    def _see_the_check(self, jobs: list[dict[str, Any]]) -> None:
        """When it has ended, what it found is shown."""
        its = (each for each in jobs if each["kind"] == "check_text" and each["subject"] == f"dataset:{self.dataset}")
        was, self.checking = self.checking, any(each["state"] in ALIVE for each in its)
        if was and not self.checking:
            self.load()
        elif self.document:
            self._show(self.document)

    def load(self) -> None:
        self.gone = False
        self._ask_for_the_check()
        self._ask_what_it_is()

    def _ask_what_it_is(self) -> None:
        name = self.dataset
        self.ask(lambda engine: engine.datasets_show(name), self._show, refused=self._refused)
        self.ask(lambda engine: engine.review_counts(name), self._show_review, group="review", refused=self._refused)

    def _show_review(self, counts: dict[str, Any]) -> None:
        self.review = counts
        if self.document:
            self._show(self.document)

    def _show(self, document: dict[str, Any]) -> None:
        if (document, self.review, self.checking) == self.shown:
            return
        self.document, self.shown = document, (document, self.review, self.checking)
        made = Content.assemble(
            (f"Brought in {when(document.get('created'))}", "$muted"),
            (f" by {said(document['owner'], 30)}" if document.get("owner") else "", "$muted"),
        )
        glyphs = self.studio.glyphs
        told = [made, *review_lines(self.review), *self._unread(), Content(""), *report(document, glyphs)]
        self.query_one("#report", Static).remove_class("muted").update(Content("\n").join(told))
        composition = document.get("composition") or {}
        accepted = document.get("accepted")
        bars = [Attribute(name, counts, total=accepted) for name, counts in composition.items()]
        self.query_one("#composition", Bars).show(bars)
        self.query_one("#suppressed", Static).update(Content(suppressed(composition)))
        self.place_changed()

    @property
    def unread(self) -> bool:
        """Whether pictures wait to be read for text and nothing reads them: the check was cancelled, or failed."""
        return self.checking is False and bool(self.document.get("text_waits"))

    def _unread(self) -> list[Content]:
        if not self.offered(c.DatasetCheck):
            return []
        words = f"Pictures wait to be read for text, and nothing reads them: {self.key(c.DatasetCheck)} asks for it."
        return [Content.assemble((words, "$warning"))]

    def do_dataset_check(self) -> None:
        self.clear()
        name = self.dataset
        self.ask(lambda engine: engine.datasets_check(name), self._reading, group="begin the check")

    def _reading(self, document: dict[str, Any]) -> None:
        self.checking = True
        self._show(self.document)
        self.follow(
            document["job"], f"Reading the pictures of {self.dataset}", lambda _: self.load(), kind="check_text"
        )

    @property
    def has_images(self) -> bool:
        return bool((self.document.get("schema") or {}).get("image"))

    def offered(self, command: Command) -> bool:
        if command in (c.DatasetTrain, c.DatasetPictures, DatasetBundle) and self.document and not self.has_images:
            return False
        if command is c.DatasetReview and not self.review.get("held"):
            return False
        if command is c.DatasetCheck and not self.unread:
            return False
        if command is c.DatasetRows and self.has_images:
            return False
        return super().offered(command)

    def do_dataset_train(self) -> None:
        self.studio.open("run_new", dataset=self.dataset)

    def do_dataset_bundle(self) -> None:
        self.studio.open("bundle", dataset=self.dataset)

    def do_dataset_rows(self) -> None:
        self.studio.open("cohort_new", dataset=self.dataset)

    def do_dataset_table(self) -> None:
        self.studio.open("table", name=self.dataset)

    def do_dataset_rules(self) -> None:
        self.studio.open("rules", dataset=self.dataset)

    def do_dataset_learners(self) -> None:
        self.studio.open("learners", dataset=self.dataset)

    def do_dataset_pictures(self) -> None:
        pictures = self.query_one("#pictures", Pictures)
        if pictures.pictures or pictures.held:
            pictures.show([])
            self._make_room(False)
            return
        name = self.dataset
        self.ask(lambda engine: engine.datasets_gallery(name, count=12, size=24), self._show_pictures, group="pictures")

    def _show_pictures(self, document: dict[str, Any]) -> None:
        self._make_room(True)
        pictures = self.query_one("#pictures", Pictures)
        pictures.side = 24 if self.size.width >= 110 else 17
        self.offer_pictures([Pixels.from_document(each) for each in document["images"]])
        self.say(f"That you looked is in the audit log. {self.key(c.DatasetPictures)} again shows the composition.")

    def _make_room(self, pictures: bool) -> None:
        """Pictures take the whole width."""
        self.query_one("#report-side").display = not pictures
        self.query_one("#composition").display = self.query_one("#suppressed").display = not pictures
        self.query_one("#composition-side" if pictures else "#report-side").focus()

    def do_dataset_review(self) -> None:
        self.studio.open("review", dataset=self.dataset)

    def do_dataset_share(self) -> None:
        self.studio.push_screen(
            Ask(
                f"Share {self.dataset}",
                "With",
                says="The name of another researcher.",
                check=needed("A name"),
                verb="Share",
            ),
            self._share,
        )

    def _share(self, user: str | None) -> None:
        if user:
            name = self.dataset
            self.ask(
                lambda engine: engine.datasets_share(name, user),
                lambda _: self.say(f"{said(user, 40)} can now see and use it."),
                group="share",
            )

    def do_dataset_assess(self) -> None:
        self.studio.open("assessment", subject=f"dataset:{self.dataset}")

    def do_dataset_remove(self) -> None:
        self.studio.push_screen(
            ConfirmByName(
                f"Remove {self.dataset}",
                "Its images and table, the training folds of its runs, its bundles and its quarantine are deleted. "
                "Generators and exports made from it remain; you will see which. Nothing brings it back.",
                self.dataset,
                "Remove it",
            ),
            self._remove,
        )

    def _remove(self, sure: bool | None) -> None:
        if sure:
            name = self.dataset
            self.ask(lambda engine: engine.datasets_remove(name), self._removed, group="remove")

    def _removed(self, document: dict[str, Any]) -> None:
        self.studio.push_screen(
            Tell(f"{self.dataset} is removed", *remains_words(document)), lambda _: self.studio.back()
        )


BACKUPS = {
    "backups": "backups with its images, of",
    "backups_of_the_ledger": "backups with its name and log alone, of",
}


def remains_words(document: dict[str, Any]) -> list[str]:
    """What is left of a dataset that was removed, as `datasets_remove` tells it."""
    lines = [
        f"{BACKUPS.get(kind, kind)}: {', '.join(when(name) if kind in BACKUPS else said(name, 60) for name in names)}"
        for kind, names in (document.get("remains") or {}).items()
        if names
    ]
    return ["What remains of it:", "\n".join(lines)] if lines else ["Nothing of it remains."]


def review_lines(counts: dict[str, Any]) -> list[Content]:
    """What people decided about quarantined pictures, and how many wait."""
    lines = []
    if counts.get("held"):
        undecided = counts["held"] - counts["decided"]
        waiting = f"Quarantined {count(counts['held'])}, undecided {count(undecided)}"
        lines.append(Content.assemble((waiting, "$warning")))
    if counts.get("came_back"):
        lines.append(Content.assemble((came_back({"to_quarantine": counts["came_back"]}), "$warning")))
    done = [f"{count(counts[key])} {key}" for key in ("accepted", "masked", "rejected") if counts.get(key)]
    if done:
        lines.append(Content.assemble((f"Reviewed: {', '.join(done)}", "$foreground")))
    if counts.get("self_reviewed"):
        lines.append(Content.assemble((f"{count(counts['self_reviewed'])} of them by the uploader", "$muted")))
    return lines
