"""A whole store of the first version (revision 0001 of its ledger): what was made then goes on being used now.

`first_store.tar.xz` was made by that program as its users would have: 200 phantom patients brought in, trained on,
drawn from, evaluated, signed, released. Left out is one file, the checkpoint from which its ended training would go on.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from cli_people import PASSWORDS, Person
from PIL import Image
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Dataset, Job
from medsynth_engine.engine import Engine

STORE = Path(__file__).with_name("first_store.tar.xz")


def unpacked(folder: Path) -> Path:
    with tarfile.open(STORE) as archive:
        archive.extractall(folder, filter="tar")
    return folder / "home"


@pytest.fixture(scope="module")
def old_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def people(old_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Person]]:
    """The three of that store, who log in with the passwords that they had."""
    assert revision(old_home) == "0001"
    states = tmp_path_factory.mktemp("people")
    found = {name: Person(old_home, states / name) for name in PASSWORDS}
    for name, person in found.items():
        answer = person.asks("login", name, "--password-stdin", stdin=PASSWORDS[name])
        assert answer.code == 0, answer.out
    assert revision(old_home) > "0001"
    yield found


def revision(home: Path) -> str:
    with closing(sqlite3.connect(home / "data" / "medsynth.sqlite3")) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_everything_that_was_made_is_there_and_the_log_is_whole(people: dict[str, Person]) -> None:
    alice, auditor = people["alice"], people["auditor"]
    dataset = alice.gets("datasets", "show", "chest")
    assert (dataset["accepted"], dataset["version"]) == (200, 1)
    run = alice.gets("runs", "show", "first")
    assert (run["state"], run["kimg"]) == ("finished", 2.0)
    cohorts = {one["cohort"]: one["evaluated"] for one in alice.gets("cohorts", "list")}
    assert cohorts["c1"] and not cohorts["rows1"]
    signed = [one["kind"] for one in alice.gets("pia", "show", "c1")["signatures"]]  # its year may be over
    assert signed == ["submit", "concur", "approve"]
    assert "folder" in {one["format"] for one in alice.gets("releases")}
    verified = auditor.gets("audit", "verify")
    assert verified["ok"] and verified["problems"] == []


def test_its_generator_draws_and_what_was_judged_then_is_still_told(people: dict[str, Person]) -> None:
    alice = people["alice"]
    assert alice.gets("generate", "c2", "--run", "first", "-n", "60", "--seed", "2")["n"] == 60
    assert alice.gets("cohorts", "show", "c1")["gauge"]["data"]["band"]


def test_what_the_first_version_could_not_ask_is_asked_before_more_leaves(people: dict[str, Person]) -> None:
    alice = people["alice"]
    assert "text_not_checked" in reasons(alice)
    assert alice.gets("datasets", "check", "chest")["exempt"] == 200  # pictures of 32 pixels carry no readable text
    assert "text_not_checked" not in reasons(alice)


def reasons(person: Person) -> set[str]:
    """What keeps the gate closed for c1. Reasons that come with the years (an assessment that ran out) may be among."""
    return {reason["code"] for reason in person.gets("gate", "show", "c1")["reasons"]}


def test_its_dataset_grows_and_old_and_new_pictures_are_checked_together(tmp_path: Path) -> None:
    home, more = unpacked(tmp_path), tmp_path / "more"
    more.mkdir()
    rng = np.random.default_rng(1)
    for number in range(2):  # large enough to carry text that can be read
        Image.fromarray(rng.integers(80, 120, (130, 130)).astype(np.uint8)).save(more / f"{number}.png")

    async def grow() -> dict[str, int]:
        alice = Engine(home)
        await alice.login("alice", PASSWORDS["alice"])
        await alice.finish((await alice.datasets_add("chest", str(more), append=True))["job"])
        with Ledger.open(home / "data" / "medsynth.sqlite3") as ledger, ledger.read() as session:
            (check,) = session.exec(select(Job).where(Job.kind == "check_text")).all()
        done: dict[str, int] = await alice.finish(check.id)
        return done

    counts = asyncio.run(grow())
    assert (counts["read"], counts["exempt"]) == (2, 200)
    with Ledger.open(home / "data" / "medsynth.sqlite3") as ledger, ledger.read() as session:
        first, second = session.exec(select(Dataset).order_by(Dataset.version)).all()  # type: ignore[arg-type]
    assert second.summary["text"]["state"] == "checked"
    assert first.summary["text"] == {"state": "checked", "with_version": 2}
