"""The audit log: newest first, a hundred records at a time, filtered, each in detail, and the chain verified."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Static

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import audit_words
from medsynth_tui import commands_release as r
from medsynth_tui.command import Command
from medsynth_tui.commands import Back
from medsynth_tui.commands_list import LISTED, ListSort, ListWrite
from medsynth_tui.screens.audit_asks import Against, FilterAudit
from medsynth_tui.screens.confirm import Tell
from medsynth_tui.screens.store import told_of_signing
from medsynth_tui.screens.writing import WritesList
from medsynth_tui.view import View
from medsynth_tui.widgets.window_table import Column, WindowTable
from medsynth_tui.words import count, said, when

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine

COLUMNS = (
    Column("no", 7, right=True, sorts=False),
    Column("when", 12, sorts=False),
    Column("who", 9, sorts=False),
    Column("action", 17, sorts=False),
    Column("object", sorts=False),
    Column("outcome", 7, sorts=False),
)
PAGE = 100


class AuditLog(WritesList, View):
    """Pages by the number of the last record seen: as fast at the millionth as at the first."""

    LIST = "audit"
    ALL_OF_IT = "Every record that you may see, as a CSV table."
    AS_SEEN = "The records of all pages that the filter lets through, the newest first, as a CSV table."
    HERE: ClassVar[tuple[Command, ...]] = (
        r.AuditOpen,
        r.AuditFilter,
        r.AuditOlder,
        r.AuditNewer,
        r.AuditVerify,
        r.AuditAgainst,
        r.AuditSign,
        *LISTED[1:],
    )

    def __init__(self) -> None:
        super().__init__()
        self.filters: dict[str, str] = {}
        self.pages: list[int | None] = [None]
        self.following: int | None = None
        self.records: dict[str, dict[str, Any]] = {}

    def place(self) -> tuple[str, ...]:
        return ("Audit log",)

    def compose_body(self) -> ComposeResult:
        yield Static("Asking the store", id="summary", classes="muted")
        yield Static("", id="nobody")
        yield WindowTable(COLUMNS)

    def load(self) -> None:
        wanted: dict[str, Any] = {**self.filters, "before": self.pages[-1], "limit": PAGE}
        self.ask(lambda engine: engine.audit_list(**wanted), self._show)

    def _show(self, document: dict[str, Any]) -> None:
        records = document["records"]
        self.following = document["next"]
        self.records = {str(each["seq"]): each for each in records}
        table = self.query_one(WindowTable)
        table.show([(str(each["seq"]), self._row(each)) for each in records])
        if self.focused is None:
            table.focus()
        chosen = ", ".join(f"{key} {said(value, 30)}" for key, value in self.filters.items())
        shown = f"Records {count(records[0]['seq'])} to {count(records[-1]['seq'])}" if records else "No record"
        more = f"; {self.key(r.AuditOlder)} for older ones" if self.following else ""
        filtered = f" with {chosen}; {self.key(Back)} shows all" if chosen else ", the newest first" if records else ""
        self.query_one("#summary", Static).update(Content(f"{shown}{filtered}{more}"))
        self.query_one("#nobody", Static).update(Content(_nobody(document)))
        self.place_changed()

    def narrowed(self) -> bool:
        return bool(self.filters)

    async def write_list(self, engine: Engine, path: str, only: list[str] | None) -> dict[str, Any]:
        return await engine.audit_export(path, "csv", **self.filters)

    @staticmethod
    def _row(each: dict[str, Any]) -> list[Any]:
        outcome = audit_words.outcome(each)
        return [
            each["seq"],
            when(each["at"]),
            audit_words.who(each),
            each["action"],
            each["object"],
            (outcome, "bold" if outcome not in ("done", "begun") else ""),
        ]

    def offered(self, command: Command) -> bool:
        if command is ListSort:
            return bool(self.records)
        if command is r.AuditOlder:
            return self.following is not None
        if command is r.AuditNewer:
            return len(self.pages) > 1
        return super().offered(command)

    def do_list_sort(self) -> None:
        write, narrow = self.key(ListWrite), self.key(r.AuditFilter)
        hint = f"No other is quick among a million. {narrow} filters; {write} writes it for a program that sorts."
        self.complain("The log keeps its own order, the newest first.", hint)

    def list_words(self, table: WindowTable) -> list[str]:
        return [""]  # one page of many: the line above the table says which

    @property
    def filtering(self) -> bool:
        return bool(self.filters)

    def do_back(self) -> None:
        if self.filters:
            self._filter({})
        else:
            super().do_back()

    def do_audit_older(self) -> None:
        if self.following is not None:
            self.pages.append(self.following)
            self.load()

    def do_audit_newer(self) -> None:
        if len(self.pages) > 1:
            self.pages.pop()
            self.load()

    @on(DataTable.RowSelected)
    def do_audit_open(self) -> None:
        key = self.query_one(WindowTable).current_key
        if key in self.records:
            number = int(key)
            self.ask(
                lambda engine: engine.audit_prove(number),
                lambda proof: self._tell(number, proved(proof)),
                refused=lambda error: self._not_signed_yet(number, error),
                group="prove",
            )

    def _tell(self, number: int, proof: Content) -> None:
        record = self.records.get(str(number))
        if record is not None:
            self.studio.push_screen(Tell(f"Record {number}", Content("\n").join([*detail(record), proof])))

    def _not_signed_yet(self, number: int, error: MedSynthError) -> bool:
        if error.code != "no_such_record":
            return False
        self._tell(number, UNSIGNED)
        return True

    def do_audit_sign(self) -> None:
        self.ask(lambda engine: engine.audit_checkpoint(), self._signed, group="sign")

    def _signed(self, document: dict[str, Any]) -> None:
        self.load()
        self.studio.push_screen(told_of_signing(document))

    def do_audit_filter(self) -> None:
        self.clear()
        self.studio.push_screen(FilterAudit(self.filters), self._filter)

    def _filter(self, filters: dict[str, str] | None) -> None:
        if filters is not None:
            self.filters, self.pages = filters, [None]
            self.load()

    def do_audit_verify(self) -> None:
        self._verify({})

    def do_audit_against(self) -> None:
        self.studio.push_screen(Against(), self._verify)

    def _verify(self, against: dict[str, str] | None) -> None:
        if against is not None:
            self.clear()
            self.ask(
                lambda engine: engine.audit_verify(**against),
                self._verified,
                group="verify",
                saying="Recomputing the chain",
            )

    def _verified(self, document: dict[str, Any]) -> None:
        self.load()
        facts = Content.assemble((f"{count(document['records'])} records, head {said(document['head'], 16)}", "$muted"))
        notes = [Content(said(note, 400)) for note in document.get("notes", [])[:4]]
        if document.get("anchor_fits") is None:
            notes.append(Content(f"{self.key(r.AuditAgainst)} compares it with what is kept elsewhere."))
        if document["ok"]:
            words = Content.assemble(
                (f"{audit_words.verdict(document)} ", "bold $success"), "Nothing was changed, removed or put in."
            )
            signed = f"Signed up to record {count(document.get('signed', 0))}."
            self.studio.push_screen(Tell("Verified", words, signed, *notes, facts))
        else:
            problems = [said(each if isinstance(each, str) else json.dumps(each), 300) for each in document["problems"]]
            self.studio.push_screen(
                Tell(
                    "Not verified",
                    Content.assemble((audit_words.verdict(document), "bold $error")),
                    Content("\n".join(problems[:12])),
                    *notes,
                    *([] if document.get("unreadable") else [facts]),
                    "Keep the store as it is, and tell whoever is responsible for it.",
                )
            )


def _nobody(document: dict[str, Any]) -> str:
    """Why a filter finds nothing, where the store knows."""
    return "\n".join(f"{words}: {said(near, 200)}" if near else words for words, near in audit_words.meant(document))


UNSIGNED = Content.assemble(("signed   ", "$muted"), "not yet; every 256th record is, and every hour's last")


def proved(proof: dict[str, Any]) -> Content:
    """The proof that a checkpoint's signature covers the record, as a line of its detail."""
    size = int(str(proof["checkpoint"]).splitlines()[1])
    if not proof["holds"]:
        return Content.assemble(("signed   ", "$muted"), ("IT IS NOT WHAT WAS SIGNED", "bold $error"))
    words = f"among the first {count(size)} records; {len(proof['path'])} hashes prove it"
    return Content.assemble(("signed   ", "$muted"), words)


def detail(record: dict[str, Any]) -> list[Content]:
    """Everything that the record says, a line a field."""
    told = {**record, "actor": audit_words.who(record), "outcome": audit_words.outcome(record)}
    lines = []
    for key in ("at", "actor", "role", "face", "session", "action", "object", "outcome", "reason", "hash"):
        if told.get(key):
            lines.append(Content.assemble((f"{key:<9}", "$muted"), said(told[key], 200)))
    for key, value in (record.get("detail") or {}).items():
        words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        lines.append(Content.assemble((f"  {said(key, 24)}: ", "$accent"), said(words, 400)))
    return lines
