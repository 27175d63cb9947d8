"""Rules of a dataset's rows: those that bind, those that were proposed, and how the real table keeps them."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_rows as c
from medsynth_tui.columns import records_of
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LOOK
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.listing import HasList
from medsynth_tui.view import View
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import count, said

COLUMNS = (Column("rule"), Column("says", 8), Column("real rows", 9, right=True), Column("broken", 7, right=True))
STATES = {"confirmed": ("binds", "bold $success"), "proposed": ("proposed", "$muted")}
NONE = "No rules yet."
PROPOSE = "looks for some: known ones that fit the columns, and ones that the real rows never break."
MEANING = (
    "What binds, every drawn row obeys. What was learned from the table does not bind differentially private rows."
)


class Rules(HasList, View):
    """Only the dataset's owner decides; others read."""

    HERE: ClassVar[tuple[Command, ...]] = (c.RulesPropose, c.RulesConfirm, c.RulesDrop, c.RulesConfirmAll, *LOOK)

    def __init__(self, dataset: str) -> None:
        super().__init__()
        self.dataset = dataset
        self.rules: list[dict[str, Any]] = []

    def place(self) -> tuple[str, ...]:
        return ("Datasets", self.dataset, "Rules")

    def compose_body(self) -> ComposeResult:
        yield Static("Asking the store", classes="muted", id="head")
        yield WindowTable(COLUMNS, id="rules")
        yield Static(Content(MEANING), classes="muted gap")

    def on_mount(self) -> None:
        self.query_one("#rules").focus()

    def load(self) -> None:
        name = self.dataset
        self.ask(lambda engine: engine.rules_list(name), self._show)

    def _show(self, document: dict[str, Any]) -> None:
        self.rules = document["rules"]
        binding = sum(rule["state"] == "confirmed" for rule in self.rules)
        head = f"{count(binding)} bind, {count(len(self.rules) - binding)} proposed" if self.rules else self._none()
        self.query_one("#head", Static).update(Content(head))
        self.query_one("#rules", WindowTable).show([_row(rule) for rule in self.rules])
        self.place_changed()

    def _none(self) -> str:
        may = self.studio.session.may(c.RulesPropose.permission)
        return f"{NONE} {self.key(c.RulesPropose)} {PROPOSE}" if may else NONE

    def offered(self, command: Command) -> bool:
        if command in (c.RulesConfirm, c.RulesConfirmAll, c.RulesDrop) and not self.rules:
            return False
        return super().offered(command)

    def _here(self) -> dict[str, Any] | None:
        key = self.query_one("#rules", WindowTable).current_key
        return next((rule for rule in self.rules if rule["id"] == key), None)

    @on(DataTable.RowSelected)
    def _explain(self) -> None:
        rule = self._here()
        if rule is not None:
            self.studio.push_screen(Tell("Rule", *_whole(rule)))

    def do_rules_propose(self) -> None:
        self.clear()
        name = self.dataset
        self.ask(lambda engine: engine.rules_propose(name), self._looking, group="propose")

    def _looking(self, document: dict[str, Any]) -> None:
        self.follow(document["job"], f"Looking for rules in {self.dataset}", self._found)

    def _found(self, document: dict[str, Any]) -> None:
        self._show(document)
        looked = document.get("looked_at")
        rows = "fewer than 11 rows" if looked is None else f"{count(looked)} rows of the training fold"
        self.say(f"Looked at {rows}: {count(document.get('found', 0))} rules hold well enough to propose.")

    def do_rules_confirm(self) -> None:
        rule = self._here()
        if rule is not None:
            self._confirm([rule["id"]], "It binds every row that is drawn from now on.")

    def do_rules_confirm_all(self) -> None:
        self._confirm(["all"], "All of them bind every row that is drawn from now on.")

    def _confirm(self, chosen: list[str], sentence: str) -> None:
        name = self.dataset
        self.ask(
            lambda engine: engine.rules_confirm(name, chosen), lambda done: self._done(done, sentence), group="decide"
        )

    def do_rules_drop(self) -> None:
        rule = self._here()
        if rule is not None:
            name, chosen = self.dataset, [rule["id"]]
            sentence = "Dropped. Looking for rules again may propose it again."
            self.ask(
                lambda engine: engine.rules_drop(name, chosen), lambda done: self._done(done, sentence), group="decide"
            )

    def _done(self, document: dict[str, Any], sentence: str) -> None:
        self._show(document)
        self.say(sentence)


def _row(rule: dict[str, Any]) -> tuple[str, list[Any]]:
    broken = rule["broken"]
    mark: Any = "none" if broken == 0 else ("hidden" if broken is None else count(broken), "bold $warning")
    rows = "hidden" if rule["rows"] is None else count(rule["rows"])
    return rule["id"], [said(rule["sentence"], 200), STATES.get(rule["state"], said(rule["state"], 8)), rows, mark]


def _whole(rule: dict[str, Any]) -> list[str]:
    of = "known in every hospital" if rule.get("origin") == "known" else "learned from the real table"
    binds = "It binds drawn rows." if rule["state"] == "confirmed" else "It binds nothing before it is confirmed."
    broken = (
        "Every real row keeps it."
        if rule["broken"] == 0
        else f"Broken in the real table in {records_of(rule['broken'])}."
    )
    speaks = f"It speaks about {records_of(rule['rows'])}."
    return [
        said(rule["sentence"], 400),
        f"{binds} It is {of}.",
        f"{speaks} {broken}",
        f"Name: {said(rule['name'], 80)}",
    ]
