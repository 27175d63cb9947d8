"""The store's health, as `medsynth doctor` tells it: what is well, what is not, and what to do about it."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_backup as b
from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.commands_list import ListFilter, ListSort
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.listing import HasList
from medsynth_tui.view import View
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import count, said

COLUMNS = (Column("", 4), Column("check", 17), Column("what it found"))


class Store(HasList, View):
    """What is not well comes first; of the machine only that."""

    HERE: ClassVar[tuple[Command, ...]] = (r.StoreOpen, b.StoreBackups, r.AuditSign, ListFilter, ListSort)

    def __init__(self) -> None:
        super().__init__()
        self.checks: dict[str, dict[str, Any]] = {}

    def place(self) -> tuple[str, ...]:
        return ("Store",)

    def compose_body(self) -> ComposeResult:
        yield Static("Looking through the store", id="summary", classes="muted")
        yield WindowTable(COLUMNS)

    def load(self) -> None:
        self.ask(lambda engine: engine.doctor(), self._show, saying="Reading the whole ledger")

    def _show(self, document: dict[str, Any]) -> None:
        unwell = [each for each in document["machine"] if each["ok"] is False]
        found = sorted([*document["checks"], *unwell], key=lambda check: check["ok"])
        self.checks = {str(place): check for place, check in enumerate(found)}
        table = self.query_one(WindowTable)
        table.show([(key, self._row(check)) for key, check in self.checks.items()])
        bad = sum(not check["ok"] for check in found)
        words = f"{bad} of {len(found)} checks need a look" if bad else f"All of {len(found)} checks are well"
        self.query_one("#summary", Static).update(Content(words))
        if self.focused is None:
            table.focus()

    @staticmethod
    def _row(check: dict[str, Any]) -> list[Any]:
        emphasis = "" if check["ok"] else "bold"
        return [("ok" if check["ok"] else "look", emphasis), check["name"], (said(check["says"], 200), emphasis)]

    @on(DataTable.RowSelected)
    def do_store_open(self) -> None:
        check = self.checks.get(self.query_one(WindowTable).current_key or "")
        if check is not None:
            todo = [Content(said(check["what_to_do"], 300))] if check["what_to_do"] else []
            self.studio.push_screen(Tell(str(check["name"]).capitalize(), Content(said(check["says"], 300)), *todo))

    def do_store_backups(self) -> None:
        self.studio.open("backups")

    def do_audit_sign(self) -> None:
        self.ask(lambda engine: engine.audit_checkpoint(), self._signed, group="sign")

    def _signed(self, document: dict[str, Any]) -> None:
        self.studio.push_screen(told_of_signing(document))


def told_of_signing(document: dict[str, Any]) -> Tell:
    """What to keep of a checkpoint where the store is not."""
    return Tell(
        f"{count(document['records'])} records are signed",
        "Write this code down, or keep it where nobody who works on this machine can change it:",
        Content.assemble(("    ", ""), (said(document["code"], 60), "bold $ink on $primary")),
        "Later it shows whether the log was cut off, put back or written anew:",
        Content.assemble(("medsynth audit verify --code '…'", "$accent")),
        Content.assemble(("Its key: ", "$muted"), said(document["key"], 120)),
    )
