"""How an assessment reads on the command line: in short after every step, whole with `pia show`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from medsynth_tui.cli import show
from medsynth_tui.cli.face import Document, Face

SIGNED = {
    "submit": "submitted",
    "concur": "concurs",
    "dissent": "dissents",
    "approve": "approved",
    "return": "returned",
    "reject": "rejected",
    "withdraw": "withdrew",
}


def show_short(face: Face, document: Document) -> None:
    """Where it stands: state, what is still open, the risks in a line each, who signed."""
    show.title(face, f"Assessment of {document['subject']} for {document['audience']}: {document['state']}")
    expires = document.get("expires")
    show.pairs(
        face,
        [
            ("id", document.get("id")),
            ("author", document.get("author")),
            ("version", document.get("version")),
            ("residual risk", document.get("residual")),
            ("holds until", show.moment(expires) if expires else None),
            ("digest", document.get("digest")),
            ("still open", document.get("open")),
        ],
    )
    show.sentences(face, "Careful", document.get("warnings") or [])
    show.sentences(face, "In the way", document.get("blocking") or [])
    show.sentences(face, "It does not hold any more", document.get("lapsed") or [])
    show.sentences(face, "May not judge it yet", [touched(each) for each in document.get("credential_touches") or []])
    show.sentences(face, "May be one person", [approved(each) for each in document.get("approver_touches") or []])
    _show_signatures(face, document.get("signatures") or [])
    if document["state"] == "draft":
        if document.get("open"):
            face.out.print('[dim]Answers come from a TOML file: \\[need] purpose = "..." answers need.purpose.[/dim]')
        show.hint(face, f"medsynth pia submit {document['subject']}")


def show_whole(face: Face, document: Document) -> None:
    """Every question with its answer, every risk with its measures."""
    show_short(face, document)
    for section in document.get("sections") or []:
        face.out.print()
        show.title(face, f"{section['number']}  {section['title']}")
        for asked in section["fields"]:
            _show_question(face, asked)
    face.out.print()
    show.title(face, "Risks")
    rows = [(risk["title"], risk["level"], risk["residual_level"], risk["basis"]) for risk in document["risks"]]
    show.table(face, ("risk", "level", "after measures", "resting on"), rows)
    for risk in document["risks"]:
        face.out.print()
        show.line(face, f"{risk['title']}. {risk['cause']} {risk['harm']}")
        show.sentences(face, "Measures", [risk["measures"]])
        show.sentences(face, "Because", [risk["reason"]] if risk.get("reason") else [])


def touched(touch: Document) -> str:
    """An admin who may know the author's credential, as a sentence for whoever decides and for the auditor."""
    day = str(touch["until"])[:10]
    return f"{touch['admin']} touched the author's credential ({touch['kind']}); not before {day}."


def approved(touch: Document) -> str:
    """An admin who may have been the approver, as a sentence."""
    return f"{touch['user']} approved with a credential that {touch['admin']} touched before ({touch['kind']})."


def show_diff(face: Face, document: Document) -> None:
    """Field by field: what stood there, and what stands there now."""
    before, after = document["before"], document["after"]
    if before is None:
        show.line(face, "There is only one text of it; nothing to compare with.")
        return
    show.title(face, f"Assessment of {document['subject']}: {before['text']} and {after['text']}")
    show.pairs(face, [(f"text {each['text']}", each["digest"]) for each in (before, after)])
    for change in document["changes"]:
        face.out.print()
        show.line(face, f"{change['question']} ({change['field']})")
        show.sentences(face, "Before", [change["before"] or "(nothing)"])
        show.sentences(face, "Now", [change["after"] or "(nothing)"])
    if not document["changes"]:
        show.line(face, "They say the same.")


def _show_question(face: Face, asked: Document) -> None:
    show.sentences(face, "Question", [f"{asked['question']} ({asked['id']})"])
    if str(asked["answer"]).strip():
        show.line(face, asked["answer"], 5_000)
    else:
        face.out.print("[yellow]Open: only a person knows this.[/yellow]")


def _show_signatures(face: Face, signatures: Iterable[Document]) -> None:
    rows: list[tuple[Any, ...]] = [
        (one["name"], one["role"], SIGNED.get(one["kind"], one["kind"]), show.moment(one["at"]), one.get("note"))
        for one in signatures
    ]
    if rows:
        show.table(face, ("signed by", "role", "", "at", "note"), rows)


def show_list(face: Face, found: list[Document]) -> None:
    rows = [
        (
            one.get("id"),
            one["subject"],
            one["audience"],
            one["state"],
            one["author"],
            one.get("version"),
            show.moment(one.get("expires")),
        )
        for one in found
    ]
    columns = ("id", "subject", "audience", "state", "author", "version", "holds until")
    show.table(face, columns, rows, "No assessments.", right=(5,), whole=(0,))
