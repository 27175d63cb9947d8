"""Accounts: who there is, which role they have; adding, changing, disabling, giving a new code."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LISTED
from medsynth_tui.screens.confirm import Ask, ConfirmByName, Tell
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.cell import Cell, at
from medsynth_tui.widgets.field import needed
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import account_state, counted, said

CODE_TO_COME = "The code is still being made, and is told only once."
ROLES = ["researcher", "admin", "auditor"]
COLUMNS = (
    Column("name"),
    Column("role", 12),
    Column("state", 9),
    Column("factor", 7),
    Column("added", 12),
    Column("last login", 12),
)


class Users(WritesList, View):
    """Only admins come here; a code is shown once and is never kept."""

    LIST = "users"
    HERE: ClassVar[tuple[Command, ...]] = (r.UserAdd, r.UserRole, r.UserDisable, r.UserReset, r.UserFactor, *LISTED)

    def place(self) -> tuple[str, ...]:
        return ("Users",)

    def compose_body(self) -> ComposeResult:
        yield Static("Asking the store", classes="muted", id="summary")
        yield WindowTable(COLUMNS)

    def load(self) -> None:
        self.ask(lambda engine: engine.users_list(), self._show)

    def _show(self, documents: list[dict[str, Any]]) -> None:
        table = self.query_one(WindowTable)
        table.show([(each["name"], self._row(each)) for each in documents])
        active = sum(each["state"] == "active" for each in documents)
        self.query_one("#summary", Static).update(Content(f"{counted(len(documents), 'account')}, {active:,} active"))
        if self.focused is None:
            table.focus()

    @staticmethod
    def _row(each: dict[str, Any]) -> list[Any]:
        last = at(each["last_login"]) if each.get("last_login") else Cell("never", by="")
        emphasis = "" if each["state"] == "active" else "bold"
        factor = "on" if each.get("second_factor") else ""
        return [each["name"], each["role"], (account_state(each), emphasis), factor, at(each["created"]), last]

    def _who(self) -> str | None:
        return self.query_one(WindowTable).current_key

    def do_user_add(self) -> None:
        self.studio.push_screen(
            Ask("Add an account", "Name", check=needed("A name"), choice=("Role", ROLES), verb="Add"), self._add
        )

    def _add(self, given: tuple[str, str] | None) -> None:
        if given is not None:
            role, name = given
            self.ask(lambda engine: engine.users_add(name, role), self._tell_code, group="change", here=CODE_TO_COME)

    def _tell_code(self, document: dict[str, Any]) -> None:
        self.load()
        self.studio.push_screen(
            Tell(
                "This code is shown once",
                f"{said(document['name'], 40)} ({said(document['role'])}) uses it within 24 hours:",
                Content.assemble(("    ", ""), (str(document["code"]), "bold $ink on $primary")),
                "Hand it over in person or by telephone. While it is new you cannot judge this person's assessments.",
            )
        )

    def do_user_role(self) -> None:
        name = self._who()
        if name is None:
            return
        self.studio.push_screen(
            Ask(
                f"Another role for {name}",
                "Type the name",
                says="It takes effect at once: the person's sessions end.",
                check=lambda text: "" if text == name else f"Type {name} to confirm.",
                choice=("Role", ROLES),
                verb="Change it",
            ),
            lambda given: self._role(name, given),
        )

    def _role(self, name: str, given: tuple[str, str] | None) -> None:
        if given is not None:
            role = given[0]
            self.ask(
                lambda engine: engine.users_role(name, role),
                lambda _: self._done(f"{said(name, 40)} is now {role}."),
                group="change",
            )

    def do_user_disable(self) -> None:
        name = self._who()
        if name is not None:
            self.studio.push_screen(
                ConfirmByName(
                    f"Disable {name}",
                    "Nobody can log in as this person any more; running sessions end, and jobs lose their grant.",
                    name,
                    "Disable",
                ),
                lambda sure: self._disable(name, sure),
            )

    def _disable(self, name: str, sure: bool | None) -> None:
        if sure:
            self.ask(
                lambda engine: engine.users_disable(name),
                lambda _: self._done(f"{said(name, 40)} is disabled."),
                group="change",
            )

    def do_user_reset(self) -> None:
        name = self._who()
        if name is not None:
            self.studio.push_screen(
                ConfirmByName(
                    f"New code for {name}",
                    "The old password ends now; you will see a code to hand over, once.",
                    name,
                    "Make a code",
                ),
                lambda sure: self._reset(name, sure),
            )

    def _reset(self, name: str, sure: bool | None) -> None:
        if sure:
            self.ask(lambda engine: engine.users_reset(name), self._tell_code, group="change", here=CODE_TO_COME)

    def do_user_factor(self) -> None:
        name = self._who()
        if name is not None:
            self.studio.push_screen(
                ConfirmByName(
                    f"Take {name}'s second factor away",
                    "Until another one is set up the password alone is enough. Running sessions end, and for 30 days "
                    "you cannot judge this person's assessments.",
                    name,
                    "Take it away",
                ),
                lambda sure: self._factor(name, sure),
            )

    def _factor(self, name: str, sure: bool | None) -> None:
        if sure:
            self.ask(
                lambda engine: engine.users_totp_reset(name),
                lambda _: self._done(f"{said(name, 40)} has no second factor any more."),
                group="change",
            )

    def _done(self, words: str) -> None:
        self.load()
        self.say(words)
