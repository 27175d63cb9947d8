"""A finished draft for the tests of governance, and a clinic whose people draft and judge."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from governance_clinic import PASSWORDS, Clinic
from governance_people import ALICE, NOW
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Dataset, User
from medsynth_engine.access import passwords
from medsynth_engine.engine import Engine
from medsynth_engine.governance import assessment as document_of
from medsynth_engine.governance.assessment import Subject


@pytest.fixture
def subject() -> Subject:
    return Subject(
        "cohort",
        "c1",
        "c" * 64,
        records=2019,
        patients=55,
        columns=("age", "sex", "ethnicity", "finding"),
        images=True,
        identifiers_removed={"names": 55},
    )


@pytest.fixture
def evaluation() -> dict[str, Any]:
    parts = [
        {"name": "privacy.rows.singling_out", "value": 0.0, "low": -0.03, "high": 0.03},
        {"name": "privacy.rows.membership_auc", "value": 0.05, "low": 0.0, "high": 0.10},
    ]
    reading = {"reading": 0.10, "low": 0.0, "high": 0.10, "band": "guarded", "driver": parts[1]["name"]}
    return {"evidence": [], "gauge": {"data": {**reading, "components": parts}}}


@pytest.fixture
def draft(subject: Subject, evaluation: dict[str, Any]) -> dict[str, Any]:
    return document_of.draft(
        subject,
        "internal",
        {"user_id": ALICE.user_id, "name": ALICE.name},
        NOW,
        evaluation=evaluation,
        evaluation_digest="e" * 64,
    )


@pytest.fixture(scope="session")
def clinic_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A development store with a second admin and alice's dataset."""
    home = tmp_path_factory.mktemp("clinic")
    asyncio.run(Engine(home).init(development=True))
    with Ledger.open(home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        second = User(name="second", role="admin", state="active", password_hash=passwords.hashed(PASSWORDS["second"]))
        change.session.add(second)
        alice = change.session.exec(select(User).where(User.name == "alice")).one()
        summary = {"accepted": 900, "patients": 300, "schema": {"columns": [{"name": "age"}], "image": None}}
        change.session.add(
            Dataset(name="chest", owner_id=alice.id, folder="chest-v1", digest="d" * 64, summary=summary)
        )
        change.record(actor="system", action="test.made")
    return home


@pytest.fixture
async def clinic(clinic_store: Path, tmp_path: Path) -> Clinic:
    home = tmp_path / "home"
    shutil.copytree(clinic_store, home)
    people = {}
    for name, password in PASSWORDS.items():
        people[name] = Engine(home)
        await people[name].login(name, password)
    return Clinic(home, people)
