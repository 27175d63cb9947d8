"""Looking at evidence through the engine: who may see real pictures, that it is logged, what is out of date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from review_store import World, run
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Cohort, Dataset, Evaluation, Submission, User
from medsynth_engine.evidence.edition import FORMAT
from medsynth_engine.kernel.errors import BadInput, Busy, Denied, MedSynthError, NotFound
from medsynth_engine.operations.judged import pairs_path

FOUND: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "studio" / "documents" / "evaluation.json").read_text()
)


def picture(path: Path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((40, 40), shade, np.uint8)).save(path)


def cohort(world: World, name: str, dataset_id: str, *, edition: int = FORMAT) -> str:
    """An evaluated cohort of ann's with one picture, and the pair that its evaluation found."""
    with Ledger.open(world.home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        ann = change.session.exec(select(User).where(User.name == "ann")).one()
        row = Cohort(name=name, dataset_id=dataset_id, owner_id=ann.id, n=1, folder=name, digest=f"d-{name}")
        change.session.add(row)
        change.session.flush()
        document = {**FOUND, "format": edition}
        facts = {"cohort_digest": row.digest, "dataset_id": dataset_id, "digest": "e", "actor_id": ann.id}
        change.session.add(Evaluation(cohort_id=row.id, document=document, **facts))
        folder = world.home / "data" / "datasets" / change.session.get_one(Dataset, dataset_id).folder
        change.record(actor="ann", action="cohorts.drawn", object_=f"cohort:{name}")
        identifier = str(row.id)
    picture(world.home / "data" / "cohorts" / name / "images" / "0000000.png", 40)
    picture(folder / "images" / "rabc1.png", 200)
    path = pairs_path(folder, identifier)
    path.parent.mkdir(exist_ok=True)
    pair = {"synthetic": "images/0000000.png", "training": "rabc1", "alike": 0.97, "as_near": 0.01}
    path.write_text(json.dumps({"cohort_digest": f"d-{name}", "pairs": [pair]}))
    return identifier


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("evidence") / "home", ("ann", "ben"))


@pytest.fixture
def world(people: World, tmp_path: Path) -> World:
    made = people.copy(tmp_path / "home")
    dataset = made.dataset("chest", "ann", {})
    cohort(made, "c1", dataset)
    cohort(made, "c2", dataset)
    return made


def test_a_pair_is_both_pictures_and_looking_at_it_is_written_down(world: World) -> None:
    found = run(world.of("ann").cohorts_nearest("c1", count=5, size=16))
    (pair,) = found["pairs"]
    assert (pair["alike"], pair["as_near"], pair["training"]["width"]) == (0.97, 0.01, 16)
    assert pair["synthetic"]["pixels"] != pair["training"]["pixels"]
    last = world.audit()[-1]
    assert (last["action"], last["object"], last["detail"]["images"]) == ("cohorts.nearest", "cohort:c1", 1)


def test_only_who_owns_both_sees_them(world: World) -> None:
    for name in ("ben", "eve", "root"):
        with pytest.raises(Denied):
            run(world.of(name).cohorts_nearest("c1"))
    assert [record["outcome"] for record in world.audit()[-3:]] == ["denied"] * 3


def test_a_dataset_that_was_removed_or_given_away_shows_nothing_more(world: World) -> None:
    with Ledger.open(world.home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        ben = change.session.exec(select(User).where(User.name == "ben")).one()
        dataset = change.session.exec(select(Dataset)).one()
        dataset.owner_id = ben.id
        change.session.add(dataset)
        change.record(actor="ben", action="datasets.given", object_="dataset:chest")
    with pytest.raises(Denied):
        run(world.of("ann").cohorts_nearest("c1"))
    with Ledger.open(world.home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        dataset = change.session.exec(select(Dataset)).one()
        dataset.state = "removed"
        change.session.add(dataset)
        change.record(actor="ben", action="datasets.remove", object_="dataset:chest")
    with pytest.raises(NotFound, match="was removed"):
        run(world.of("ann").cohorts_nearest("c1"))


def test_a_file_that_points_elsewhere_shows_no_picture(world: World) -> None:
    (path,) = (world.home / "data" / "datasets").glob(f"*/nearest/{identifier(world, 'c1')}.json")
    pairs = json.loads(path.read_text())
    pairs["pairs"][0] |= {"synthetic": "../../pseudonym.key", "training": "../../../secret"}
    path.write_text(json.dumps(pairs))
    (pair,) = run(world.of("ann").cohorts_nearest("c1"))["pairs"]
    assert pair["synthetic"] is pair["training"] is None


def identifier(world: World, name: str) -> str:
    with Ledger.open(world.home / "data" / "medsynth.sqlite3") as ledger, ledger.read() as session:
        return str(session.exec(select(Cohort.id).where(Cohort.name == name)).one())


def test_removing_a_cohort_takes_its_pairs_along(world: World) -> None:
    (path,) = (world.home / "data" / "datasets").glob(f"*/nearest/{identifier(world, 'c1')}.json")
    run(world.of("ann").cohorts_remove("c1"))
    assert not path.exists()
    with pytest.raises(NotFound):
        run(world.of("ann").cohorts_nearest("c1"))


def test_cohorts_are_compared_by_who_may_read_them_two_to_four_at_a_time(world: World) -> None:
    for name in ("ann", "eve"):
        found = run(world.of(name).cohorts_compare(["c1", "c2"]))
        assert [one["cohort"] for one in found["cohorts"]] == ["c1", "c2"]
        assert not any(measure["worse"] for measure in found["measures"])
    for names in (["c1"], ["c1", "c1"], ["c1", "c2", "c3", "c4", "c5"]):
        with pytest.raises(BadInput, match="2 to 4"):
            run(world.of("ann").cohorts_compare(names))
    with pytest.raises(Denied):
        run(world.of("ben").cohorts_compare(["c1", "c2"]))


def test_an_evaluation_of_an_older_dataset_or_edition_says_so(world: World) -> None:
    ann = world.of("ann")
    assert run(ann.evaluation_show("c1"))["outdated"] == []
    second = world.dataset("chest", "ann", {}, version=2)
    (why,) = run(ann.evaluation_show("c1"))["outdated"]
    assert "has a version 2 by now" in why
    assert run(ann.cohorts_show("c1"))["outdated"] == [why]
    cohort(world, "c3", second, edition=FORMAT - 1)
    assert "earlier release" in run(ann.evaluation_show("c3"))["outdated"][0]
    notes = " ".join(run(ann.cohorts_compare(["c1", "c3"]))["notes"])
    assert "different datasets or versions" in notes
    assert "c1 is out of date" in notes


def test_the_budget_of_evaluations_goes_with_the_patients_and_not_with_the_name(world: World) -> None:
    run(world.of("root").settings_set("evaluations_per_dataset", "2"))
    again, other = world.dataset("thorax", "ann", {}), world.dataset("skin", "ann", {})
    with Ledger.open(world.home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        first = change.session.exec(select(Dataset).where(Dataset.name == "chest")).one()
        first.state, first.name = "removed", f"chest~{first.id}"
        change.session.add(first)
        handed_in = {first.id: range(30), again: range(20, 60), other: range(100, 140)}
        for dataset_id, files in handed_in.items():
            for ordinal, file in enumerate(files):
                row = {"dataset_id": dataset_id, "ordinal": ordinal, "outcome": "accepted", "source_digest": f"k{file}"}
                change.session.add(Submission(**row))
        change.record(actor="ann", action="datasets.removed", object_="dataset:chest")
    for name, dataset_id in (("c3", again), ("c4", other)):
        cohort(world, name, dataset_id, edition=FORMAT - 1)  # evaluated long ago: it would have to be done again
    with pytest.raises(Busy, match="has had its 2 evaluations"):
        run(world.of("ann").evaluate("c3"))
    ann = world.of("ann")
    job = run(ann.evaluate("c4"))["job"]
    with pytest.raises(MedSynthError):
        run(ann.finish(job))  # the budget let it through; its folder is made up
