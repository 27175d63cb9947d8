"""The evidence about one cohort: a page per family, the prevalence heatmap, groups before and after rebalancing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import ContentSwitcher, DataTable, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_engine.kernel.measures import spoken
from medsynth_tui import commands_evidence as c
from medsynth_tui import commands_release as r
from medsynth_tui import evidence_words as words
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LISTED
from medsynth_tui.evidence_words import Look
from medsynth_tui.screens.evidence_detail import Explained
from medsynth_tui.screens.evidence_prevalence import PrevalencePage
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.theme import palette_of
from medsynth_tui.view import View
from medsynth_tui.widgets.clipped import Clipped
from medsynth_tui.widgets.interval_bar import LEGEND
from medsynth_tui.widgets.page_names import PageNames
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import measure, said

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine

FAMILIES = {"fidelity": "Fidelity", "privacy": "Privacy", "bias": "Bias", "utility": "Utility"}
PAGES = {**FAMILIES, "prevalence": "Prevalence", "groups": "Before/after"}
NARROW, WIDE, INTERVAL = 12, 24, 9
"""Columns that a bar of a group has; an interval in a narrow window, where names of measures are longer than those."""
GROUPS_LEGEND = "○ before: the training data  ━● after: this cohort  ┆ the goal"


def measures(wide: bool) -> tuple[Column, ...]:
    interval = Column("interval", WIDE if wide else INTERVAL, sorts=False)
    more = (Column("n", 6, right=True), Column("best", 4, sorts=False)) if wide else ()
    value, control = Column("value", 8, right=True), Column("control", 8, right=True)
    return (Column("measure"), value, interval, control, *more, Column("reads as", 14))


def groups(wide: bool) -> tuple[Column, ...]:
    shares = (Column("before", 6, right=True), Column("after", 6, right=True), Column("goal", 6, right=True))
    return (Column("group"), *shares, Column("", WIDE if wide else NARROW), Column("reads as", 14))


class EvidenceView(WritesList, View):
    """Left and right (or the number of a page) turn the pages; enter says what is behind a number."""

    CSS_PATH = "evidence.tcss"
    LIST = "evidence"
    ALL_OF_IT = "Every measure of all pages as it may leave, rounded, as a CSV table for other programs."
    AS_SEEN = "The measures that you see, as they may leave: rounded, and in the page's own order, as a CSV table."
    HERE: ClassVar[tuple[Command, ...]] = (
        c.EvidenceExplain,
        c.EvidenceNext,
        c.EvidenceBack,
        c.EvidencePairs,
        r.CohortEvaluate,
        r.CohortReport,
        *(c.EvidenceFidelity, c.EvidencePrivacy, c.EvidenceBias, c.EvidenceUtility),
        *(c.EvidencePrevalence, c.EvidenceGroups),
        c.EvidenceTurn,
        c.EvidenceGroup,
        *LISTED,
    )

    def __init__(self, cohort: str, page: str = "fidelity") -> None:
        super().__init__()
        self.cohort, self.page = cohort, page
        self.document: dict[str, Any] = {}

    def place(self) -> tuple[str, ...]:
        return ("Cohorts", self.cohort, "Evidence")

    def compose_body(self) -> ComposeResult:
        yield PageNames(list(PAGES.values()))
        yield Clipped(most=4, id="outdated")
        with ContentSwitcher(initial=self.page):
            for family in FAMILIES:
                yield WindowTable(measures(False), measures(True), id=family)
            yield PrevalencePage(id="prevalence")
            yield WindowTable(groups(False), groups(True), id="groups")
        yield Clipped("Asking the store", most=5, id="reading")
        yield Static(self.studio.glyphs.text(LEGEND), id="legend", classes="muted")

    def on_mount(self) -> None:
        self._turn(self.page)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show(self.document) if self.document else None)

    def load(self) -> None:
        name = self.cohort
        self.ask(lambda engine: engine.evaluation_show(name), self._show, refused=self._not_judged)
        if self.followed is None:
            self.ask(lambda engine: engine.jobs_list(), self._follow_evaluation, group="jobs")

    def _follow_evaluation(self, jobs: list[dict[str, Any]]) -> None:
        """An evaluation of this cohort that is under way shows its progress, and can be cancelled, from here."""
        for job in jobs:
            mine = job["kind"] == "evaluate" and job["subject"] == f"cohort:{self.cohort}"
            if mine and job["state"] in ("queued", "running") and self.followed is None:
                self._evaluating(job)

    def _not_judged(self, error: MedSynthError) -> bool:
        if error.code != "not_evaluated":
            return False
        self._show({})
        return True

    def _look(self, page: str) -> Look:
        wide = self.query_one(f"#{page}", WindowTable).wide
        palette = palette_of(self.app.theme)
        return Look(self.studio.glyphs, palette, WIDE if wide else NARROW if page == "groups" else INTERVAL, wide)

    def _show(self, document: dict[str, Any]) -> None:
        self.document = document
        for family in FAMILIES:
            self.query_one(f"#{family}", WindowTable).show(partial(self._rows_of, family))
        self.query_one("#groups", WindowTable).show(lambda: words.group_rows(document, self._look("groups")))
        self.query_one(PrevalencePage).show(document.get("heatmap") or [], palette_of(self.app.theme))
        self.query_one(PageNames).remark(*words.band_remark(document.get("gauge")))
        outdated = self.query_one("#outdated", Clipped)
        reasons = " ".join(said(reason, 300) for reason in document.get("outdated") or ())
        outdated.show(reasons, head=("! Out of date: ", "bold $warning"))
        outdated.display = bool(reasons)
        for table in self.query(WindowTable):
            table.leave_heading()
        self._read()
        self.place_changed()

    def _rows_of(self, family: str) -> list[words.Row]:
        return words.family_rows(self.document, family, self._look(family))

    # --- pages ------------------------------------------------------------------------------------------------

    def _turn(self, page: str) -> None:
        self.clear()
        self.page = page
        self.query_one(ContentSwitcher).current = page
        self.query_one(PageNames).show(list(PAGES).index(page))
        table = self._table()
        table.focus()
        if isinstance(table, WindowTable):
            table.leave_heading()
        self.list_turned()
        legend = GROUPS_LEGEND if page == "groups" else PrevalencePage.LEGEND if page == "prevalence" else LEGEND
        self.query_one("#legend", Static).update(self.studio.glyphs.text(legend))
        self._read()
        self.place_changed()

    def _table(self) -> DataTable[Any]:
        """The table of the page that is shown."""
        page = self.query_one(f"#{self.page}")
        return page.table if isinstance(page, PrevalencePage) else page  # type: ignore[return-value]

    def _step(self, by: int) -> None:
        names = list(PAGES)
        self._turn(names[(names.index(self.page) + by) % len(names)])

    def do_evidence_next(self) -> None:
        self._step(1)

    def do_evidence_back(self) -> None:
        self._step(-1)

    def do_evidence_fidelity(self) -> None:
        self._turn("fidelity")

    def do_evidence_privacy(self) -> None:
        self._turn("privacy")

    def do_evidence_bias(self) -> None:
        self._turn("bias")

    def do_evidence_utility(self) -> None:
        self._turn("utility")

    def do_evidence_prevalence(self) -> None:
        self._turn("prevalence")

    def do_evidence_groups(self) -> None:
        self._turn("groups")

    def do_evidence_turn(self) -> None:
        self._turn("prevalence")
        self.query_one(PrevalencePage).turn()
        self._read()

    def do_evidence_group(self) -> None:
        self._turn("prevalence")
        self.query_one(PrevalencePage).group()
        self._read()

    # --- what is under the cursor -----------------------------------------------------------------------------

    def _measured(self, name: str) -> dict[str, Any] | None:
        return next((one for one in self.document.get("evidence") or [] if one["name"] == name), None)

    @on(DataTable.RowHighlighted)
    @on(DataTable.CellHighlighted)
    def _read(self) -> None:
        """The number under the cursor, in the place below the table."""
        self.query_one("#reading", Clipped).show(self._under_cursor())

    def copied(self) -> str:
        return words.called(self.document, super().copied())

    def nothing_under_cursor(self) -> None:
        self._read()

    def _to_judge(self) -> str:
        key = self.key(r.CohortEvaluate) if self.studio.session.may(r.CohortEvaluate.permission) else ""
        return words.to_judge(key, self.followed is not None)

    def _under_cursor(self) -> str:
        if not self.document:
            return self._to_judge() if not self.awaits("view") else "Asking the store"
        page = self.query_one(f"#{self.page}")
        if isinstance(page, PrevalencePage):
            return page.reading()
        assert isinstance(page, WindowTable)
        key = page.current_key or ""
        if key.startswith(words.GAUGE):
            reading = (self.document.get("gauge") or {}).get(key.removeprefix(words.GAUGE)) or {}
            return self.studio.glyphs.text(said(spoken(str(reading.get("note") or "")), 600))
        each = self._measured(key)
        return words.reading_lines(each, self.studio.glyphs) if each else ""

    @on(DataTable.RowSelected)
    @on(DataTable.CellSelected)
    def do_evidence_explain(self) -> None:
        page = self.query_one(f"#{self.page}")
        if isinstance(page, PrevalencePage):
            behind = page.explanation()
            if behind is not None:
                self.studio.push_screen(Explained(*behind))
            return
        assert isinstance(page, WindowTable)
        key = page.current_key or ""
        scenario, each = key.removeprefix(words.GAUGE), self._measured(key)
        if key.startswith(words.GAUGE):
            gauge = self.document.get("gauge") or {}
            needle = next(reading for reading in words.readings(gauge) if reading.scenario == scenario)
            behind_it = words.gauge_explanation(gauge[scenario], self.studio.glyphs)
            self.studio.push_screen(Explained("Privacy gauge", behind_it, needle))
        elif each is not None:
            self.studio.push_screen(Explained(measure(key), words.explanation(each, self.studio.glyphs)))

    async def write_list(self, engine: Engine, path: str, only: list[str] | None) -> dict[str, Any]:
        return await engine.lists_export(self.LIST, path, self.cohort, only)

    # --- ways on ----------------------------------------------------------------------------------------------

    def offered(self, command: Command) -> bool:
        if command in (r.CohortReport, c.EvidencePairs, *LISTED) and not self.document.get("evidence"):
            return False
        if command is r.CohortEvaluate and self.followed is not None:
            return False
        return super().offered(command)

    def do_evidence_pairs(self) -> None:
        self.studio.open("nearest_pairs", cohort=self.cohort)

    def do_cohort_evaluate(self) -> None:
        self.clear()
        self.ask(lambda engine: engine.evaluate(self.cohort), self._evaluating, group="evaluate")

    def _evaluating(self, document: dict[str, Any]) -> None:
        if document["job"] is None:
            self.say("Nothing has changed since it was evaluated.")
            return
        self.follow(document["job"], f"Evaluating {self.cohort}", self._evaluated)
        self._read()
        self.place_changed()

    def job_ended(self) -> None:
        super().job_ended()
        self._read()

    def _evaluated(self, document: dict[str, Any]) -> None:
        self.load()
        self.say("Evaluated. Enter on a number says what is behind it.")

    def do_cohort_report(self) -> None:
        self.clear()
        self.ask(lambda engine: engine.report(self.cohort), self._reporting, group="report")

    def _reporting(self, document: dict[str, Any]) -> None:
        title = f"Writing the report on {self.cohort}"
        self.follow(document["job"], title, lambda done: self.say(f"The report is written: {said(done['path'], 300)}"))
