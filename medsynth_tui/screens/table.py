"""A dataset's table before training: every column, what is missing, what rows learn of it. No row of anybody."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import columns as words
from medsynth_tui import commands_rows as c
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LOOK
from medsynth_tui.screens.listing import HasList
from medsynth_tui.view import View
from medsynth_tui.widgets.bars import Attribute, Bars
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import count, said


class ColumnsView(HasList, View):
    """Columns on the left, the one under the cursor on the right."""

    CSS_PATH = "table.tcss"
    ROOMY = False
    LAST: ClassVar[Column] = Column("missing", 7, right=True)

    def __init__(self) -> None:
        super().__init__()
        self.document: dict[str, Any] = {}

    def columns_side_by_side(self) -> ComposeResult:
        with Horizontal():
            yield WindowTable(
                (Column("column"), Column("kind", 8), Column("shape", words.SHAPE, sorts=False), self.LAST),
                id="columns",
            )
            with VerticalScroll(id="column-side"):
                yield Static("", id="head", classes="muted")
                yield Bars(id="column-bars")
                yield Static("", id="about")

    def on_mount(self) -> None:
        self.query_one("#columns", WindowTable).focus()

    @on(DataTable.RowHighlighted, "#columns")
    def _read(self) -> None:
        self.show_column(self.query_one("#columns", WindowTable).current_key or "")

    def nothing_under_cursor(self) -> None:
        self._read()

    def copied(self) -> str:
        key = super().copied()
        mark = next((mark for mark in words.LEFT_OUT if key.startswith(mark) and not self.named(key)), "")
        return key.removeprefix(mark)

    def show_column(self, key: str) -> None:
        """What is under the cursor, on the right."""

    def show_right(self, bars: list[Attribute], lines: list[Content], versus: str = "") -> None:
        self.query_one("#column-bars", Bars).show(bars, versus)
        self.query_one("#about", Static).update(Content("\n").join(lines))

    def named(self, key: str) -> dict[str, Any] | None:
        return next((column for column in self.document.get("columns") or [] if column["name"] == key), None)

    def nobody_counted(self, dataset: str) -> bool:
        """The table was not described yet: do it now, where this person may."""
        if not self.studio.session.may(Permission.GENERATE):
            self.tell("Nobody who may draw from this dataset has looked at its table yet.")
            return True
        self.tell("Counting every column of the table, once.")
        self.ask(lambda engine: engine.datasets_describe(dataset), self._counting, group="describe")
        return True

    def _counting(self, document: dict[str, Any]) -> None:
        self.follow(document["job"], f"Looking at the table of {document['dataset']}", lambda _: self.load())

    def tell(self, sentence: str) -> None:
        self.query_one("#head", Static).update(Content(sentence))


class DatasetTable(ColumnsView):
    """Counts under eleven are hidden, and what would give them away; of numbers nothing outermost is told."""

    HERE: ClassVar[tuple[Command, ...]] = (c.DatasetRules, c.DatasetLearners, c.TableDescribe, *LOOK)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.dataset = name
        self.rules: list[dict[str, Any]] = []

    def place(self) -> tuple[str, ...]:
        return ("Datasets", self.dataset, "Table")

    def compose_body(self) -> ComposeResult:
        yield from self.columns_side_by_side()

    def load(self) -> None:
        name = self.dataset
        self.ask(lambda engine: engine.datasets_table(name), self._show, refused=self._refused, saying="Asking")
        self.ask(lambda engine: engine.rules_list(name), self._show_rules, group="rules")

    def _refused(self, error: MedSynthError) -> bool:
        return error.code == "not_described" and self.nobody_counted(self.dataset)

    def _show_rules(self, document: dict[str, Any]) -> None:
        self.rules = document["rules"]
        if self.document:
            self._show(self.document)

    def _show(self, document: dict[str, Any]) -> None:
        self.document = document
        rows = words.real_rows(document, self.rules, self.studio.glyphs.ascii)
        looked = "" if self.rules else " Rules were not looked for: u."
        self.tell(f"{count(document['records'])} records.{looked}")
        self.query_one("#columns", WindowTable).show(rows)
        self._read()

    def show_column(self, key: str) -> None:
        column = self.named(key)
        if column is not None:
            bars = [words.real_bars(column, self.document["records"])]
            self.show_right(bars, words.real_lines(column, self.rules))
        elif key.startswith("not kept:"):
            name = key.removeprefix("not kept:")
            why = said((self.document.get("not_kept") or {}).get(name), 300)
            lines = [Content.assemble((said(name, 60), "bold $primary")), Content(why)]
            self.show_right([], [*lines, Content.assemble(("It is in no row, real or drawn.", "$muted"))])
        else:
            self.show_right([], [])

    def do_table_describe(self) -> None:
        self.clear()
        self.nobody_counted(self.dataset)

    def do_dataset_rules(self) -> None:
        self.studio.open("rules", dataset=self.dataset)

    def do_dataset_learners(self) -> None:
        self.studio.open("learners", dataset=self.dataset)
