"""Signed checkpoints: the published formats to the byte, made when they are due, and never in the way of the work."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from outside import drop, outside, refused, spelled

from db import anchors, checkpoints, inclusion, note
from db.errors import LedgerError
from db.ledger import Ledger
from db.merkle import EMPTY, Peaks, included, node
from db.note import Checkpoint, Signer, read_notes


def write(ledger: Ledger, count: int = 1) -> None:
    with ledger.write() as change:
        for number in range(count):
            change.record(actor="ada", action="test.write", object_=str(number))


def rows(ledger: Ledger) -> list[checkpoints.Row]:
    with ledger.read() as session:
        found = session.connection().exec_driver_sql("SELECT * FROM checkpoint ORDER BY size").fetchall()
    return [checkpoints.Row(*row) for row in found]


LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
"""The reference values of certificate transparency's own tests."""


def test_the_root_is_that_of_rfc_6962() -> None:
    peaks = Peaks()
    assert peaks.root() == EMPTY
    for leaf in LEAVES:
        peaks.add(hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest())
        if peaks.size in ROOTS:
            assert peaks.root().hex() == ROOTS[peaks.size]
        assert Peaks.unpacked(peaks.size, peaks.packed()).root() == peaks.root()


def whole_tree(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node(whole_tree(leaves[:half]), whole_tree(leaves[half:]))


def test_a_record_is_proved_from_a_few_hashes_wherever_the_checkpoints_lie() -> None:
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(40)]
    for size in (1, 2, 5, 8, 13, 40):
        root = whole_tree(leaves[:size])
        for before in range(size):
            left = Peaks()
            for leaf in leaves[:before]:
                left.add(leaf)
            for index in range(before, size):
                path, found = inclusion._Tree(left, leaves[before:size], index).walk(0, size)
                assert found == root and included(leaves[index], index, size, path, root)
                assert not included(leaves[index], index + 1, size, path, root)
                assert not included(leaves[(index + 1) % 40], index, size, path, root)


def test_a_note_is_signed_as_gos_own_example_is() -> None:
    """From the documentation of golang.org/x/mod/sumdb/note."""
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signed = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    name, mark, public = note._verifier(key)
    data = base64.b64decode(signed)
    assert name == "PeterNeumann" and data[:4] == mark
    Ed25519PublicKey.from_public_bytes(public).verify(data[4:], text)


def test_a_checkpoint_is_three_lines_and_a_signature_that_only_its_key_makes() -> None:
    mine, other = Signer("medsynth/a", bytes(range(32))), Signer("medsynth/a", bytes(32))
    made = mine.sign(Checkpoint("medsynth/a", 7, bytes(range(32))))
    origin, size, root, empty, signature = made.split("\n")[:5]
    assert (origin, size, empty) == ("medsynth/a", "7", "") and base64.b64decode(root) == bytes(range(32))
    assert signature.startswith("\u2014 medsynth/a ") and made.endswith("\n")
    (read,) = read_notes(f"some words before\n\n{made}\n")
    assert read.by(mine.verifier) and not read.by(other.verifier) and not read.by()
    assert Signer.from_line(mine.line).verifier == mine.verifier
    for bent in (made.replace("\n7\n", "\n8\n"), made.replace("medsynth/a\n", "medsynth/b\n", 1)):
        assert not read_notes(bent)[0].by(mine.verifier)
    assert read_notes(made.replace("\n7\n", "\n07\n")) == []
    assert len(read_notes(made + "\n" + made + "\n")) == 2


@pytest.mark.parametrize("line", ["", "PRIVATE+KEY+x", "PRIVATE+KEY+x+00000000+AAAA", "PRIVATE+KEY+x y+1+!", "x" * 90])
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(LedgerError):
        Signer.from_line(line)


def test_the_first_record_is_signed_and_then_one_in_256(ledger: Ledger) -> None:
    assert [row.size for row in rows(ledger)] == [1]
    for _ in range(6):
        write(ledger, 100)
    sizes = [row.size for row in rows(ledger)]
    assert sizes == [1, 301, 601]
    verification = ledger.verify()
    assert verification.ok and verification.checkpoints == 3 and verification.signed == 601


def test_what_an_hour_left_unsigned_is_signed_with_the_next_change(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ledger)
    assert len(rows(ledger)) == 1
    monkeypatch.setattr(checkpoints, "HOUR_NS", 0)
    write(ledger)
    assert rows(ledger)[-1].size == 3


def test_it_is_signed_on_demand_whoever_asks_is_in_it(ledger: Ledger) -> None:
    made = ledger.checkpoint("eve")
    assert made.size == 2 and ledger.verify().signed == 2
    assert ledger.checkpoint("eve").size == 3


def key_of(ledger: Ledger) -> Path:
    return checkpoints.key_path(ledger.path, ledger.store_id)


def test_the_key_is_its_owners_alone_and_nowhere_in_the_ledger(file_ledger: Ledger) -> None:
    ledger = file_ledger
    key = key_of(ledger)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    secret = key.read_text().strip().split("+", 4)[4]  # it may itself hold and end in a plus
    assert len(secret) > 40
    assert secret.encode() not in b"".join(path.read_bytes() for path in ledger.path.parent.glob("medsynth.sqlite3*"))


def test_a_lost_key_is_replaced_and_the_log_says_so(ledger: Ledger) -> None:
    key_of(ledger).unlink()
    write(ledger, 300)
    verification = ledger.verify()
    assert verification.ok and len(verification.keys) == 2 and verification.signed == verification.records == 302
    assert any("key that signs was replaced: record 302" in said for said in verification.notes)


def test_a_key_that_cannot_be_read_stops_no_work_and_shows(ledger: Ledger) -> None:
    key_of(ledger).write_text("no key at all\n")
    write(ledger, 300)
    with pytest.raises(LedgerError, match="cannot be read"):
        ledger.checkpoint("eve")
    verification = ledger.verify()
    assert not verification.ok and "not signed" in verification.problems[0]


def test_peaks_that_were_tampered_with_are_computed_anew(ledger: Ledger) -> None:
    outside(
        ledger, *drop(ledger, "checkpoint_no_update"), f"UPDATE checkpoint SET peaks = {spelled(ledger, bytes(32))}"
    )
    write(ledger, 300)
    assert ledger.verify().ok


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkpoint SET note = 'x'",
        "DELETE FROM checkpoint",
        "REPLACE INTO checkpoint SELECT size, at_ns, 'x', key, peaks FROM checkpoint",
        "INSERT INTO checkpoint SELECT 99, at_ns, note, key, peaks FROM checkpoint",
        "TRUNCATE checkpoint CASCADE",
        f"INSERT INTO segment SELECT 1, hash, '{'0' * 64}', 0 FROM audit; DELETE FROM audit",
    ],
)
def test_the_tables_themselves_keep_checkpoints_and_the_last_record(ledger: Ledger, kind: str, statement: str) -> None:
    if statement.startswith({"sqlite": "TRUNCATE", "postgresql": "REPLACE"}[kind]):
        pytest.skip("this kind of store has no such word")
    with pytest.raises(refused()):
        outside(ledger, *statement.split("; "))


def test_a_code_is_read_as_it_was_written_and_nothing_else_is_a_code() -> None:
    root = hashlib.sha256(b"root").digest()
    written = anchors.code(1024, root)
    read = anchors.read_code(f"  {written.lower()} ")
    assert (read.size, read.root_start) == (1024, root[:10])
    for wrong in ("", "1024", "1024 K7QX", "x K7QX-94MT-0WZ3-H2AB", "1024 K7QX-94MT-0WZ3-H2AU"):
        with pytest.raises(LedgerError, match="no anchor"):
            anchors.read_code(wrong)


def test_what_a_checkpoint_prints_as_json_is_an_anchor_like_its_note(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, 3)
    made = ledger.checkpoint("ada", "cli")
    (tmp_path / "note").write_text(made.note)
    (tmp_path / "json").write_text(json.dumps({"records": made.size, "root": "00", "note": made.note}))
    (anchor,) = anchors.read_file(tmp_path / "json")
    assert [anchor] == anchors.read_file(tmp_path / "note")
    assert anchor.signed is not None and anchor.size == made.size and ledger.verify([anchor]).ok
    (tmp_path / "both").write_text(json.dumps({"records": 3, "head": "ab" * 32, "note": made.note}))
    assert not ledger.verify(anchors.read_file(tmp_path / "both")).ok, "a note takes nothing away from a head beside it"


def test_an_anchor_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    heads = ("", "ab", "ab" * 31)
    short = [json.dumps({"records": 3, "head": head}) for head in heads]
    counts = [json.dumps({"records": records, "head": "ab" * 32}) for records in ("3", 3.0, -3, True, None)]
    for text in ("", "[]", '{"records": "ten"}', '{"records": 3}', *short, *counts):
        (tmp_path / "anchor").write_text(text)
        with pytest.raises(LedgerError):
            anchors.read_file(tmp_path / "anchor")
    with pytest.raises(LedgerError):
        anchors.read_file(tmp_path / "nothing")
    (tmp_path / "anchor").write_text('{"records": 3, "head": "%s", "ok": true}' % ("ab" * 32))
    assert anchors.read_file(tmp_path / "anchor")[0].size == 3
