"""No report lies in the folder of what leaves without a record of it, wherever its job is cut short."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from db.dialect import run
from db.ledger import Ledger
from db.tables import Cohort, Dataset, Evaluation, User
from medsynth_engine.cohort.read import Cohort as CohortFolder
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.operations import evidence
from medsynth_engine.work import report
from medsynth_engine.work.desk import Desk

FOUND = json.loads((Path(__file__).resolve().parents[1] / "studio" / "documents" / "evaluation.json").read_text())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A job that is about to write the report on an evaluated cohort of rows alone."""
    engine = Engine(tmp_path / "home")
    asyncio.run(engine.init(development=True))
    asyncio.run(engine.login("alice", "password123"))
    home = engine.home_folder
    folder = home.cohorts / "c1"
    folder.mkdir()
    (folder / "metadata.csv").write_text("sex\nF\nM\n")
    digest = CohortFolder(folder).digest()
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:
        alice = change.session.exec(select(User).where(User.name == "alice")).one().id
        change.session.add(Dataset(id="d", name="chest", owner_id=alice, folder="chest-v1", digest="d" * 64))
        change.session.flush()
        change.session.add(Cohort(id="c", name="c1", dataset_id="d", owner_id=alice, n=2, folder="c1", digest=digest))
        change.session.flush()
        about: dict[str, Any] = {"cohort_id": "c", "cohort_digest": digest, "dataset_id": "d", "digest": "e"}
        change.session.add(Evaluation(document=FOUND, actor_id=alice, **about))
        change.record(actor="alice", action="test.rows")
    monkeypatch.setenv("MEDSYNTH_HOME", str(home.root))
    monkeypatch.setattr(evidence, "launch", lambda call, job: None)
    return Desk(JobFolder(home.jobs / asyncio.run(engine.report("c1"))["job"]))


def recorded(desk: Desk) -> list[tuple[str, str]]:
    """What the log says of reports, as another process sees it: the outcome, and the page's digest."""
    with Ledger.open(desk.home.ledger) as ledger, ledger.read() as session:
        said = run(session.connection(), "SELECT outcome, detail FROM audit WHERE action = 'cohorts.reported'", ())
        return [(outcome, json.loads(detail)["digest"]) for outcome, detail in said]


def test_a_report_is_on_record_before_it_is_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, write = [], report.write_text

    def watched(path: Path, page: str) -> str:
        seen.extend(recorded(desk))
        return write(path, page)

    monkeypatch.setattr(report, "write_text", watched)
    made = report.work(desk)
    assert seen == recorded(desk) == [("done", made["digest"])]
    assert [str(path) for path in desk.home.generated.glob("report-c1-*.html")] == [made["path"]]


def test_of_a_report_that_could_not_be_written_the_log_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, page: str) -> str:
        raise OSError("the disk is full")

    monkeypatch.setattr(report, "write_text", full)
    with pytest.raises(OSError, match="full"):
        report.work(desk)
    assert [outcome for outcome, _ in recorded(desk)] == ["done", "failed"]
