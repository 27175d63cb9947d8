"""`medsynth audit`: who did what, and the proof that nobody changed the record of it."""

from __future__ import annotations

import time
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from medsynth_engine.kernel.errors import BadInput, CheckFailed, WrongUsage
from medsynth_engine.kernel.home import Home
from medsynth_engine.kernel.outside import named, small_text
from medsynth_tui.audit_words import verdict
from medsynth_tui.cli import show
from medsynth_tui.cli.audit_list import show_records
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.options import PASSPHRASE, passwords, path

app = group(
    "audit", "Who did what; and that nobody changed the record.", "medsynth audit list", "medsynth audit verify"
)
Actor = Annotated[str | None, typer.Option("--actor", help="Who did it; anyone: without a login.")]
Action = Annotated[str | None, typer.Option("--action", help="What was done: datasets.add, runs.train ...")]
Object = Annotated[str | None, typer.Option("--object", help="To what: cohort:c1, assessment:e72f953b62d9 ...")]
Outcome = Annotated[str | None, typer.Option("--outcome", help="done, denied, refused or failed.")]
Since = Annotated[str | None, typer.Option("--since", help="From this time on.")]
Until = Annotated[str | None, typer.Option("--until", help="Before this time.")]
File = Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to; else into generated/.")]


class Format(StrEnum):
    jsonl = "jsonl"
    csv = "csv"
    cef = "cef"
    fhir = "fhir"


BY_ENDING = {".csv": Format.csv, ".cef": Format.cef, ".ndjson": Format.fhir}


@command(
    app,
    "list",
    "medsynth audit list --action datasets.add --since 2026-11-01",
    "# What was denied, and what the gate refused; what was done with a cohort, and with its assessment (id: pia show)",
    "medsynth audit list --outcome denied",
    "medsynth audit list --outcome refused",
    "medsynth audit list --object cohort:c1",
    "medsynth audit list --object assessment:e72f953b62d9",
)
def records(
    face: Face,
    actor: Actor = None,
    action: Action = None,
    object_: Object = None,
    outcome: Outcome = None,
    since: Since = None,
    until: Until = None,
    before: Annotated[int | None, typer.Option("--before", help="Older than this record.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="How many.")] = 50,
) -> None:
    """The records, the newest first."""
    document = face.ask(lambda engine: engine.audit_list(actor, action, object_, outcome, since, before, limit, until))
    face.give(document, show_records)


@command(
    app,
    "verify",
    "medsynth audit verify",
    "# Against what was kept elsewhere",
    "medsynth audit verify --anchor /mnt/other-machine/medsynth.anchor",
    "# An export, without a store and a login",
    "medsynth audit verify audit.jsonl --anchor medsynth.anchor",
)
def verify(
    face: Face,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="An export, an archive, a backup or a ledger; else this store."),
    ] = None,
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", metavar="FILE", help="Checkpoints, or what checkpoint or verify printed with --json."),
    ] = None,
    code: Annotated[str | None, typer.Option("--code", help="What `audit checkpoint` gave to write down.")] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="VERIFIER", help="Who must have signed: as `audit checkpoint` told.")
    ] = None,
    passphrase_stdin: Annotated[bool, typer.Option(PASSPHRASE, help="Of a backup: a line on stdin.")] = False,
    identity: Annotated[
        Path | None, typer.Option("--identity", metavar="FILE", help="Of a backup: the AGE-SECRET-KEY's file.")
    ] = None,
) -> None:
    """Check the records from the first to the last, and who signed them. Exit code 9 where it does not hold.

    A file that is no log and no JSON lines (CSV, CEF, FHIR) cannot be verified: exit code 4.

    With FILE it needs no store and no login; give --key or --anchor then, for without either it cannot tell whose key
    signed. Without an anchor it cannot see that the end was cut off, or that all of it was written anew by somebody who
    holds the key.
    """
    known = path(anchor)
    if file is None:
        document = face.ask(lambda engine: engine.audit_verify(known, code, key))
    else:
        named = str(path(file))
        secret, secret_key = backup_secret(file, passphrase_stdin, identity)
        document = face.ask(lambda engine: engine.audit_verify_file(named, known, code, secret, secret_key, key))
    face.give(document, partial(show_verified, of_file=file is not None))
    if not document["ok"]:
        no_log = document.get("unreadable") == "no_log"
        raise typer.Exit(BadInput.exit_code if no_log else CheckFailed.exit_code)


@command(app, "checkpoint", "medsynth audit checkpoint")
def checkpoint(face: Face) -> None:
    """Sign everything up to now; the note to keep on another machine, and a code to write down."""
    face.give(face.ask(lambda engine: engine.audit_checkpoint()), show_checkpoint)


@command(app, "prove", "medsynth audit prove 1024")
def prove(face: Face, number: Annotated[int, typer.Argument(metavar="NO", help="Of the record.")]) -> None:
    """That one record is in what was signed. Exit code 9 where it is not."""
    document = face.ask(lambda engine: engine.audit_prove(number))
    face.give(document, show_proof)
    if not document["holds"]:
        raise typer.Exit(CheckFailed.exit_code)


@command(
    app,
    "export",
    "medsynth audit export audit.jsonl",
    "# For a log server; for a FHIR server",
    "medsynth audit export audit.cef",
    "medsynth audit export audit.ndjson",
    "# A part of it, as audit list shows it; that has no proof",
    "medsynth audit export refused.csv --outcome refused",
)
def export(
    face: Face,
    file: File = None,
    format: Annotated[
        Format | None,
        typer.Option("--format", help="jsonl, csv, cef, or fhir; else what the file's name ends in, or jsonl."),
    ] = None,
    actor: Actor = None,
    action: Action = None,
    object_: Object = None,
    outcome: Outcome = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Write all records into a file. JSON lines get their proof beside them: `audit verify FILE` needs no store.

    With filters it writes what `audit list` finds by them, the newest first; never as JSON lines.
    """
    chosen = format or BY_ENDING.get(file.suffix.lower() if file else "", Format.jsonl)
    target = file or _new_name(face, "audit", {"fhir": "ndjson"}.get(chosen.value, chosen.value))
    filters = (actor, action, object_, outcome, since, until)
    document = face.ask(lambda engine: engine.audit_export(str(path(target)), chosen.value, *filters))
    face.give(
        document, lambda face, told: show.pairs(face, [(key, told.get(key)) for key in ("path", "records", "proof")])
    )


@command(app, "seal", "medsynth audit seal /mnt/archive/medsynth-2026.jsonl --keep 10000")
def seal(
    face: Face,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, to be kept.")],
    keep: Annotated[int, typer.Option("--keep", help="How many of the newest stay in the ledger.")] = 10_000,
) -> None:
    """Archive the oldest records: into a file that proves itself, out of the ledger. The chain still verifies."""
    document = face.ask(lambda engine: engine.audit_seal(str(path(file)), keep))
    face.give(
        document, lambda face, told: show.pairs(face, [(key, told[key]) for key in ("path", "first", "last", "digest")])
    )


def backup_secret(file: Path, from_stdin: bool, identity: Path | None) -> tuple[str | None, str | None]:
    """The passphrase or the identity that opens a backup; neither where the file is none."""
    if identity is not None:
        lines = small_text(identity).splitlines() if named(identity).is_file() else []
        keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        if not keys:
            raise WrongUsage("no_identity", "There is no key in that file.", "It holds a line AGE-SECRET-KEY-…")
        return None, keys[0]
    file = named(file)
    if not file.is_file():
        return None, None
    with file.open("rb") as stream:
        begins = stream.read(64)
    if not begins.startswith(b"age-encryption.org/v1\n-> scrypt "):
        return None, None
    return passwords(from_stdin, "Passphrase of the backup", option=PASSPHRASE)[0], None


def _new_name(face: Face, stem: str, extension: str) -> Path:
    return Home(face.home).generated / time.strftime(f"{stem}-%Y%m%dT%H%M%SZ.{extension}", time.gmtime())


def show_verified(face: Face, document: Document, of_file: bool = False) -> None:
    show.title(face, verdict(document, of_file))
    if document.get("code_alone"):
        show.sentences(face, "If the code is right", ["Records were cut off or changed since then."])
    if not document.get("unreadable"):
        fits = document.get("anchor_fits")
        pairs = [("records", document["records"]), ("head", document["head"])]
        pairs.append(("anchor", "does not fit") if fits is False else ("anchored", bool(fits)))
        if document.get("checkpoints"):
            pairs.append(("signed up to", document["signed"]))
        if document.get("sealed"):
            pairs.append(("archived", document["sealed"]))
        show.pairs(face, pairs)
    show.sentences(face, "Problem", document.get("problems") or [])
    show.sentences(face, "Note", document.get("notes") or [])


def show_checkpoint(face: Face, document: Document) -> None:
    show.title(face, f"{document['records']} records are signed.")
    show.pairs(face, [("code", document["code"]), ("key", document["key"])])
    face.out.print(document["note"], markup=False, highlight=False, soft_wrap=True)  # exactly so, to be kept
    show.hint(face, f"medsynth audit verify --code '{document['code']}'")


def show_proof(face: Face, document: Document) -> None:
    signed = str(document["checkpoint"]).splitlines()[1]
    says = f"Record {document['seq']} is among the {signed} records that were signed."
    show.title(face, says if document["holds"] else f"Record {document['seq']} is not what was signed.")
    show.pairs(face, [("hash", document["hash"]), ("hashes beside it", len(document["path"]))])
