"""`medsynth train` and `medsynth runs`: one training, from its start to its end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from medsynth_tui.cli import show
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.options import path
from medsynth_tui.words import of_a_run

app = group("runs", "Trainings: watch, pause, resume, stop.", "medsynth runs watch chest-1")
Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's name.")]


def attach(root: typer.Typer) -> None:
    """Declare `train` in `root`."""

    @command(
        root,
        "train",
        "medsynth train chest --preset nano32 --minutes 3 --wait",
        "# Two GPUs; or a cluster (docs/cluster.md)",
        "medsynth train chest --minutes 60 --processes 2",
        "medsynth train chest --minutes 600 --cluster slurm",
        "# Differential privacy of each patient, from 1,000 patients",
        "medsynth train chest --minutes 60 --epsilon 8",
        also=("simulated",),
    )
    def train(
        face: Face,
        dataset: Annotated[str, typer.Argument(metavar="DATASET", help="What to learn from.")],
        name: Annotated[str | None, typer.Option("--name", metavar="RUN", help="The run's name.")] = None,
        preset: Annotated[
            str,
            typer.Option(
                "--preset", help="auto, nano32, tiny64, small64, small128, base128, base256, or dp32 with --epsilon."
            ),
        ] = "auto",
        minutes: Annotated[float | None, typer.Option("--minutes", metavar="M", help="For how long.")] = None,
        kimg: Annotated[
            float | None, typer.Option("--kimg", metavar="K", help="How many thousand images to look at.")
        ] = None,
        device: Annotated[str, typer.Option("--device", help="auto, mps, cuda or cpu.")] = "auto",
        low_resource: Annotated[
            bool, typer.Option("--low-resource", help="Half the batch, half the default length, 4 GB at most.")
        ] = False,
        seed: Annotated[int, typer.Option("--seed", help="Same seed, same run.")] = 0,
        processes: Annotated[
            int, typer.Option("--processes", metavar="N", help="Train with N processes: one for each GPU.")
        ] = 1,
        epsilon: Annotated[
            float | None,
            typer.Option("--epsilon", metavar="E", help="Differential privacy of each patient: 1 strong, 10 weak."),
        ] = None,
        delta: Annotated[
            float | None, typer.Option("--delta", metavar="D", help="With --epsilon; else a tenth of 1 / patients.")
        ] = None,
        cluster: Annotated[
            str | None,
            typer.Option("--cluster", metavar="NAME", help="Have this cluster train, as data/cluster.toml says."),
        ] = None,
        wait: Annotated[bool, typer.Option("--wait", help="Stay until it has ended.")] = False,
    ) -> None:
        """Train a generator.

        It runs in a process of its own, which outlives this terminal and this login.
        """
        started = face.ask(
            lambda engine: engine.train(
                dataset,
                name,
                preset,
                minutes,
                kimg,
                device,
                low_resource,
                seed,
                face.manner.simulated,
                processes,
                epsilon,
                delta,
                cluster,
            )
        )
        if not wait:
            face.give(started, show_started)
            return
        from medsynth_tui.cli.waiting import wait as wait_for

        wait_for(face, started["job"], run=started["run"])
        face.give(face.ask(lambda engine: engine.runs_show(started["run"])), show_run)


@command(app, "list", "medsynth runs list")
def runs(face: Face) -> None:
    """Your runs, the newest first."""
    face.give(face.ask(lambda engine: engine.runs_list()), show_runs)


@command(app, "show", "medsynth runs show chest-1 --json")
def one(face: Face, run: Run) -> None:
    """How a run stands."""
    face.give(face.ask(lambda engine: engine.runs_show(run)), show_run)


@command(app, "watch", "medsynth runs watch chest-1")
def watch(face: Face, run: Run) -> None:
    """Follow the numbers of a run. Ctrl-C ends the watching, never the run."""
    from medsynth_tui.cli.watching import follow

    face.give(follow(face, run), show_run)


@command(app, "pause", "medsynth runs pause chest-1")
def pause(face: Face, run: Run) -> None:
    """Write a checkpoint and pause."""
    face.give(face.ask(lambda engine: engine.runs_pause(run)), show_pause)


@command(app, "resume", "medsynth runs resume chest-1")
def resume(face: Face, run: Run) -> None:
    """Go on from the last checkpoint."""
    face.give(face.ask(lambda engine: engine.runs_resume(run)), show_resumed)


@command(app, "stop", "medsynth runs stop chest-1")
def stop(face: Face, run: Run) -> None:
    """End a run for good; what it has learned stays usable. A stopped run is final: to go on later, pause it."""
    face.give(face.ask(lambda engine: engine.runs_stop(run)), show_stop)


@command(app, "remove", "medsynth runs remove chest-1")
def remove(face: Face, run: Run) -> None:
    """Remove a run with its checkpoints and its copy of the images; lists what remains elsewhere."""
    face.give(face.ask(lambda engine: engine.runs_remove(run)), show.removal)


@command(app, "import", "medsynth runs import run_back.zip --name chest-gpu --deleted")
def bring(
    face: Face,
    place: Annotated[Path, typer.Argument(metavar="FOLDER_OR_ZIP", help="What came back from a bundle.")],
    name: Annotated[
        str | None, typer.Option("--name", metavar="RUN", help="What to call it; else as the file.")
    ] = None,
    deleted: Annotated[
        bool, typer.Option("--deleted", help="Images, checkpoints and key were deleted over there: you were told so.")
    ] = False,
) -> None:
    """Bring in a run that was trained elsewhere on a bundle of yours: curves, samples, generator."""
    confirmed = deleted or asked_deleted(face)
    done = face.work(lambda engine: engine.runs_import(str(path(place)), name, confirmed))
    face.give(face.ask(lambda engine: engine.runs_show(done["run"])), show_run)


def asked_deleted(face: Face) -> bool:
    """Whether the bundle and all that came of it was deleted over there. Only a person can say so."""
    if face.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    face.say("Checkpoints over there hold the discriminator, which knows the real images.")
    print("Has the recipient told you that bundle, checkpoints and key are deleted? [y/N] ", end="", file=sys.stderr)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower().startswith("y")


def show_runs(face: Face, found: list[Document]) -> None:
    rows = [
        (one["run"], one["dataset"], one["preset"], _state(one), _kimg(one), show.moment(one.get("started")))
        for one in found
    ]
    columns = ("run", "dataset", "preset", "state", "kimg", "started")
    show.table(face, columns, rows, "No runs yet: medsynth train DATASET", right=(4,))


def _state(document: Document) -> str:
    return f"{document['state']}{', SIMULATED' if document.get('simulated') else ''}"


def _kimg(document: Document) -> str:
    done, total = document.get("kimg") or 0.0, document.get("kimg_total")
    digits = 3 if 0 < (total or done) < 1 else 1  # a trial of a few steps has not seen nothing
    return f"{done:,.{digits}f} of {total:,.{digits}f}" if total else f"{done:,.{digits}f}"


def show_run(face: Face, document: Document) -> None:
    """The `runs show` document."""
    show.title(face, f"{document['run']}: {_state(document)}")
    best = document.get("best") or {}
    speed = document.get("images_per_second")
    show.pairs(
        face,
        [
            ("dataset", document.get("dataset")),
            ("preset", document.get("preset")),
            ("device", document.get("device")),
            ("thousand images", _kimg(document)),
            ("speed", f"{speed:,.0f} images/s" if speed else None),
            ("time", _clock(document.get("seconds"))),
            ("best", _best(best)),
            ("kept", (document.get("kept") or {}).get("why")),
            ("privacy", _privacy(document.get("privacy"))),
            ("warning", " ".join(document.get("warnings") or []) or None),
            ("cluster", _cluster(document)),
            ("queued behind", document.get("queued_behind")),
            ("error", _error(document.get("error"))),
            ("folder", document.get("path")),
        ],
    )
    metrics = {key: value for key, value in (document.get("metrics") or {}).items() if value is not None}
    if metrics:
        show.table(face, ("measure", "last"), list(_measures(metrics)), right=(1,))
    if document["state"] in ("interrupted", "paused"):
        show.hint(face, f"medsynth runs resume {document['run']}")


def _measures(metrics: Document) -> Iterator[tuple[str, Any]]:
    """One row each; what was measured for several groups has a row for each of them."""
    for key, value in metrics.items():
        if isinstance(value, dict):
            yield from ((f"{of_a_run(key)}: {name}", one) for name, one in value.items())
        else:
            yield of_a_run(key), value


def _best(best: Document) -> str | None:
    ratio = best.get("fd_ratio_validation")
    if ratio is None:
        return None
    return (
        f"Fréchet ratio {show.number(ratio)} at {show.text(best.get('kimg'))} kimg (1 is as good as real; an estimate)"
    )


def _privacy(spent: Document | None) -> str | None:
    if not spent:
        return None
    return (
        f"epsilon {show.number(spent['epsilon'])} of {show.number(spent['epsilon_promised'])} spent "
        f"at delta {spent['delta']:.0e}, for each patient"
    )


def _cluster(document: Document) -> str | None:
    """Which job of which cluster; while it is under way also the queue's last word."""
    word = document.get("cluster")
    if not word:
        return None
    state = f": {str(word['state']).lower()}" if document["state"] in ("queued", "running") else ""
    return f"{word['cluster']}, job {word['job']}{state}"


def _clock(seconds: float | None) -> str | None:
    return None if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _error(error: Document | str | None) -> str | None:
    return str(error.get("message")) if isinstance(error, dict) else error


def show_started(face: Face, document: Document) -> None:
    simulated = " (SIMULATED)" if document.get("simulated") else ""
    state = f"{document['state']}{_behind(document)}"
    show.line(face, f"{document['run']} is {state}{simulated}; it goes on when this terminal closes.")
    for warning in document.get("warnings") or []:
        show.line(face, warning)
    show.hint(face, f"medsynth runs watch {document['run']}")


def _behind(document: Document) -> str:
    behind = document.get("queued_behind")
    return f" behind {behind}" if behind else ""


def show_pause(face: Face, document: Document) -> None:
    """What a pause leads to: the run writes a checkpoint first."""
    paused = document["state"] == "paused"
    show.line(face, f"{document['run']} {'is paused' if paused else 'will be paused, once its checkpoint is written'}.")


def show_resumed(face: Face, document: Document) -> None:
    """Whether it goes on at once, or waits for another run."""
    behind = _behind(document)
    show.line(face, f"{document['run']} {f'is queued{behind}' if behind else 'goes on'}.")


def show_stop(face: Face, document: Document) -> None:
    """What a stop leads to: the run keeps its generator first."""
    stopped = document["state"] == "stopped"
    show.line(face, f"{document['run']} {'is stopped' if stopped else 'will be stopped, once its generator is kept'}.")
