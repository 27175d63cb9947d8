"""A backup is encrypted, holds what it says, is tried without harm, and never takes a store's place unasked."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import stat
import tarfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from medsynth_engine.engine import Engine
from medsynth_engine.kernel import age
from medsynth_engine.kernel.errors import BadInput, Busy, Denied, MedSynthError, NoRoom
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import backup_file
from medsynth_engine.operations.disk import taken

PASSPHRASE = "correct horse battery staple"
IDENTITY, RECIPIENT = age.new_identity()


def run(asked: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asked)


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(age, "WORK", 8)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A store with a dataset's folder in it, of which one picture waits in quarantine."""
    made = Home(tmp_path / "home")
    run(Engine(made.root).init(development=True))
    folder = made.datasets / "chest-v1"
    (folder / "images").mkdir(parents=True)
    (folder / "quarantine").mkdir()
    (folder / "images" / "a.png").write_bytes(b"PIXELS of a patient" * 50)
    (folder / "quarantine" / "b.png").write_bytes(b"HELD BACK")
    (folder / "quarantine.json").write_text('["text read in a picture"]')
    (made.datasets / ".staging-x-v1").mkdir()
    (made.datasets / ".staging-x-v1" / "half").write_text("half done")
    (made.weights / "g.pth").write_bytes(b"WEIGHTS")
    return made


def of(home: Home, name: str = "admin", password: str = "admin123") -> Engine:
    engine = Engine(home.root)
    run(engine.login(name, password))
    return engine


def test_only_an_admin_makes_one_and_it_is_always_encrypted(home: Home, tmp_path: Path) -> None:
    with pytest.raises(Denied):
        run(of(home, "auditor", "auditor123").backup(str(tmp_path / "b.age"), PASSPHRASE))
    admin = of(home)
    with pytest.raises(BadInput, match="always encrypted"):
        run(admin.backup(str(tmp_path / "b.age")))
    with pytest.raises(BadInput, match="at least 15"):
        run(admin.backup(str(tmp_path / "b.age"), "short"))
    mistyped = RECIPIENT[:-1] + ("q" if RECIPIENT[-1] != "q" else "p")
    with pytest.raises(BadInput):
        run(admin.backup(str(tmp_path / "b.age"), recipient=mistyped))
    assert not (tmp_path / "b.age").exists()
    told = run(admin.backup(str(tmp_path / "b.age"), PASSPHRASE, everything=True))
    file = tmp_path / "b.age"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and told["files"] == 4
    sealed = file.read_bytes()
    for secret in (b"PIXELS", b"chest", b"alice", b"SQLite", b"WEIGHTS", home.key.read_bytes()):
        assert secret not in sealed


def test_any_age_program_opens_it_and_it_holds_what_it_says_and_nothing_held_back(home: Home, tmp_path: Path) -> None:
    pyrage = pytest.importorskip("pyrage")
    run(of(home).backup(str(tmp_path / "b.age"), recipient=RECIPIENT, everything=True))
    inside = pyrage.decrypt((tmp_path / "b.age").read_bytes(), [pyrage.x25519.Identity.from_str(IDENTITY)])
    with tarfile.open(fileobj=io.BytesIO(inside)) as archive:
        names = archive.getnames()
    assert names == [
        "about.json", "ledger.sqlite3", "pseudonym.key", "datasets/chest-v1/images/a.png", "weights/g.pth",
        "contents.json",
    ]  # fmt: skip
    assert b"HELD BACK" not in inside and b"PRIVATE+KEY" not in inside and b"half done" not in inside


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 200_000])
def test_the_encryption_is_the_one_of_age(size: int) -> None:
    pyrage = pytest.importorskip("pyrage")
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    made = io.BytesIO()
    writer = age.Writer(made, PASSPHRASE)
    writer.write(data)
    writer.finish()
    assert pyrage.passphrase.decrypt(made.getvalue(), PASSPHRASE) == data
    theirs = pyrage.encrypt(data, [pyrage.x25519.Recipient.from_str(RECIPIENT)])
    assert b"".join(age.opened(io.BytesIO(theirs), identity=IDENTITY)) == data


def test_a_check_reads_it_all_and_changes_nothing(home: Home, tmp_path: Path) -> None:
    made = run(of(home).backup(str(tmp_path / "b.age"), PASSPHRASE, everything=True))
    before = sorted(path.name for path in home.data.iterdir())
    told = run(Engine(home.root).restore(str(tmp_path / "b.age"), PASSPHRASE, check=True))
    assert told["verified"]["ok"] and not told["restored"] and told["files"] == 4
    assert made["records"] == told["records"] == told["verified"]["records"]
    assert sorted(path.name for path in home.data.iterdir()) == before


def test_a_wrong_key_and_a_damaged_file_are_told_apart(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "b.age"
    run(of(home).backup(str(file), PASSPHRASE, everything=True))
    engine = Engine(home.root)
    with pytest.raises(Denied, match="not the passphrase"):
        run(engine.restore(str(file), PASSPHRASE + "!", check=True))
    whole = file.read_bytes()
    for broken in (whole[:-1], whole[: len(whole) // 2], whole[:150], whole[:-20] + bytes(20), b"no backup at all"):
        file.write_bytes(broken)
        with pytest.raises(BadInput):
            run(engine.restore(str(file), PASSPHRASE, check=True))


@pytest.mark.parametrize("trick", ["link", "outside", "absolute", "twice", "more", "less", "other"])
def test_a_backup_that_does_not_hold_what_it_says_is_refused(home: Home, tmp_path: Path, trick: str) -> None:
    """Made by somebody who has the key: nothing is written but plain files of known places."""
    whole, bent = tmp_path / "b.age", tmp_path / "bent.age"
    run(of(home).backup(str(whole), PASSPHRASE, everything=True))
    with whole.open("rb") as source:
        inside = b"".join(age.opened(source, PASSPHRASE))
    made = io.BytesIO()
    writer = age.Writer(made, PASSPHRASE)
    with tarfile.open(fileobj=io.BytesIO(inside)) as old, tarfile.open(fileobj=writer, mode="w|") as new:  # type: ignore[call-overload]
        for member in old:
            stream = old.extractfile(member)
            data = stream.read() if stream else b""
            if trick == "less" and member.name.endswith("a.png"):
                continue
            if trick == "other" and member.name.endswith("a.png"):
                data = bytes(len(data))
            new.addfile(member, io.BytesIO(data))
            if member.name == backup_file.LEDGER and trick in ("link", "outside", "absolute", "twice", "more"):
                extra = tarfile.TarInfo({"outside": "datasets/../../x", "absolute": "/tmp/x"}.get(trick, "datasets/x"))
                if trick == "twice":
                    extra.name = backup_file.LEDGER
                if trick == "link":
                    extra.type, extra.linkname = tarfile.SYMTYPE, "/etc/passwd"
                new.addfile(extra, io.BytesIO(b""))
    writer.finish()
    bent.write_bytes(made.getvalue())
    with pytest.raises(BadInput, match="what it says"):
        run(Engine(tmp_path / "new").restore(str(bent), PASSPHRASE))
    assert not (tmp_path / "new" / "data" / "medsynth.sqlite3").exists()


def test_it_comes_back_where_no_store_is_and_says_so_in_its_log(home: Home, tmp_path: Path) -> None:
    admin = of(home)
    run(admin.backup(str(tmp_path / "b.age"), PASSPHRASE, everything=True))
    token = admin.token
    new = Home(tmp_path / "new")
    told = run(Engine(new.root).restore(str(tmp_path / "b.age"), PASSPHRASE))
    assert told["restored"] and told["moved_aside"] is None
    assert (new.datasets / "chest-v1" / "images" / "a.png").read_bytes().startswith(b"PIXELS")
    assert new.key.read_bytes() == home.key.read_bytes()
    with pytest.raises(Denied):
        run(Engine(new.root, token).whoami())  # a login of the old store is none here
    auditor = of(new, "auditor", "auditor123")
    verified = run(auditor.audit_verify())
    assert verified["ok"] and any("put in the place" in note for note in verified["notes"])
    assert any("replaced" in note for note in verified["notes"])  # the key that signs is never in a backup
    for place in (new.ledger, new.key):
        assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_a_store_is_replaced_by_its_admin_alone_and_moved_aside(home: Home, tmp_path: Path) -> None:
    file = str(tmp_path / "b.age")
    admin = of(home)
    run(admin.backup(file, PASSPHRASE))
    records = len(run(admin.audit_list(limit=500))["records"])
    with pytest.raises(Busy, match="take its place"):
        run(admin.restore(file, PASSPHRASE))
    for engine in (Engine(home.root), of(home, "alice", "password123")):
        with pytest.raises(Denied):
            run(engine.restore(file, PASSPHRASE, replace=True))
    told = run(admin.restore(file, PASSPHRASE, replace=True))
    aside = home.data / told["moved_aside"]
    measured = {each["kind"]: each["bytes"] for each in run(of(home).disk())["kinds"]}
    assert measured["moved_aside"] == taken(aside) > 0
    assert (aside / "medsynth.sqlite3").exists() and (home.datasets / "chest-v1").exists()
    last = run(of(home, "auditor", "auditor123").audit_list(action="store.restore"))["records"][0]
    assert last["detail"]["replaced"]["records"] > records > last["detail"]["records"] - 2


def test_a_store_that_does_not_open_is_replaced_by_who_owns_it(home: Home, tmp_path: Path) -> None:
    run(of(home).backup(str(tmp_path / "b.age"), PASSPHRASE))
    home.ledger.write_bytes(b"\x00" * 9000)
    doctor = run(Engine(home.root).doctor())
    assert any(check["name"] == "store" and not check["ok"] and check["what_to_do"] for check in doctor["checks"])
    run(Engine(home.root).restore(str(tmp_path / "b.age"), PASSPHRASE, replace=True))
    assert run(of(home).whoami())["name"] == "admin"


def test_a_full_disk_leaves_no_half_backup(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: age.Writer, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(age.Writer, "write", full)
    with pytest.raises(NoRoom):
        run(of(home).backup(str(tmp_path / "b.age"), PASSPHRASE))
    assert list(tmp_path.glob("*b.age*")) == [] and list(home.data.glob(".partial-*")) == []


@pytest.mark.parametrize("links", [True, False])
def test_of_two_backups_that_take_one_name_the_second_is_refused(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """Both looked before either was written; also where a file system knows no second name for a file."""
    real, file = age.Writer.write, tmp_path / "b.age"

    def no_link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    def write(self: age.Writer, data: bytes) -> int:
        file.write_bytes(b"the other one")
        return real(self, data)

    if not links:
        monkeypatch.setattr(os, "link", no_link)
    run(of(home).backup(str(tmp_path / "a.age"), PASSPHRASE))
    monkeypatch.setattr(age.Writer, "write", write)
    with pytest.raises(BadInput) as refused:
        run(of(home).backup(str(file), PASSPHRASE))
    assert refused.value.code == "bad_target" and file.read_bytes() == b"the other one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.age", "b.age", "home"]


def test_backups_for_a_key_need_no_passphrase(home: Home, tmp_path: Path) -> None:
    admin = of(home)
    with pytest.raises(MedSynthError):
        run(admin.settings_set("backup_recipient", "age1nonsense"))
    run(admin.settings_set("backup_recipient", RECIPIENT))
    run(admin.backup(str(tmp_path / "b.age")))
    with pytest.raises(Denied, match="does not open"):
        run(Engine(home.root).restore(str(tmp_path / "b.age"), PASSPHRASE, check=True))
    assert run(Engine(home.root).restore(str(tmp_path / "b.age"), None, IDENTITY, check=True))["verified"]["ok"]
