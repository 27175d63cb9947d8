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
from medsynth_tui.widgets.news import Heading, Item, News, Sentence
from medsynth_tui.widgets.turned import MORE, turn
from medsynth_tui.words import count, said, state, when, work

MENU: tuple[Command, ...] = (
    c.GoDatasets,
    c.GoRuns,
    c.GoCohorts,
    c.GoAssessments,
    c.GoReview,
    c.GoJobs,
    c.GoAudit,
    c.GoUsers,
    c.GoStore,
    c.GoReleases,
    c.GoPassword,
)
COLOURS = {"failed": "$error", "interrupted": "$warning", "running": "$primary"}
BAD = ("failed", "interrupted")
"""How work ended that did not do what was asked of it."""
JUDGED = {
    "approved": ("approved", "$success"),
    "rejected": ("rejected", "$error"),
    "submitted": ("1 of 2 approvals", "$warning"),
}
"""How an admin decided, by what the assessment is now."""
HAPPENED = "What happened"
EVERY = 10.0
"""Seconds between two looks while work goes on: it ends in another process."""
BEGIN = "Bring in a dataset to begin: 1, then {key}."
GO_ON = "Train on a dataset: 1, then enter and {key}."
NOTHING = {
    "researcher": "Nothing is running and nothing waits for you.",
    "admin": "No assessment waits for your decision.",
    "auditor": "No assessment waits for your opinion.",
}


class HomeView(View):
    """The menu follows the role; number keys choose from it."""

    CSS_PATH = "home.tcss"
    ALWAYS: ClassVar[tuple[Command, ...]] = (c.Refresh, c.Leave)

    def __init__(self) -> None:
        super().__init__()
        self.menu: list[Command] = []
        self.going_on = False

    def place(self) -> tuple[str, ...]:
        return ("Home",)

    def compose_body(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="menu-side"):
                yield Static("Where to", classes="heading")
                yield Menu(id="menu")
            with VerticalScroll(id="news", can_focus=False):
                yield Static(HAPPENED, id="heading-news", classes="heading")
                yield News(id="happened")

    def on_mount(self) -> None:
        self.menu = [command for command in MENU if self.studio.session.may(command.permission)]
        options = self.query_one(Menu)
        options.add_options([Option(self._line(index, command)) for index, command in enumerate(self.menu, 1)])
        options.highlighted = 0
        options.focus()
        self.set_interval(EVERY, self._look_again)

    def _look_again(self) -> None:
        if self.going_on and self.is_current and not self.failed and not self.awaits("view"):
            self.load()

    @staticmethod
    def _line(index: int, command: Command) -> Content:
        return Content.assemble((f" {index} ", "bold"), f" {command.title}")

    def load(self) -> None:
        self.ask(lambda engine: engine.home(), self._show)

    def action_choose(self, number: int) -> None:
        if number <= len(self.menu):
            self.studio.go(self.menu[number - 1].id)

    def action_turn(self, pages: int) -> None:
        """What happened may be longer than the window; the menu keeps the keys."""
        turn(self.query_one("#news"), pages)

    def _say_whether_all(self) -> None:
        more = self.query_one("#news").max_scroll_y > 0
        self.query_one("#heading-news", Static).update(f"{HAPPENED} ({MORE})" if more else HAPPENED)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_choose(event.option_index + 1)

    def _show(self, document: dict[str, Any]) -> None:
        entries: list[Item | Heading | Sentence] = [Sentence(text, warning=True) for text in document["warnings"]]
        entries += [Sentence(f"{text}.") for text in document.get("generators") or []]
        entries += _waiting(document)
        groups = (
            ("Assessments", [*map(_assessment, document["assessments"]), *map(_judged, document.get("decided") or [])]),
            ("Work that did not end well", [_job(each) for each in document["jobs"] if each["state"] in BAD]),
            ("Work going on", [_job(each) for each in document["jobs"] if each["state"] not in BAD]),
            ("Work that is done", [_done(each) for each in document.get("done") or []]),
            ("Newest runs", [_run(each) for each in document["runs"]]),
            ("Newest cohorts", [_cohort(each) for each in document["cohorts"]]),
        )
        self.going_on = any(each["state"] not in BAD for each in document["jobs"])
        for title, items in groups:
            entries += [Heading(title), *items] if items else []
        if not entries:
            role = self.studio.session.person.role if self.studio.session.person else ""
            entries = [Sentence(NOTHING.get(role, "Nothing waits for you."))]
            if self.studio.session.may(c.DatasetAdd.permission):
                self.ask(lambda engine: engine.datasets_list(), self._advise)
        self.query_one(News).show(entries)
        self.call_after_refresh(self._say_whether_all)

    def _advise(self, datasets: list[dict[str, Any]]) -> None:
        """With what to begin, where nothing happens; a dataset may be there already."""
        words, command = (GO_ON, c.DatasetTrain) if datasets else (BEGIN, c.DatasetAdd)
        now = f"{NOTHING['researcher']} {words.replace('{key}', self.key(command))}"
        self.query_one(News).show([Sentence(now)])


def _waiting(document: dict[str, Any]) -> list[Sentence]:
    """Pictures that somebody must look at, and what lies in the drop box."""
    lines = []
    for mine in (True, False):
        held = [each for each in document["reviews"] if each["may_decide"] is mine]
        total = sum(each["undecided"] for each in held)
        if total:
            names = ", ".join(said(each["dataset"], 40) for each in held[:3]) + (" and others" if len(held) > 3 else "")
            pictures = "1 picture waits" if total == 1 else f"{count(total)} pictures wait"
            whose = "for your review" if mine else "for a colleague's review: share what you brought in"
            lines.append(Sentence(f"{pictures} {whose} ({names}).", warning=mine))
    arrivals = document["arrivals"]
    if arrivals:
        lines.append(Sentence(f"{count(arrivals)} {'arrival' if arrivals == 1 else 'arrivals'} in the drop box."))
    return lines


def _assessment(each: dict[str, Any]) -> Item:
    more = f"for {each['audience']}, by {each['author']}"
    if each.get("barred"):
        return Item("PIA", each["subject"], "waits for others", "$muted", more)
    word = "came back" if each["state"] == "returned" else "waits for you"
    return Item("PIA", each["subject"], word, "$warning", more)


def _judged(each: dict[str, Any]) -> Item:
    """An assessment of one's own on which an admin decided; what needs two approvals and has one still waits."""
    state, colour = JUDGED[each["state"]]
    note = f": {each['note']}" if each["note"] else ""
    return Item("PIA", each["subject"], state, colour, f"for {each['audience']}, by {each['by']}{note}")


def _done(each: dict[str, Any]) -> Item:
    return Item(work(each["kind"]), each["subject"].partition(":")[2], when(each["at"]))


def _job(each: dict[str, Any]) -> Item:
    colour = "$error" if each["state"] in BAD else "$primary"
    return Item(work(each["kind"]), each["subject"].partition(":")[2], state(each["state"]), colour)


def _run(each: dict[str, Any]) -> Item:
    return Item("run", each["run"], state(each["state"]), COLOURS.get(each["state"], "$muted"))


def _cohort(each: dict[str, Any]) -> Item:
    return Item("cohort", each["cohort"], f"{count(each['n'])} records")


class Menu(OptionList):
    """Arrows or j/k, enter, or the number."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("pagedown", "screen.turn(1)", "More news", show=False),
        Binding("pageup", "screen.turn(-1)", "Earlier news", show=False),
        *[Binding(str(number), f"screen.choose({number})", show=False) for number in range(1, 10)],
    ]
