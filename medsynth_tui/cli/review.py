"""`medsynth review`: quarantined pictures, and what a person decides about each."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from medsynth_engine.kernel.errors import WrongUsage
from medsynth_tui.cli import show
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.pictures import Picture, Pixel, can_show, show_row
from medsynth_tui.intake_words import came_back
from medsynth_tui.words import counted

app = group(
    "review",
    "Quarantined pictures: look, then accept, mask or reject.",
    "medsynth review list",
    "medsynth review show r3f2a91c04d7be815",
)

Record = Annotated[str, typer.Argument(metavar="ID", help="As `review list` shows it; DATASET/ID where two hold it.")]
Boxes = Annotated[
    list[str] | None,
    typer.Option("--box", metavar="X,Y,W,H", help="What to mask, in pixels; several times. Else: the text found."),
]
OUTLINE: Pixel = (255, 64, 64)
WIDEST_PICTURE = 120
DECIDED = {"accept": "accepted", "mask": "to be masked", "reject": "rejected"}


@command(app, "list", "medsynth review list chest")
def queue(
    face: Face, dataset: Annotated[str | None, typer.Argument(metavar="DATASET", help="Of this one alone.")] = None
) -> None:
    """The pictures of your datasets, and of those shared with you, that wait for a person."""
    face.give(face.ask(lambda engine: engine.review_list(dataset)), show_queue)


@command(app, "show", "medsynth review show r3f2a91c04d7be815")
def one(face: Face, id: Record) -> None:
    """The picture, the text that was read in it, and where. That you looked is in the audit log."""
    size = min(face.out.width, WIDEST_PICTURE) if can_show(face) else 512
    face.give(face.ask(lambda engine: engine.review_show(id, size=size)), show_picture)


@command(app, "accept", "medsynth review accept r3f2a91c04d7be815")
def accept(face: Face, id: Record) -> None:
    """Nothing in the picture identifies anybody: take it."""
    face.give(face.ask(lambda engine: engine.review_accept(id)), show_decision)


@command(
    app,
    "mask",
    "medsynth review mask r3f2a91c04d7be815",
    "# A place that the reader did not find: x,y,width,height in pixels",
    "medsynth review mask r3f2a91c04d7be815 --box 10,20,160,24",
)
def mask(face: Face, id: Record, box: Boxes = None) -> None:
    """Paint over what identifies somebody, and take the rest. It is then searched for text once more."""
    chosen = [_box(text) for text in box or []]
    face.give(face.ask(lambda engine: engine.review_mask(id, chosen or None)), show_decision)


@command(app, "reject", "medsynth review reject r3f2a91c04d7be815")
def reject(face: Face, id: Record) -> None:
    """Do not take it; its pixels are deleted."""
    face.give(face.ask(lambda engine: engine.review_reject(id)), show_decision)


@command(app, "undo", "medsynth review undo r3f2a91c04d7be815")
def undo(face: Face, id: Record) -> None:
    """Take a decision back that was not applied yet."""
    face.give(face.ask(lambda engine: engine.review_undo(id)), show_decision)


@command(app, "apply", "medsynth review apply chest")
def apply(face: Face, dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Its name.")]) -> None:
    """Make the dataset's next version from what is decided. With the last decision this begins by itself."""
    face.give(face.work(lambda engine: engine.review_apply(dataset)), show_applied)


def _box(text: str) -> list[int]:
    try:
        edges = [int(part) for part in text.split(",")]
    except ValueError:
        edges = []
    if len(edges) != 4:
        raise WrongUsage("bad_box", "A box is four whole numbers.", "For example: --box 10,20,160,24")
    return edges


def show_queue(face: Face, found: list[Document]) -> None:
    columns = ["id", "dataset", "why", "pixels", "texts", "days"]
    decided = any(each["decision"] for each in found)
    rows = [
        (
            each["id"],
            each["dataset"],
            show.words(each["reason"]),
            f"{each['width']}x{each['height']}",
            len(each["boxes"]) or None,
            each["waiting_days"],
            *([DECIDED.get(each["decision"])] if decided else []),
        )
        for each in found
    ]
    columns += ["decided"] if decided else []
    show.table(face, columns, rows, "No picture waits for a review.", right=(4, 5), whole=(0, 2))
    for dataset in sorted({each["dataset"] for each in found}):
        _say_came_back(face, dataset)
    undecided = sum(each["decision"] is None for each in found)
    if undecided and any(each["may_decide"] for each in found):
        show.hint(face, "medsynth review show ID, then accept, mask or reject it")
    elif undecided:
        show.line(face, "Another researcher decides about what you brought in: medsynth datasets share NAME USER")


def _say_came_back(face: Face, dataset: str) -> None:
    """Pictures that were masked and wait again."""
    counts = face.ask(lambda engine: engine.review_counts(dataset))
    back = came_back({"to_quarantine": counts.get("came_back")})
    if back:
        show.line(face, f"{dataset}: {back}")


def show_picture(face: Face, document: Document) -> None:
    show.title(face, f"{document['id']} of {document['dataset']}, version {document['version']}")
    if document["picture"] is None:
        show.line(face, "Its picture is not kept.")
    elif can_show(face):
        show_row(face, [outlined(document)])
        show.line(face, "What is small is read in the studio: medsynth, then Review.")
    else:
        show.line(face, "The picture is shown in a terminal, and larger in the studio: medsynth, then Review.")
    show.pairs(
        face,
        [
            ("why", document["sentence"]),
            ("pixels", f"{document['width']} x {document['height']}"),
            ("read", " | ".join(document["read"])),
            ("boxes", "  ".join(",".join(map(str, box)) for box in document["boxes"])),
            ("waits", counted(document["waiting_days"], "day")),
            ("decided", DECIDED.get(document["decision"])),
        ],
    )


def outlined(document: Document) -> Picture:
    """The picture with an outline around every box, which is given in pixels of the whole picture."""
    picture = Picture.from_document(document["picture"])
    pixels = list(picture.pixels)
    across, down = picture.width / max(1, document["width"]), picture.height / max(1, document["height"])
    for x, y, width, height in document["boxes"]:
        left, top = min(int(x * across), picture.width - 1), min(int(y * down), picture.height - 1)
        right = max(left, min(round((x + width) * across), picture.width) - 1)
        bottom = max(top, min(round((y + height) * down), picture.height) - 1)
        for row in range(top, bottom + 1):
            edge = row in (top, bottom)
            for column in range(left, right + 1) if edge else {left, right}:
                pixels[row * picture.width + column] = OUTLINE
    return Picture(picture.width, picture.height, pixels)


def show_decision(face: Face, document: Document) -> None:
    decided = DECIDED.get(document["decision"], "undecided again")
    own = "; nobody else could look, so it is marked as self-reviewed" if document["self_reviewed"] else ""
    own = own if document["decision"] else ""
    show.line(face, f"{document['id']} of {document['dataset']} is {decided}{own}.")
    if document["job"]:
        show.line(face, f"Nothing is left undecided: the next version is being made ({document['job']}).")
    elif document["undecided"]:
        show.line(face, f"{show.text(document['undecided'])} more wait in {document['dataset']}.")


def show_applied(face: Face, document: Document) -> None:
    back = came_back(document)
    if back:
        show.line(face, back)
        show.hint(face, f"medsynth review list {document['dataset']}")
    counts: list[tuple[str, Any]] = [(show.words(key), value) for key, value in document.items()]
    show.pairs(face, [(label, value) for label, value in counts if isinstance(value, int | str)])
