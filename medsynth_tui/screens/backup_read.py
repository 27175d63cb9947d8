"""A backup's file: tried to its end without changing anything, and then, if so wished, put in the store's place."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands_backup as b
from medsynth_tui.command import Command
from medsynth_tui.screens.backups import facts
from medsynth_tui.screens.confirm import ConfirmByName, Tell
from medsynth_tui.view import View
from medsynth_tui.widgets.field import Field, Go, filled_in, needed
from medsynth_tui.words import count, said, when


class BackupRead(View):
    """Only what was just found whole can be put back: a change of the file or the passphrase asks for another look."""

    HERE: ClassVar[tuple[Command, ...]] = (b.BackupCheck, b.BackupRestore)

    def __init__(self, path: str = "") -> None:
        """`path` of the file, where whoever came here knows it."""
        super().__init__()
        self.path = path
        self.checked: tuple[str, str] | None = None
        self.found: dict[str, Any] = {}

    def place(self) -> tuple[str, ...]:
        return ("Store", "Backups", "A file")

    def compose_body(self) -> ComposeResult:
        yield Field("File", "path", value=self.path, hint="A backup on this machine.", check=needed("A path"))
        yield Field("Passphrase", "passphrase", password=True, check=needed("Its passphrase"))
        with Horizontal(classes="buttons"):
            yield Go("Check it", id="check")
            yield Go("Put it back", id="restore")
        yield Static(
            Content("It is read to its end, decrypted, compared with what it says, and the log in it verified."),
            id="found",
            classes="gap",
        )

    def on_mount(self) -> None:
        self.query_one("#restore").display = False
        self.query_one("#passphrase" if self.path else "#path", Field).focus_input()

    def offered(self, command: Command) -> bool:
        if command is b.BackupRestore:
            return self.checked is not None and super().offered(command)
        return super().offered(command)

    def _typed(self) -> tuple[str, str]:
        return self.query_one("#path", Field).value, self.query_one("#passphrase", Field).value

    @on(Input.Changed)
    def _changed(self) -> None:
        if self.checked is not None and self.checked != self._typed():
            self._forget("Check it again: what was checked is another file, or has another passphrase.")

    def _forget(self, words: str) -> None:
        self.checked, self.found = None, {}
        self.query_one("#found", Static).update(Content(words))
        self.query_one("#restore").display = False
        self.place_changed()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if event.input is self.query_one("#passphrase", Field).typed:
            self.do_backup_check()
        else:
            self.focus_next()

    @on(Go.Pressed)
    def _pressed(self, event: Go.Pressed) -> None:
        if event.go.id == "restore":
            self.do_backup_restore()
        else:
            self.do_backup_check()

    def do_backup_check(self) -> None:
        if self.awaits("restore"):
            return
        self.clear()
        if not filled_in(self.query(Field)):
            return
        given = self._typed()
        self._forget("Reading it to its end.")
        self.ask(
            lambda engine: engine.restore(*given, check=True),
            lambda document: self._show(given, document),
            group="backup",
            refused=self._refused,
            saying="Reading the backup",
        )

    def _refused(self, error: MedSynthError) -> bool:
        self.query_one("#found", Static).update(
            Content.assemble((f"{said(error.message, 200)} ", "bold $error"), said(error.hint, 200))
        )
        return error.code != "confirm_needed"

    def _show(self, given: tuple[str, str], document: dict[str, Any]) -> None:
        if given != self._typed():
            self._forget("Check it again: it was changed meanwhile.")
            return
        self.checked, self.found = given, document
        verified = document["verified"]
        whole = Content.assemble(("The backup is whole, and the log in it verifies.", "bold $success"))
        told = facts(
            ("Store", f"{said(document['store_id'], 40)}, {said(document['stamp'], 20)}"),
            ("Made", f"{said(document['made'], 40)}, by program {said(document['program'], 30)}"),
            ("Log", f"{count(document['records'])} records, {count(verified.get('signed', 0))} of them signed"),
            ("Holds", ", ".join(said(part, 20) for part in document["parts"])),
            ("Size", f"{count(document['files'])} files, {count(document['bytes'])} bytes"),
        )
        self.query_one("#found", Static).update(Content("\n").join([whole, told]))
        self.query_one("#restore").display = True
        self.place_changed()

    def do_backup_restore(self) -> None:
        if self.checked is not None and not self.awaits("restore"):
            self.ask(lambda engine: engine.store_state(), self._confirm, group="name")

    def _confirm(self, state: dict[str, Any]) -> None:
        if self.checked is None:
            return
        name = said(state["name"], 60)
        self.studio.push_screen(
            ConfirmByName(
                f"Replace the store {name}",
                becomes(self.found),
                name,
                "Put it back",
            ),
            self._restore,
        )

    def _restore(self, sure: bool | None) -> None:
        given = self.checked
        if not sure or given is None:
            return
        self.ask(
            lambda engine: engine.restore(*given, replace=True),
            self._restored,
            group="restore",
            saying="Putting the backup back",
            here="The backup is still being put back.",
        )

    def _restored(self, document: dict[str, Any]) -> None:
        self.query_one("#passphrase", Field).value = ""
        self.studio.push_screen(
            Tell(
                "The store is back",
                facts(("As of", said(document["made"], 40)), ("Moved aside", said(document["moved_aside"], 400))),
                "A restore is a rollback, and the log says so: an anchor or a code of a later moment no longer fits.",
            ),
            lambda _: self.studio.leave("The store was put back. Log in again."),
        )


def becomes(found: dict[str, Any]) -> str:
    """What the store is after this backup was put back: not every backup holds pictures."""
    then = when(found["made"])
    if {"datasets", "runs", "cohorts", "weights"} <= set(found["parts"]):
        words = f"The store becomes what it was at {then}; what is here now, with everything done since then, is moved "
        words += "aside and not deleted."
    else:
        words = f"People, records and the log become what they were at {then}; those of now are moved aside and not "
        words += (
            "deleted. Datasets, runs, cohorts and weights are not in this backup: they stay as they lie here. What "
        )
        words += "was made since then is no longer listed, and what was removed since then does not come back."
    return f"{words} Everybody is logged out."
