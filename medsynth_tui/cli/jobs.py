"""`medsynth jobs`: whatever takes over two seconds runs in a process of its own; here they are."""

from __future__ import annotations

from typing import Annotated

import typer

from medsynth_tui.cli import show
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face

app = group("jobs", "Long work: what runs, and cancelling it.", "medsynth jobs list")
ALIVE = ("queued", "running", "paused")
Job = Annotated[str, typer.Argument(metavar="JOB", help="The job, as `jobs list` names it.")]


@command(app, "list", "medsynth jobs list")
def jobs(face: Face) -> None:
    """Your jobs, the newest first."""
    face.give(face.ask(lambda engine: engine.jobs_list()), show_jobs)


@command(app, "show", "medsynth jobs show JOB")
def one(face: Face, job: Job) -> None:
    """How far a job is, and what it says."""
    face.give(face.ask(lambda engine: engine.jobs_show(job)), show_job)


@command(app, "cancel", "medsynth jobs cancel JOB")
def cancel(face: Face, job: Job) -> None:
    """Cancel a job. It cleans up: nothing is left half done."""
    document = face.ask(lambda engine: engine.jobs_cancel(job))
    face.give(document, lambda face, told: show.line(face, f"Job {told['job']} {cancelled(told['state'])}."))


def cancelled(state: str) -> str:
    """What became of it, by its state after the asking."""
    if state in ALIVE:
        return "was asked to stop"
    return "is stopped" if state == "stopped" else f"had ended before ({state})"


def show_jobs(face: Face, found: list[Document]) -> None:
    rows = [(one["job"], one["kind"], one["subject"], one["state"], show.moment(one.get("created"))) for one in found]
    show.table(face, ("job", "kind", "subject", "state", "since"), rows, "No jobs.")


def show_job(face: Face, document: Document) -> None:
    progress = document.get("progress") or {}
    done = progress.get("done")
    total = f" of {show.text(progress['total'])}" if progress.get("total") else ""
    amount = f"{show.text(done)}{total} {show.text(progress.get('unit'))}" if done is not None else None
    show.title(face, f"{document['kind']} {document['subject']}: {document['state']}")
    show.pairs(
        face,
        [
            ("job", document["job"]),
            ("progress", amount),
            ("says", progress.get("say") if document["state"] in ALIVE else None),
            ("error", (document.get("error") or {}).get("message")),
            ("what to do", (document.get("error") or {}).get("hint")),
        ],
    )
    show.sentences(face, "log", document.get("log") or [])
    if document["state"] == "interrupted":
        kind, _, name = str(document["subject"]).partition(":")
        if document["kind"] == "train" and kind == "run":
            show.hint(face, f"medsynth runs resume {name}")
        else:
            show.line(face, "Next: ask for it again by the same command; what was there before is whole.")
