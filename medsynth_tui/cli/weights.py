"""`medsynth weights`: generators that can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui.cli import show
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.governance import Audience
from medsynth_tui.cli.options import path

app = group("weights", "Generators that can be used.", "medsynth weights list")


@command(app, "list", "medsynth weights list")
def weights(face: Face) -> None:
    """All weights of the store. A file that was put into `weights/` by hand is checked first."""
    known = {one["name"] for one in face.ask(lambda engine: engine.weights_list())}
    for job in face.ask(lambda engine: engine.jobs_list()):
        if job["kind"] == "import_weights" and job["state"] in ("queued", "running"):
            _checked(face, job)
    found = face.ask(lambda engine: engine.weights_list())
    for sentence in face.ask(lambda engine: engine.home())["generators"]:
        if any(f": {one['name']}, " in sentence for one in found if one["name"] not in known):
            face.say(f"{sentence}.")
    face.give(found, show_list)


def _checked(face: Face, job: Document) -> None:
    """Wait for a check; what is wrong with a file of somebody's is no reason to show no list."""
    try:
        face.ask(lambda engine: engine.finish(job["job"]))
    except MedSynthError as error:
        face.say(f"{job['subject'].removeprefix('generator:')}.pth: {error.message} {error.hint}")


@command(app, "show", "medsynth weights show generator_v1")
def one(face: Face, name: Annotated[str, typer.Argument(metavar="NAME", help="Which weights.")]) -> None:
    """What a generator draws, and what it was trained on."""
    face.give(face.ask(lambda engine: engine.weights_show(name)), show_one)


@command(app, "import", "medsynth weights import generator.pth --name generator_v1")
def bring(
    face: Face,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .pth file of MedSynth.")],
    name: Annotated[str | None, typer.Option("--name", help="What to call it; else as the file.")] = None,
) -> None:
    """Check a file of weights and make it usable. It is read as tensors and plain values, never as a program."""
    face.give(face.work(lambda engine: engine.weights_import(str(path(file)), name)), show_one)


@command(
    app,
    "export",
    "# Before: the assessment of the generator, which the gate asks for",
    "medsynth pia draft generator:generator_v1 --audience recipient",
    "medsynth weights export generator_v1 --audience recipient",
)
def export(
    face: Face,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which weights.")],
    audience: Annotated[Audience, typer.Option("--audience", help="Who will get it.")] = Audience.internal,
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="Where the folder is written.")] = None,
) -> None:
    """Let a generator out, through the gate.

    It is judged by a cohort drawn from it, at least as large as its training.
    """
    target = str(path(to)) if to else None
    made = face.work(lambda engine: engine.weights_export(name, audience.value, target))
    face.give(made, lambda face, document: show.pairs(face, [("generator", document["path"])]))


def show_list(face: Face, found: list[Document]) -> None:
    rows = [
        (one["name"], one.get("resolution"), _conditions(one), one.get("trained_on"), one.get("origin"))
        for one in found
    ]
    columns = ("weights", "pixels", "conditions", "trained on", "origin")
    show.table(face, columns, rows, "No weights yet: train a run, or import a file.", right=(1,))


def _conditions(document: Document) -> str:
    return show.text(list(document.get("conditions") or ()))


def show_one(face: Face, document: Document) -> None:
    keys = ("name", "weights", "resolution", "trained_on", "origin", "preset", "created", "digest")
    show.pairs(face, [(show.words(key), document.get(key)) for key in keys])
    show.pairs(face, [("conditions", _conditions(document))])
