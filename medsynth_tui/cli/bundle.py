"""`medsynth bundle`: a dataset for a machine with a bigger GPU, encrypted for whoever trains there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medsynth_tui.cli import show
from medsynth_tui.cli.command import command
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.options import path


def attach(root: typer.Typer) -> None:
    """Declare `bundle` in `root`."""

    @command(
        root,
        "bundle",
        "# Before: the assessment of the dataset, which the gate asks for",
        "medsynth pia draft dataset:chest --audience recipient",
        'medsynth bundle chest --recipient "Dr Ito, GPU lab" --purpose "train a generator"',
        "# Afterwards: what was trained there comes home",
        "medsynth runs import run_back.zip",
    )
    def bundle(
        face: Face,
        dataset: Annotated[str, typer.Argument(metavar="DATASET", help="What is to be learned from.")],
        recipient: Annotated[str, typer.Option("--recipient", metavar="WHO", help="Who gets it, in words.")] = "",
        purpose: Annotated[str, typer.Option("--purpose", metavar="TEXT", help="What it may be used for.")] = "",
        preset: Annotated[
            str,
            typer.Option("--preset", help="auto (suits a GPU), nano32, tiny64, small64, small128, base128 or base256."),
        ] = "auto",
        minutes: Annotated[float | None, typer.Option("--minutes", metavar="M", help="For how long there.")] = None,
        kimg: Annotated[float | None, typer.Option("--kimg", metavar="K", help="Or how many thousand images.")] = None,
        days: Annotated[int, typer.Option("--days", metavar="D", help="How long it may be used.")] = 30,
        key: Annotated[
            str | None, typer.Option("--key", metavar="age1…", help="The recipient's own key; else one is made.")
        ] = None,
        to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="Where dataset.zip is written.")] = None,
    ) -> None:
        """Pack a dataset for a machine with a bigger GPU.

        dataset.zip holds the training and validation images (never the holdout), encrypted; the program; a notebook;
        and a letter. It holds real images: the gate has its word first, for the audience recipient.
        """
        target = str(path(to)) if to else None
        started = face.ask(
            lambda engine: engine.bundle(dataset, recipient, purpose, preset, minutes, kimg, days, key, target)
        )
        from medsynth_tui.cli.waiting import wait

        made = {**wait(face, started["job"]), "key": started["key"], "recipient_key": started["recipient_key"]}
        face.give(made, show_bundle)


def show_bundle(face: Face, document: Document) -> None:
    show.title(face, f"{document['dataset']}: {document['bytes'] / 1e6:,.0f} MB")
    show.pairs(
        face,
        [
            ("file", document["path"]),
            ("images", document["images"]),
            ("may be used until", document["expires"]),
            ("opens with", document["key"] or "the recipient's own key"),
        ],
    )
    if document["key"]:
        show.line(face, "The key is told this once. Hand it over by another way than the file, and never beside it.")
    show.hint(face, "medsynth runs import run_back.zip")
