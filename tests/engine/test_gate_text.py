"""Nothing of a dataset is released before its pictures were searched for burned-in text."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

sys.path.insert(0, str(Path(__file__).parent))

from review_store import World

from db.ledger import Ledger
from db.tables import Cohort, Dataset, Run, Weights
from medsynth_engine.governance.gate import Reason
from medsynth_engine.governance.rules import NEVER_OVERRIDDEN
from medsynth_engine.operations import gatekeeping, subjects

IMAGES: dict[str, Any] = {"schema": {"image": {"channels": 1}}}
SUPERSEDED = {**IMAGES, "text": {"state": "checked", "superseded_by": 2}}
CHECKED = {**IMAGES, "text": {"state": "checked"}}


@pytest.fixture(scope="module")
def one_researcher(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("one") / "home", ("ann",))


@pytest.fixture
def world(one_researcher: World, tmp_path: Path) -> World:
    return one_researcher.copy(tmp_path / "home")


@pytest.fixture
def ledger(world: World) -> Iterator[Ledger]:
    with Ledger.open(world.home / "data" / "medsynth.sqlite3") as opened:
        yield opened


def reasons(ledger: Ledger, subject: str) -> tuple[Reason, ...]:
    with ledger.read() as session:
        judged = gatekeeping.verdict(session, subjects.find(session, subject), "internal", ledger.stamp)
    assert all(reason.what_to_do for reason in judged.reasons)
    return judged.reasons


def codes(ledger: Ledger, subject: str) -> set[str]:
    return {reason.code for reason in reasons(ledger, subject)} & {"text_not_checked", "trained_on_text"}


def generator_and_cohort(ledger: Ledger, dataset_id: str, cohort_dataset_id: str | None = None) -> None:
    """A run and its weights, learned from a version; a cohort drawn from them, judged beside another."""
    with ledger.write() as change:
        owner = change.session.get_one(Dataset, dataset_id).owner_id
        run = Run(name="r1", dataset_id=dataset_id, owner_id=owner, preset="nano32", folder="r1", state="finished")
        change.session.add(run)
        change.session.flush()
        change.session.add(Weights(name="w1", owner_id=owner, digest="w", run_id=run.id, dataset_id=dataset_id))
        change.session.flush()
        change.session.add(
            Cohort(
                name="c1",
                dataset_id=cohort_dataset_id or dataset_id,
                run_id=run.id,
                weights="w1",
                owner_id=owner,
                n=1,
                folder="c1",
                digest="c",
            )
        )
        change.record(actor="ann", action="cohorts.drawn")


@pytest.mark.parametrize(
    ("summary", "closed"),
    [
        pytest.param({**IMAGES, "text": {"state": "waiting"}}, True, id="the check has not run"),
        pytest.param({**IMAGES, "text": {"state": "failed"}}, True, id="the check failed"),
        pytest.param({**IMAGES, "text": {}}, True, id="nothing is known of it"),
        pytest.param(CHECKED, False, id="checked"),
        pytest.param({**IMAGES, "text": {"state": "exempt"}}, False, id="all pictures are small"),
        pytest.param(IMAGES, True, id="brought in by an earlier program"),
        pytest.param({**IMAGES, "readable": 3}, True, id="three are large enough"),
        pytest.param({**IMAGES, "readable": 0}, False, id="none is large enough"),
        pytest.param({"schema": {"image": None}}, False, id="a table alone"),
    ],
)
def test_a_bundle_a_generator_and_a_cohort_wait_for_the_check(
    world: World, ledger: Ledger, summary: dict[str, Any], closed: bool
) -> None:
    generator_and_cohort(ledger, world.dataset("chest", "ann", {}, summary=summary))
    for subject in ("dataset:chest", "generator:w1", "c1"):
        assert codes(ledger, subject) == ({"text_not_checked"} if closed else set())
        assert all("medsynth datasets check chest." in reason.what_to_do for reason in waiting(ledger, subject))


def waiting(ledger: Ledger, subject: str) -> list[Reason]:
    return [reason for reason in reasons(ledger, subject) if reason.code == "text_not_checked"]


def test_what_was_removed_before_its_search_cannot_be_searched_any_more(world: World, ledger: Ledger) -> None:
    generator_and_cohort(ledger, world.dataset("chest", "ann", {}, summary={**IMAGES, "text": {"state": "waiting"}}))
    with ledger.write() as change:
        row = change.session.exec(select(Dataset)).one()
        row.state, row.name = "removed", f"chest~{row.id}"
        change.record(actor="ann", action="datasets.remove")
    (told,) = waiting(ledger, "generator:w1")
    assert "was removed before" in told.why and "chest~" not in told.what_to_do


def test_what_was_trained_before_text_was_found_stays_here(world: World, ledger: Ledger) -> None:
    first = world.dataset("chest", "ann", {}, summary=SUPERSEDED)
    second = world.dataset("chest", "ann", {}, version=2, summary=CHECKED)
    generator_and_cohort(ledger, first, cohort_dataset_id=second)
    assert codes(ledger, "generator:w1") == {"trained_on_text"}
    assert codes(ledger, "c1") == {"trained_on_text"}  # although it is judged beside the newer version
    assert codes(ledger, "dataset:chest") == set()  # the bundle would be of the newer version


def test_it_does_not_matter_that_the_version_was_removed_since(world: World, ledger: Ledger) -> None:
    generator_and_cohort(ledger, world.dataset("chest", "ann", {}, summary=SUPERSEDED))
    with ledger.write() as change:
        row = change.session.exec(select(Dataset)).one()
        row.state, row.name = "removed", f"chest~{row.id}"
        change.record(actor="ann", action="datasets.remove")
    assert codes(ledger, "generator:w1") == {"trained_on_text"}


def test_a_version_that_gave_way_to_a_newer_one_is_not_said_to_wait_for_its_search(
    world: World, ledger: Ledger
) -> None:
    gave_way = {**IMAGES, "text": {"state": "waiting", "superseded_by": 2}}
    first = world.dataset("chest", "ann", {}, summary=gave_way)
    generator_and_cohort(ledger, first)
    world.dataset("chest", "ann", {}, version=2, summary=CHECKED)
    assert codes(ledger, "c1") == {"text_not_checked", "trained_on_text"}  # no vote opens it even so
    (told,) = (reason for reason in reasons(ledger, "c1") if reason.code == "text_not_checked")
    assert "never cleared" in told.why and told.what_to_do.startswith("Train on the newer version")


@pytest.mark.parametrize(("summary", "warned"), [({**IMAGES, "text": {"state": "waiting"}}, 1), (CHECKED, 0)])
def test_who_drafts_an_assessment_before_the_search_has_ended_is_warned(
    world: World, ledger: Ledger, summary: dict[str, Any], warned: int
) -> None:
    generator_and_cohort(ledger, world.dataset("chest", "ann", {}, summary=summary))
    drafted = asyncio.run(world.of("ann").pia_draft("c1"))
    assert len(drafted["warnings"]) == warned and drafted["state"] == "draft"


def test_no_vote_opens_it_for_unread_pictures() -> None:
    assert "text_not_checked" in NEVER_OVERRIDDEN
    assert "trained_on_text" not in NEVER_OVERRIDDEN  # a reading may be wrong: two admins can have looked
