"""`medsynth pia`, `gate`, `export` and `releases`: the signed judgement, and what it lets out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medsynth_tui.cli import show
from medsynth_tui.cli.assessment import show_diff, show_list, show_short, show_whole
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.options import path, toml

pia = group(
    "pia",
    "The Privacy Impact Assessment of a cohort, a dataset or a generator.",
    "medsynth pia draft c1",
    "medsynth pia submit c1",
)
gate = group("gate", "What stands between a cohort and the outside.", "medsynth gate show c1 --audience internal")
Subject = Annotated[str, typer.Argument(metavar="SUBJECT", help="A cohort, or dataset:NAME, or generator:NAME.")]
Told = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="As for the others; or assessment:ID, as the log names one.")
]


class Audience(StrEnum):
    internal = "internal"
    recipient = "recipient"
    public = "public"


For = Annotated[Audience, typer.Option("--audience", help="Who will get it.")]
Answers = Annotated[Path | None, typer.Option("--answers", metavar="FILE", help="TOML with what only a person knows.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="A remark that is kept.")]
Why = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; the author reads it.")]


@command(
    pia,
    "draft",
    "medsynth pia draft c1 --audience internal --answers answers.toml",
    "# Of a dataset, for a bundle; of a generator",
    "medsynth pia draft dataset:chest --audience recipient",
    "medsynth pia draft generator:generator_v1 --audience recipient",
)
def draft(face: Face, subject: Subject, audience: For = Audience.internal, answers: Answers = None) -> None:
    """Write a complete draft from the evidence; --answers fills what only a person knows."""
    said = toml(answers)
    face.give(face.ask(lambda engine: engine.pia_draft(subject, audience.value, said)), show_short)


@command(pia, "update", "medsynth pia update c1 --answers answers.toml")
def update(
    face: Face, subject: Subject, answers: Annotated[Path, typer.Option("--answers", metavar="FILE", help="TOML.")]
) -> None:
    """Change the answers of your draft."""
    said = toml(answers)
    face.give(face.ask(lambda engine: engine.pia_update(subject, said)), show_short)


@command(pia, "submit", "medsynth pia submit c1")
def submit(face: Face, subject: Subject) -> None:
    """Hand your draft to the auditor and the admin."""
    face.give(face.ask(lambda engine: engine.pia_submit(subject)), show_short)


@command(pia, "opinion", 'medsynth pia opinion c1 --concur --note "The evidence carries it."')
def opinion(
    face: Face,
    subject: Subject,
    concur: Annotated[bool, typer.Option("--concur/--dissent", help="What you think of it.")],
    note: Note = "",
) -> None:
    """An auditor's opinion."""
    face.give(face.ask(lambda engine: engine.pia_opinion(subject, concur, note)), show_short)


@command(pia, "approve", "medsynth pia approve c1")
def approve(face: Face, subject: Subject, note: Note = "") -> None:
    """An admin's approval; never of one's own assessment."""
    face.give(face.ask(lambda engine: engine.pia_approve(subject, note)), show_short)


@command(pia, "return", 'medsynth pia return c1 --note "Say who keeps the key."')
def give_back(face: Face, subject: Subject, note: Why) -> None:
    """An admin sends it back to its author."""
    face.give(face.ask(lambda engine: engine.pia_return(subject, note)), show_short)


@command(pia, "reject", 'medsynth pia reject c1 --note "The risk is not acceptable."')
def reject(face: Face, subject: Subject, note: Why) -> None:
    """An admin's no."""
    face.give(face.ask(lambda engine: engine.pia_reject(subject, note)), show_short)


@command(pia, "withdraw", "medsynth pia withdraw c1")
def withdraw(face: Face, subject: Subject) -> None:
    """Take your own assessment back."""
    face.give(face.ask(lambda engine: engine.pia_withdraw(subject)), show_short)


@command(
    pia,
    "show",
    "medsynth pia show c1",
    "# What changed since it was submitted before; and all of it as a page",
    "medsynth pia show c1 --diff",
    "medsynth pia show c1 --html c1.html",
    "# One that the log or a release names, also when there is a newer one",
    "medsynth pia show assessment:e72f953b62d9",
)
def one(
    face: Face,
    subject: Told,
    diff: Annotated[
        bool, typer.Option("--diff", help="What changed since the text that was submitted before.")
    ] = False,
    against: Annotated[str, typer.Option("--against", metavar="TEXT", help="Compare with this one, such as 1.2.")] = "",
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write it as one HTML page.")] = None,
) -> None:
    """The assessment: what it says, who signed, until when it holds."""
    if html is not None:
        target = path(html) or ""
        face.give(face.ask(lambda engine: engine.pia_report(subject, target)), show_page)
    elif diff or against:
        face.give(face.ask(lambda engine: engine.pia_diff(subject, against)), show_diff)
    else:
        face.give(face.ask(lambda engine: engine.pia_show(subject)), show_whole)


@command(pia, "list", "medsynth pia list")
def assessments(face: Face) -> None:
    """The assessments that you may see."""
    face.give(face.ask(lambda engine: engine.pia_list()), show_list)


@command(gate, "show", "medsynth gate show c1 --audience internal")
def gate_show(face: Face, subject: Subject, audience: For = Audience.internal) -> None:
    """Whether the gate would open, and what stands in the way."""
    face.give(face.ask(lambda engine: engine.gate_show(subject, audience.value)), show_gate)


@command(gate, "override", 'medsynth gate override c1 --audience internal --reason "Court order 12/26"')
def gate_override(
    face: Face,
    subject: Subject,
    audience: Annotated[Audience, typer.Option("--audience", help="Who will get it.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; the log keeps it for ever.")],
) -> None:
    """An admin's word against the gate. It takes two admins, each once; then the researcher exports."""
    face.give(face.ask(lambda engine: engine.gate_override(subject, audience.value, reason)), show_override)


def attach(root: typer.Typer) -> None:
    """Declare `export` and `releases` in `root`."""

    @command(
        root,
        "export",
        "medsynth export c1 --audience internal",
        "# DICOM files for somebody who was named, elsewhere than in generated/",
        "medsynth export c1 --format dicom --audience recipient --to ~/for-ito",
    )
    def export(
        face: Face,
        cohort: Annotated[str, typer.Argument(metavar="COHORT", help="The cohort's name.")],
        audience: For = Audience.internal,
        format: Annotated[
            str, typer.Option("--format", help="folder, zip, dicom, or hf: for a hub of data sets.")
        ] = "folder",
        to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="Where to; else generated/.")] = None,
    ) -> None:
        """Let a cohort out, through the gate.

        Images, table, card, evidence and checksums.
        """
        document = face.work(lambda engine: engine.export(cohort, format, audience.value, path(to)))
        face.give(document, show_export)

    @command(root, "releases", "medsynth releases")
    def releases(face: Face) -> None:
        """What has left, when, for whom, and who let it."""
        face.give(face.ask(lambda engine: engine.releases_list()), show_releases)


def show_page(face: Face, document: Document) -> None:
    show.pairs(face, [("page", document["path"]), ("over the text", document["digest"])])


def show_gate(face: Face, document: Document) -> None:
    show.title(face, "The gate is open." if document["open"] else "The gate is closed.")
    for reason in document["reasons"]:
        show.line(face, f"- {reason['why']}")
        if reason.get("what_to_do"):
            show.hint(face, reason["what_to_do"])


def show_override(face: Face, document: Document) -> None:
    rows = [
        (one["admin"], show.moment(one["at"]), "yes" if one["counts"] else "no", one["reason"])
        for one in document["overrides"]
    ]
    show.table(face, ("admin", "at", "counts", "reason"), rows)
    missing = document["needed"] - document["counted"]
    if document["counted"] < len(rows):
        show.line(
            face,
            "A vote does not count where it is the owner's or the author's own, or where the credential of its account "
            "was issued or reset in the 30 days before by another voter, or by who did so for another voter.",
        )
    dates = {one["admin"]: one["would_count_from"] for one in document["overrides"] if one.get("would_count_from")}
    for admin, day in dates.items():
        show.line(
            face, f"{admin}'s votes count beside these from {show.moment(day)} on; the one given here never will."
        )
    show.line(face, f"More admins are needed: {missing}." if missing > 0 else "The researcher can export now.")


def show_export(face: Face, document: Document) -> None:
    show.title(face, f"Released: {document['release']}")
    files = document["files"]
    show.pairs(face, [("path", document["path"]), ("files", len(files) if isinstance(files, list) else files)])


def show_releases(face: Face, found: list[Document]) -> None:
    """Each in two lines: all of it is wider than a terminal, and an id that is broken cannot be copied."""
    if not found:
        face.out.print("[dim]Nothing has left.[/dim]")
    for one in found:
        what = f"{one['release']}  {one['subject']} for {one['audience']}, as {one['format']}"
        show.title(face, f"{what}, {show.moment(one['at'])}")
        said = [
            f"by {one['actor']}",
            f"{'overridden' if one.get('overridden') else 'approved'} by {show.text(one.get('approved_by'))}",
            f"assessment {show.text(one.get('assessment'))}",
            "marks not on record" if one.get("marks") is None else f"marks {show.text(one['marks'])}",
        ]
        show.line(face, "; ".join(said), indent=2)
