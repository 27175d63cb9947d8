"""`medsynth store`: where the ledger is kept, and moving it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from medsynth_engine.kernel.errors import WrongUsage
from medsynth_tui.cli import show
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face

app = group(
    "store",
    "Where the ledger is kept: a file, or a PostgreSQL database.",
    "medsynth store copy --to postgresql://medsynth@localhost/medsynth",
)


@command(
    app,
    "copy",
    "medsynth store copy --to postgresql://medsynth@localhost/medsynth",
    "# And back",
    "medsynth store copy --to sqlite",
)
def copy(
    face: Face,
    to: Annotated[
        str, typer.Option("--to", metavar="URL|sqlite", help="A PostgreSQL database (-: a line of stdin), or a file.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Where a store is in that database: rename it there, and go on.")
    ] = False,
) -> None:
    """Move the ledger to a PostgreSQL database, or back to a file; nobody can write meanwhile.

    Every row is compared and the audit log verified in its new place. The old one is kept and counts for nothing.
    """
    target = sys.stdin.readline().strip() if to == "-" else to
    if not target:
        raise WrongUsage("no_target", "There is no address to move the ledger to.", "See: medsynth store copy --help")
    face.give(face.ask(lambda engine: engine.store_copy(target, replace)), show_moved)


def show_moved(face: Face, document: Document) -> None:
    in_database = document["variable_set"]
    show.title(face, f"The ledger is {'in the database' if in_database else 'a file'} now, and its log verifies.")
    kept = f"data/{document['kept']}" if in_database else f"schema {document['kept']} of the database"
    pairs = [*((key, document[key]) for key in ("records", "rows", "head")), ("the old one", kept)]
    if document["replaced"]:
        pairs.append(("renamed there", document["replaced"]))
    show.pairs(face, pairs)
    name = document["variable"]
    show.hint(face, f"export {name}=URL" if in_database else f"unset {name}")
