"""A quarantined picture is looked at by a second person where there is one, and nothing of it is lost or forgotten."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

sys.path.insert(0, str(Path(__file__).parent))

from review_store import SECRET, World, run

from db.ledger import Ledger
from db.tables import Dataset, Job, Review
from medsynth_engine.kernel.errors import BadInput, Busy, Denied, NotFound
from medsynth_engine.operations.decisions import lineage, note_applied, waiting

BOX = [10, 20, 60, 14]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Jobs are written down and not run here: what they do is tested where they are made."""
    jobs: list[str] = []
    for module in ("review", "overdue", "checks"):
        monkeypatch.setattr(f"medsynth_engine.operations.{module}.launch", lambda call, job: jobs.append(job))
    return jobs


@pytest.fixture(scope="module")
def one_researcher(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("one") / "home", ("ann",))


@pytest.fixture(scope="module")
def two_researchers(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("two") / "home", ("ann", "ben"))


@pytest.fixture
def alone(one_researcher: World, tmp_path: Path, launched: list[str]) -> World:
    world = one_researcher.copy(tmp_path / "home")
    world.dataset("chest", "ann", {"r1": [BOX], "r2": [], "r3": []}, blind=("r3",))
    return world


@pytest.fixture
def two(two_researchers: World, tmp_path: Path, launched: list[str]) -> World:
    world = two_researchers.copy(tmp_path / "home")
    world.dataset("chest", "ann", {"r1": [BOX], "r2": []})
    return world


@pytest.fixture
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "home" / "data" / "medsynth.sqlite3") as opened:
        yield opened


def jobs(ledger: Ledger) -> list[Job]:
    with ledger.read() as session:
        return list(session.exec(select(Job).order_by(Job.created_at)))  # type: ignore[arg-type]


def test_the_queue_says_what_waits_and_since_when(alone: World) -> None:
    entries = run(alone.of("ann").review_list())
    assert [entry["id"] for entry in entries] == ["r1", "r2", "r3"]
    first = entries[0]
    assert (first["dataset"], first["version"], first["width"], first["height"]) == ("chest", 1, 160, 120)
    assert first["boxes"] == [BOX] and first["decision"] is None and first["waiting_days"] == 0
    assert first["sentence"] == "Its header says that text is burned into the picture."
    assert "read" not in first and SECRET not in str(entries)
    assert run(alone.of("ann").review_list("chest")) == entries


def test_looking_shows_picture_and_text_and_is_logged_without_the_text(alone: World) -> None:
    shown = run(alone.of("ann").review_show("r1", size=40))
    assert shown["read"] == [SECRET]
    assert (shown["picture"]["width"], shown["picture"]["height"]) == (40, 30)
    record = alone.audit()[-1]
    assert (record["action"], record["object"], record["detail"]["record"]) == ("review.show", "dataset:chest", "r1")
    assert SECRET not in str(alone.audit())


def test_the_only_researcher_reviews_herself_and_it_is_marked(alone: World, ledger: Ledger) -> None:
    answer = run(alone.of("ann").review_accept("r2"))
    assert answer["self_reviewed"] and answer["undecided"] == 2 and answer["job"] is None
    record = alone.audit()[-1]
    assert (record["actor"], record["action"]) == ("ann", "review.accept")
    assert record["detail"] == {"record": "r2", "self_reviewed": True}
    with ledger.read() as session:
        assert [(row.decision, row.self_reviewed) for row in session.exec(select(Review))] == [("accept", True)]


def test_the_uploader_is_refused_where_there_is_a_colleague(two: World) -> None:
    for way in (two.of("ann").review_accept("r1"), two.of("ann").review_mask("r1"), two.of("ann").review_reject("r1")):
        with pytest.raises(Denied, match="another researcher") as refused:
            run(way)
        assert refused.value.code == "needs_second_person"
        assert "medsynth datasets share chest" in refused.value.hint
    assert [(r["action"], r["outcome"], r["reason"]) for r in two.audit()[-3:]] == [
        (f"review.{verb}", "denied", "needs_second_person") for verb in ("accept", "mask", "reject")
    ]
    assert [entry["may_decide"] for entry in run(two.of("ann").review_list())] == [False, False]


def test_a_colleague_reviews_what_was_shared_and_nothing_else(two: World, ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        run(two.of("ben").review_show("r1"))
    with pytest.raises(Denied):
        run(two.of("ben").review_accept("chest/r1"))
    assert run(two.of("ben").review_list()) == []
    run(two.of("ann").datasets_share("chest", "ben"))
    assert [entry["may_decide"] for entry in run(two.of("ben").review_list())] == [True, True]
    assert not run(two.of("ben").review_mask("r1"))["self_reviewed"]
    with ledger.read() as session:
        assert [(row.decision, row.boxes) for row in session.exec(select(Review))] == [("mask", [BOX])]


@pytest.mark.parametrize("who", ["root", "eve"])
def test_neither_admin_nor_auditor_looks_or_decides(two: World, who: str) -> None:
    engine = two.of(who)
    ways = (
        engine.review_list(),
        engine.review_show("r1"),
        engine.review_accept("r1"),
        engine.review_mask("r1"),
        engine.review_reject("r1"),
        engine.review_undo("r1"),
        engine.review_apply("chest"),
    )
    for way in ways:
        with pytest.raises(Denied):
            run(way)
    assert run(engine.review_counts("chest"))["held"] == 2  # that it happened, and how often, is oversight's business


def test_the_last_decision_starts_the_job_in_the_same_breath(alone: World, ledger: Ledger, launched: list[str]) -> None:
    ann = alone.of("ann")
    run(ann.review_mask("r1"))
    run(ann.review_accept("r2"))
    assert jobs(ledger) == [] and launched == []
    answer = run(ann.review_reject("r3"))
    assert answer["undecided"] == 0 and launched == [answer["job"]]
    job = jobs(ledger)[0]
    assert (job.kind, job.subject, job.queue) == ("apply_review", "dataset:chest", "dataset:chest")
    assert job.arguments["decisions"] == {
        "r1": {"decision": "mask", "boxes": [BOX]},
        "r2": {"decision": "accept", "boxes": []},
        "r3": {"decision": "reject", "boxes": []},
    }
    assert alone.audit()[-1]["detail"]["job"] == job.id
    with pytest.raises(Busy) as busy:
        run(ann.review_undo("r1"))
    assert busy.value.code == "being_applied"
    with pytest.raises(Busy):
        run(ann.review_apply("chest"))


def test_a_later_decision_replaces_the_earlier_and_can_be_taken_back(alone: World, ledger: Ledger) -> None:
    ann = alone.of("ann")
    run(ann.review_accept("r1"))
    run(ann.review_reject("r1"))
    assert run(ann.review_list())[0]["decision"] == "reject"
    assert run(ann.review_undo("r1"))["decision"] is None
    assert run(ann.review_list())[0]["decision"] is None
    with pytest.raises(BadInput, match="Nothing was decided"):
        run(ann.review_undo("r1"))
    with ledger.read() as session:
        assert len(session.exec(select(Review)).all()) == 3  # nothing is ever deleted


def test_some_decisions_are_applied_when_asked(alone: World, launched: list[str]) -> None:
    ann = alone.of("ann")
    with pytest.raises(BadInput, match="Nothing is decided"):
        run(ann.review_apply("chest"))
    run(ann.review_reject("r1"))
    assert run(ann.review_apply("chest"))["job"] in launched


def test_boxes_lie_in_the_picture_and_there_must_be_some(alone: World) -> None:
    ann = alone.of("ann")
    with pytest.raises(BadInput, match="No text was found"):
        run(ann.review_mask("r2"))
    for box in ([0, 0, 161, 10], [-1, 0, 5, 5], [0, 0, 0, 5], [150, 0, 20, 5], [1, 2, 3], [0, 0, True, 5]):
        with pytest.raises(BadInput, match="160 by 120"):
            run(ann.review_mask("r2", [box]))
    assert run(ann.review_mask("r2", [[0, 0, 160, 120]]))["boxes"] == [[0, 0, 160, 120]]


def test_what_has_no_picture_can_only_be_rejected(alone: World) -> None:
    ann = alone.of("ann")
    assert run(ann.review_show("r3"))["picture"] is None
    for way in (ann.review_accept("r3"), ann.review_mask("r3", [[0, 0, 5, 5]])):
        with pytest.raises(BadInput, match="not kept"):
            run(way)
    assert run(ann.review_reject("r3"))["decision"] == "reject"


def test_a_picture_in_two_datasets_is_named_with_its_dataset(alone: World) -> None:
    alone.dataset("second", "ann", {"r1": [BOX]})
    ann = alone.of("ann")
    with pytest.raises(BadInput, match="Two of your datasets") as refused:
        run(ann.review_accept("r1"))
    assert "chest/r1 or second/r1" in refused.value.hint
    assert run(ann.review_accept("second/r1"))["dataset"] == "second"
    for name in ("r9", "../r1", "chest/../r1", "second/quarantine"):
        with pytest.raises((NotFound, BadInput)):
            run(ann.review_show(name))


def test_a_decision_outlives_the_version_it_was_made_on(alone: World, ledger: Ledger) -> None:
    run(alone.of("ann").review_reject("r1"))
    alone.dataset("chest", "ann", {"r1": [BOX], "r2": [], "r4": []}, version=2)
    assert {entry["id"]: entry["decision"] for entry in run(alone.of("ann").review_list())} == {
        "r1": "reject", "r2": None, "r4": None
    }  # fmt: skip
    with ledger.write() as change:
        second = change.session.exec(select(Dataset).where(Dataset.version == 2)).one()
        note_applied(change.session, second, ["r1"], 3)
        change.record(actor="ann", action="review.applied")
    with ledger.read() as session:
        assert waiting(session, second) == {}  # a picture that comes back after its review waits again
    counted = {"dataset": "chest", "held": 3, "decided": 0, "accepted": 0, "masked": 0, "rejected": 0}
    assert run(alone.of("eve").review_counts("chest")) == {**counted, "self_reviewed": 0, "came_back": 1}
    alone.dataset("chest", "ann", {"r2": []}, version=3)
    counted = {"dataset": "chest", "held": 1, "decided": 0, "accepted": 0, "masked": 0, "rejected": 1}
    assert run(alone.of("eve").review_counts("chest")) == {**counted, "self_reviewed": 1, "came_back": 0}


def test_a_dataset_of_a_name_used_before_inherits_no_decision(alone: World, ledger: Ledger) -> None:
    run(alone.of("ann").review_reject("r1"))
    run(alone.of("ann").datasets_remove("chest"))
    alone.dataset("chest", "ann", {"r1": [BOX]}, version=2)
    with ledger.write() as change:  # the first version of the new one was swept by a text check
        now = change.session.exec(select(Dataset).where(Dataset.name == "chest")).one()
        swept = Dataset(
            name="chest~swept", version=1, owner_id=now.owner_id, state="removed", folder="gone", digest="g",
            created_at=now.created_at - timedelta(milliseconds=1),
        )  # fmt: skip
        change.session.add(swept)
        change.record(actor="ann", action="datasets.text_checked")
    with ledger.read() as session:
        assert [row.name for row in lineage(session, now)] == ["chest", "chest~swept"]
    assert run(alone.of("ann").review_list())[0]["decision"] is None


def test_home_counts_what_waits(two: World) -> None:
    assert run(two.of("ann").home())["reviews"] == [
        {"dataset": "chest", "undecided": 2, "held": 2, "may_decide": False}
    ]
    assert run(two.of("ben").home())["reviews"] == []
    assert run(two.of("root").home())["reviews"] == []


def aged(world: World, days: float) -> None:
    """Let the dataset have been brought in `days` ago."""
    with Ledger.open(world.home / "data" / "medsynth.sqlite3") as opened, opened.write() as change:
        for row in change.session.exec(select(Dataset)):
            row.created_at = datetime.now(UTC) - timedelta(days=days)
            change.session.add(row)
        change.record(actor="system", action="test.age")


def test_what_nobody_decided_in_time_is_rejected_by_itself(alone: World, ledger: Ledger, launched: list[str]) -> None:
    run(alone.of("ann").review_accept("r2"))
    aged(alone, 29.9)
    run(alone.of("ann").home())
    assert launched == []
    aged(alone, 30.1)
    assert run(alone.of("ann").review_list())[0]["waiting_days"] == 30
    run(alone.of("root").home())
    job = jobs(ledger)[0]
    assert launched == [job.id]
    assert {record: each["decision"] for record, each in job.arguments["decisions"].items()} == {
        "r1": "reject", "r2": "accept", "r3": "reject"
    }  # fmt: skip
    assert job.arguments["decisions"]["r1"]["reason"] == "review_expired"
    record = alone.audit()[-1]
    assert (record["actor"], record["action"], record["object"]) == ("system", "review.expired", "dataset:chest")
    assert record["detail"] == {"days": 30, "decisions": 3, "job": job.id, "purged": 2}
    with ledger.read() as session:
        owner = session.exec(select(Dataset)).one().owner_id
    assert job.actor_id == owner  # the work is the owner's, whoever opened the home screen
    run(alone.of("ann").home())
    assert len(jobs(ledger)) == 1


def test_the_time_is_a_setting(alone: World, launched: list[str]) -> None:
    aged(alone, 3)
    run(alone.of("root").settings_set("quarantine_days", "2"))
    run(alone.of("ann").home())
    assert len(launched) == 1


def test_what_is_decided_and_was_not_applied_is_applied_at_the_next_look(
    alone: World, ledger: Ledger, launched: list[str]
) -> None:
    ann = alone.of("ann")
    for record in ("r1", "r2"):
        run(ann.review_reject(record))
    with ledger.write() as change:  # a text check runs while the last one is decided
        owner = change.session.exec(select(Dataset)).one().owner_id
        change.session.add(
            Job(id="check", kind="check_text", actor_id=owner, subject="dataset:chest", queue="dataset:chest",
                arguments_digest="d", expires_at=datetime.now(UTC) + timedelta(1), folder="check", state="running")
        )  # fmt: skip
        change.record(actor="ann", action="job.queue")
    assert run(ann.review_reject("r3"))["job"] is None
    with ledger.write() as change:
        change.session.get_one(Job, "check").state = "finished"
        change.record(actor="ann", action="job.finish")
    run(ann.home())
    assert len(launched) == 1
    assert alone.audit()[-1]["action"] == "review.completed"
    with ledger.write() as change:
        change.session.get_one(Job, launched[0]).state = "failed"
        change.record(actor="ann", action="job.fail")
    run(ann.home())
    assert len(launched) == 1  # what failed is not tried again at every look


def test_a_text_check_that_failed_is_asked_for_again_after_an_hour(
    alone: World, ledger: Ledger, launched: list[str]
) -> None:
    waiting_for_it = alone.dataset("knee", "ann", {}, summary={"text": {"state": "waiting"}})
    with ledger.write() as change:
        owner = change.session.get_one(Dataset, waiting_for_it).owner_id
        change.session.add(
            Job(id="check", kind="check_text", actor_id=owner, subject="dataset:knee", queue="dataset:knee",
                arguments={"dataset_id": waiting_for_it, "burned_in": "mask"}, arguments_digest="d", state="failed",
                expires_at=datetime.now(UTC) + timedelta(1), folder="check")
        )  # fmt: skip
        change.record(actor="ann", action="job.queue")
    run(alone.of("ann").home())
    assert launched == []
    with ledger.write() as change:
        change.session.get_one(Job, "check").created_at = datetime.now(UTC) - timedelta(hours=2)
        change.record(actor="ann", action="job.fail")
    run(alone.of("root").home())
    assert launched == []  # it works in the name of who brought the dataset in
    run(alone.of("ann").home())
    run(alone.of("ann").home())
    assert len(launched) == 1
    again = jobs(ledger)[-1]
    assert (again.kind, again.queue) == ("check_text", "dataset:knee")
    assert again.arguments == {"dataset_id": waiting_for_it, "burned_in": "mask"}
    assert alone.audit()[-1]["action"] == "datasets.check_again"
