"""A cohort: what it is made of, its pictures, evidence, bias and privacy; and the ways on from here."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import ContentSwitcher, DataTable, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.screens import cohort_pages as pages
from medsynth_tui.screens.confirm import ConfirmByName, Tell
from medsynth_tui.view import View
from medsynth_tui.widgets.bars import Bars
from medsynth_tui.widgets.gauge import BAND_COLOURS, Gauge
from medsynth_tui.widgets.heatmap import Heatmap
from medsynth_tui.widgets.page_names import PageNames
from medsynth_tui.widgets.picture import Pictures, Pixels
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import BANDS, count, measure, said, when

PAGES = {
    "composition": "Composition",
    "pictures": "Pictures",
    "evidence": "Evidence",
    "bias": "Bias",
    "prevalence": "Prevalence",
    "privacy": "Privacy",
}
MEASURES = (
    Column("measure"),
    Column("value", 10, right=True),
    Column("95 % interval", 17),
    Column("control", 7, right=True),
)
MEASURES_WIDE = (Column("measure", 48), *MEASURES[1:])
GROUPS = (
    Column("group"),
    Column("cohort", 7, right=True),
    Column("goal", 7, right=True),
    Column("ratio", 8, right=True),
    Column("reads as", 14),
)
PREVALENCE = "How common a finding is in each group. - too few patients to show; ! differs beyond chance."
GROUPS_WIDE = (Column("group", 48), *GROUPS[1:])
NOT_YET = "Not evaluated yet. Press e."
NOT_JUDGED = "Not evaluated yet. Press e: it measures fidelity, privacy, bias and utility against held-out patients."


class CohortDetail(View):
    """Six pages; left and right turn them."""

    CSS_PATH = "cohort.tcss"
    HERE: ClassVar[tuple[type[Command], ...]] = (
        r.CohortPage,
        r.CohortPageBack,
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
        self.evaluation: dict[str, Any] = {}

    def place(self) -> tuple[str, ...]:
        return ("Cohorts", self.cohort)

    def simulated(self) -> bool:
        return bool(self.document.get("simulated"))

    def compose_body(self) -> ComposeResult:
        wide = self.app.size.width >= 110
        yield PageNames(list(PAGES.values()))
        with ContentSwitcher(initial=self.page):
            with VerticalScroll(id="composition"):
                yield Static("Asking the store", classes="muted", id="plan")
                yield Bars(id="bars")
            with VerticalScroll(id="pictures"):
                yield Pictures(id="gallery", side=23)
            yield WindowTable(MEASURES_WIDE if wide else MEASURES, id="evidence")
            with Vertical(id="bias"):
                yield Static("", id="against", classes="muted")
                yield WindowTable(GROUPS_WIDE if wide else GROUPS, id="bias-table")
            with VerticalScroll(id="prevalence"):
                yield Static(PREVALENCE, classes="muted", id="legend")
                yield Heatmap(id="heatmap")
            with VerticalScroll(id="privacy"):
                yield Gauge(id="gauge")
        yield Static("", id="reading")

    def on_mount(self) -> None:
        self._turn(self.page)

    def load(self) -> None:
        name = self.cohort
        self.ask(lambda engine: engine.cohorts_show(name), self._show)
        self.ask(
            lambda engine: engine.evaluation_show(name),
            self._show_evaluation,
            group="evidence",
            refused=self._not_judged,
        )

    def _show(self, document: dict[str, Any]) -> None:
        self.document = document
        head = Content.assemble(
            (f"{count(document['n'])} records", "bold $foreground"), (f"  drawn {when(document['created'])}", "$muted")
        )
        self.query_one("#plan", Static).remove_class("muted").update(
            Content("\n").join([head, pages.plan_lines(document), Content("")])
        )
        self._show_bars(None)
        dataset = document.get("dataset")
        if dataset:
            self.ask(
                lambda engine: engine.datasets_show(dataset), self._show_beside, group="beside", refused=lambda _: True
            )
        self.place_changed()

    def _show_beside(self, dataset: dict[str, Any]) -> None:
        self._show_bars(dataset.get("composition"))

    def _show_bars(self, training: dict[str, Any] | None) -> None:
        attributes, versus = pages.bars(self.document, training)
        self.query_one("#bars", Bars).show(attributes, versus)

    def _not_judged(self, error: MedSynthError) -> bool:
        if error.code != "not_evaluated":
            return False
        self._show_evaluation({})
        return True

    def _show_evaluation(self, document: dict[str, Any]) -> None:
        self.evaluation = document
        evidence = document.get("evidence") or []
        rows = pages.evidence_rows(evidence, ("fidelity", "privacy", "utility"))
        self.query_one("#evidence", WindowTable).show(rows or [("-", [NOT_YET, "", "", ""])])
        no_heatmap = "No finding or no group to show." if document else NOT_JUDGED
        bias = pages.bias_rows(document)
        self.query_one("#bias-table", WindowTable).show(bias)
        against = f"Goal: {pages.references(document)}. Enter on a row says how to read it."
        self.query_one("#against", Static).update(Content(against if bias else NOT_JUDGED))
        self.query_one("#heatmap", Heatmap).show(pages.heatmaps(document))
        self.query_one("#legend", Static).update(Content(PREVALENCE if document.get("heatmap") else no_heatmap))
        readings = pages.readings(document.get("gauge"))
        self.query_one("#gauge", Gauge).show(readings, empty=NOT_JUDGED)
        if readings:
            band = readings[0].band
            self.query_one(PageNames).remark(f"privacy: {BANDS.get(band, band)}", f"bold {BAND_COLOURS.get(band, '')}")
        self.place_changed()

    # --- pages ------------------------------------------------------------------------------------------------

    def _turn(self, page: str) -> None:
        self.page = page
        self.query_one(ContentSwitcher).current = page
        self.query_one(PageNames).show(list(PAGES).index(page))
        if page == "pictures" and not self.query_one("#gallery", Pictures).pictures:
            self._fetch_pictures()
        target = {"evidence": "#evidence", "bias": "#bias-table"}.get(page, f"#{page}")
        self.query_one(target).focus()
        self._read()

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
        self.query_one("#gallery", Pictures).show(few)

    def _measured(self, name: str) -> dict[str, Any] | None:
        return next((one for one in self.evaluation.get("evidence") or [] if one["name"] == name), None)

    @on(DataTable.RowHighlighted)
    def _read(self) -> None:
        """The sentence of the number under the cursor, in the place below the table."""
        table = {"evidence": "#evidence", "bias": "#bias-table"}.get(self.page)
        reading = self.query_one("#reading", Static)
        reading.display = table is not None
        if table is not None:
            each = self._measured(self.query_one(table, WindowTable).current_key or "")
            reading.update(Content(self.studio.glyphs.text(said(each["reads_as"], 400)) if each else ""))

    @on(DataTable.RowSelected)
    def _explain(self, event: DataTable.RowSelected) -> None:
        name = str(event.row_key.value)
        each = self._measured(name)
        if each is not None:
            self.studio.push_screen(Tell(measure(name), *pages.explanation(each)))

    # --- ways on ----------------------------------------------------------------------------------------------

    def offered(self, command: type[Command]) -> bool:
        if command in (r.CohortReport,) and not self.evaluation.get("evidence"):
            return False
        return super().offered(command)

    def do_cohort_evaluate(self) -> None:
        self.clear()
        name = self.cohort
        self.ask(lambda engine: engine.evaluate(name), self._evaluating, group="evaluate")

    def _evaluating(self, document: dict[str, Any]) -> None:
        self.follow(document["job"], f"Evaluating {self.cohort}", self._evaluated)

    def _evaluated(self, document: dict[str, Any]) -> None:
        self.load()
        self._turn("privacy")
        self.say("Evaluated. Enter on a number of Evidence or Bias says how to read it.")

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
