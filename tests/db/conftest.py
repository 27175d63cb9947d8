"""A ledger in each kind of store. What only a file can show takes `file_ledger`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import postgres
import pytest
from postgres import Server

from db import place
from db.ledger import Ledger


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One for all tests of this process; started when the first asks for it."""
    made = postgres.start()
    yield made
    made.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place_of_ledger(kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a store can be made; the environment names a database, or none."""
    monkeypatch.delenv(place.VARIABLE, raising=False)
    if kind == "postgresql":
        like = "template0"
        if "ledger" in request.fixturenames:
            like = postgres.database_of(request.getfixturevalue("new_store"))
        monkeypatch.setenv(place.VARIABLE, request.getfixturevalue("server").database(like))
    return tmp_path / "data" / "medsynth.sqlite3"


@pytest.fixture(scope="session")
def new_store(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in a database, to be copied: that is quicker than making one."""
    path = tmp_path_factory.mktemp("new") / "data" / "medsynth.sqlite3"
    postgres.make_store(server, path)
    return path


@pytest.fixture
def ledger(kind: str, place_of_ledger: Path, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    if kind == "sqlite":
        made = place.create_store(place_of_ledger, "development")
    else:
        made = postgres.copy_store(request.getfixturevalue("new_store"), place_of_ledger)
    with made:
        yield made


@pytest.fixture
def file_ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "data" / "medsynth.sqlite3", "development") as made:
        yield made
