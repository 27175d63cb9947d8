"""`medsynth datasets`: bringing real images and their table in, and looking at what was taken."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from medsynth_engine.kernel.stack_choice import GRAMMAR
from medsynth_tui.cli import show
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.intake import show_added, show_intake, show_scan
from medsynth_tui.cli.options import names, pairs, path
from medsynth_tui.intake_words import roles_explained

app = group(
    "datasets",
    "Real images and tables, de-identified on the way in.",
    "medsynth datasets scan xrays/",
    "medsynth datasets add chest xrays/",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The dataset's name.")]
Source = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", help="A folder, zip or tar of images; a DICOM, NIfTI or NPZ file; or a table alone."
    ),
]
Metadata = Annotated[
    Path | None,
    typer.Option(
        "--metadata",
        metavar="TABLE",
        help="The table that belongs to it: CSV, TSV, Parquet or Excel. Without it, a table among the files is taken.",
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="ROLE=COLUMN,...",
        help=f"Which column is what. {roles_explained()}. What is not named is guessed.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="COLUMN=VALUE,...",
        help="Take only the rows where this holds; without such a column, the DICOM files whose modality, body_part or "
        "view it is. Decides before anything is decoded.",
    ),
]
Slices = Annotated[
    str,
    typer.Option(
        "--slices",
        metavar="CHOICE",
        help=f"Which pictures of a multi-frame file, a volume or a DICOM series: {GRAMMAR}.",
    ),
]
Axis = Annotated[
    str, typer.Option("--axis", metavar="AXIS", help="How NIfTI volumes are cut: axial, coronal, sagittal.")
]
Series = Annotated[
    list[str] | None,
    typer.Option("--series", metavar="ID,...", help="Take only these DICOM series, by the ids that a scan lists."),
]
Faces = Annotated[
    str,
    typer.Option("--faces", metavar="CHOICE", help="Head slices that may show a face: review (by a person) or keep."),
]
Dates = Annotated[
    str,
    typer.Option(
        "--dates",
        metavar="CHOICE",
        help="Columns of dates: drop, year, or shift by a secret offset of the patient (not Safe Harbor).",
    ),
]
BurnedIn = Annotated[
    str,
    typer.Option("--burned-in", metavar="CHOICE", help="Pictures with burned-in text: quarantine, or mask the text."),
]
Characteristics = Annotated[
    list[str] | None,
    typer.Option("--characteristics", metavar="NAME,...", help="Take these from DICOM headers: age, sex, ethnicity."),
]


@command(
    app,
    "scan",
    "medsynth datasets scan xrays/ --metadata xrays.csv",
    "# Say which column is what",
    "medsynth datasets scan xrays/ --metadata xrays.csv --columns age=Age,sex=Gender",
    "# CT of a mixed archive, five slices from the middle of each series",
    "medsynth datasets scan study.zip --where modality=CT --slices middle:5",
)
def scan(
    face: Face,
    source: Source,
    metadata: Metadata = None,
    columns: Columns = None,
    where: Where = None,
    characteristics: Characteristics = None,
    slices: Slices = "all",
    axis: Axis = "axial",
    series: Series = None,
    faces: Faces = "review",
    dates: Dates = "drop",
    burned_in: BurnedIn = "quarantine",
) -> None:
    """What would be taken, scrubbed and refused. Nothing is stored."""
    wish = _wish(metadata, columns, where, characteristics)
    wish |= {"slices": slices, "axis": axis, "series": names(series), "faces": faces, "dates": dates}
    wish["burned_in"] = burned_in
    face.give(face.work(lambda engine: engine.datasets_scan(str(path(source)), **wish)), show_scan)


@command(
    app,
    "add",
    "medsynth datasets add chest xrays/ --metadata xrays.csv --where modality=X-ray",
    "# Age and sex stand in the DICOM headers; text in pictures is painted over",
    "medsynth datasets add study study/ --characteristics age,sex --burned-in mask",
    "# More of the same: the next version",
    "medsynth datasets add study more/ --append",
)
def add(
    face: Face,
    name: Name,
    source: Source,
    metadata: Metadata = None,
    columns: Columns = None,
    where: Where = None,
    characteristics: Characteristics = None,
    slices: Slices = "all",
    axis: Axis = "axial",
    series: Series = None,
    faces: Faces = "review",
    dates: Dates = "drop",
    burned_in: BurnedIn = "quarantine",
    append: Annotated[bool, typer.Option("--append", help="Make it the next version of the dataset.")] = False,
) -> None:
    """Take images and their table in. Interrupted, the same command goes on where it was.

    What is large enough to carry text is then read for it, by a job that goes on by itself."""
    wish = _wish(metadata, columns, where, characteristics)
    wish |= {"slices": slices, "axis": axis, "series": names(series), "faces": faces, "dates": dates}
    wish["burned_in"] = burned_in
    document = face.work(lambda engine: engine.datasets_add(name, str(path(source)), append=append, **wish))
    face.give(document, show_added)


@command(app, "list", "medsynth datasets list")
def datasets(face: Face) -> None:
    """The datasets that you may see."""
    face.give(face.ask(lambda engine: engine.datasets_list()), show_list)


@command(app, "show", "medsynth datasets show chest")
def one(face: Face, name: Name) -> None:
    """What a dataset holds, and what happened when it was taken in."""
    face.give(face.ask(lambda engine: engine.datasets_show(name)), show_dataset)


@command(app, "report", "medsynth datasets report chest --to chest-intake.html")
def report(
    face: Face,
    name: Name,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="A new file; else NAME-intake.html here.")
    ] = None,
) -> None:
    """Write what was found, removed and left to people as one HTML file, for a data protection officer."""
    target = path(to) or path(Path(f"{name}-intake.html"))
    document = face.ask(lambda engine: engine.datasets_report(name, str(target)))
    face.give(document, lambda face, told: show.line(face, f"Written: {told['path']}"))


@command(app, "check", "medsynth datasets check chest --burned-in mask")
def check(face: Face, name: Name, burned_in: BurnedIn = "quarantine") -> None:
    """Read the pictures for burned-in text, where the check after the intake was cancelled or failed."""
    face.give(face.work(lambda engine: engine.datasets_check(name, burned_in)), show_checked)


@command(app, "arrivals", "medsynth datasets arrivals")
def arrivals(face: Face) -> None:
    """What lies in the drop box and has not been brought in."""
    face.give(face.ask(lambda engine: engine.arrivals()), show_arrivals)


@command(app, "share", "medsynth datasets share chest carla")
def share(
    face: Face, name: Name, user: Annotated[str, typer.Argument(metavar="USER", help="A colleague's account.")]
) -> None:
    """Let another researcher use a dataset of yours."""
    document = face.ask(lambda engine: engine.datasets_share(name, user))
    face.give(document, lambda face, told: show.line(face, f"{name} is shared with {user}."))


@command(app, "remove", "medsynth datasets remove chest")
def remove(face: Face, name: Name) -> None:
    """Remove a dataset, its runs' images and its quarantine; lists what remains elsewhere."""
    face.give(face.ask(lambda engine: engine.datasets_remove(name)), show.removal)


def _wish(
    metadata: Path | None, columns: list[str] | None, where: list[str] | None, characteristics: list[str] | None
) -> dict[str, Any]:
    return {
        "metadata": path(metadata),
        "columns": pairs(columns, "--columns"),
        "where": pairs(where, "--where"),
        "characteristics": names(characteristics),
    }


TEXT_COUNTS = ("read", "clean", "markers", "masked", "quarantined", "unread", "exempt")


def show_checked(face: Face, document: Document) -> None:
    """What a text check found."""
    text = document.get("text") or document
    show.pairs(face, [(word, text.get(word)) for word in TEXT_COUNTS])
    if text.get("quarantined") or text.get("unread"):
        show.hint(face, "medsynth review list")


def show_arrivals(face: Face, found: list[Document]) -> None:
    rows = [(one["path"], one["kind"], one["files"], one["size"], show.moment(one["arrived"])) for one in found]
    columns = ("path", "kind", "files", "bytes", "arrived")
    show.table(face, columns, rows, "Nothing waits in the drop box.", right=(2, 3))


def show_list(face: Face, found: list[Document]) -> None:
    keys = ("dataset", "owner", "records", "quarantined", "patients", "holdout")
    rows = [(*(one.get(key) for key in keys), one["images"] or bool(one.get("quarantined"))) for one in found]
    columns = ("dataset", "owner", "accepted", "quarantined", "patients", "held out", "images")
    show.table(face, columns, rows, "No datasets yet: medsynth datasets add NAME PATH", right=(2, 3, 4, 5))


def show_dataset(face: Face, document: Document) -> None:
    show.title(face, f"{document['dataset']}, version {show.text(document.get('version'))}")
    facts = [("owner", document.get("owner")), ("created", show.moment(document.get("created"))), _image(document)]
    show.pairs(face, [*facts, ("text check", document.get("text_check") or None)])
    show_intake(face, document)
    show.composition(face, document.get("composition") or {})


def _image(document: Document) -> tuple[str, Any]:
    image = (document.get("schema") or {}).get("image")
    if image is None and document.get("quarantined"):
        return ("images", "none accepted yet: all are quarantined")
    if image is None:
        return ("images", "none: a table alone")
    colour = "colour" if image.get("channels") == 3 else "grey"
    return ("images", ", ".join(part for part in (colour, show.text(image.get("modality"))) if part != show.ABSENT))
