"""On a server who asks for work does not start it: a service of the machine does, each kind of work its own."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from job_bench import Bench, wait_for

from db.errors import LedgerBusy, LedgerError, LedgerFull
from medsynth_engine.engine import Engine
from medsynth_engine.jobs import serve, watch
from medsynth_engine.jobs.serve import KINDS, Service
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import doctor_services


def test_who_asks_starts_nothing_and_the_service_starts_its_own_kind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDSYNTH_SERVED", "1")
    training = bench.ask(bench.step("quick"), kind="train", queue="train:cpu")
    second = bench.ask(bench.step("quick"), kind="train", queue="train:cpu")
    other = bench.ask(bench.step("quick"))
    assert not (bench.folder(training).path / "launched").exists()
    monkeypatch.delenv("MEDSYNTH_SERVED")
    assert Service(bench.ledger, bench.home, KINDS["trainings"]).turn() == [training]
    assert bench.until(second, "finished", seconds=60) == "finished"  # the first one's supervisor went on with it
    assert bench.row(other).state == "queued"
    assert Service(bench.ledger, bench.home, KINDS["others"]).turn() == [other]
    assert bench.until(other, "finished", seconds=60) == "finished"


def test_a_job_is_started_once_and_again_when_it_is_to_go_on(bench: Bench) -> None:
    job = bench.ask(bench.step("until"), kind="train", queue="train:cpu", go=False)
    service = Service(bench.ledger, bench.home, KINDS["trainings"])
    assert service.turn() == [job] and service.turn() == []
    bench.begun(job)
    bench.kill_supervisor(job)
    child = bench.child(job)
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    wait_for(lambda: watch.look(bench.ledger, bench.home, job) == "interrupted")
    with bench.ledger.write() as change:  # as `relaunch` does on a server
        change.session.get_one(type(bench.row(job)), job).state = "queued"
        change.record(actor="ada", action="job.resume", object_=f"job:{job}")
    assert service.turn() == [job]
    bench.enough(job)
    assert bench.until(job, "finished", seconds=60) == "finished"


def test_the_service_itself_takes_what_is_asked_for_and_ends_when_told(bench: Bench) -> None:
    command = [sys.executable, "-m", "medsynth_engine.jobs.serve", "others"]
    environment = {**os.environ, "MEDSYNTH_HOME": str(bench.home.root), "MEDSYNTH_SERVED": "1"}
    process = subprocess.Popen(command, env=environment)
    try:
        job = bench.ask(bench.step("quick"), go=False)
        assert bench.until(job, "finished", seconds=60) == "finished"
    finally:
        process.terminate()
    assert process.wait(60) == 0


def test_one_job_that_cannot_be_started_ends_neither_the_service_nor_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cut, full, good = (bench.ask(bench.step("quick"), go=False, queue=name) for name in ("a", "b", "c"))
    (bench.folder(cut).path / "job.json").write_text('{"format": 1, "steps": []')
    launch = serve.launch

    def on_a_full_disk(home: Home, job: str) -> None:
        if job == full:
            raise OSError(errno.ENOSPC, "No space left on device", str(home.root))
        launch(home, job)

    monkeypatch.setattr(serve, "launch", on_a_full_disk)
    service = Service(bench.ledger, bench.home, KINDS["others"])
    assert service.turn() == [good] and service.turn() == []
    assert bench.row(cut).state == "failed" and (bench.row(cut).error or {})["code"] == "folder_lost"
    assert bench.row(full).state == "queued"
    assert capsys.readouterr().err.strip() == f"{full}: No space left on device"  # and no path
    assert bench.until(good, "finished", seconds=60) == "finished"


def test_a_running_job_whose_order_was_cut_off_has_failed_once_its_work_is_gone(bench: Bench) -> None:
    job = bench.ask(bench.step("until"), kind="train", queue="train:cpu", go=False)
    Service(bench.ledger, bench.home, KINDS["trainings"]).turn()
    bench.begun(job)
    bench.kill_supervisor(job)
    child = bench.child(job)
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    (bench.folder(job).path / "job.json").write_text('{"format": 1,')
    wait_for(lambda: watch.look(bench.ledger, bench.home, job) == "failed")


def test_a_turn_that_fails_is_said_once_and_the_next_one_comes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stop, troubles = threading.Event(), [LedgerError("database_unreachable", "The database cannot be reached.")] * 2
    troubles += [LedgerFull("disk_full", "The disk is full."), LedgerBusy("ledger_busy", "In use.")]

    def turn(_service: Service) -> list[str]:
        if troubles:
            raise troubles.pop(0)
        stop.set()
        return []

    monkeypatch.setattr(Service, "turn", turn)
    monkeypatch.setattr(serve, "TURN_SECONDS", 0.0)
    monkeypatch.setenv("MEDSYNTH_HOME", str(bench.home.root))
    serve.serve("others", stop)
    said = [line.strip() for line in capsys.readouterr().err.splitlines()]
    assert said == ["queue: The database cannot be reached.", "queue: The disk is full."] and not troubles


def test_without_a_store_it_says_so_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "medsynth_engine.jobs.serve", "others"],
        env={**os.environ, "MEDSYNTH_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 6 and "no store" in done.stderr
    assert not any(tmp_path.iterdir())


def test_the_doctor_of_a_server_sees_that_nobody_starts_what_waits(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> list[dict[str, object]]:
        checks = asyncio.run(Engine(bench.home.root).doctor())["checks"]
        return [each for each in checks if each["name"] == "services"]

    for _ in range(2):  # the second one waits for the first
        bench.ask(bench.step("quick"), kind="train", queue="train:cpu", go=False)
    assert said() == []  # on a laptop there are none
    monkeypatch.setenv("MEDSYNTH_SERVED", "1")
    assert said()[0]["ok"]
    monkeypatch.setattr(doctor_services, "LATE_SECONDS", -1.0)
    (told,) = said()
    assert str(told["says"]).endswith("not started: 1.") and "medsynth-trainer" in str(told["what_to_do"])
    assert not told["ok"]
