"""Limits and defaults of the store, for an admin."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LISTED
from medsynth_tui.screens.confirm import Ask
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import said

COLUMNS = (Column("setting", 26), Column("value", 18), Column("what it means"))


class Settings(WritesList, View):
    """One line each; enter changes the one under the cursor."""

    LIST = "settings"
    HERE: ClassVar[tuple[Command, ...]] = (r.SettingChange, *LISTED)

    def place(self) -> tuple[str, ...]:
        return ("Settings",)

    def compose_body(self) -> ComposeResult:
        yield WindowTable(COLUMNS)
        yield Static(id="meaning", classes="gap")

    def load(self) -> None:
        self.ask(lambda engine: engine.settings_list(), self._show)

    def _show(self, documents: list[dict[str, Any]]) -> None:
        self.documents = {each["key"]: each for each in documents}
        table = self.query_one(WindowTable)
        table.show(
            [(key, [key, said(each["value"], 60) or "none", each["meaning"]]) for key, each in self.documents.items()]
        )
        if self.focused is None:
            table.focus()
        self._explain()

    @on(DataTable.RowHighlighted)
    def _explain(self) -> None:
        key = self.query_one(WindowTable).current_key
        words = said(self.documents[key]["meaning"], 300) if key is not None else ""
        self.query_one("#meaning", Static).update(Content(words))

    def nothing_under_cursor(self) -> None:
        self._explain()

    @on(DataTable.RowSelected)
    def do_setting_change(self) -> None:
        key = self.query_one(WindowTable).current_key
        if key is not None and self.offered(r.SettingChange):
            each = self.documents[key]
            value = str(each["value"])
            self.studio.push_screen(
                Ask(key, "Value", says=str(each["meaning"]), value=value, verb="Change it"),
                lambda given: self._set(key, given),
            )

    def _set(self, key: str, value: str | None) -> None:
        if value is None:
            return
        self.clear()

        def done(document: dict[str, Any]) -> None:
            self.load()
            self.say(f"{key} is now {said(document['value'], 60) or 'none'}.")

        self.ask(lambda engine: engine.settings_set(key, value), done, group="change")
