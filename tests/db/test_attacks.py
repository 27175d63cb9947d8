"""Every attack on the audit log in every place where it lies: found, and said which of them an anchor alone finds."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import attacks
import pytest
from attacks import Log

from db import anchors, checkpoints, exported, migrate, proof, sealing
from db.anchors import Anchor
from db.chain import FIELDS
from db.ledger import Ledger
from db.merkle import Peaks
from db.note import read_notes
from medsynth_engine.kernel import age
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import backup_file

PLACES = ("store", "copy", "backup", "export", "archive")
PASSPHRASE = "correct horse battery staple"


def make_log(path: Path, who: str) -> Ledger:
    """Forty records, of which 10, 20, 30 and all are signed."""
    ledger = Ledger.create(path)
    for number in range(2, 41):
        if number % 10 == 0:
            ledger.checkpoint("system")
            continue
        with ledger.write() as change:
            change.record(actor=who, action="dataset.add", object_=f"dataset:{number}")
    return ledger


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two stores; of `mine` also an anchor, kept elsewhere."""
    root = tmp_path_factory.mktemp("stores")
    for name in ("mine", "other"):
        with make_log(root / name / "data" / "medsynth.sqlite3", name) as ledger, ledger.read() as session:
            last = checkpoints.last(session.connection())
            assert last is not None and last.size == 40
            (root / f"{name}.anchor").write_text(last.note + "\n")
    return {path.name: path for path in root.iterdir()}


class Place:
    """One file in which a log lies, how its log is read, and how a bent one is written over it."""

    def __init__(self, kind: str, folder: Path, store: Path) -> None:
        self.kind, self.file = kind, folder / {"export": "log.jsonl", "archive": "log.jsonl"}.get(kind, "log.file")
        folder.mkdir()
        ledger = store / "data" / "medsynth.sqlite3"
        if kind in ("store", "copy"):
            migrate.copy(ledger, self.file)
        elif kind == "backup":
            self._encrypt(ledger)
        else:
            self._export(ledger)

    @property
    def exported(self) -> bool:
        return self.kind in ("export", "archive")

    def _export(self, path: Path) -> None:
        """All of it; of the archive the second segment, records 21 to 30."""
        with Ledger(path) as ledger, ledger.read() as session:
            connection = session.connection()
            start, last = sealing.start(connection), 40
            if self.kind == "archive":
                row = connection.exec_driver_sql("SELECT peaks, key FROM checkpoint WHERE size = 20").one()
                mark = connection.exec_driver_sql("SELECT hash FROM audit WHERE seq = 20").scalar_one()
                origin = checkpoints.origin(ledger.store_id)
                start, last = proof.Start(mark, Peaks.unpacked(20, row[0]), origin, (row[1],)), 40
            part = sealing.Part(start.peaks.size + 1, last, start)
            with self.file.open("wb") as stream:
                sealing.write(connection, part, stream)
            exported.proof_path(self.file).write_text(json.dumps(sealing.proof_of(connection, part)))

    def _encrypt(self, path: Path) -> None:
        home = Home(self.file.parent / "home")
        shutil.rmtree(home.root, ignore_errors=True)
        home.data.mkdir(parents=True)
        shutil.copy2(path, home.ledger)
        about = {**backup_file.ledger_facts(path), "records": 40}
        with self.file.open("wb") as stream, Ledger(home.ledger) as ledger:
            backup_file.pack(home, ledger, age.Writer(stream, PASSPHRASE), about, everything=False)

    def _ledger(self) -> Path:
        if self.kind != "backup":
            return self.file
        folder = self.file.parent / "opened"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with self.file.open("rb") as source:
            backup_file.unpack(source, folder, PASSPHRASE, None)
        return folder / backup_file.LEDGER

    def log(self) -> Log:
        if self.exported:
            beside = json.loads(exported.proof_path(self.file).read_text())
            records = tuple(exported.read(self.file))
            return Log(records, tuple(beside["checkpoints"]), bytes.fromhex(beside["after"]["hash"]))
        with closing(sqlite3.connect(self._ledger())) as connection:
            notes = connection.execute("SELECT note FROM checkpoint ORDER BY size").fetchall()
            return Log(tuple(proof.walk(connection)), tuple(note for (note,) in notes))

    def put(self, log: Log) -> None:
        if self.exported:
            self.file.write_bytes(b"".join(map(exported.line, log.records)))
            beside = exported.proof_path(self.file)
            document = {**json.loads(beside.read_text()), "checkpoints": list(log.notes)}
            if self.kind == "archive":
                document["after"]["keys"] += log.keys
            beside.write_text(json.dumps(document))
            return
        ledger = self._ledger()
        with closing(sqlite3.connect(ledger)) as connection:
            for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {trigger}")
            rows = {row[0]: row for row in connection.execute("SELECT * FROM checkpoint")}
            connection.execute("DELETE FROM audit")
            connection.execute("DELETE FROM checkpoint")
            connection.executemany(f"INSERT INTO audit VALUES ({', '.join('?' * (len(FIELDS) + 2))})", log.records)
            for note in log.notes:
                size, at, _, key, peaks = rows[attacks.size_of(note)]
                connection.execute("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?)", (size, at, note, key, peaks))
            connection.commit()
        if self.kind == "backup":
            self._encrypt(ledger)

    def verify(self, known: list[Anchor], trusted: Sequence[str] = ()) -> proof.Verification:
        if self.exported:
            return exported.verify(self.file, known, trusted)
        if self.kind == "backup":
            return backup_file.verified_inside(self.file, known, PASSPHRASE, None, trusted)
        if self.kind == "store":  # as it is used: opened by the program, with its log beside it
            with Ledger(self.file) as ledger:
                return ledger.verify(known, trusted)
        return proof.verify(self.file, known, trusted)


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(age, "WORK", 8)


def bend(place: Place, attack: str, stores: dict[str, Path], tmp_path: Path) -> None:
    if attack == "replace":
        other = Place(place.kind, tmp_path / "other", stores["other"])
        shutil.copy2(other.file, place.file)
        if place.exported:
            shutil.copy2(exported.proof_path(other.file), exported.proof_path(place.file))
        return
    log = place.log()
    if attack in ("rehash_with_key", "own_key"):
        (key_file,) = (stores["mine"] / "data").glob("audit-*.key")
        before = Peaks()
        if place.kind == "archive":
            after = json.loads(exported.proof_path(place.file).read_text())["after"]
            before = Peaks(after["records"], [bytes.fromhex(peak) for peak in after["peaks"]])
        key = attacks.Signer.from_line(key_file.read_text())
        if attack == "rehash_with_key":
            place.put(attacks.rehash_with_key(log, key, before))
        else:
            place.put(attacks.own_key(log, attacks.Signer(key.name, b"a seed that the forger made up.."), before))
        return
    place.put(attacks.SIMPLE[attack](log))


@pytest.mark.parametrize("kind", PLACES)
def test_a_log_that_nobody_touched_verifies_in_every_place(kind: str, stores: dict[str, Path], tmp_path: Path) -> None:
    place = Place(kind, tmp_path / "place", stores["mine"])
    known = anchors.read_file(stores["mine.anchor"])
    verified = place.verify(known)
    assert verified.ok and verified.anchored, verified.problems
    assert verified.records == verified.signed == 40
    place.put(place.log())  # the attacks' own writing changes nothing
    assert place.verify(known).ok


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("attack", attacks.ALL)
def test_an_attack_is_found_and_where_the_records_cannot_tell_the_anchor_does(
    attack: str, kind: str, stores: dict[str, Path], tmp_path: Path
) -> None:
    place = Place(kind, tmp_path / "place", stores["mine"])
    bend(place, attack, stores, tmp_path)
    alone = place.verify([])
    needs_anchor = attack in attacks.ANCHOR_ALONE["export" if place.exported else "ledger"]
    assert alone.ok == needs_anchor, alone.problems
    assert proof.UNANCHORED in alone.notes and proof.OWN_KEY in alone.notes and not alone.key_known
    anchored = place.verify(anchors.read_file(stores["mine.anchor"]))
    assert not anchored.ok and not anchored.anchored and anchored.problems


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("attack", ["", *sorted(attacks.ANOTHER_KEY)])
def test_the_key_that_is_known_from_elsewhere_finds_what_another_key_signed(
    attack: str, kind: str, stores: dict[str, Path], tmp_path: Path
) -> None:
    place = Place(kind, tmp_path / "place", stores["mine"])
    if attack:
        bend(place, attack, stores, tmp_path)
    verified = place.verify([], checkpoints.known_keys(stores["mine"] / "data" / "medsynth.sqlite3"))
    assert verified.ok == verified.key_known == (not attack)
    assert verified.signed == (0 if attack else 40)
    assert attack == "" or "another key" in verified.problems[0]


@pytest.mark.parametrize("attack", sorted(attacks.ANOTHER_KEY))
def test_a_store_knows_its_own_key_and_sees_that_a_forged_ledger_was_put_in_its_place(
    attack: str, stores: dict[str, Path], tmp_path: Path
) -> None:
    place = Place("store", tmp_path / "place", stores["mine"])
    (key_file,) = (stores["mine"] / "data").glob("audit-*.key")
    shutil.copy2(key_file, place.file.parent)
    assert place.verify([]).ok and place.verify([]).key_known
    bend(place, attack, stores, tmp_path)
    assert "another key" in place.verify([]).problems[0]


@pytest.mark.parametrize("attack", sorted(attacks.ANCHOR_ALONE["ledger"]))
def test_a_code_on_paper_finds_what_an_anchor_finds(attack: str, stores: dict[str, Path], tmp_path: Path) -> None:
    (note,) = read_notes(stores["mine.anchor"].read_text())
    code = anchors.code(note.checkpoint.size, note.checkpoint.root)
    place = Place("copy", tmp_path / "place", stores["mine"])
    said = code.lower().replace("0", "o").replace("1", "l")  # as somebody may copy it by hand
    said = f"{note.checkpoint.size} {said.split(' ', 1)[1]}"
    assert place.verify([anchors.read_code(said)]).anchored
    bend(place, attack, stores, tmp_path)
    assert not place.verify([anchors.read_code(code)]).ok


def test_the_passphrase_alone_lets_nobody_bend_what_lies_in_a_backup_unseen(
    stores: dict[str, Path], tmp_path: Path
) -> None:
    place = Place("backup", tmp_path / "place", stores["mine"])
    sealed = bytearray(place.file.read_bytes())
    for at in (len(sealed) // 2, len(sealed) - 1):
        broken = bytes(sealed[:at]) + bytes([sealed[at] ^ 1]) + bytes(sealed[at + 1 :])
        with pytest.raises(Exception, match="damaged"):
            list(age.opened(io.BytesIO(broken), PASSPHRASE))


def test_all_eleven_attacks_are_counted() -> None:
    counted: dict[str, Any] = {kind: len(names) for kind, names in attacks.ANCHOR_ALONE.items()}
    assert len(attacks.ALL) == 11 and counted == {"ledger": 6, "export": 4}
