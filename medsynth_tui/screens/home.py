"""Home: what happened while you were away, what waits for you, and where you can go."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from medsynth_tui import commands as c
from medsynth_tui.command import Command
from medsynth_tui.view import View
from medsynth_tui.words import count, said, state

MENU: tuple[type[Command], ...] = (
    c.GoDatasets,
    c.GoRuns,
    c.GoCohorts,
    c.GoAssessments,
    c.GoAudit,
    c.GoUsers,
    c.GoPassword,
)
NOTHING = {
    "researcher": "Nothing is running and nothing waits for you. Bring in a dataset to begin: 1, then n.",
    "admin": "No assessment waits for your decision.",
    "auditor": "No assessment waits for your opinion.",
}


class HomeView(View):
    """The menu follows the role; number keys choose from it."""

    CSS_PATH = "home.tcss"
    ALWAYS: ClassVar[tuple[type[Command], ...]] = (c.Refresh, c.Leave)

    def __init__(self) -> None:
        super().__init__()
        self.menu: list[type[Command]] = []

    def place(self) -> tuple[str, ...]:
        return ("Home",)

    def compose_body(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="menu-side"):
                yield Static("Where to", classes="heading")
                yield Menu(id="menu")
            with VerticalScroll(id="news", can_focus=False):
                yield Static("What happened", classes="heading")
                yield Static("Asking the store", classes="muted", id="happened")

    def on_mount(self) -> None:
        self.menu = [command for command in MENU if self.studio.session.may(command.permission)]
        options = self.query_one(Menu)
        options.add_options([Option(self._line(index, command)) for index, command in enumerate(self.menu, 1)])
        options.highlighted = 0
        options.focus()

    @staticmethod
    def _line(index: int, command: type[Command]) -> Content:
        return Content.assemble((f" {index} ", "bold $accent"), (f" {command.title}", "$foreground"))

    def load(self) -> None:
        self.ask(lambda engine: engine.home(), self._show)

    def action_choose(self, number: int) -> None:
        if number <= len(self.menu):
            self.studio.go(self.menu[number - 1].id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_choose(event.option_index + 1)

    def _show(self, document: dict[str, Any]) -> None:
        paragraphs = [
            part for part in (self._assessments(document), self._work(document), self._made(document)) if part
        ]
        warnings = [Content.assemble(("! ", "bold $warning"), said(text, 300)) for text in document["warnings"]]
        if warnings:
            paragraphs.insert(0, Content("\n").join(warnings))
        if not paragraphs:
            role = self.studio.session.person.role if self.studio.session.person else ""
            paragraphs = [Content.assemble((NOTHING.get(role, "Nothing waits for you."), "$muted"))]
        self.query_one("#happened", Static).remove_class("muted").update(Content("\n\n").join(paragraphs))

    @staticmethod
    def _assessments(document: dict[str, Any]) -> Content | None:
        lines = []
        for each in document["assessments"]:
            came_back = each["state"] == "returned"
            words = "came back to you with a note" if came_back else f"by {said(each['author'], 30)} waits for you"
            lines.append(
                Content.assemble(
                    ("  ", ""),
                    (said(each["subject"], 40), "bold $foreground"),
                    f", for {said(each['audience'])}: {words}",
                )
            )
        return _titled("Assessments", lines)

    @staticmethod
    def _work(document: dict[str, Any]) -> Content | None:
        lines = []
        for each in document["jobs"]:
            subject = said(each["subject"], 50)
            bad = each["state"] in ("failed", "interrupted")
            lines.append(
                Content.assemble(
                    f"  {said(each['kind'], 12):<10} {subject:<26} ",
                    (state(each["state"]), "$error" if bad else "$primary"),
                )
            )
        return _titled("Work going on", lines)

    @staticmethod
    def _made(document: dict[str, Any]) -> Content | None:
        lines = [
            Content.assemble(f"  run     {said(each['run'], 30):<30} ", (state(each["state"]), _colour(each["state"])))
            for each in document["runs"]
        ]
        lines += [
            Content.assemble(f"  cohort  {said(each['cohort'], 30):<30} ", (f"{count(each['n'])} records", "$muted"))
            for each in document["cohorts"]
        ]
        return _titled("Newest runs and cohorts", lines)


class Menu(OptionList):
    """Arrows or j/k, enter, or the number."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        *[Binding(str(number), f"screen.choose({number})", show=False) for number in range(1, 10)],
    ]


def _colour(word: str) -> str:
    return {"failed": "$error", "interrupted": "$warning", "running": "$primary"}.get(word, "$muted")


def _titled(title: str, lines: list[Content]) -> Content | None:
    return Content("\n").join([Content.assemble((title, "$accent")), *lines]) if lines else None
