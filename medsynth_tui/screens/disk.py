"""Who uses the disk: what one may see by name, of the rest how much; what is one's own can be removed from here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_tui import commands_disk as c
from medsynth_tui.command import Command
from medsynth_tui.commands_list import LISTED
from medsynth_tui.disk_words import KINDS, size, unfinished
from medsynth_tui.screens.confirm import ConfirmByName, Tell
from medsynth_tui.screens.dataset import remains_words
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.cell import Cell, day
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import ending, said, share

Row = tuple[str, list[Any]]
NARROW = (Column("what"), Column("size", 8, right=True), Column("since", 10), Column("who can remove it", 18))
WIDE = (NARROW[0], Column("owner", 12), *NARROW[1:3], Column("who can remove it", 42))
SCREENS = {"dataset": "dataset", "run": "run", "cohort": "cohort"}
CONSEQUENCES = {
    "dataset": "Its images and table, the training folds of its runs, its bundles and its quarantine are deleted. "
    "Generators and exports made from it remain; you will see which. Nothing brings it back.",
    "run": "Its curves, checkpoints and samples are deleted. A generator that was kept, and cohorts drawn from it, "
    "remain. Nothing brings it back.",
    "cohort": "Its records and pictures are deleted. What was measured and signed about it stays in the ledger, and "
    "what was exported is elsewhere. Nothing brings it back.",
}
WHOLE = ("-whole", "Told as a whole")
OTHERS = "Of others, or not told by name: you see how much it is, not whose or which."
NOTES = {
    "database": "The ledger's database, on the disk of its server: that may be another than the one told of above. "
    "It is never made smaller.",
    "ledger": "Accounts, records and the audit log. It is never made smaller: nothing takes a record away.",
    "work": "What jobs were asked and wrote down. It goes with nothing yet.",
    "logs": "Reports of unexpected errors, without names or values of anybody.",
    "moved_aside": "What a restore or a database replaced. An admin removes the folder by hand, once the new is good.",
}


class DiskUse(WritesList, View):
    """The largest first, kind by kind."""

    LIST = "disk"
    HERE: ClassVar[tuple[Command, ...]] = (c.DiskOpen, c.DiskRemove, *LISTED)

    def __init__(self) -> None:
        super().__init__()
        self.document: dict[str, Any] = {}
        self.things: dict[str, dict[str, Any]] = {}

    def place(self) -> tuple[str, ...]:
        return ("Disk use",)

    def compose_body(self) -> ComposeResult:
        yield Static("Measuring", id="summary", classes="muted")
        yield WindowTable(NARROW, WIDE)
        yield Static("", id="note", classes="gap")

    def load(self) -> None:
        self.ask(lambda engine: engine.disk(), self._show, saying="Measuring what lies in the store")

    def _show(self, document: dict[str, Any]) -> None:
        self.document = document
        self.things = {f"{each['kind']}:{each['name']}": each for each in document["things"]}
        used, free, whole = (document[key] for key in ("used", "free", "total"))
        words = f"{size(used)} in this store; {size(free)} free of {size(whole)} ({share(free / max(1, whole))})"
        self.query_one("#summary", Static).update(Content(words))
        table = self.query_one(WindowTable)
        table.show(lambda: [*self._by_kind(), *self._by_owner()])
        table.leave_heading()
        if self.focused is None:
            table.focus()
        self._explain()

    def _by_kind(self) -> list[Row]:
        """Kinds of which something is told by name, each a section; after them the others in one."""
        rows: list[Row] = []
        nameless: dict[str, int] = {}
        for each in self.document["kinds"]:
            kind, taken = each["kind"], each["bytes"]
            inside = [(key, thing) for key, thing in self.things.items() if thing["kind"] == kind]
            if inside:
                rows.append(self._heading(f"-{kind}", KINDS[kind], taken))
                rows += [self._thing(key, thing) for key, thing in inside]
                rest = taken - sum(thing["bytes"] for _, thing in inside)
                rows += [self._row(f"rest:{kind}", "of others", Cell(size(rest), by=rest))] if rest > 0 else []
            elif taken:
                nameless[kind] = taken
        rows += [self._heading(*WHOLE, sum(nameless.values()))] if rows and nameless else []
        return rows + [
            self._row(f"rest:{kind}", KINDS[kind], Cell(size(taken), by=taken)) for kind, taken in nameless.items()
        ]

    def _heading(self, key: str, words: str, taken: int) -> Row:
        return self._row(key, (words, "bold $primary"), (size(taken), "bold $primary"))

    def _thing(self, key: str, thing: dict[str, Any]) -> Row:
        who = "you" if thing["remove"] else thing["removed_by"]
        if who == "its owner":
            who = said(thing["owner"], 18)
        if not self.query_one(WindowTable).wide:
            who = who.partition(":")[0].partition(",")[0]  # the line below the table says the rest
        return self._row(
            key,
            Cell(ending(said(thing["name"], 64), self.query_one(WindowTable).widths()[0]), "", thing["name"]),
            Cell(size(thing["bytes"]), by=thing["bytes"]),
            thing["owner"],
            thing["created"],
            who,
        )

    def _by_owner(self) -> list[Row]:
        owners = self.document["owners"]
        if len(owners) < 2:
            return []
        rows = [self._row("-owners", ("By owner", "bold $primary"))]
        return rows + [
            self._row(
                f"owner:{each['owner']}",
                said(each["owner"] or "others", 64),
                Cell(size(each["bytes"]), by=each["bytes"]),
            )
            for each in owners
        ]

    def _row(self, key: str, what: Any, taken: Any = "", owner: str = "", since: str = "", who: str = "") -> Row:
        wide, text = self.query_one(WindowTable).wide, self.studio.glyphs.text
        if isinstance(what, Cell):
            what = replace(what, text=text(what.text))
        cells = [text(what) if isinstance(what, str) else what, *([said(owner, 20) if owner else ""] if wide else [])]
        return key, [*cells, taken, day(since) if since else "", text(who)]

    def copied(self) -> str:
        thing = self._current()
        return str(thing["name"]) if thing is not None else ""

    def _current(self) -> dict[str, Any] | None:
        return self.things.get(self.query_one(WindowTable).current_key or "")

    @on(DataTable.RowHighlighted)
    def _explain(self) -> None:
        key, thing = self.query_one(WindowTable).current_key or "", self._current()
        if thing is not None:
            who = "you" if thing["remove"] else thing["removed_by"]
            words = f"{said(thing['name'], 64)} can be removed {who if who.startswith('by ') else f'by {who}'}."
        else:
            kind = key.removeprefix("rest:")
            words = (
                unfinished(self.document) if kind == "unfinished" else NOTES.get(kind, OTHERS if kind != key else "")
            )
        self.query_one("#note", Static).update(Content(self.studio.glyphs.text(words)))
        self.place_changed()

    def nothing_under_cursor(self) -> None:
        self._explain()

    def offered(self, command: Command) -> bool:
        thing = self._current() if self.is_mounted else None
        if command is c.DiskRemove:
            return thing is not None and bool(thing["remove"])
        if command is c.DiskOpen:
            return thing is not None and thing["kind"] in SCREENS and bool(thing["own"] or thing["kind"] != "run")
        return super().offered(command)

    @on(DataTable.RowSelected)
    def do_disk_open(self) -> None:
        thing = self._current()
        if thing is not None and self.offered(c.DiskOpen):
            self.studio.open(SCREENS[thing["kind"]], name=thing["name"])

    def do_disk_remove(self) -> None:
        thing = self._current()
        if thing is None or not thing["remove"]:
            return
        kind, name, method = thing["kind"], thing["name"], thing["remove"]

        def remove(sure: bool | None) -> None:
            if sure:
                self.ask(lambda engine: getattr(engine, method)(name), self._removed, group="remove")

        question = ConfirmByName(f"Remove the {kind} {name}", CONSEQUENCES[kind], name, "Remove it")
        self.studio.push_screen(question, remove)

    def _removed(self, document: dict[str, Any]) -> None:
        self.say("It is removed.")
        if "remains" in document:
            self.studio.push_screen(Tell(f"{document['dataset']} is removed", *remains_words(document)))
        else:
            self.load()
