"""A second factor for one's own account: off, being set up, on."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from medsynth_tui.qr import picture
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.view import View
from medsynth_tui.widgets.field import Field, Go, needed
from medsynth_tui.words import when

OFF = "Your account has no second factor. With one a login asks for a code of your phone beside the password."
CODES_TO_COME = "The recovery codes are still being made, and are told only once."
NEEDED = "Your role needs a second factor before anything else."
SCAN = "Scan this with an authenticator app, or type the secret into it. Then enter the code that it shows."


class SecondFactor(View):
    """The secret is shown once, while it is set up; so are the recovery codes."""

    CSS_PATH = "totp.tcss"

    def place(self) -> tuple[str, ...]:
        return ("Second factor",)

    def compose_body(self) -> ComposeResult:
        with Horizontal():
            yield Static(id="qr")
            with Vertical(id="side"):
                yield Static("Asking the store", id="says")
                yield Static(id="secret", classes="gap")
                yield Field("First code", "code", check=needed("The code"))
                yield Field("Password", "password", password=True, check=needed("Your password"))
                yield Field("Code", "proof", check=needed("A code"), hint="Of the app, or a recovery code.")
                with Horizontal(classes="buttons"):
                    yield Go("Set it up", id="begin")
                    yield Go("Turn it on", id="confirm")
                    yield Go("New recovery codes", id="codes")
                    yield Go("Turn it off", id="off")

    def load(self) -> None:
        self.ask(lambda engine: engine.totp(), self._show)

    def _show(self, document: dict[str, Any]) -> None:
        self._stage("on" if document["on"] else "off")
        if document["on"]:
            left = document["recovery_codes_left"]
            words = f"The second factor is on since {when(document['since'])}. {left} recovery codes are left."
        else:
            words = f"{NEEDED} {OFF}" if document["needed"] else OFF
        self.query_one("#says", Static).update(Content(words))

    def _stage(self, stage: str) -> None:
        """Show what belongs to `off`, `setup` or `on`, and put the cursor where one goes on."""
        shown = {
            "off": ("begin",),
            "setup": ("qr", "secret", "code", "confirm"),
            "on": ("password", "proof", "codes", "off"),
        }[stage]
        for key in ("qr", "secret", "code", "password", "proof", "begin", "confirm", "codes", "off"):
            self.query_one(f"#{key}").display = key in shown
        if stage == "off":
            self.query_one("#begin", Go).focus()
        else:
            self.query_one("#code" if stage == "setup" else "#password", Field).focus_input()

    @on(Go.Pressed)
    def _pressed(self, event: Go.Pressed) -> None:
        {"begin": self._begin, "confirm": self._confirm}.get(str(event.go.id), lambda: self._prove(str(event.go.id)))()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if event.input is self.query_one("#code", Field).typed:
            self._confirm()
        else:
            self.focus_next()

    def _begin(self) -> None:
        self.clear()
        self.ask(lambda engine: engine.totp_begin(), self._set_up, group="change")

    def _set_up(self, document: dict[str, Any]) -> None:
        self._stage("setup")
        self.query_one("#says", Static).update(Content(SCAN))
        secret = str(document["secret"])
        groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        self.query_one("#secret", Static).update(Content.assemble(("Secret  ", "$muted"), (groups, "bold")))
        code = self.query_one("#qr", Static)
        if self.studio.glyphs.ascii:
            code.display = False
        else:
            lines = [Content.assemble((line, "#ffffff on #000000")) for line in picture(str(document["text"]))]
            code.update(Content("\n").join(lines))

    def _confirm(self) -> None:
        field = self.query_one("#code", Field)
        if field.valid():
            code = field.value
            self.clear()
            self.ask(
                lambda engine: engine.totp_confirm(code),
                self._tell_codes,
                group="change",
                saying="Checking",
                here=CODES_TO_COME,
            )

    def _prove(self, wish: str) -> None:
        password, proof = self.query_one("#password", Field), self.query_one("#proof", Field)
        for field in (password, proof):
            if not field.valid():
                field.focus_input()
                return
        secret, code = password.value, proof.value
        password.value = proof.value = ""
        self.clear()
        if wish == "off":
            self.ask(lambda engine: engine.totp_off(secret, code), self._is_off, group="change", saying="Checking")
        else:
            self.ask(
                lambda engine: engine.totp_codes(secret, code),
                self._tell_codes,
                group="change",
                saying="Checking",
                here=CODES_TO_COME,
            )

    def _is_off(self, _: Any) -> None:
        self._learn()
        self.load()
        self.say("The second factor is off.")

    def _tell_codes(self, document: dict[str, Any]) -> None:
        codes = document["recovery_codes"]
        pairs = ["     ".join(codes[start : start + 2]) for start in range(0, len(codes), 2)]
        self._stage("on")
        self.studio.push_screen(
            Tell(
                "The second factor is on. These codes are shown once",
                "Each stands in for a lost phone, once. Write them down and keep them apart from the password:",
                Content.assemble(("\n".join(pairs), "bold")),
            ),
            lambda _: self._learn(go_on=True),
        )

    def _learn(self, go_on: bool = False) -> None:
        """What may be done has changed; where a second factor was owed, the way in is open now."""
        person = self.studio.session.person
        owed = person is not None and bool(person.owes)

        async def learn(_: Any) -> Any:
            return await self.studio.session.learn()

        self.ask(learn, lambda _: self.studio.enter() if go_on and owed else None, group="learn")
