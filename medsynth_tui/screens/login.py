"""The first screen: who are you? Painted before the engine is imported."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_engine.kernel.served import key_holder
from medsynth_tui.command import Command, command
from medsynth_tui.commands import Help, Leave
from medsynth_tui.view import View
from medsynth_tui.widgets.field import Field, Go, filled_in, needed

UseCode = command("login.activate", "f2", "Use a code", footer=True)(
    "Use the activation code that an admin gave you, and choose your password."
)
MakeStore = command("login.setup", "f3", "Make a store", footer=True)(
    "Make a store in this home, because there is none yet."
)


class Login(View):
    """Name and password. Says what kind of store this is, and what to do where there is none."""

    CSS_PATH = "login.tcss"
    HERE: ClassVar[tuple[Command, ...]] = (UseCode, MakeStore)
    ALWAYS: ClassVar[tuple[Command, ...]] = (Leave,)

    def __init__(self, notice: str = "", name: str = "") -> None:
        super().__init__()
        self.notice, self.given_name = notice, name or key_holder()
        self.store: dict[str, Any] | None = None
        self.waiting_for_code: tuple[str, str] | None = None
        """Name and password that were right, until the code of the second factor is there too."""

    def place(self) -> tuple[str, ...]:
        return ("Log in",)

    def compose_body(self) -> ComposeResult:
        with Vertical(id="card"):
            yield Static("MedSynth", id="mark")
            yield Static("Synthetic medical data, judged before it leaves.", classes="muted", id="claim")
            yield Field("Name", "name", value=self.given_name, check=needed("Your name"))
            yield Field("Password", "password", password=True, check=needed("Your password"))
            code = Field("Code", "code", hint="Of your second factor: six digits, or a recovery code.")
            code.display = False
            yield code
            with Horizontal(classes="buttons"):
                yield Go("Log in", id="login")
            yield Static("Looking for the store", classes="muted gap", id="store")

    def on_mount(self) -> None:
        field = self.query_one("#password" if self.given_name else "#name", Field)
        field.focus_input()
        if self.notice:
            self.call_after_refresh(self.complain, self.notice)
        elif self.studio.keymap.troubles:
            first, *more = self.studio.keymap.troubles
            self.call_after_refresh(self.complain, first, f"{len(more)} more: {self.key(Help)}." if more else "")

    def load(self) -> None:
        self.set_timer(0.05, self._look)  # after the first paint: the engine's import takes a moment

    def _look(self) -> None:
        self.ask(lambda engine: engine.store_state(), self._show_store)

    def _show_store(self, state: dict[str, Any]) -> None:
        self.store = state
        self.studio.session.stamp = state["stamp"]
        words = self.query_one("#store", Static)
        if not state["exists"]:
            words.update(
                Content.assemble(
                    ("There is no store here yet. ", "bold $warning"), f"Press {self.key(MakeStore)} to make one."
                )
            )
        elif state["stamp"] == "development":
            words.update(
                Content.assemble(
                    ("A development store: ", "bold $warning"),
                    "alice / password123 (researcher), admin / admin123, auditor / auditor123. "
                    "Never for real patients.",
                )
            )
        elif state["needs_activation"]:
            words.update(
                Content(
                    f"Nobody has an account yet. Press {self.key(UseCode)} and enter the activation code of the first "
                    "admin."
                )
            )
        else:
            words.update(Content(f"New here? An admin gives you a code; press {self.key(UseCode)} to use it."))
        self.place_changed()

    def offered(self, command: Command) -> bool:
        if command is MakeStore:
            return self.store is not None and not self.store["exists"]
        if command is UseCode:
            return self.store is None or bool(self.store["exists"])
        return super().offered(command)

    def do_login_activate(self) -> None:
        self.studio.open("activate", name=self.query_one("#name", Field).value)

    def do_login_setup(self) -> None:
        self.studio.open("setup")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        name, password = self.query_one("#name", Field), self.query_one("#password", Field)
        if event.input is name.typed and not password.value:
            password.focus_input()
        else:
            self._log_in()

    @on(Go.Pressed)
    def _log_in(self) -> None:
        self.clear()
        name, password, code = (self.query_one(f"#{key}", Field) for key in ("name", "password", "code"))
        if self.waiting_for_code is None or password.value or name.value != self.waiting_for_code[0]:
            if not filled_in([name, password]):
                return
            self.waiting_for_code = (name.value, password.value)
        given, secret = self.waiting_for_code
        second = code.value if code.display else ""
        password.value = code.value = ""
        session = self.studio.session

        async def log_in(_: object) -> object:
            return await session.log_in(given, secret, second)

        self.ask(log_in, lambda _: self.studio.enter(), group="login", refused=self._refused, saying="Checking")

    def _refused(self, error: MedSynthError) -> bool:
        self.complain(error.message, self._way_on(error))
        code = self.query_one("#code", Field)
        if error.code in ("code_needed", "wrong_code"):
            code.display = True
            code.focus_input()
        else:
            self.waiting_for_code, code.display = None, False
            self.query_one("#password", Field).focus_input()
        return True

    def _way_on(self, error: MedSynthError) -> str:
        """What to do now, by the keys of this screen; the engine's own words are for the command line."""
        if error.code == "login_failed":
            return f"A new account is first activated with its code: press {self.key(UseCode)}."
        return error.hint
