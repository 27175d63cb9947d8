"""Who uses the disk: names for whoever may see them, sizes as the file system counts, removal by whom it is allowed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Cohort, Dataset, DatasetShare, Release, Run, User, Weights
from medsynth_engine.access import passwords
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import Denied
from medsynth_engine.operations.disk import OPERATIONS, taken
from medsynth_tui.cli.disk import show_disk
from medsynth_tui.cli.face import Face, Manner

PASSWORDS = {"alice": "password123", "bob": "bobs-own-words-1", "admin": "admin123", "auditor": "auditor123"}
KILOBYTE = 1024


def fill(folder: Path, kilobytes: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "file").write_bytes(os.urandom(kilobytes * KILOBYTE))


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    """alice: a dataset in two versions, a run, a cohort, a generator, an export; bob: a dataset that alice sees."""
    await Engine(tmp_path).init(development=True)
    data = tmp_path / "data"
    with Ledger.open(data / "medsynth.sqlite3") as ledger, ledger.write() as change:
        session = change.session
        alice = session.exec(select(User).where(User.name == "alice")).one().id
        bob = User(name="bob", role="researcher", state="active", password_hash=passwords.hashed(PASSWORDS["bob"]))
        session.add(bob)
        session.flush()
        for version in (1, 2):
            folder = f"chest-v{version}"
            dataset = Dataset(name="chest", version=version, owner_id=alice, folder=folder, digest="d" * 64)
            session.add(dataset)
            fill(data / "datasets" / folder, 64)
        shared = Dataset(name="knees", owner_id=bob.id, folder="knees-v1", digest="d" * 64)
        session.add_all([shared, Dataset(name="secret-study", owner_id=bob.id, folder="s-v1", digest="d" * 64)])
        session.flush()
        session.add(DatasetShare(dataset_id=shared.id, user_id=alice, shared_by=bob.id))
        session.add(
            Run(name="first", dataset_id=dataset.id, owner_id=alice, preset="n", folder="first", state="stopped")
        )
        session.add(Cohort(name="drawn", dataset_id=dataset.id, owner_id=alice, n=3, folder="drawn", digest="c" * 64))
        session.add(Weights(name="first", owner_id=alice, digest="e" * 64))
        session.add(
            Release(
                subject_kind="cohort", subject_name="drawn", audience="internal", format="folder", path="drawn-out",
                digest="f" * 64, actor_id=alice,
            )
        )  # fmt: skip
        change.record(actor="system", action="test.made")
    for folder, kilobytes in (("knees-v1", 32), ("s-v1", 32)):
        fill(data / "datasets" / folder, kilobytes)
    fill(data / "runs" / "first", 256)
    fill(data / "cohorts" / "drawn", 16)
    fill(tmp_path / "generated" / "drawn-out", 16)
    (tmp_path / "generated" / "monday.backup").write_bytes(b"age-encryption.org/v1\n" + bytes(9_000))
    (tmp_path / "weights").mkdir(exist_ok=True)
    (tmp_path / "weights" / "first.pth").write_bytes(bytes(9_000))
    return tmp_path


async def disk_of(home: Path, person: str) -> tuple[Engine, dict[str, Any]]:
    engine = Engine(home)
    await engine.login(person, PASSWORDS[person])
    return engine, await engine.disk()


async def test_a_researcher_sees_own_and_shared_things_by_name_and_of_others_only_how_much(home: Path) -> None:
    engine, found = await disk_of(home, "alice")
    engine.close()
    shown = {(each["kind"], each["name"]): each for each in found["things"]}
    assert set(shown) == {
        ("dataset", "chest"), ("dataset", "knees"), ("run", "first"), ("cohort", "drawn"), ("generator", "first"),
        ("export", "drawn-out"),
    }  # fmt: skip
    assert shown["dataset", "chest"]["bytes"] >= 128 * KILOBYTE
    assert (found["things"][0]["kind"], found["things"][0]["name"]) == ("run", "first")
    assert "secret-study" not in str(found)
    removable = {name for name, each in shown.items() if each["remove"]}
    assert removable == {("dataset", "chest"), ("run", "first"), ("cohort", "drawn")}
    assert {each["owner"] for each in found["owners"]} == {"alice", ""}
    kinds = {each["kind"]: each["bytes"] for each in found["kinds"]}
    assert kinds["dataset"] >= 192 * KILOBYTE
    assert kinds["ledger"] > 0 == kinds["database"]
    assert found["used"] == sum(kinds.values())
    assert 0 < found["free"] <= found["total"]


async def test_who_maintains_the_store_sees_everything_and_removes_nothing_of_others(home: Path) -> None:
    engine, found = await disk_of(home, "admin")
    names = {(each["kind"], each["name"]) for each in found["things"]}
    assert {("dataset", "secret-study"), ("backup", "monday.backup")} <= names
    assert not any(each["remove"] for each in found["things"])
    assert {"alice", "bob"} <= {each["owner"] for each in found["owners"]}
    with pytest.raises(Denied):
        await engine.datasets_remove("secret-study")
    engine.close()


async def test_an_auditor_sees_how_much_and_no_name(home: Path) -> None:
    engine, found = await disk_of(home, "auditor")
    engine.close()
    assert found["things"] == []
    assert [each["owner"] for each in found["owners"]] == [""]
    assert "chest" not in str(found)


async def test_what_is_offered_for_removal_goes_and_its_room_with_it(home: Path) -> None:
    engine, before = await disk_of(home, "alice")
    for each in before["things"]:
        if each["remove"]:
            await getattr(engine, each["remove"])(each["name"])
    after = await engine.disk()
    assert not [each for each in after["things"] if each["remove"]]
    assert after["used"] < before["used"] - 256 * KILOBYTE
    actions = {record["action"] for record in (await engine.audit_list(limit=20))["records"]}
    assert {"datasets.remove", "runs.remove", "cohorts.remove"} <= actions
    engine.close()


async def test_what_lies_in_the_outbox_of_a_server_counts_too(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = tmp_path_factory.mktemp("released")
    monkeypatch.setenv("MEDSYNTH_OUTBOX", str(outbox))
    fill(outbox / "release-1", 512)
    engine = Engine(home)
    await engine.login("admin", PASSWORDS["admin"])
    exports = {each["name"]: each for each in (await engine.disk())["things"] if each["kind"] == "export"}
    assert exports["release-1"]["bytes"] >= 512 * KILOBYTE and "drawn-out" in exports


def test_what_removes_is_an_operation() -> None:
    assert all(hasattr(getattr(Engine, name), "declaration") for name in OPERATIONS.values())


def test_a_file_with_two_names_counts_once_and_a_link_leads_nowhere(tmp_path: Path) -> None:
    fill(tmp_path / "a", 64)
    fill(tmp_path / "outside", 256)
    alone = taken(tmp_path / "a")
    os.link(tmp_path / "a" / "file", tmp_path / "a" / "again")
    (tmp_path / "a" / "link").symlink_to(tmp_path / "outside")
    assert 64 * KILOBYTE <= alone <= taken(tmp_path / "a") < alone + 64 * KILOBYTE
    assert taken(tmp_path / "not-there") == 0


async def test_the_command_line_tells_the_same(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = await disk_of(home, "alice")
    face = Face(Manner(home=home))
    face.out = Console(width=80, highlight=False)
    show_disk(face, found)
    said = capsys.readouterr().out
    assert "medsynth datasets remove NAME" in said
    assert "drawn-out" in said
    assert "secret-study" not in said
    assert max(map(len, said.splitlines())) <= 80


async def test_unfinished_work_says_of_what_it_is_and_what_to_do(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, found = await disk_of(home, "auditor")
    assert found["unfinished"] == []
    show_disk(Face(Manner(plain=True)), found)
    assert "Unfinished" not in capsys.readouterr().out
    fill(home / "data" / "datasets" / ".staging-chest-v3", 64)
    (home / "data" / "runs" / ".partial-0123456789ab-state.json").write_bytes(bytes(9_000))
    found = await before.disk()
    before.close()
    told = {each["of"]: each["bytes"] for each in found["unfinished"]}
    assert set(told) == {"dataset", "run"} and told["dataset"] >= 64 * KILOBYTE
    assert {each["kind"]: each["bytes"] for each in found["kinds"]}["unfinished"] == sum(told.values())
    show_disk(Face(Manner(plain=True)), found)
    said = " ".join(capsys.readouterr().out.split())
    assert "kB of runs. It is under way or was broken off." in said and "medsynth doctor tells an admin" in said
