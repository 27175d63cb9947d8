"""`medsynth backup` and `medsynth restore`: a store in one encrypted file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medsynth_engine.kernel.errors import WrongUsage
from medsynth_tui.cli import show
from medsynth_tui.cli.audit import backup_secret
from medsynth_tui.cli.command import command
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.options import PASSPHRASE, passwords, path

FromStdin = Annotated[bool, typer.Option(PASSPHRASE, help="Read the passphrase from a line of stdin.")]


def attach(root: typer.Typer) -> None:
    """Declare the commands of this file in `root`."""

    @command(
        root,
        "backup",
        "medsynth backup /mnt/safe/medsynth.age",
        "# With images, runs, cohorts and generators too, for the key in the settings",
        "medsynth backup /mnt/safe/medsynth-all.age --everything --for-recipient",
    )
    def backup(
        face: Face,
        file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, best on another disk.")],
        everything: Annotated[
            bool, typer.Option("--everything", help="Also datasets, runs, cohorts and weights.")
        ] = False,
        passphrase_stdin: FromStdin = False,
        recipient: Annotated[
            str | None, typer.Option("--recipient", metavar="age1...", help="Encrypt for this key instead.")
        ] = None,
        stored: Annotated[
            bool, typer.Option("--for-recipient", help="Encrypt for the key in the setting backup_recipient.")
        ] = False,
    ) -> None:
        """Copy the store into one encrypted file, whole, also while others work.

        The file is of the age format: any age program opens it with the same passphrase or key.
        """
        secret = None if recipient or stored else _new_passphrase(passphrase_stdin)
        target = str(path(file))
        document = face.ask(lambda engine: engine.backup(target, secret, recipient, everything))
        face.give(document, show_backup)

    @command(
        root,
        "restore",
        "# Would it come back? Nothing is changed",
        "medsynth restore /mnt/safe/medsynth.age --check",
        "# In an empty home; in the place of the store that is here",
        "medsynth restore /mnt/safe/medsynth.age",
        "medsynth restore /mnt/safe/medsynth.age --replace",
    )
    def restore(
        face: Face,
        file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
        check: Annotated[bool, typer.Option("--check", help="Read and verify it to its end; change nothing.")] = False,
        replace: Annotated[
            bool, typer.Option("--replace", help="Take the place of the store that is here; it is moved aside.")
        ] = False,
        passphrase_stdin: FromStdin = False,
        identity: Annotated[
            Path | None, typer.Option("--identity", metavar="FILE", help="The file of the AGE-SECRET-KEY.")
        ] = None,
    ) -> None:
        """Put a backup back. Without a store here it needs no login; to replace one, its admin's."""
        secret, key = backup_secret(file, passphrase_stdin, identity)
        source = str(path(file))
        face.give(face.ask(lambda engine: engine.restore(source, secret, key, check, replace)), show_restored)


def _new_passphrase(from_stdin: bool) -> str:
    if from_stdin:
        return passwords(True, "Passphrase", option=PASSPHRASE)[0]
    first, again = passwords(False, "Passphrase of the backup", "Once more", option=PASSPHRASE)
    if first != again:
        raise WrongUsage("not_the_same", "The two were not the same.", "Try again.")
    return first


def show_backup(face: Face, document: Document) -> None:
    show.title(face, "The backup is written.")
    keys = ("path", "digest", "records", "files", "bytes")
    show.pairs(face, [*((key, document[key]) for key in keys), _parts(document)])
    show.hint(face, f"medsynth restore {document['path']} --check")


def show_restored(face: Face, document: Document) -> None:
    show.title(face, "The store is back." if document["restored"] else "The backup is whole, and its log verifies.")
    keys = ("store_id", "stamp", "made", "program", "records", "files", "bytes", "moved_aside")
    show.pairs(face, [*((key.replace("_", " "), document[key]) for key in keys), _parts(document)])
    if document.get("emptied"):
        why = "the store that was backed up may still sign there; name a new place (medsynth settings set)."
        show.sentences(face, "Emptied here", [f"{' and '.join(document['emptied'])}: {why}"])


def _parts(document: Document) -> tuple[str, str]:
    return "holds", ", ".join(document["parts"])
