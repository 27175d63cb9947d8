"""Two to four evaluated cohorts side by side; a difference is called only where intervals do not overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import ContentSwitcher, DataTable, Static

from medsynth_engine.kernel.measures import FAMILIES
from medsynth_engine.kernel.verdicts import GOOD_WORDS
from medsynth_tui import commands_evidence as c
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LOOK
from medsynth_tui.evidence_words import HIDDEN, Row, figures
from medsynth_tui.screens.evidence_detail import Explained
from medsynth_tui.screens.listing import HasList
from medsynth_tui.theme import Palette, palette_of
from medsynth_tui.view import View
from medsynth_tui.widgets.cell import Cell
from medsynth_tui.widgets.page_names import PageNames
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import BANDS, SCENARIOS, measure, number, said, share

PAGES = {"apart": "Told apart", "all": "Every measure", "groups": "Before/after"}
LEGEND = "✓ best, or as good  ✗ its whole interval lies behind  no mark: no difference"
NOTHING = "Nothing is told apart."
OVERLAP = "Wherever both were measured, the intervals overlap. The next page has every measure."


class Compare(HasList, View):
    """Three pages: what is told apart, every measure, and how large each group is in each of them."""

    CSS_PATH = "compare.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (c.CompareExplain, c.CompareTurn, c.CompareTurnBack, *LOOK)

    def __init__(self, cohorts: Sequence[str]) -> None:
        super().__init__()
        self.cohorts = list(cohorts)
        self.page = "apart"
        self.document: dict[str, Any] = {}

    def place(self) -> tuple[str, ...]:
        return ("Cohorts", "Compare")

    def compose_body(self) -> ComposeResult:
        columns, wide = ([Column(name, each, right=True) for name in self.cohorts] for each in (11, 16))
        measure, group = Column("measure"), (Column("group"), Column("training", 8, right=True))
        yield PageNames(list(PAGES.values()))
        yield Static("", id="notes")
        with ContentSwitcher(initial=self.page):
            yield WindowTable((measure, *columns), (measure, *wide), id="apart")
            yield WindowTable((measure, *columns), (measure, *wide), id="all")
            yield WindowTable((*group, *columns), (*group, *wide), id="groups")
        yield Static("Asking the store", id="reading")
        yield Static(self.studio.glyphs.text(LEGEND), id="legend", classes="muted")

    def on_mount(self) -> None:
        self._turn(self.page)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show(self.document) if self.document else None)

    def load(self) -> None:
        names = self.cohorts
        self.ask(lambda engine: engine.cohorts_compare(names), self._show)

    def _show(self, document: dict[str, Any]) -> None:
        self.document = document
        palette = palette_of(self.app.theme)
        glyphs = self.studio.glyphs
        told = [each for each in document["measures"] if each["worse"]]
        nothing: list[Row] = [("-none", [NOTHING, *[""] * len(self.cohorts)])]
        apart = measure_rows(told, document["gauge"], palette) if told else nothing
        every = measure_rows(document["measures"], document["gauge"], palette)
        for page, rows in (("apart", apart), ("all", every), ("groups", group_rows(document["groups"], palette))):
            shown = [(key, [_drawn(cell, glyphs.text) for cell in cells]) for key, cells in rows]
            table = self.query_one(f"#{page}", WindowTable)
            table.show(shown)
            table.leave_heading()
        notes = self.query_one("#notes", Static)
        notes.update(Content("! " + " ".join(said(note, 300) for note in document["notes"])))
        notes.display = bool(document["notes"])
        self._read()

    def _turn(self, page: str) -> None:
        self.page = page
        self.query_one(ContentSwitcher).current = page
        self.query_one(PageNames).show(list(PAGES).index(page))
        self.query_one(f"#{page}", WindowTable).focus()
        self.list_turned()
        self._read()

    def do_compare_turn(self) -> None:
        names = list(PAGES)
        self._turn(names[(names.index(self.page) + 1) % len(names)])

    def do_compare_turn_back(self) -> None:
        names = list(PAGES)
        self._turn(names[(names.index(self.page) - 1) % len(names)])

    def _under_cursor(self) -> dict[str, Any] | None:
        key = self.query_one(f"#{self.page}", WindowTable).current_key
        return next((each for each in self.document.get("measures") or () if each["name"] == key), None)

    @on(DataTable.RowHighlighted)
    def _read(self) -> None:
        each = self._under_cursor()
        if each is None:
            none = bool(self.document) and self.query_one(f"#{self.page}", WindowTable).current_key == "-none"
            words = OVERLAP if none else "" if self.document else "Asking the store"
        else:
            words = f"{measure(each['name'])} · {GOOD_WORDS.get(each['direction'], '')}\n{said(each['says'], 400)}"
        self.query_one("#reading", Static).update(Content(self.studio.glyphs.text(words)))

    def nothing_under_cursor(self) -> None:
        self._read()

    @on(DataTable.RowSelected)
    def do_compare_explain(self) -> None:
        each = self._under_cursor()
        if each is None:
            return
        lines = [Content.assemble((said(each["says"], 600), "bold $foreground"))]
        for name, value in zip(self.cohorts, each["values"], strict=True):
            words = "not measured" if value is None else f"{figures(value)}. {said(value['reads_as'], 600)}"
            lines.append(Content.assemble((f"{name}: ", "$accent"), (self.studio.glyphs.text(words), "$foreground")))
        lines.append(Content.assemble((f"{GOOD_WORDS.get(each['direction'], '')}. {said(each['name'], 80)}", "$muted")))
        self.studio.push_screen(Explained(measure(each["name"]), lines))


def measure_rows(
    measures: Sequence[Mapping[str, Any]], gauge: Mapping[str, Sequence[Mapping[str, Any] | None]], palette: Palette
) -> list[Row]:
    """Family by family; before privacy the bands of the gauge."""
    rows: list[Row] = []
    for family in FAMILIES:
        own = [each for each in measures if each["name"].startswith(f"{family}.")]
        if own:
            empty = [""] * len(own[0]["values"])
            rows.append((f"-{family}", [(family.capitalize(), f"bold {palette.primary}"), *empty]))
        if own and family == "privacy":
            rows += [(f"-{name}", _bands(name, readings)) for name, readings in gauge.items()]
        rows += [(each["name"], [f"  {measure(each['name'])}", *_values(each, palette)]) for each in own]
    return rows


def _bands(scenario: str, readings: Sequence[Mapping[str, Any] | None]) -> list[Any]:
    words = SCENARIOS.get(scenario, scenario).partition(":")[0]
    bands = [BANDS.get(str((one or {}).get("band") or "grey"), "") for one in readings]
    return [f"  Gauge: {words.lower()}", *("not enough" if band.startswith("not") else band for band in bands)]


def _values(each: Mapping[str, Any], palette: Palette) -> list[Any]:
    cells: list[Any] = []
    for place, value in enumerate(each["values"]):
        if value is None or value["value"] is None:
            cells.append("–" if value is None else "not enough")
        elif place in each["worse"]:
            cells.append(Cell(f"✗ {number(value['value'])}", palette.error, value["value"]))
        elif place in each["best"]:
            cells.append(Cell(f"✓ {number(value['value'])}", f"bold {palette.success}", value["value"]))
        else:
            cells.append(Cell(number(value["value"]), by=value["value"]))
    return cells


def group_rows(groups: Sequence[Mapping[str, Any]], palette: Palette) -> list[Row]:
    """Shares before (training) and in each cohort; a share far from that cohort's own goal says in which direction."""
    rows: list[Row] = []
    for each in groups:
        attribute = said(each["attribute"], 30)
        if (f"-{attribute}") not in [key for key, _ in rows]:
            head = (attribute.replace("_", " ").capitalize(), f"bold {palette.primary}")
            rows.append((f"-{attribute}", [head, *[""] * (1 + len(each["shares"]))]))
        cells = [
            _share(part, goal, flag)
            for part, goal, flag in zip(each["shares"], each["goals"], each["flags"], strict=True)
        ]
        before = share(each["training"]) if each["training"] is not None else HIDDEN
        rows.append((f"{attribute}={each['value']}", [f"  {said(each['value'], 40)}", before, *cells]))
    return rows


def _share(part: float | None, goal: float | None, flag: str | None) -> Cell:
    if part is None:
        return Cell("–")
    off = flag in ("amber", "red") and goal is not None
    return Cell(f"{'▲' if part > (goal or 0) else '▼'} {share(part)}" if off else share(part), by=part)


def _drawn(cell: Any, text: Any) -> Any:
    """A cell as this terminal can show it."""
    if isinstance(cell, Cell):
        return replace(cell, text=text(cell.text))
    return (text(cell[0]), cell[1]) if isinstance(cell, tuple) else text(cell)
