"""`medsynth generate`, `evaluate` and `cohorts`: synthetic records, and the evidence about them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medsynth_engine.kernel.errors import WrongUsage
from medsynth_tui.cli import show, told
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.evidence import show_comparison, show_evaluation, show_gauge
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.options import names, pairs, path

app = group(
    "cohorts",
    "Synthetic records: each an image and its row.",
    "medsynth cohorts list",
    "medsynth cohorts compare c1 c2",
)
Declare = Annotated[
    list[str] | None,
    typer.Option(
        "--declare",
        metavar="COLUMN=WHAT,...",
        help="For private rows: bounds or values that do not come from the data: low..high, low..high/step, a|b|c, "
        "schema (the listed values are public), or drop.",
    ),
]
Cohort = Annotated[str, typer.Argument(metavar="COHORT", help="The cohort's name.")]


class SmallCells(StrEnum):
    refuse = "refuse"
    broaden = "broaden"


class Rows(StrEnum):
    trees = "trees"
    dp = "dp"
    gan = "gan"


def attach(root: typer.Typer) -> None:
    """Declare `generate` and `evaluate` in `root`."""

    @command(
        root,
        "generate",
        "medsynth generate c1 --run chest-1 -n 500 --balance sex,age_band",
        "# The mix of a population; and women over 80 alone",
        "medsynth generate c2 --run chest-1 -n 500 --population town.toml",
        "medsynth generate c3 --run chest-1 -n 200 --given sex=F,age_band=80+",
        "# Rows alone, with differential privacy",
        "medsynth generate c4 --dataset chest -n 5000 --rows dp --epsilon 3 --declare '*=schema'",
        "# Forty jobs of a cluster (docs/cluster.md)",
        "medsynth generate big --run chest-1 -n 1000000 --cluster slurm --processes 40",
    )
    def generate(
        face: Face,
        cohort: Cohort,
        n: Annotated[int, typer.Option("-n", "--number", metavar="N", help="How many records.")],
        run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="Draw from this run's generator.")] = None,
        weights: Annotated[
            str | None, typer.Option("--weights", metavar="NAME", help="Draw from these weights.")
        ] = None,
        dataset: Annotated[
            str | None, typer.Option("--dataset", metavar="NAME", help="Rows alone, learned from this dataset.")
        ] = None,
        balance: Annotated[
            list[str] | None,
            typer.Option("--balance", metavar="ATTRIBUTE,...", help="Every combination of these equally often."),
        ] = None,
        population: Annotated[
            Path | None, typer.Option("--population", metavar="FILE", help="The mix of this population (TOML).")
        ] = None,
        given: Annotated[
            list[str] | None, typer.Option("--given", metavar="NAME=VALUE,...", help="Only records like this.")
        ] = None,
        small_cells: Annotated[
            SmallCells, typer.Option("--small-cells", help="refuse, or broaden: merge what too few patients carry.")
        ] = SmallCells.refuse,
        seed: Annotated[int, typer.Option("--seed", help="Same seed, same cohort.")] = 0,
        rows: Annotated[
            Rows,
            typer.Option("--rows", help="What learns the rows: trees, dp (differentially private), gan (5,000 rows)."),
        ] = Rows.trees,
        epsilon: Annotated[
            float | None, typer.Option("--epsilon", help="Of --rows dp: smaller is more private. Without it 3.")
        ] = None,
        declare: Declare = None,
        processes: Annotated[
            int, typer.Option("--processes", metavar="N", help="Draw the images with N processes: the same bytes.")
        ] = 1,
        cluster: Annotated[
            str | None, typer.Option("--cluster", metavar="NAME", help="Draw them with N jobs of this cluster.")
        ] = None,
    ) -> None:
        """Draw a synthetic cohort.

        Rows first, then an image for every row.
        """
        if (run, weights, dataset).count(None) != 2:
            raise WrongUsage("which_source", "Name one source.", "--run RUN, --weights NAME or --dataset NAME.")
        document = face.work(
            lambda engine: engine.generate(
                cohort,
                n,
                run=run,
                weights=weights,
                dataset=dataset,
                balance=names(balance),
                population=path(population),
                given=pairs(given, "--given"),
                small_cells=small_cells.value,
                seed=seed,
                rows=rows.value,
                epsilon=epsilon,
                declare=pairs(declare, "--declare"),
                processes=processes,
                cluster=cluster,
            )
        )
        face.give(document, show_generated)

    @command(
        root,
        "evaluate",
        "medsynth evaluate c1",
        "# Every number with its interval, control and method",
        "medsynth evaluate c1 --json > evidence.json",
    )
    def evaluate(face: Face, cohort: Cohort) -> None:
        """Judge a cohort: fidelity, privacy, bias, utility."""
        face.give(face.work(lambda engine: engine.evaluate(cohort)), show_evaluation)

    @command(root, "report", "medsynth report c1")
    def report(face: Face, cohort: Cohort) -> None:
        """Write the evidence as one HTML file."""
        document = face.work(lambda engine: engine.report(cohort))
        face.give(document, lambda face, made: show.pairs(face, [("report", made["path"])]))


@command(app, "list", "medsynth cohorts list")
def cohorts(face: Face) -> None:
    """The cohorts that you may see, the newest first."""
    face.give(face.ask(lambda engine: engine.cohorts_list()), show_cohorts)


@command(app, "show", "medsynth cohorts show c1")
def one(face: Face, cohort: Cohort) -> None:
    """What a cohort holds and how it was drawn."""
    face.give(face.ask(lambda engine: engine.cohorts_show(cohort)), show_cohort)


@command(app, "import", "medsynth cohorts import other-tool ~/made/by-another --dataset chest")
def take_over(
    face: Face,
    cohort: Cohort,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="metadata.csv, one row a record, and the images that it names.")
    ],
    dataset: Annotated[
        str, typer.Option("--dataset", metavar="DATASET", help="What it says it was made from: judged against that.")
    ],
) -> None:
    """Take over a cohort that another tool made, to judge it."""
    document = face.work(lambda engine: engine.cohorts_import(cohort, str(path(folder)), dataset))
    face.give(document, show_imported)


@command(app, "compare", "medsynth cohorts compare c1 c2")
def side_by_side(
    face: Face, cohort: Annotated[list[str], typer.Argument(metavar="COHORT...", help="Two to four cohorts.")]
) -> None:
    """Evaluated cohorts side by side: a difference is called only where intervals do not overlap."""
    face.give(face.ask(lambda engine: engine.cohorts_compare(cohort)), show_comparison)


@command(app, "remove", "medsynth cohorts remove c1")
def remove(face: Face, cohort: Cohort) -> None:
    """Remove a cohort; lists what remains elsewhere."""
    face.give(face.ask(lambda engine: engine.cohorts_remove(cohort)), show.removal)


def show_generated(face: Face, document: Document) -> None:
    show.title(face, f"{document['cohort']}: {show.text(document['n'])} records")
    speed = document.get("images_per_second")
    show.pairs(
        face,
        [
            ("time", f"{show.number(document['seconds'])} s"),
            ("speed", f"{speed:,.0f} images/s" if speed else None),
            ("folder", document["path"]),
        ],
    )
    told.show_told(face, document)
    show.sentences(face, "Assumed", [show.text(assumed) for assumed in document.get("assumed") or []])
    show.hint(face, f"medsynth evaluate {document['cohort']}")


def show_imported(face: Face, document: Document) -> None:
    show.title(face, f"{document['cohort']}: {show.text(document['n'])} records of another tool")
    left_out = ", ".join(document.get("left_out") or [])
    show.pairs(face, [("images", "yes" if document["images"] else "no"), ("columns left out", left_out or None)])
    show.sentences(face, "Note", [show.text(said) for said in document.get("warnings") or []])
    show.hint(face, f"medsynth evaluate {document['cohort']}")


def show_cohorts(face: Face, found: list[Document]) -> None:
    rows = [
        (
            f"{one['cohort']}{' SIMULATED' if one.get('simulated') else ''}",
            one.get("dataset"),
            one.get("run") or one.get("weights"),
            one["n"],
            one.get("evaluated"),
            show.moment(one.get("created")),
        )
        for one in found
    ]
    columns = ("cohort", "dataset", "drawn from", "records", "evaluated", "created")
    show.table(face, columns, rows, "No cohorts yet: medsynth generate COHORT --run RUN -n N", right=(3,))


def show_cohort(face: Face, document: Document) -> None:
    show.title(face, f"{document['cohort']}{': SIMULATED' if document.get('simulated') else ''}")
    show.pairs(
        face,
        [
            ("records", document["n"]),
            ("dataset", document.get("dataset")),
            ("run", document.get("run")),
            ("weights", document.get("weights")),
            ("created", show.moment(document.get("created"))),
            *told.drawn_how(document),
            ("digest", document.get("digest")),
            ("folder", document.get("path")),
        ],
    )
    show.composition(face, document.get("composition") or {})
    told.show_told(face, document)
    show.sentences(face, "Assumed", [show.text(assumed) for assumed in document.get("assumed") or []])
    if document.get("gauge"):
        show_gauge(face, document["gauge"])
    else:
        show.hint(face, f"medsynth evaluate {document['cohort']}")
