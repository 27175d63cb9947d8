"""A connection that somebody's key opened is that person's: by it nobody else logs in, and no other store begins."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from db import chain
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.errors import Denied
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import remains


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    asyncio.run(Engine(tmp_path / "home").init(development=True))
    monkeypatch.setenv("MEDSYNTH_USER", "alice")
    return Engine(tmp_path / "home", face="studio")


def newest(engine: Engine) -> Any:
    with engine.ledger().read() as session:
        return chain.page(session, limit=1)[0]


def test_its_holder_logs_in_as_ever(engine: Engine) -> None:
    assert asyncio.run(engine.login(" Alice ", "password123"))["name"] == "alice"
    with pytest.raises(Denied) as wrong:
        asyncio.run(engine.login("alice", "not the password"))
    assert wrong.value.code == "login_failed"


def test_nobody_else_does_whatever_they_know_and_the_log_says_whose_key_it_was(engine: Engine) -> None:
    with pytest.raises(Denied) as refused:
        asyncio.run(engine.login("admin", "admin123"))
    assert refused.value.code == "other_key" and "alice alone" in refused.value.message
    record = newest(engine)
    assert (record.actor, record.action, record.outcome, record.reason) == ("alice", "session.denied", "denied", "key")
    with pytest.raises(Denied):
        asyncio.run(engine.activate("bob", "CODE", "velvet turbine oxbow 81"))
    with pytest.raises(Denied):
        asyncio.run(engine.login("my secret passphrase", "x"))
    assert "passphrase" not in newest(engine).object + newest(engine).detail
    assert asyncio.run(engine.login("alice", "password123"))["failures_before"] == 3  # the holder is told


def test_where_the_store_is_not_mounted_nobody_begins_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDSYNTH_USER", "alice")
    with pytest.raises(Denied):
        asyncio.run(Engine(tmp_path / "empty").init(admin="alice"))
    assert not (tmp_path / "empty").exists()


def test_what_leaves_a_server_lies_in_its_outbox_and_a_bundle_there_goes_with_its_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    assert home.outbox == home.generated
    monkeypatch.setenv("MEDSYNTH_OUTBOX", str(tmp_path / "out"))
    assert home.outbox == tmp_path / "out" and home.outbox.stat().st_mode & 0o077 == 0
    for folder in (home.generated, home.outbox):
        (folder / "bundle.zip").write_text(f"images in {folder.name}")
    (home.outbox / "other.zip").write_text("somebody else's")
    digests = {file_digest(folder / "bundle.zip") for folder in (home.generated, home.outbox)}
    found = remains.bundles_here(home, digests)
    assert sorted(found) == sorted([home.generated / "bundle.zip", home.outbox / "bundle.zip"])
