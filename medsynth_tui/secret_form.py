"""A form that asks for a new secret: typed twice, never shown, sent by enter in the second field."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.widgets import Input

from medsynth_tui.view import View
from medsynth_tui.widgets.field import Field, needed


class SecretForm(View):
    """Says what it asks for in `SECRET` (the first field's id) and `PLURAL`, and sends it in `send`."""

    SECRET: ClassVar[str]
    PLURAL: ClassVar[str] = "passwords"

    def new_password(self) -> Field:
        return Field(
            "New password",
            self.SECRET,
            password=True,
            check=needed("A new password"),
            hint="A few unrelated words: easy to keep, hard to guess.",
        )

    def same_again(self) -> Field:
        return Field("The same again", "again", password=True, check=self._same)

    def _same(self, text: str) -> str:
        return "" if text == self.query_one(f"#{self.SECRET}", Field).value else f"The two {self.PLURAL} differ."

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if event.input is self.query_one("#again", Field).typed:
            self.send()
        else:
            self.focus_next()

    def send(self) -> None:
        raise NotImplementedError
