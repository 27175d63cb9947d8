"""`medsynth audit`: who did what, and the proof that nobody changed the record of it."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medsynth_engine.kernel.errors import CheckFailed
from medsynth_engine.kernel.home import Home
from medsynth_tui.cli import show
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.options import path

app = group("audit", "Who did what; and that nobody changed the record.")


class Format(StrEnum):
    jsonl = "jsonl"
    csv = "csv"


@command(app, "list", "medsynth audit list --action datasets.add --since 2026-11-01")
def records(
    face: Face,
    actor: Annotated[str | None, typer.Option("--actor", help="Who did it.")] = None,
    action: Annotated[str | None, typer.Option("--action", help="What was done: datasets.add, runs.train ...")] = None,
    object_: Annotated[str | None, typer.Option("--object", help="To what: cohort:c1 ...")] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help="done, denied, refused or failed.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this date on.")] = None,
    before: Annotated[int | None, typer.Option("--before", help="Older than this record.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="How many.")] = 50,
) -> None:
    """The records, the newest first."""
    document = face.ask(lambda engine: engine.audit_list(actor, action, object_, outcome, since, before, limit))
    face.give(document, show_records)


@command(app, "verify", "medsynth audit verify --anchor anchor.json")
def verify(
    face: Face,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", metavar="FILE", help="What an earlier `verify --json` printed.")
    ] = None,
) -> None:
    """Check the chain of records from the first to the last. Exit code 9 where it does not hold."""
    document = face.ask(lambda engine: engine.audit_verify(path(anchor)))
    face.give(document, show_verified)
    if not document["ok"]:
        raise typer.Exit(CheckFailed.exit_code)


@command(app, "export", "medsynth audit export audit.jsonl --format jsonl")
def export(
    face: Face,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to; else into generated/.")] = None,
    format: Annotated[Format, typer.Option("--format", help="jsonl or csv.")] = Format.jsonl,
) -> None:
    """Write all records into a file."""
    if file is None:
        file = Home(face.home).generated / time.strftime(f"audit-%Y%m%dT%H%M%SZ.{format.value}", time.gmtime())
    document = face.ask(lambda engine: engine.audit_export(str(path(file)), format.value))
    face.give(document, lambda face, told: show.pairs(face, [("path", told["path"]), ("records", told["records"])]))


def show_records(face: Face, document: Document) -> None:
    rows = [
        (
            one["seq"],
            str(one["at"])[:19].replace("T", " "),
            one["actor"],
            one["action"],
            one["object"],
            one["outcome"] if not one.get("reason") else f"{one['outcome']}: {one['reason']}",
        )
        for one in document["records"]
    ]
    show.table(face, ("no.", "at (UTC)", "who", "what", "to", "outcome"), rows, "No records.", right=(0,))
    if document.get("next"):
        show.hint(face, f"medsynth audit list --before {document['next']}")


def show_verified(face: Face, document: Document) -> None:
    show.title(face, "The record is whole." if document["ok"] else "The record has been changed.")
    show.pairs(
        face,
        [("records", document["records"]), ("head", document["head"]), ("anchored", document.get("anchored"))],
    )
    show.sentences(face, "Problem", document.get("problems") or [])
