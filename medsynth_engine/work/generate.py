"""Draw a cohort: the plan, the rows, an image for every row; then the ledger."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.tables import Cohort
from medsynth_engine.cohort.cells import AGE_BAND
from medsynth_engine.cohort.composition import ROLES, composition
from medsynth_engine.cohort.draw import draw
from medsynth_engine.cohort.learned import demand_learned
from medsynth_engine.cohort.not_drawn import not_drawn
from medsynth_engine.cohort.population import plan
from medsynth_engine.cohort.read import Cohort as CohortFolder
from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.operations.free_names import demand_free_cohort
from medsynth_engine.work.desk import Desk, run
from medsynth_engine.work.drawing_crew import crew_of
from medsynth_engine.work.row_models import row_model

if TYPE_CHECKING:
    from medsynth_engine.gan.sample import Drawer

FEWEST_PRIVATE = 1_000
"""Training patients below which private rows come with a warning."""


def work(desk: Desk) -> dict[str, Any]:
    arguments = desk.arguments
    row, dataset_folder = desk.dataset(arguments["dataset_id"])
    dataset = Dataset(dataset_folder)
    records = dataset.records()
    training = records[records["fold"] == "training"]
    say = desk.progress("records")
    say(0, arguments["n"], "planning")
    generator = _generator(desk)
    drawer = _drawer(desk, generator)
    target = plan(
        training,
        arguments["n"],
        balance=tuple(arguments["balance"]),
        population=arguments["path"] or arguments["population"],
        given=arguments["given"],
        small_cells=arguments["small_cells"],
    )
    if drawer is not None:
        demand_learned(target, drawer.learned)
    of_weights = drawer.rows if drawer is not None else None
    model, about_rows = row_model(desk, row, dataset_folder, dataset.schema(), training, of_weights)
    folder = desk.home.cohorts / arguments["cohort"]
    with desk.ledger.read() as session:
        demand_free_cohort(session, arguments["cohort"])
    if folder.exists():
        shutil.rmtree(folder)  # killed before the ledger knew of it
    open_rows = None if about_rows["learner"] == "dp" else model
    open_images = drawer.learned if drawer is not None and not drawer.info.get("privacy") else None
    missing = not_drawn(records, dataset.schema(), open_rows, open_images)
    n, seed = arguments["n"], arguments["seed"]
    crew = crew_of(desk, drawer, generator)
    document = draw(folder, model, drawer, target, n, seed, say, desk.wanted, about_rows, missing, crew)
    told = {"row_model": about_rows, "warnings": poor_rows(about_rows["learner"], training["patient"].nunique())}
    return _commit(desk, arguments, dataset.schema(), folder, {**document, **told, "asked": _asked(arguments)})


def poor_rows(learner: str, patients: int) -> list[str]:
    """A warning where the noise of private rows drowns what so few patients say (docs/differential_privacy.md)."""
    if learner != "dp" or patients >= FEWEST_PRIVATE:
        return []
    return [f"Private rows of fewer than {FEWEST_PRIVATE:,} training patients are mostly noise: expect poor rows."]


def _asked(arguments: dict[str, Any]) -> dict[str, Any]:
    """How the cohort was asked for; of a population's file or margins only that there were some."""
    by_hand = isinstance(arguments["population"], dict)
    population = "a file" if arguments["path"] else "margins by hand" if by_hand else arguments["population"]
    kept = {name: arguments[name] for name in ("balance", "given", "small_cells", "seed")}
    return {**kept, "population": population}


def _generator(desk: Desk) -> Path | None:
    """The weights file that was asked for; None for rows alone."""
    arguments = desk.arguments
    if arguments.get("weights"):
        return desk.home.weights / f"{arguments['weights']}.pth"
    return desk.home.runs / arguments["run"] / "generator.pth" if arguments.get("run") else None


def _drawer(desk: Desk, path: Path | None) -> Drawer | None:
    """The generator that was trained or imported, and no other file that lies in its place."""
    if path is None:
        return None
    digest = file_digest(path) if path.exists() else None
    if digest != desk.arguments["generator_digest"]:
        raise BadInput("generator_changed", "The generator's file is not the one that the ledger knows.", "Import it.")
    from medsynth_engine.gan.sample import Drawer  # torch, which rows alone never need

    drawer = Drawer(path)
    drawer.info["digest"] = digest
    return drawer


def _commit(
    desk: Desk, arguments: dict[str, Any], schema: dict[str, Any], folder: Path, document: dict[str, Any]
) -> dict[str, Any]:
    drawn = CohortFolder(folder)
    table = drawn.table([AGE_BAND, *(column["name"] for column in schema["columns"] if column.get("role") in ROLES)])
    shown = {**drawn.document(), **document, "composition": composition(table, schema, suppress=False)}
    name, digest = arguments["cohort"], drawn.digest()
    with desk.commit("cohorts.drawn", f"cohort:{name}", n=arguments["n"], digest=digest) as change:
        demand_free_cohort(change.session, name)
        change.session.add(
            Cohort(
                name=name,
                dataset_id=arguments["dataset_id"],
                run_id=arguments["run_id"],
                weights=arguments.get("weights"),
                owner_id=desk.actor.user_id,
                n=arguments["n"],
                folder=folder.name,
                digest=digest,
                document=shown,
            )
        )
    return {**document, "cohort": name, "n": arguments["n"], "path": str(folder)}


if __name__ == "__main__":
    run(work)
