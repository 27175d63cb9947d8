"""The population editor: margins as sliders on the left, on the right what the cohort would be made of."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import DataTable, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands_rows as c
from medsynth_tui.command import Command
from medsynth_tui.margins import BY_HAND, Margin, joints_left_out, population
from medsynth_tui.planned import BROADEN, REFUSE, cell_rows, state_of, summary
from medsynth_tui.screens.confirm import Ask
from medsynth_tui.screens.picker import Picker
from medsynth_tui.screens.upload import pairs
from medsynth_tui.view import View
from medsynth_tui.widgets.field import needed
from medsynth_tui.widgets.sliders import Sliders
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import said

CELLS = (Column("cell"), Column("records", 7, right=True), Column("", 5))
PATIENCE = 0.15
"""Seconds without a key before the cells are asked for again."""


class PopulationEditor(View):
    """Answers `{"population", "unmoved", "given", "small_cells"}` for the new cohort, or nothing. Unmoved: what was
    even stays as it was asked for, and no margins take its place."""

    CSS_PATH = "population.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (
        c.PopulationUse,
        c.PopulationSlide,
        c.PopulationAsk,
        c.PopulationSmall,
        c.PopulationEven,
        c.PopulationOnly,
        c.PopulationSave,
        c.PopulationOpen,
        c.PopulationClear,
    )

    def __init__(self, source: dict[str, str] | None = None, n: int = 500, asked: dict[str, Any] | None = None) -> None:
        """source: `run`, `weights` or `dataset`; asked: what was answered before, or the `path` of a file, or which
        attributes are `even` and by which arguments of the engine they are `drawn`."""
        super().__init__()
        self.source, self.n = dict(source or {}), n
        asked = asked or {}
        self.opened: dict[str, Any] = dict(asked.get("population") or {})
        self.path = str(asked.get("path") or "")
        self.even = frozenset(asked.get("even") or ())
        self.drawn: dict[str, Any] = dict(asked.get("drawn") or {})
        self.begun: tuple[Margin, ...] = ()
        """The margins of what was even: while they stand so it is planned and drawn evenly, cell by cell."""
        self.given: dict[str, str] = dict(asked.get("given") or {})
        self.small = str(asked.get("small_cells") or REFUSE)
        self.offered_margins: list[Margin] = []
        self.plan: dict[str, Any] = {}
        self.waiting: Timer | None = None

    def place(self) -> tuple[str, ...]:
        return ("Cohorts", "New cohort", "Population")

    def compose_body(self) -> ComposeResult:
        with Horizontal():
            with VerticalScroll(id="margins-side", can_focus=False):
                yield Sliders(id="margins")
            with Vertical(id="cells-side"):
                yield Static("Asking the store", classes="muted", id="summary")
                yield WindowTable(CELLS, id="cells")
                yield Static("", classes="muted", id="assumed")

    def on_mount(self) -> None:
        self.query_one("#cells", WindowTable).display = False
        self.query_one(Sliders).focus()

    def load(self) -> None:
        if self.offered_margins:
            self._plan()
            return
        source = self.source
        self.ask(lambda engine: engine.population_offered(**source), self._offer, group="offered", refused=self._none)

    def _none(self, error: MedSynthError) -> bool:
        self.query_one("#summary", Static).update(Content(f"{error.message} {error.hint}"))
        return True

    def _offer(self, document: dict[str, Any]) -> None:
        self.offered_margins = [Margin.offered(each) for each in document["attributes"]]
        if self.path:
            self._read(self.path)
        else:
            self._begin(self.opened, self.even)

    def _begin(self, opened: dict[str, Any], even: frozenset[str] = frozenset()) -> None:
        """The margins of the document, and beside them every attribute that it does not name: as many of each value
        where that was asked for before."""
        self.opened = opened
        axes = opened.get("axis") or {}
        own = [Margin.of_file(name, axis) for name, axis in axes.items()]
        if opened.get("name") == BY_HAND:
            offered = {each.name: each for each in self.offered_margins}
            own = [each.starting(offered.get(each.name, each)) for each in own]
        others = [each for each in self.offered_margins if each.name not in axes]
        margins = (*own, *(each.level() if each.name in even else each for each in others))
        self.begun = margins if even else ()
        self.query_one(Sliders).show(margins)
        self._plan()

    # --- the plan ---------------------------------------------------------------------------------------------

    @property
    def document(self) -> dict[str, Any] | None:
        return population(self.query_one(Sliders).margins, self.opened)

    @property
    def unmoved(self) -> bool:
        return bool(self.drawn and self.begun) and self.query_one(Sliders).margins == self.begun

    @on(Sliders.Moved)
    def _moved(self) -> None:
        self.clear()
        if self.waiting is not None:
            self.waiting.stop()
        self.waiting = self.set_timer(PATIENCE, self._plan)

    def _plan(self) -> None:
        asked: dict[str, Any] = {
            **(self.drawn if self.unmoved else {"population": self.document}),
            "given": self.given,
            "small_cells": self.small,
            **self.source,
        }
        n = self.n
        self.ask(lambda engine: engine.cohorts_plan(n, **asked), self._show, group="plan", refused=self._cannot)

    def _show(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        table = self.query_one("#cells", WindowTable)
        table.display = bool(plan["cells"])
        table.show(cell_rows(plan))
        self.query_one("#summary", Static).remove_class("muted").update(summary(plan, self.small, self.given))
        assumed = [said(sentence, 300) for sentence in plan["assumed"]]
        if joints_left_out(self.query_one(Sliders).margins, self.opened):
            assumed.append("What the file says of values together no longer holds and is left out.")
        words = f"Assumed: {' '.join(assumed)}" if assumed else ""
        self.query_one("#assumed", Static).update(Content(self.studio.glyphs.text(words)))
        self.place_changed()

    def _cannot(self, error: MedSynthError) -> bool:
        """The margins cannot be drawn like this; they stay, so that the way back is short."""
        self.plan = {}
        self.query_one("#cells", WindowTable).display = False
        self.query_one("#assumed", Static).update("")
        self.query_one("#summary", Static).update(Content.assemble((said(error.message, 300), "$error")))
        self.complain(error.message, error.hint)
        return True

    @on(DataTable.RowHighlighted)
    def _explain(self, event: DataTable.RowHighlighted) -> None:
        if event.data_table.has_focus and self.plan.get("cells"):
            self.note(state_of(self.plan, str(event.row_key.value)))

    # --- what can be done -------------------------------------------------------------------------------------

    def label(self, command: Command) -> str:
        if command is c.PopulationSmall:
            return "Refuse" if self.small == BROADEN else "Broaden"
        return super().label(command)

    def do_population_slide(self) -> None:
        self.query_one(Sliders).focus()

    def do_population_ask(self) -> None:
        self.query_one(Sliders).action_ask()

    def do_population_even(self) -> None:
        self.query_one(Sliders).level()

    def do_population_small(self) -> None:
        self.small = REFUSE if self.small == BROADEN else BROADEN
        self._plan()

    def do_population_clear(self) -> None:
        self.given = {}
        self._begin({})

    def do_population_only(self) -> None:
        before = ", ".join(f"{name}={value}" for name, value in self.given.items())
        ask = Ask(
            "Only records like this", "Only", says="For instance sex=F, finding=effusion. Empty: all.", value=before
        )
        self.studio.push_screen(ask, self._only)

    def _only(self, text: str | None) -> None:
        if text is not None:
            self.given = pairs(text)
            self._plan()

    def do_population_open(self) -> None:
        self.studio.push_screen(Picker(self.path), lambda path: self._read(path) if path else None)

    def _read(self, path: str) -> None:
        self.path = path
        self.ask(lambda engine: engine.population_read(path), self._begin, group="read", refused=self._unread)

    def _unread(self, error: MedSynthError) -> bool:
        self.path = ""
        self._begin(self.opened)
        self.complain(error.message, error.hint)
        return True

    def do_population_save(self) -> None:
        document = self.document
        if document is None:
            self.complain("Nothing is asked for yet.", "Space on an attribute asks for it.")
            return
        says = "A new .toml file on the machine where MedSynth runs; generate --population takes it too."
        ask = Ask("Save these margins", "File", says=says, check=needed("A path"), verb="Save")
        self.studio.push_screen(ask, lambda path: self._save(path, document))

    def _save(self, path: str | None, document: dict[str, Any]) -> None:
        if path:
            self.ask(
                lambda engine: engine.population_save(path, document),
                lambda done: self.say(f"Saved: {said(done['path'], 300)}"),
                group="save",
            )

    def do_population_use(self) -> None:
        refused = self.plan.get("refused")
        if refused:
            self.complain(refused["why"], "b draws small cells together with their neighbours; or move shares away.")
            return
        if self.plan:
            margins = None if self.unmoved else self.document
            told = {"population": margins, "unmoved": self.unmoved}
            self.dismiss({**told, "given": self.given, "small_cells": self.small})  # type: ignore[arg-type]
