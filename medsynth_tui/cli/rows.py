"""`medsynth rules` and `medsynth rows`: what drawn rows must obey, and which learner suits a table."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from medsynth_engine.kernel.errors import NotFound
from medsynth_tui.cli import show
from medsynth_tui.cli.cohorts import Declare, SmallCells
from medsynth_tui.cli.command import command, group
from medsynth_tui.cli.face import Document, Face
from medsynth_tui.cli.options import names, pairs, path

app = group(
    "rows", "The structured half of a cohort.", "medsynth rows plan -n 500 --dataset chest --balance sex,age_band"
)
rules = group("rules", "What every drawn row of a dataset must obey.", "medsynth rules propose chest")
Name = Annotated[str, typer.Argument(metavar="DATASET", help="The dataset's name.")]
Chosen = Annotated[list[str], typer.Argument(metavar="RULE...", help="Ids or names of rules, or all.")]
MEASURES = (
    ("pairwise", "pairs"),
    ("detection_auc", "detected"),
    ("tstr_auc", "AUC"),
    ("close_match", "close"),
    ("membership_auc", "member"),
)


@command(rules, "list", "medsynth rules list chest")
def listed(face: Face, dataset: Name) -> None:
    """The rules of a dataset: those that bind, and those that were proposed."""
    face.give(face.ask(lambda engine: engine.rules_list(dataset)), show_rules)


@command(rules, "propose", "medsynth rules propose chest")
def propose(face: Face, dataset: Name) -> None:
    """Look for rules: known ones that fit the columns, and ones that the real rows never break."""
    face.give(face.work(lambda engine: engine.rules_propose(dataset)), show_proposed)


@command(rules, "confirm", "medsynth rules confirm chest 3fa1c2 88e0b1")
def confirm(face: Face, dataset: Name, chosen: Chosen) -> None:
    """From now on every drawn row obeys these."""
    document = face.ask(lambda engine: engine.rules_confirm(dataset, chosen))
    face.give(document, lambda face, document: show_confirmed(face, document, chosen))


@command(rules, "drop", "medsynth rules drop chest 3fa1c2")
def drop(face: Face, dataset: Name, chosen: Chosen) -> None:
    """Rows need not obey these any more."""
    face.give(face.ask(lambda engine: engine.rules_drop(dataset, chosen)), show_rules)


@command(app, "compare", "medsynth rows compare chest --learners trees,dp --epsilon 3")
def compare(
    face: Face,
    dataset: Name,
    learners: Annotated[
        list[str] | None, typer.Option("--learners", metavar="NAME,...", help="trees, dp, gan; without it all three.")
    ] = None,
    epsilon: Annotated[float, typer.Option("--epsilon", help="Of the private learner.")] = 3.0,
    declare: Declare = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same comparison.")] = 0,
) -> None:
    """The learners of rows side by side on your own table; then choose with generate --rows."""
    document = face.work(
        lambda engine: engine.rows_compare(
            dataset,
            learners=names(learners) or None,
            epsilon=epsilon,
            declare=pairs(declare, "--declare"),
            seed=seed,
        )
    )
    face.give(document, show_compared)


@command(app, "table", "medsynth rows table chest")
def table(face: Face, dataset: Name) -> None:
    """Every column of a dataset's table: what it holds, what is missing, what rows learn of it. Never a row."""
    face.give(_counted(face, dataset, lambda engine: engine.datasets_table(dataset)), show_columns)


@command(app, "beside", "medsynth rows beside c1")
def beside(face: Face, cohort: Annotated[str, typer.Argument(metavar="COHORT", help="The cohort's name.")]) -> None:
    """A cohort's columns beside the real ones: how far apart they are, and what is missing on both sides."""
    dataset = face.ask(lambda engine: engine.cohorts_show(cohort))["dataset"]
    face.give(_counted(face, dataset, lambda engine: engine.cohorts_table(cohort)), show_beside)


@command(app, "margins", "medsynth rows margins chest")
def margins(face: Face, dataset: Name) -> None:
    """What a population can be made of: attributes of few values, with the training data's shares in whole points."""
    face.give(face.ask(lambda engine: engine.population_offered(dataset=dataset)), show_margins)


def _counted(face: Face, dataset: str, question: Callable[[Any], Awaitable[Document]]) -> Document:
    """The answer, after having the table described where nobody had."""
    try:
        return face.ask(question)
    except NotFound as error:
        if error.code != "not_described":
            raise
    face.work(lambda engine: engine.datasets_describe(dataset))
    return face.ask(question)


@command(app, "plan", "medsynth rows plan -n 500 --dataset chest --population town.toml")
def plan(
    face: Face,
    n: Annotated[int, typer.Option("-n", "--number", metavar="N", help="How many records.")],
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="As drawn by this run.")] = None,
    weights: Annotated[str | None, typer.Option("--weights", metavar="NAME", help="As drawn by these weights.")] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", metavar="NAME", help="As rows of this dataset.")] = None,
    balance: Annotated[
        list[str] | None, typer.Option("--balance", metavar="ATTRIBUTE,...", help="As generate.")
    ] = None,
    population: Annotated[Path | None, typer.Option("--population", metavar="FILE", help="As generate.")] = None,
    given: Annotated[list[str] | None, typer.Option("--given", metavar="NAME=VALUE,...", help="As generate.")] = None,
    small_cells: Annotated[SmallCells, typer.Option("--small-cells", help="refuse, or broaden.")] = SmallCells.refuse,
) -> None:
    """What generate would draw: the cells, which are too small, what is assumed. Nothing is drawn."""
    document = face.ask(
        lambda engine: engine.cohorts_plan(
            n,
            run=run,
            weights=weights,
            dataset=dataset,
            balance=names(balance),
            population=path(population),
            given=pairs(given, "--given"),
            small_cells=small_cells.value,
        )
    )
    again = ["medsynth", "rows", "plan", "-n", str(n)]
    sources = (("--run", run), ("--weights", weights), ("--dataset", dataset))
    lists = (("--balance", ",".join(balance or ())), ("--given", ",".join(given or ())))
    for option, value in (*sources, *lists, ("--population", population)):
        again += [option, str(value)] if value else []
    face.give(document, lambda face, plan: show_plan(face, plan, small_cells is SmallCells.refuse, shlex.join(again)))


def show_columns(face: Face, document: Document) -> None:
    show.title(face, f"{document['dataset']}: {_number(document['records'], 'record')}")
    rows = [
        (one["name"], _held(one), one["missing"] or None, "yes" if one["learned"] else "no")
        for one in document["columns"]
    ]
    show.table(face, ("column", "holds", "missing", "learned"), rows, right=(2,))
    kept = [f"{name}: {why}" for name, why in (document.get("not_kept") or {}).items()]
    show.sentences(face, "Not kept", kept)


def _held(column: Document) -> str:
    """The values with their counts, or the middle of a number."""
    if "bins" in column:
        words = [f"{key[1:]} % below {show.number(value)}" for key, value in column["quantiles"].items()]
        return ", ".join(words) or "too few patients to say"
    more = [f"and {column['more']} more"] if column["more"] else []
    return show.text([*(f"{value} {show.text(count)}" for value, count in column["values"].items()), *more])


def show_beside(face: Face, document: Document) -> None:
    show.title(
        face, f"{document['cohort']}: {document['looked_at']:,} drawn records, {document['records']:,} real ones"
    )
    rows = [
        (one["name"], one["difference"], one["synthetic"]["missing"] or None, one["missing"] or None)
        for one in document["columns"]
    ]
    columns = ("column", "apart", "missing here", "missing there")
    show.table(face, columns, rows, right=(1, 2, 3))
    show.sentences(face, "Not drawn", document["columns_not_drawn"])
    show.line(face, "apart: the share of records that would have to change for the two to be alike.")


def show_margins(face: Face, document: Document) -> None:
    show.title(face, document["dataset"])
    rows = [
        (one["name"] if place == 0 else " ", each["value"], "few" if each["points"] is None else f"{each['points']} %")
        for one in document["attributes"]
        for place, each in enumerate(one["values"])
    ]
    show.table(face, ("attribute", "value", "training"), rows, "No column has few enough values.", right=(2,))
    show.hint(face, f"medsynth rows plan -n N --dataset {document['dataset']} --population FILE")


def show_plan(face: Face, document: Document, may_widen: bool, again: str) -> None:
    """The cells; of a refused plan the way out: `again` is this command without its `--small-cells`."""
    cells = document["cells"]
    show.title(face, f"{document['n']:,} records" + ("" if cells else ", as in the training data"))
    rows = [(*one["cell"].values(), one["n"], _ground(one)) for one in cells]
    if cells:
        show.table(face, (*document["attributes"], "records", ""), rows, right=(len(document["attributes"]),))
    show.sentences(face, "Merged", map(show.merger, document["mergers"]))
    show.sentences(face, "Assumed", document["assumed"])
    if document["refused"]:
        show.line(face, f"generate refuses this: {document['refused']['why']}")
        if may_widen:
            show.hint(face, f"{again} --small-cells broaden")
        else:
            show.line(face, "Bring in more patients, or ask for fewer attributes.")


def _ground(cell: Document) -> str | None:
    if cell["small"]:
        return "too small: " + ", ".join(f"{cell[of]} {of}" for of in ("images", "patients") if cell[of])
    return "widened" if cell["merged"] else None


def show_proposed(face: Face, document: Document) -> None:
    if document["rules"]:
        show_rules(face, document)
    if not document.get("found", len(document["rules"])):
        looked = document.get("looked_at")
        rows = "fewer than 11 rows" if looked is None else _number(looked, "row")
        show.line(face, f"Looked at {rows}: no rule held well enough to propose.")


def show_confirmed(face: Face, document: Document, chosen: list[str]) -> None:
    show_rules(face, document)
    bind = [rule for rule in document["rules"] if "all" in chosen or {rule["id"], rule["name"]} & set(chosen)]
    if bind:
        verb = "binds" if len(bind) == 1 else "bind"
        show.line(face, f"{_number(len(bind), 'rule')} {verb} drawn rows from now on:")
    for rule in bind:
        show.line(face, f"{rule['id']}  {rule['sentence']}", indent=2)
    if any(rule.get("origin") == "learned" for rule in bind):
        show.line(face, "What was learned from the table does not bind private rows (generate --rows dp).")


def _number(count: int, of: str) -> str:
    return f"{count:,} {of}{'' if count == 1 else 's'}"


def show_rules(face: Face, document: Document) -> None:
    show.title(face, f"{document['dataset']}: {_number(len(document['rules']), 'rule')}")
    rows = [
        (rule["id"], rule["state"], rule["sentence"], _count(rule["rows"]), _count(rule["broken"]))
        for rule in document["rules"]
    ]
    columns = ("rule", "state", "says", "real rows", "broken")
    empty = f"None. Look for some: medsynth rules propose {document['dataset']}"
    show.table(face, columns, rows, empty, right=(3, 4), whole=(0,))
    if any(rule["state"] == "proposed" for rule in document["rules"]):
        show.hint(face, f"medsynth rules confirm {document['dataset']} RULE...")


def _count(count: int | None) -> Any:
    """A count that is 1 to 10, or from which such a one follows, is not told."""
    return "hidden" if count is None else count


def show_compared(face: Face, document: Document) -> None:
    show.title(face, f"{document['dataset']}: learned from {document['rows']:,} rows, judged on {document['held']:,}")
    found: dict[str, Document] = document["learners"]
    judged = {name: one for name, one in found.items() if "refused" not in one}
    rows = [(name, *(_value(one, key) for key, _ in MEASURES), one["seconds"]) for name, one in judged.items()]
    if judged:
        best = next(iter(judged.values()))
        rows.append(("real rows", *(_control(best, key) for key, _ in MEASURES), None))
    show.table(face, ("rows by", *(label for _, label in MEASURES), "s"), rows, right=tuple(range(1, 7)))
    for name, one in found.items():
        if "refused" in one:
            show.sentences(face, name, [f"{one['refused']['why']} {one['refused']['what_to_do']}"])
    show.line(
        face, "pairs, AUC: higher is better. detected, member: 0.5 is guessing. close: near copies, beside chance."
    )
    show.hint(face, f"medsynth generate COHORT --dataset {document['dataset']} -n N --rows LEARNER")


def _value(one: Document, key: str) -> Any:
    return (one.get(key) or {}).get("value")


def _control(one: Document, key: str) -> Any:
    return (one.get(key) or {}).get("control")
