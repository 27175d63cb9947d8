"""Lists as tables: for whom the list itself is, in a new file outside the store, with a record that tells no row."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Cohort, Dataset, Evaluation, User
from medsynth_engine.access.roles import permitted
from medsynth_engine.engine import Engine, operations
from medsynth_engine.kernel.errors import BadInput, Denied, NoRoom, NotFound
from medsynth_engine.kernel.escape import csv_row
from medsynth_engine.operations import places
from medsynth_engine.operations.lists import LISTS, _chosen

ROLES = {"alice": "researcher", "admin": "admin", "auditor": "auditor"}
PASSWORDS = {"alice": "password123", "admin": "admin123", "auditor": "auditor123"}
MEASURE = {
    "name": "privacy.k_map", "value": 3.0, "low": None, "high": None, "control": None, "n": 7, "direction": "higher",
    "adversary": "insider", "reads_as": "The smallest group has 3.", "method": "Sweeney 2002",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """alice: a dataset and a cohort with an evaluation that found a small group; the admin: a cohort."""
    home = tmp_path_factory.mktemp("lists")
    asyncio.run(Engine(home).init(development=True))
    with Ledger.open(home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
        session = change.session
        people = {user.name: user.id for user in session.exec(select(User))}
        counts = {"patients": 57, "train": 41, "validation": 6, "holdout": 13, "quarantined": 0}
        dataset = Dataset(name="chest", owner_id=people["alice"], folder="chest-v1", digest="d" * 64, summary=counts)
        session.add(dataset)
        session.flush()
        for name, owner in (("c1", "alice"), ("c2", "admin")):
            cohort = Cohort(name=name, dataset_id=dataset.id, owner_id=people[owner], n=3, folder=name, digest="c" * 64)
            session.add(cohort)
            session.flush()
            if owner == "alice":
                document = {"evidence": [MEASURE], "sizes": {}, "gauge": {"data": {"band": "low"}}}
                whose = {"cohort_id": cohort.id, "dataset_id": dataset.id, "actor_id": people["alice"]}
                session.add(Evaluation(**whose, cohort_digest="c" * 64, document=document, digest="e" * 64))
        change.record(actor="system", action="test.made")
    return home


@pytest.fixture(scope="module")
def engines(home: Path) -> dict[str, Engine]:
    engines = {name: Engine(home) for name in ROLES}
    for name, engine in engines.items():
        asyncio.run(engine.login(name, PASSWORDS[name]))
    return engines


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


async def newest(engine: Engine, action: str = "lists.export") -> dict[str, Any]:
    record: dict[str, Any] = (await engine.audit_list(action=action, limit=1))["records"][0]
    return record


@pytest.mark.parametrize("person", ROLES)
async def test_a_list_is_written_for_whom_the_list_itself_is_and_for_nobody_else(
    engines: dict[str, Engine], tmp_path: Path, person: str
) -> None:
    engine = engines[person]
    for name, listed in LISTS.items():
        target = tmp_path / f"{name}.csv"
        of = "c1" if listed.of else None
        if permitted(ROLES[person], operations()[listed.method].permission):
            done = await engine.lists_export(name, str(target), of)
            answer = await getattr(engine, listed.method)(*([of] if of else []))
            assert done["rows"] == len(read(target)) == len(listed.rows(answer))
        else:
            with pytest.raises(Denied, match="you may not do this"):
                await engine.lists_export(name, str(target), of)
            assert not target.exists()
            told = await newest(engine)
            assert (told["object"], told["outcome"], told["reason"]) == (name, "denied", "not_permitted")


def test_no_list_is_behind_a_door_that_wants_the_password_anew() -> None:
    """Writing one asks the list's permission alone."""
    assert not [name for name, listed in LISTS.items() if operations()[listed.method].fresh]


async def test_somebody_elses_rows_are_not_in_it(engines: dict[str, Engine], tmp_path: Path) -> None:
    for person, cohorts in (("alice", ["c1"]), ("admin", ["c1", "c2"])):
        await engines[person].lists_export("cohorts", str(tmp_path / f"{person}.csv"))
        assert sorted(row["cohort"] for row in read(tmp_path / f"{person}.csv")) == cohorts
    with pytest.raises((Denied, NotFound)):
        await engines["alice"].lists_export("evidence", str(tmp_path / "other.csv"), "c2")


async def test_the_log_says_which_list_and_how_many_rows_and_nothing_of_them(
    engines: dict[str, Engine], tmp_path: Path
) -> None:
    done = await engines["admin"].lists_export("users", str(tmp_path / "people.csv"))
    record = await newest(engines["admin"])
    assert record["detail"] == {"list": "users", "rows": 3, "digest": done["digest"]}
    await engines["alice"].lists_export("evidence", str(tmp_path / "e.csv"), "c1")
    assert (await newest(engines["alice"]))["object"] == "cohort:c1"


async def test_evidence_is_written_as_it_may_leave(engines: dict[str, Engine], tmp_path: Path) -> None:
    await engines["alice"].lists_export("evidence", str(tmp_path / "e.csv"), "c1")
    (row,) = read(tmp_path / "e.csv")
    assert (row["value"], row["n"]) == ("", "0")
    assert row["reads_as"].endswith("fewer than 11.")


async def test_some_rows_are_written_in_the_order_asked_for_and_the_log_says_of_how_many(
    engines: dict[str, Engine], tmp_path: Path
) -> None:
    wanted = ["auditor", "nobody", "admin"]
    done = await engines["admin"].lists_export("users", str(tmp_path / "some.csv"), only=wanted)
    assert [row["name"] for row in read(tmp_path / "some.csv")] == ["auditor", "admin"]
    record = await newest(engines["admin"])
    told = {"list": "users", "rows": 2, "of_rows": 3, "as_seen": True, "digest": done["digest"]}
    assert record["detail"] == told


def chosen(name: str, answer: Any, only: list[str], *columns: str) -> list[tuple[Any, ...]]:
    """These columns of the rows that are written of what the list's own operation answers."""
    listed = LISTS[name]
    return [tuple(row.get(column) for column in columns) for row in _chosen(listed, listed.rows(answer), only)]


def test_of_the_disk_what_one_sees_is_written_also_what_is_not_told_by_name() -> None:
    answer = {
        "kinds": [{"kind": "cohort", "bytes": 50}, {"kind": "run", "bytes": 7}, {"kind": "ledger", "bytes": 9}],
        "things": [
            {"kind": "cohort", "name": "c1", "owner": "alice", "bytes": 20},
            {"kind": "run", "name": "r1", "owner": "alice", "bytes": 7},
        ],
        "owners": [{"owner": "", "bytes": 30}, {"owner": "alice", "bytes": 27}],
    }
    only = ["rest:ledger", "cohort:c1", "rest:cohort", "rest:run", "owner:alice", "owner:", "rest:logs", ""]
    assert chosen("disk", answer, only, "kind", "name", "owner", "bytes") == [
        ("ledger", None, None, 9),
        ("cohort", "c1", "alice", 20),
        ("cohort", "of others", None, 30),
        ("owner", "", "alice", 27),
        ("owner", "of others", "", 30),
    ]
    whole = LISTS["disk"].rows(answer)
    assert [row["bytes"] for row in whole] == [50, 7, 9, 20, 7, 30, 30, 27]


def test_of_releases_marks_that_the_log_does_not_have_are_told_apart_from_none() -> None:
    answer = [
        {"release": str(number), "approved_by": [], "marks": marks}
        for number, marks in enumerate((["A", "B"], [], None))
    ]
    told = chosen("releases", answer, ["0", "1", "2"], "approved_by", "marks")
    assert told == [("-", "A, B"), ("-", "-"), ("-", "not on record")]


def test_of_assessments_a_version_is_chosen_or_all_of_a_subject() -> None:
    versions = [("cohort-1", 3), ("dataset:chest", 2), ("cohort-1", 2), ("dataset:chest", 1), ("cohort-1", 1)]
    answer = [{"subject": subject, "version": version} for subject, version in versions]
    some = ["dataset:chest#2", "cohort-1#3", "cohort-1#9"]
    assert chosen("assessments", answer, some, "subject", "version") == [("dataset:chest", 2), ("cohort-1", 3)]
    every = [("dataset:chest", 2), ("dataset:chest", 1)]
    assert chosen("assessments", answer, ["dataset:chest"], "subject", "version") == every


def test_the_order_of_rows_does_not_tell_what_their_numbers_hide() -> None:
    patients = {"A": 9, "B": 3, "C": 144, "D": 137}
    answer = [{"dataset": name, "patients": count} for name, count in patients.items()]
    told = [("A", "<11"), ("B", "<11"), ("C", 140), ("D", 140)]
    for only in (["B", "A", "D", "C"], ["C", "D", "A", "B"], ["D", "C", "B", "A"]):
        assert chosen("datasets", answer, only, "dataset", "patients") == told
    evidence = {
        "evidence": [{**MEASURE, "name": f"privacy.{n}", "value": value} for n, value in enumerate((0.123, 0.121))]
    }
    assert chosen("evidence", evidence, ["privacy.1", "privacy.0"], "value") == [(0.12,), (0.12,)]
    assert chosen("evidence", evidence, ["privacy.1", "privacy.0"], "name") == [("privacy.0",), ("privacy.1",)]


async def test_the_log_is_written_as_it_was_filtered_and_says_by_which_fields(
    engines: dict[str, Engine], tmp_path: Path
) -> None:
    admin, target = engines["admin"], tmp_path / "log.csv"
    await admin.audit_export(str(target), "csv", actor="alice", action="session.login")
    written = read(target)
    assert written and {(row["actor"], row["action"]) for row in written} == {("alice", "session.login")}
    assert (await newest(admin, "audit.export"))["detail"]["filtered_by"] == ["action", "actor"]
    seen = (await admin.audit_list(actor="alice", action="session.login"))["records"]
    assert [int(row["seq"]) for row in written] == [each["seq"] for each in seen]
    await engines["alice"].audit_export(str(tmp_path / "hers.csv"), "csv", action="session.login")
    assert {row["actor"] for row in read(tmp_path / "hers.csv")} == {"alice"}
    with pytest.raises(BadInput, match="your own records alone"):
        await engines["alice"].audit_export(str(tmp_path / "his.csv"), "csv", actor="admin")
    assert not (tmp_path / "his.csv").exists()
    with pytest.raises(BadInput, match="no proof"):
        await admin.audit_export(str(tmp_path / "log.jsonl"), actor="alice")


async def test_real_patients_are_counted_in_a_table_as_they_are_in_what_leaves(
    engines: dict[str, Engine], tmp_path: Path
) -> None:
    await engines["alice"].lists_export("datasets", str(tmp_path / "d.csv"))
    (row,) = read(tmp_path / "d.csv")
    told = [row[count] for count in ("records", "patients", "train", "validation", "holdout", "quarantined")]
    assert told == ["60", "60", "40", "<11", "10", "0"]


async def test_a_list_goes_into_a_new_file_outside_of_the_store(
    engines: dict[str, Engine], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, there = engines["admin"], tmp_path / "there.csv"
    there.write_text("kept")
    before = (await newest(engine))["seq"]
    dangling, outbox = tmp_path / "link.csv", tmp_path / "out"
    dangling.symlink_to(tmp_path / "nowhere")
    outbox.mkdir()
    monkeypatch.setenv("MEDSYNTH_OUTBOX", str(outbox))
    ours = (home / "data" / "list.csv", home / "weights" / "list.pth", outbox / "list.csv")
    nowhere = (tmp_path / "no-folder" / "list.csv", tmp_path / f"{'n' * 252}.csv", Path("~no-such-person/list.csv"))
    for path in (there, dangling, *ours, *nowhere):
        with pytest.raises(BadInput):
            await engine.lists_export("users", str(path))
    for name, of in (("passwords", None), ("users", "c1"), ("evidence", None)):
        with pytest.raises(BadInput, match="There is no list"):
            await engine.lists_export(name, str(tmp_path / "new.csv"), of)
    assert there.read_text() == "kept"
    assert {each.name for each in tmp_path.iterdir()} == {"there.csv", "link.csv", "out"}
    assert list(outbox.iterdir()) == []
    assert (await newest(engine))["seq"] == before


async def test_the_longest_name_that_a_file_can_have_will_do(engines: dict[str, Engine], tmp_path: Path) -> None:
    longest = tmp_path / f"{'n' * 251}.csv"
    await engines["admin"].lists_export("users", str(longest))
    assert len(read(longest)) == 3


async def test_of_a_list_that_could_not_be_written_the_log_says_that_too(
    engines: dict[str, Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, fill: object) -> str:
        raise NoRoom("disk_full", "The disk is full; nothing was changed.")

    monkeypatch.setattr(places, "write_new", full)
    with pytest.raises(NoRoom):
        await engines["alice"].lists_export("evidence", str(tmp_path / "e.csv"), "c1")
    after, before = (await engines["alice"].audit_list(action="lists.export", limit=2))["records"]
    assert (before["outcome"], after["outcome"]) == ("done", "failed")
    assert before["object"] == after["object"] == "cohort:c1" and before["detail"] == after["detail"]


def test_no_cell_of_a_table_is_a_formula_to_a_spreadsheet() -> None:
    cells = ["=1+1", "@SUM(A1)", "+49 30 1", -3.5, None, True, 'a "b", c']
    assert csv_row(cells) == b'\'=1+1,\'@SUM(A1),\'+49 30 1,-3.5,,yes,"a ""b"", c"\r\n'
