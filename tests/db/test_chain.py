"""Every way of bending the past shows: an edit, a removal, an insertion, another order, a missing end."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import postgres
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outside import drop, outside, refused, spelled
from sqlmodel import Session

from db import chain, exported, migrate, place, proof
from db.anchors import Anchor, read_file
from db.canonical import canonical, digest
from db.errors import BadRecord, LedgerError
from db.ledger import Ledger


def ten_records(path: Path) -> None:
    """A store whose chain has ten records."""
    with place.open_store(path) as made:
        for number in range(9):
            with made.write(face="cli") as change:
                change.record(
                    actor=("ada", "bob")[number % 2],
                    role="researcher",
                    action=("dataset.add", "run.start", "session.login")[number % 3],
                    object_=f"thing {number}",
                    outcome="denied" if number == 4 else "done",
                    detail={"number": number},
                )


@pytest.fixture(scope="module")
def ten_in_a_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("chain") / "data" / "medsynth.sqlite3"
    Ledger.create(path, "development").close()
    ten_records(path)
    return path


@pytest.fixture(scope="module")
def ten_in_a_database(server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("chain") / "data" / "medsynth.sqlite3"
    postgres.make_store(server, path, ten_records)
    return path


@pytest.fixture
def ledger(kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ledger:
    if kind == "sqlite":
        made: Ledger = request.getfixturevalue("file_ledger")
        return made
    server, source = request.getfixturevalue("server"), request.getfixturevalue("ten_in_a_database")
    monkeypatch.setenv(place.VARIABLE, server.database(postgres.database_of(source)))
    made = postgres.copy_store(source, tmp_path / "data" / "medsynth.sqlite3")
    request.addfinalizer(made.close)
    return made


@pytest.fixture
def file_ledger(ten_in_a_file: Path, tmp_path: Path) -> Iterator[Ledger]:
    path = tmp_path / "data" / "medsynth.sqlite3"
    path.parent.mkdir(mode=0o700)
    migrate.copy(ten_in_a_file, path)
    with Ledger.open(path) as made:
        yield made


def anchored(session: Session) -> Anchor:
    """What somebody wrote down of the log as it is now."""
    head = chain.head(session)
    return Anchor(head["records"], head=bytes.fromhex(head["head"]))


def bend(ledger: Ledger, *statements: str) -> proof.Verification:
    """Do to the store what somebody with the file or the database and no program could do."""
    outside(ledger, *drop(ledger, "audit_no_update", "audit_no_delete", "audit_follows"), *statements)
    return ledger.verify()


def test_an_untouched_chain_verifies_with_its_anchor(ledger: Ledger) -> None:
    with ledger.read() as session:
        anchor = anchored(session)
    assert anchor.size == 10
    with ledger.write() as change:
        change.record(actor="ada", action="dataset.add")
    verification = ledger.verify([anchor])
    assert verification.ok and verification.anchored and verification.records == 11
    assert not ledger.verify().anchored


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(["UPDATE audit SET actor = 'eve' WHERE seq = 5"], id="edited"),
        pytest.param(["UPDATE audit SET ts_ns = ts_ns + 1 WHERE seq = 5"], id="time moved"),
        pytest.param(["UPDATE audit SET outcome = 'done' WHERE seq = 6"], id="denial hidden"),
        pytest.param(["UPDATE audit SET detail = '{}' WHERE seq = 10"], id="last one edited"),
        pytest.param(["DELETE FROM audit WHERE seq = 5"], id="removed"),
        pytest.param(
            ["DELETE FROM audit WHERE seq = 5", "UPDATE audit SET seq = seq - 1 WHERE seq > 5"],
            id="removed, renumbered",
        ),
        pytest.param(["DELETE FROM audit WHERE seq = 1"], id="first one removed"),
        pytest.param(
            [
                "INSERT INTO audit SELECT 11, ts_ns, 'eve', actor_id, role, session, face, action, object, outcome,"
                " reason, detail, version, hash, hash FROM audit WHERE seq = 10"
            ],
            id="inserted",
        ),
        pytest.param(
            [
                "UPDATE audit SET seq = 99 WHERE seq = 5",
                "UPDATE audit SET seq = 5 WHERE seq = 6",
                "UPDATE audit SET seq = 6 WHERE seq = 99",
            ],
            id="reordered",
        ),
    ],
)
def test_bending_the_past_shows(ledger: Ledger, statements: list[str]) -> None:
    verification = bend(ledger, *statements)
    assert not verification.ok and verification.problems


def test_a_missing_end_shows_only_against_an_anchor(ledger: Ledger) -> None:
    with ledger.read() as session:
        anchor = anchored(session)
    assert bend(ledger, "DELETE FROM audit WHERE seq > 7").ok
    verification = ledger.verify([anchor])
    assert not verification.ok and not verification.anchored and "only 7 are left" in verification.problems[0]


def test_a_chain_computed_anew_shows_by_its_signed_checkpoint_and_against_an_anchor(ledger: Ledger) -> None:
    with ledger.read() as session:
        anchor = anchored(session)
        records = chain.page(session, limit=1000)[::-1]
    prev, statements = chain.START, []
    for record in records:
        fields = [("eve" if name == "actor" else getattr(record, name)) for name in chain.FIELDS]
        mark = chain.link(fields, prev)
        statements.append(
            f"UPDATE audit SET actor = 'eve', prev = {spelled(ledger, prev)}, hash = {spelled(ledger, mark)}"
            f" WHERE seq = {record.seq}"
        )
        prev = mark
    assert "not those that were signed" in bend(ledger, *statements).problems[0]
    assert "not the one that was anchored" in ledger.verify([anchor]).problems[1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'eve'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "REPLACE INTO audit SELECT seq, ts_ns, 'eve', actor_id, role, session, face, action, object, outcome,"
        " reason, detail, version, prev, hash FROM audit WHERE seq = 3",
        "INSERT INTO audit SELECT 12, ts_ns, actor, actor_id, role, session, face, action, object, outcome, reason,"
        " detail, version, hash, hash FROM audit WHERE seq = 10",
        "INSERT INTO audit SELECT 11, ts_ns, actor, actor_id, role, session, face, action, object, outcome, reason,"
        " detail, version, prev, hash FROM audit WHERE seq = 10",
    ],
)
def test_the_table_itself_only_takes_a_record_that_follows(ledger: Ledger, kind: str, statement: str) -> None:
    if statement.startswith({"sqlite": "TRUNCATE", "postgresql": "REPLACE"}[kind]):
        pytest.skip("this kind of store has no such word")
    with pytest.raises(refused()):
        outside(ledger, statement)
    assert ledger.verify().ok


def test_a_copy_verifies_without_the_program_that_wrote_it(ledger: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    ledger.backup(copy)
    assert proof.verify(copy).records == 10
    assert not proof.verify(tmp_path / "nothing").ok
    with sqlite3.connect(copy) as connection:
        assert proof.verify(connection).ok
        prev = bytes(32)
        for row in connection.execute("SELECT * FROM audit ORDER BY seq"):  # the format, spelled out once more
            fields = "[" + ",".join(str(f) if isinstance(f, int) else canonical(f).decode() for f in row[:13]) + "]"
            assert row[14] == hashlib.sha256(b"\x00" + fields.encode() + prev).digest()
            prev = row[14]


def test_an_exported_chain_verifies_from_its_documents(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.read() as session:
        records = chain.page(session)[::-1]
    (tmp_path / "all.jsonl").write_bytes(b"".join(map(exported.line, records)))
    (tmp_path / "less.jsonl").write_bytes(b"".join(map(exported.line, records[1:])))
    assert exported.verify(tmp_path / "all.jsonl").ok
    assert not exported.verify(tmp_path / "less.jsonl").ok


def test_a_damaged_file_is_a_failed_check_not_a_crash(file_ledger: Ledger, tmp_path: Path) -> None:
    ledger = file_ledger
    copy = tmp_path / "copy.sqlite3"
    ledger.backup(copy)
    whole = copy.read_bytes()
    copy.write_bytes(whole[:200] + bytes(len(whole) - 200))
    assert not proof.verify(copy).ok


def test_pages_go_back_in_time_and_can_be_narrowed(ledger: Ledger) -> None:
    def numbers(**narrow: object) -> list[int]:
        with ledger.read() as session:
            return [record.seq for record in chain.page(session, **narrow)]  # type: ignore[arg-type]

    assert numbers(limit=3) == [10, 9, 8]
    assert numbers(limit=3, before=8) == [7, 6, 5]
    assert numbers(actor="bob") == [9, 7, 5, 3]
    assert numbers(action="run.start", actor="ada") == [6]
    assert numbers(action="run.") == [9, 6, 3]
    assert numbers(outcome="denied") == [6]
    assert numbers(object_="thing 2") == [4]
    with ledger.read() as session:
        middle = chain.page(session, before=6, limit=1)[0].at
    assert numbers(since=middle - timedelta(microseconds=1))[-1] <= 6
    assert numbers(since=datetime.now(UTC) + timedelta(hours=1)) == []


def test_times_and_numbers_beyond_all_clocks_are_taken_for_the_first_or_the_last(ledger: Ledger) -> None:
    def numbers(**asked: object) -> list[int]:
        with ledger.read() as session:
            return [record.seq for record in chain.page(session, **asked)]  # type: ignore[arg-type]

    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for everything in ({"since": first}, {"until": last}, {"before": 2**70}, {"action": "run.", "until": last}):
        assert numbers(**everything)[-1] in (1, 3)
    for nothing in ({"since": last}, {"until": first}, {"before": -(2**70)}):
        assert numbers(**nothing) == []


@pytest.mark.parametrize("detail", ["[]", "null", "3", "[" * 10_000, '{"key":[]}', '{"key":"x+y+z"}', "nothing"])
def test_a_first_record_of_another_shape_is_a_fault_that_is_told(ledger: Ledger, detail: str) -> None:
    verification = bend(ledger, f"UPDATE audit SET detail = '{detail}' WHERE seq = 1")
    assert not verification.ok and verification.problems[0] == "Record 1 was changed."
    assert "another key" not in " ".join(verification.problems)


@pytest.mark.parametrize("value", ["1", "NULL", "x'00ff'", "'[[['"])
@pytest.mark.parametrize("column", ["checkpoint SET note", "audit SET hash", "audit SET prev", "audit SET action"])
def test_values_of_other_kinds_are_a_fault_that_is_told(file_ledger: Ledger, column: str, value: str) -> None:
    """Only a file can be brought to hold them."""
    ledger = file_ledger
    with sqlite3.connect(ledger.path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        try:
            connection.execute(f"UPDATE {column} = {value} WHERE rowid = 1")
        except sqlite3.IntegrityError:
            return  # the table itself keeps such a value out
    verification = ledger.verify()
    so_few_may_be_unsigned = column == "checkpoint SET note" and verification.signed == 0
    assert not verification.ok or so_few_may_be_unsigned


def test_files_that_are_nested_without_end_are_told_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "deep.jsonl").write_text("[" * 200_000)
    assert not exported.verify(tmp_path / "deep.jsonl").ok
    exported.proof_path(tmp_path / "deep.jsonl").write_text("[" * 200_000)
    assert not exported.verify(tmp_path / "deep.jsonl").ok
    with pytest.raises(LedgerError, match="no anchor"):
        read_file(tmp_path / "deep.jsonl")


def test_a_record_is_one_clean_line_of_bounded_length(ledger: Ledger) -> None:
    with ledger.write() as change:
        record = change.record(
            actor="eve\x1b[31m\u202e",
            action="test.write",
            object_="a\nb" + "x" * 500,
            detail={"say": "\x1b]0;owned\x07"},
        )
    assert record.actor == "eve[31m" and record.object.startswith("a b") and len(record.object) == 200
    assert record.detail == '{"say":"]0;owned"}'
    assert ledger.verify().ok


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "add"},
        {"action": "Dataset Add"},
        {"action": "a.b", "detail": {"path": Path("x")}},
        {"action": "a.b", "detail": {"number": float("nan")}},
        {"action": "a.b", "detail": {1: "x"}},
        {"action": "a.b", "detail": {str(number): "x" * 900 for number in range(30)}},
    ],
)
def test_a_record_that_could_not_be_read_back_is_refused(ledger: Ledger, fields: dict) -> None:
    with pytest.raises(BadRecord), ledger.write() as change:
        change.record(actor="ada", **fields)
    assert ledger.verify().records == 10


plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(plain_json)
def test_a_document_read_back_has_the_same_canonical_bytes(document: object) -> None:
    import json

    try:
        spelled = canonical(document)
    except UnicodeEncodeError:  # lone surrogates
        return
    assert canonical(json.loads(spelled)) == spelled


def test_the_order_of_keys_does_not_matter() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert canonical({"b": "é", "a": None}) == '{"a":null,"b":"é"}'.encode()


@pytest.mark.parametrize("wrong", [{1: 2}, float("inf"), {"a": {1, 2}}, b"bytes"])
def test_what_is_no_json_has_no_canonical_form(wrong: object) -> None:
    with pytest.raises(ValueError):
        canonical(wrong)
