"""`medsynth disk`: who uses the disk, and how what nobody needs is removed."""

from __future__ import annotations

import typer

from medsynth_tui.cli import show
from medsynth_tui.cli.command import command
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.disk_words import KINDS, size, unfinished

VERBS = {"dataset": "medsynth datasets remove", "run": "medsynth runs remove", "cohort": "medsynth cohorts remove"}


def attach(root: typer.Typer) -> None:
    """Declare the command of this file in `root`."""

    @command(root, "disk", "medsynth disk")
    def disk(face: Face) -> None:
        """Who uses the disk: your things by name, of others only how much; and how each is removed."""
        face.give(face.ask(lambda engine: engine.disk()), show_disk)


def show_disk(face: Face, document: Document) -> None:
    show.line(face, f"{size(document['used'])} are used by this store; {size(document['free'])} are free.")
    show.table(
        face,
        ("kind", "size"),
        [(KINDS.get(each["kind"], each["kind"]), size(each["bytes"])) for each in document["kinds"] if each["bytes"]],
        right=(1,),
    )
    if unfinished(document):
        show.line(face, unfinished(document))
    show.table(
        face,
        ("whose", "size"),
        [(each["owner"] or "others", size(each["bytes"])) for each in document["owners"]],
        "Nobody has brought anything in.",
        right=(1,),
    )
    if document["things"]:
        columns = ("what", "name", "owner", "size", "since", "removed by")
        show.table(face, columns, map(_row, document["things"]), right=(3,))
    mine = sorted({each["kind"] for each in document["things"] if each["remove"]})
    show.sentences(face, "To remove", [f"{VERBS[kind]} NAME" for kind in mine])


def _row(each: Document) -> tuple[str, ...]:
    removed_by = "you" if each["remove"] else each["removed_by"]
    return each["kind"], each["name"], each["owner"] or "-", size(each["bytes"]), each["created"] or "-", removed_by
