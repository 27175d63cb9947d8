"""The ledger under kill -9, many writers and a full disk; a tenth in `make test`, all of it in `make faults`."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from db import checkpoints, proof
from db.errors import LedgerError, LedgerFull
from db.ledger import Ledger
from medsynth_engine.engine import Engine
from medsynth_engine.kernel import age
from medsynth_engine.kernel.errors import MedSynthError, NoRoom

WRITER = """
import sys
from pathlib import Path
from db.place import open_store
ledger = open_store(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    with ledger.write() as change:
        record = change.record(actor=sys.argv[2], action="test.write", object_=str(number))
    print(record.seq, flush=True)
"""


def writer(ledger: Ledger, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(ledger.path), name, str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_many_processes_write_side_by_side_and_no_link_is_lost(ledger: Ledger, share: float) -> None:
    """In full 16 processes of 200 changes each."""
    processes, count = (16, 200) if share == 1 else (4, 75)
    running = [writer(ledger, f"writer-{number}", count) for number in range(processes)]
    for process in running:
        said, wrong = process.communicate(timeout=1200)
        assert process.returncode == 0, wrong
        assert len(said.split()) == count and "locked" not in wrong
    verification = ledger.verify()
    assert (verification.ok, verification.records) == (True, processes * count + 1), verification.problems
    assert verification.records - verification.signed < checkpoints.EVERY


def test_what_was_acknowledged_survives_kill_9(ledger: Ledger, kind: str, share: float) -> None:
    """In full 200 kills, of two writers at a time, of which each has written 250 records on average."""
    if kind == "postgresql" and share < 1:
        pytest.skip("in make faults only: it is the server that is not killed here")
    acknowledged, kills, records = 0, 200 if share == 1 else 10, 250 if share == 1 else 20
    for number in range(kills // 2):
        pair = [writer(ledger, f"writer-{number}-{each}", 100_000) for each in (1, 2)]
        lines: list[str] = []
        for process in pair:
            assert process.stdout is not None
            lines += [process.stdout.readline() for _ in range(records)]
        for process in pair:
            process.send_signal(signal.SIGKILL)
        for process in pair:
            assert process.stdout is not None
            lines += process.stdout.read().splitlines()
            process.wait()
        acknowledged = max(acknowledged, *(int(line) for line in lines if line.strip().isdigit()))
        if number % 10 == 9 or share < 1:
            verification = ledger.verify()
            assert verification.ok and verification.records >= acknowledged, verification.problems
    verification = ledger.verify()
    assert verification.ok and verification.records >= acknowledged >= kills * records
    print(f"{kills} kills, {acknowledged} records acknowledged, 0 lost")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes of its own; skips where this account may not mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this account may not mount a small file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path, leaving: int) -> Path:
    """Use up all but `leaving` bytes."""
    ballast = disk / "ballast"
    free = os.statvfs(disk)
    with ballast.open("wb") as stream:
        stream.write(bytes(max(0, free.f_bavail * free.f_frsize - leaving)))
    return ballast


def test_a_full_disk_at_every_step_undoes_the_change_and_the_log_stays_whole(small_disk: Path, share: float) -> None:
    """In full 40 points, 64 KB apart: records until nothing goes any more, then a backup."""
    points = range(0, 40, 1 if share == 1 else 10)
    for point in points:
        home = small_disk / f"home-{point}"
        engine = Engine(home)
        asyncio.run(engine.init(development=True))
        asyncio.run(engine.login("admin", "admin123"))
        ballast = fill(small_disk, point * 64 * 1024)
        written = 0
        with pytest.raises((NoRoom, LedgerFull)):
            for _ in range(4000):
                with engine.ledger().write() as change:
                    change.record(actor="ada", action="test.write", detail={"padding": "x" * 900})
                written += 1
        with pytest.raises(MedSynthError) as caught:
            asyncio.run(engine.backup(str(small_disk / "b.age"), "correct horse battery staple"))
        assert caught.value.exit_code == 8, caught.value.message
        assert not list(small_disk.glob("*b.age*"))
        ballast.unlink()
        verification = engine.ledger().verify()
        assert verification.ok and verification.records >= written, verification.problems
        assert asyncio.run(engine.whoami())["name"] == "admin"
        with engine.ledger().write() as change:
            change.record(actor="ada", action="test.write")
        engine.close()
        subprocess.run(["rm", "-rf", str(home)], check=True)


def test_on_a_full_disk_a_store_opens_to_be_read_and_says_why_nothing_can_be_changed(small_disk: Path) -> None:
    engine = Engine(small_disk / "home")
    asyncio.run(engine.init(development=True))
    asyncio.run(engine.login("admin", "admin123"))
    token = engine.token
    engine.close()
    ballast = fill(small_disk, 0)
    cold = Engine(small_disk / "home", token)
    assert asyncio.run(cold.whoami())["name"] == "admin"
    assert asyncio.run(cold.audit_list())["records"] and asyncio.run(cold.audit_verify())["ok"]
    assert asyncio.run(cold.home())["warnings"]
    with pytest.raises(NoRoom, match="nothing was changed"):
        asyncio.run(cold.users_add("bob", "researcher"))
    with pytest.raises(NoRoom):  # what is denied there is also refused
        asyncio.run(cold.runs_list())
    doctor = {check["name"]: check for check in asyncio.run(cold.doctor())["checks"]}
    assert not doctor["disk"]["ok"] and doctor["store"]["ok"]
    ballast.unlink()
    assert asyncio.run(cold.users_add("bob", "researcher"))["name"] == "bob"  # without starting again
    assert asyncio.run(cold.audit_verify())["ok"]
    cold.close()


def test_a_damaged_file_is_noticed_when_it_is_opened(file_ledger: Ledger) -> None:
    ledger = file_ledger
    ledger.close()
    with ledger.path.open("r+b") as stream:
        stream.seek(40 * 4096)
        stream.write(os.urandom(8 * 4096))
    with pytest.raises(LedgerError, match="damaged") as caught:
        Ledger.open(ledger.path)
    assert caught.value.code == "ledger_damaged" and "restore" in caught.value.hint


def test_a_copy_on_a_medium_that_cannot_be_written_verifies(file_ledger: Ledger, small_disk: Path) -> None:
    ledger = file_ledger
    ledger.backup(small_disk / "copy.sqlite3")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert proof.verify(small_disk / "copy.sqlite3").ok
    with closing(sqlite3.connect(ledger.path)) as connection:
        assert proof.verify(connection).ok


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(age, "WORK", 8)
