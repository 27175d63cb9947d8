"""Making a backup: where to, what it holds, and a passphrase that is typed twice and shown never."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands_backup as b
from medsynth_tui.command import Command
from medsynth_tui.screens.backups import EVERYTHING, LEDGER, SMALL, WHOLE, facts
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.secret_form import SecretForm
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field, Go, filled_in, needed, told_at
from medsynth_tui.words import count, said

FIELDS = {"short_passphrase": "passphrase"} | dict.fromkeys(("bad_target", "inside_store", "not_writable"), "path")
"""The field at which each refusal is said."""
HINTS = {SMALL: f"Holds {LEDGER}.", WHOLE: f"Holds {EVERYTHING}."}


class BackupNew(SecretForm):
    """The file appears when it is whole; what was typed as its passphrase is forgotten then."""

    HERE: ClassVar[tuple[Command, ...]] = (b.BackupWrite,)
    SECRET = "passphrase"
    PLURAL = "passphrases"

    def __init__(self, written: Callable[[str], None] | None = None) -> None:
        """`written` is told the path of a backup that was made."""
        super().__init__()
        self.written = written

    def place(self) -> tuple[str, ...]:
        return ("Store", "Backups", "Make one")

    def compose_body(self) -> ComposeResult:
        yield Static(
            Content(
                "One encrypted file (age format). Pictures in quarantine are never in it, nor the log's signing key."
            ),
            classes="muted",
        )
        yield Field(
            "New file", "path", hint="Best on another disk, for instance /mnt/safe/medsynth.age", check=_path
        ).add_class("gap")
        yield Choice("It holds", [SMALL, WHOLE], "holds", hint=HINTS[SMALL])
        yield Field(
            "Passphrase",
            "passphrase",
            password=True,
            check=needed("A passphrase"),
            hint="Four or five words that do not belong together.",
        ).add_class("gap")
        yield self.same_again()
        with Horizontal(classes="buttons"):
            yield Go("Make the backup", id="go")
        yield Static(
            Content("Without the passphrase nobody opens it again, and nobody can tell you what it was."),
            classes="muted gap",
        )

    def on_mount(self) -> None:
        self.query_one("#path", Field).focus_input()

    @on(Choice.Changed)
    def _chose(self, event: Choice.Changed) -> None:
        event.choice.hint = HINTS[event.choice.value]
        event.choice.refresh()

    def send(self) -> None:
        self.do_backup_write()

    @on(Go.Pressed)
    def do_backup_write(self) -> None:
        if self.awaits("backup"):
            return
        self.clear()
        if not filled_in(self.query(Field)):
            return
        path, passphrase = self.query_one("#path", Field).value, self.query_one("#passphrase", Field).value
        everything = self.query_one("#holds", Choice).value == WHOLE
        self.ask(
            lambda engine: engine.backup(path, passphrase, everything=everything),
            self._made,
            group="backup",
            refused=self._refused,
            saying="Writing the backup",
            here="The backup is still being written.",
        )

    def _refused(self, error: MedSynthError) -> bool:
        return told_at(self, FIELDS, error)

    def _made(self, document: dict[str, Any]) -> None:
        for name in ("passphrase", "again"):
            self.query_one(f"#{name}", Field).value = ""
        self.studio.push_screen(
            Tell(
                "The backup is written",
                facts(
                    ("Where", said(document["path"], 400)),
                    ("Records", count(document["records"])),
                    ("Files", count(document["files"])),
                    ("SHA-256", said(document["digest"], 80)),
                ),
                "Keep the passphrase where the file is not, and check the file once, where it lies.",
            ),
            lambda _: self._back_to_the_list(document["path"]),
        )

    def _back_to_the_list(self, path: str) -> None:
        self.studio.back()
        if self.written:
            self.written(path)


def _path(text: str) -> str:
    return "" if text.startswith(("/", "~")) else "A path from the root, such as /mnt/safe/medsynth.age."
