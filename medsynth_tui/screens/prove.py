"""The password once more: before something that asks for it, and where the screen was hidden meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui.commands import Quit
from medsynth_tui.view import Dialog
from medsynth_tui.widgets.field import Field, Go, needed
from medsynth_tui.work import Asking

Show = Callable[[str, str], Awaitable[Any]]
"""Takes password and code to the engine; raises what the engine raises."""


class Prove(Asking, Dialog):
    """Answers True once the engine was shown the password, and the code of a second factor; esc answers nothing."""

    EXPLAINS = "What changes what others may do, or lets something out, asks for the password of whoever sits here."

    heading, verb = "Your password again", "Go on"
    says = "This needs the password anew: it was last given a while ago."

    def compose_card(self) -> ComposeResult:
        yield Static(Content(self.heading), classes="title")
        yield Static(Content(self.says), classes="muted")
        yield Field("Password", "password", password=True, check=needed("Your password")).add_class("gap")
        code = Field("Code", "code", hint="Of your second factor: six digits, or a recovery code.")
        code.display = self.has_factor()
        yield code
        with Horizontal(classes="buttons"):
            yield Go(self.verb, id="go")
        yield Static("", id="trouble", classes="gap")

    def on_mount(self) -> None:
        self.query_one("#password", Field).focus_input()

    def has_factor(self) -> bool:
        person = self.studio.session.person
        return person is not None and person.second_factor

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        code = self.query_one("#code", Field)
        if event.input is not code.typed and code.display:
            code.focus_input()
        else:
            self._send()

    @on(Go.Pressed)
    def _send(self) -> None:
        fields = self.query_one("#password", Field), self.query_one("#code", Field)
        if not fields[0].valid():
            fields[0].focus_input()
            return
        password, code = (field.value for field in fields)
        for field in fields:
            field.value = ""
        self._trouble("Checking")
        self.ask(lambda _: self.show(password, code), self._shown, refused=self._refused, group="prove")

    async def show(self, password: str, code: str) -> Any:
        return await self.studio.session.ask(lambda engine: engine.confirm(password, code))

    def _shown(self, _: Any) -> None:
        self.dismiss(True)

    def _refused(self, error: MedSynthError) -> bool:
        if error.code == "code_needed":
            self.query_one("#code", Field).display = True
        wrong = error.code == "login_failed"  # said for people who are not known yet; here only one thing can be wrong
        self._trouble("The password is wrong." if wrong else f"{error.message} {error.hint}")
        self.query_one("#password", Field).focus_input()
        return True

    def _trouble(self, words: str) -> None:
        self.query_one("#trouble", Static).update(Content(words))


class Lock(Prove):
    """Hides everything until the person who was here gives the password. Only logging out leads past it."""

    heading, verb = "Locked", "Unlock"
    BINDINGS: ClassVar[list[Any]] = [Binding("f8", "log_out", "Log out", show=False)]

    def __init__(self, why: str) -> None:
        super().__init__()
        self.says = f"{why} Trainings and jobs go on."

    def compose_card(self) -> ComposeResult:
        yield from super().compose_card()
        words = f"F8 logs out, for somebody else to log in. {self.studio.keymap.label(Quit)} leaves the studio."
        yield Static(Content(words), classes="muted")

    def place(self) -> tuple[str, ...]:
        return ("Locked",)

    def simulated(self) -> bool:
        return False

    async def show(self, password: str, code: str) -> Any:
        return await self.studio.session.unlock(password, code)

    def _shown(self, changed: Any) -> None:
        self.studio.unlock(same_person=not changed)

    def action_leave(self) -> None:
        """Esc opens nothing."""

    def action_log_out(self) -> None:
        self.studio.do_logout()
