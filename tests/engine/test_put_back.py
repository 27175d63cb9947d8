"""A restore that fails leaves the store as it was; one that succeeds leaves nobody writing into the old one."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_backups import PASSPHRASE, cheap_passphrases, home, of, run

from db.ledger import Ledger
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import Busy, Denied, MedSynthError
from medsynth_engine.kernel.home import Home

__all__ = ["cheap_passphrases", "home"]


def tree(*roots: Path) -> dict[str, bytes | None]:
    """Every file and folder, but the ledger and what SQLite keeps beside it."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for root in roots
        for path in root.rglob("*")
        if not path.name.startswith("medsynth.sqlite3")
    }


@pytest.fixture
def other_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runs folder on another disk than the store's."""
    shm = Path("/dev/shm")
    if not os.access(shm, os.W_OK) or shm.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip("no second file system to be written here")
    folder = Path(tempfile.mkdtemp(dir=shm))
    monkeypatch.setenv("MEDSYNTH_RUNS", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("fails", ["images", "pseudonym.key", "medsynth.sqlite3"])
def test_a_restore_that_fails_half_way_leaves_the_store_as_it_was(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    admin = of(home)
    run(admin.backup(str(tmp_path / "b.age"), PASSPHRASE, everything=True))
    assert home.jobs.is_dir()  # made where it is asked for
    before, real = tree(home.root), Path.rename

    def rename(self: Path, target: Path) -> Path:
        """The new file does not go where the old one was: the last that can fail of each kind."""
        into = "datasets" if fails == "images" else fails
        incoming = ".partial-restore-" in str(self) and "before-restore" not in str(target)
        if incoming and into in Path(target).parts and "probe" not in self.name:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return real(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename)
        with pytest.raises(MedSynthError, match="the store is as it was"):
            run(admin.restore(str(tmp_path / "b.age"), PASSPHRASE, replace=True))
    assert tree(home.root) == before
    assert run(admin.whoami())["name"] == "admin"  # also the login goes on
    assert run(admin.restore(str(tmp_path / "b.age"), PASSPHRASE, replace=True))["restored"]


def test_runs_on_a_disk_of_their_own_are_replaced_and_kept_there(home: Home, tmp_path: Path, other_disk: Path) -> None:
    (other_disk / "r1").mkdir()
    (other_disk / "r1" / "generator.pth").write_bytes(b"first")
    admin = of(home)
    run(admin.backup(str(tmp_path / "b.age"), PASSPHRASE, everything=True))
    (other_disk / "r1" / "generator.pth").write_bytes(b"second")
    told = run(admin.restore(str(tmp_path / "b.age"), PASSPHRASE, replace=True))
    kept = other_disk / f".{told['moved_aside']}"
    assert (other_disk / "r1" / "generator.pth").read_bytes() == b"first"
    assert (kept / "r1" / "generator.pth").read_bytes() == b"second"
    assert sorted(path.name for path in other_disk.iterdir()) == sorted([kept.name, "r1"])
    admin = of(home)
    run(admin.backup(str(tmp_path / "c.age"), PASSPHRASE, everything=True))
    again = run(Engine(tmp_path / "new").restore(str(tmp_path / "c.age"), PASSPHRASE, check=True))
    assert again["files"] == told["files"]  # what was moved aside is in no backup


def test_what_a_killed_restore_left_on_the_runs_disk_is_told(home: Home, other_disk: Path) -> None:
    left = other_disk / ".partial-restore-killed"
    left.mkdir()
    os.utime(left, (1e9, 1e9))
    (told,) = [each for each in run(of(home).doctor())["checks"] if each["name"] == "leftovers"]
    assert not told["ok"] and "where datasets, runs" in told["what_to_do"]


def test_who_has_the_store_open_goes_on_in_the_one_that_was_put_back(home: Home, tmp_path: Path) -> None:
    admin, colleague = of(home), of(home, "alice", "password123")
    run(admin.backup(str(tmp_path / "b.age"), PASSPHRASE))
    run(colleague.whoami())
    with Ledger.open(home.ledger) as writer, Ledger.open(home.ledger) as reader:
        told = run(admin.restore(str(tmp_path / "b.age"), PASSPHRASE, replace=True))
        aside = home.data / told["moved_aside"] / "medsynth.sqlite3"
        with pytest.raises(Exception, match="taken the place"), writer.write() as change:
            change.record(actor="alice", action="test.lost")
        with pytest.raises(Exception, match="taken the place"), reader.read():
            pass
        with writer.write() as change:
            change.record(actor="alice", action="test.kept")
        assert reader.verify().ok
    with pytest.raises(Busy, match="taken the place"):
        run(colleague.whoami())
    with pytest.raises(Denied):
        run(colleague.whoami())  # logins of the store before are none here
    assert "test.kept" in [each["action"] for each in run(of(home).audit_list(limit=9))["records"]]
    with Ledger.open(aside.rename(aside.with_name("old.sqlite3"))) as old, old.read() as session:
        actions = session.connection().exec_driver_sql("SELECT action FROM audit").scalars().all()
    assert not {"test.lost", "test.kept"} & set(actions)
