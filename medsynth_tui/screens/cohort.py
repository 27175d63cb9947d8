"""A cohort: what it is made of, its pictures; and the ways on from here, to its evidence above all."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands_evidence as c
from medsynth_tui import commands_release as r
from medsynth_tui import commands_rows as t
from medsynth_tui.command import Command
from medsynth_tui.commands_pictures import PicturesDraw
from medsynth_tui.evidence_words import band_remark
from medsynth_tui.screens import cohort_pages as pages
from medsynth_tui.screens.confirm import ConfirmByName
from medsynth_tui.screens.costly import SaysWhatPicturesCost
from medsynth_tui.view import View
from medsynth_tui.widgets.bars import Bars
from medsynth_tui.widgets.page_names import PageNames
from medsynth_tui.widgets.picture import Pictures, Pixels
from medsynth_tui.words import count, said, when

PAGES = {
    "composition": "Composition",
    "pictures": "Pictures",
}


class CohortDetail(SaysWhatPicturesCost, View):
    """Its pages; left and right turn them, `v` opens the evidence about it."""

    CSS_PATH = "cohort.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (
        r.CohortPage,
        r.CohortPageBack,
        PicturesDraw,
        t.CohortTableOpen,
        c.CohortEvidence,
        r.CohortEvaluate,
        r.CohortAssess,
        r.CohortExport,
        r.CohortReport,
        r.CohortRemove,
    )

    def __init__(self, name: str, page: str = "composition") -> None:
        super().__init__()
        self.cohort, self.page = name, page
        self.document: dict[str, Any] = {}

    def place(self) -> tuple[str, ...]:
        return ("Cohorts", self.cohort)

    def simulated(self) -> bool:
        return bool(self.document.get("simulated"))

    def compose_body(self) -> ComposeResult:
        yield PageNames(
            list(PAGES.values()) if self.studio.session.may(r.CohortPage.permission) else [PAGES["composition"]]
        )
        with ContentSwitcher(initial=self.page):
            with VerticalScroll(id="composition"):
                yield Static("Asking the store", classes="muted", id="plan")
                yield Static("", id="closing")
                yield Bars(id="bars")
                yield Static("", id="changed")
            with VerticalScroll(id="pictures"):
                yield Pictures(id="gallery", side=23)

    def on_mount(self) -> None:
        self._turn(self.page)

    def load(self) -> None:
        name = self.cohort
        self.ask(lambda engine: engine.cohorts_show(name), self._show)

    def _show(self, document: dict[str, Any]) -> None:
        self.document = document
        head = Content.assemble(
            (f"{count(document['n'])} records", "bold $foreground"), (f"  drawn {when(document['created'])}", "$muted")
        )
        self.query_one("#plan", Static).remove_class("muted").update(
            Content("\n").join([head, pages.plan_lines(document), Content("")])
        )
        changed = self.query_one("#changed", Static)
        changed.display = bool(document.get("mergers") or document.get("not_drawn"))
        changed.update(pages.changed_lines(document))
        self._show_bars(None)
        self._ask_what_it_comes_to()
        self.query_one(PageNames).remark(*band_remark(document.get("gauge")))
        dataset = document.get("dataset")
        if dataset:
            self.ask(
                lambda engine: engine.datasets_show(dataset), self._show_beside, group="beside", refused=lambda _: True
            )
        self.place_changed()

    def _ask_what_it_comes_to(self) -> None:
        closing = self.query_one("#closing", Static)
        closing.display = bool(self.document.get("evaluated"))
        if closing.display:
            name = self.cohort
            self.ask(
                lambda engine: engine.evaluation_show(name),
                lambda found: closing.update(pages.closing_lines(found)),
                group="closing",
                refused=lambda _: True,
            )

    def _show_beside(self, dataset: dict[str, Any]) -> None:
        self._show_bars(dataset.get("composition"))

    def _show_bars(self, training: dict[str, Any] | None) -> None:
        attributes, versus = pages.bars(self.document, training)
        self.query_one("#bars", Bars).show(attributes, versus)

    # --- pages ------------------------------------------------------------------------------------------------

    def _turn(self, page: str) -> None:
        self.page = page
        self.query_one(ContentSwitcher).current = page
        self.query_one(PageNames).show(list(PAGES).index(page))
        gallery = self.query_one("#gallery", Pictures)
        if page == "pictures" and not gallery.pictures and not gallery.held:
            self._fetch_pictures()
        self.query_one(f"#{page}").focus()

    def do_cohort_page(self) -> None:
        self.clear()
        names = list(PAGES)
        self._turn(names[(names.index(self.page) + 1) % len(names)])

    def do_cohort_page_back(self) -> None:
        self.clear()
        names = list(PAGES)
        self._turn(names[(names.index(self.page) - 1) % len(names)])

    def _fetch_pictures(self) -> None:
        name = self.cohort
        self.ask(
            lambda engine: engine.cohorts_gallery(name, count=12, size=23),
            self._show_pictures,
            group="pictures",
            refused=self._no_pictures,
        )

    def _no_pictures(self, error: MedSynthError) -> bool:
        self.query_one("#gallery", Pictures).show([], note=f"{error.message} {error.hint}")
        return True

    def _show_pictures(self, document: dict[str, Any]) -> None:
        few = [Pixels.from_document(each, caption=_caption(each.get("row") or {})) for each in document["images"]]
        self.offer_pictures(few)

    # --- ways on ----------------------------------------------------------------------------------------------

    def offered(self, command: Command) -> bool:
        if command in (r.CohortReport, c.CohortEvidence) and not self.document.get("evaluated"):
            return False
        return super().offered(command)

    def label(self, command: Command) -> str:
        """Who may not export sees what the gate says."""
        if command is r.CohortExport and not self.studio.session.may(r.ExportGo.permission):
            return "Gate"
        return super().label(command)

    def do_cohort_evaluate(self) -> None:
        self.clear()
        name = self.cohort
        self.ask(lambda engine: engine.evaluate(name), self._evaluating, group="evaluate")

    def _evaluating(self, document: dict[str, Any]) -> None:
        if document["job"] is None:  # nothing has changed since
            self._evaluated(document)
            return
        self.follow(document["job"], f"Evaluating {self.cohort}", self._evaluated)

    def _evaluated(self, document: dict[str, Any]) -> None:
        self.do_cohort_evidence()

    def do_cohort_evidence(self) -> None:
        self.clear()
        self.studio.open("evidence", cohort=self.cohort, page="privacy")

    def do_cohort_table(self) -> None:
        self.studio.open("cohort_table", name=self.cohort)

    def do_cohort_assess(self) -> None:
        self.studio.open("assessment", subject=self.cohort)

    def do_cohort_export(self) -> None:
        self.studio.open("export", cohort=self.cohort)

    def do_cohort_report(self) -> None:
        self.clear()
        name = self.cohort
        self.ask(lambda engine: engine.report(name), self._reporting, group="report")

    def _reporting(self, document: dict[str, Any]) -> None:
        self.follow(
            document["job"],
            f"Writing the report on {self.cohort}",
            lambda done: self.say(f"The report is written: {said(done.get('path'), 300)}"),
        )

    def do_cohort_remove(self) -> None:
        self.studio.push_screen(
            ConfirmByName(
                f"Remove {self.cohort}",
                "Its images, its table and its evaluation are deleted. What was exported stays where it is.",
                self.cohort,
                "Remove it",
            ),
            self._remove,
        )

    def _remove(self, sure: bool | None) -> None:
        if sure:
            name = self.cohort
            self.ask(lambda engine: engine.cohorts_remove(name), lambda _: self.studio.back(), group="remove")


def _caption(row: dict[str, Any]) -> str:
    """The few values of the row that say what the picture should show."""
    wanted = [row.get(name) for name in ("finding", "sex", "age_band", "age", "ethnicity")]
    return " ".join(said(value, 14).removesuffix(".0") for value in wanted if value)
