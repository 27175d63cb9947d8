"""Long work with real processes: it ends, fails, stops, and says so in words that quote no data."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from job_bench import Bench, wait_for

from db import chain
from medsynth_engine.jobs import watch
from medsynth_engine.kernel.errors import from_document


def test_a_job_finishes_and_its_result_and_records_are_kept(bench: Bench) -> None:
    job = bench.ask(bench.step("quick"), arguments={"n": 3, "source": "/home/jane/DOE_JANE.csv"})
    assert job.startswith("test-work-") and len(job) == len("test-work-") + 4
    assert bench.until(job, "finished", "failed") == "finished"
    assert bench.folder(job).result() == {"answer": 42, "source": "/home/jane/DOE_JANE.csv"}
    assert bench.row(job).result is None  # it may name a path: it stays in the folder
    assert bench.row(job).started_at and bench.row(job).ended_at
    assert bench.actions(job) == ["job.start", "job.finish"]
    with bench.ledger.read() as session:
        assert {(r.actor, r.role, r.face) for r in chain.page(session, object_=f"job:{job}")} == {
            ("ada", "researcher", "job")
        }
    lines, _ = bench.folder(job).lines()
    assert lines[-1]["done"] == 1000 and lines[-1]["unit"] == "things" and len(lines) < 10
    assert watch.newest_job_of(bench.ledger, "thing:x") == job
    assert bench.ledger.verify().ok


def test_the_path_of_a_source_is_not_in_the_ledger_and_gone_from_the_folder_at_the_end(bench: Bench) -> None:
    job = bench.ask(bench.step("bad"), arguments={"n": 3, "source": "/home/jane/DOE_JANE.csv"})
    bench.until(job, "failed")
    assert bench.row(job).arguments == {"n": 3}
    wait_for(lambda: bench.folder(job).order()["arguments"] == {"n": 3})
    assert b"DOE_JANE" not in b"".join(f.read_bytes() for f in bench.home.data.glob("medsynth.sqlite3*"))
    assert b"DOE_JANE" not in b"".join(f.read_bytes() for f in bench.folder(job).path.iterdir())


def test_a_failure_is_told_in_the_words_of_who_raised_it(bench: Bench) -> None:
    job = bench.ask(bench.step("bad"), bench.step("quick"))
    assert bench.until(job, "finished", "failed") == "failed"
    said = bench.folder(job).error()
    assert said is not None
    assert bench.row(job).error == {key: said[key] for key in ("code", "exit_code")}  # words may quote a table
    error = from_document(said, int(said["exit_code"]))
    assert (type(error).__name__, error.code, error.hint) == ("BadInput", "bad_thing", "Take a good one.")
    assert bench.folder(job).result() is None
    assert bench.actions(job) == ["job.start", "job.fail"]


def test_a_defect_is_told_without_quoting_the_data(bench: Bench) -> None:
    job = bench.ask(bench.step("defect"))
    assert bench.until(job, "finished", "failed") == "failed"
    said = bench.folder(job).error() or {}
    assert said["code"] == "unexpected" and said["exit_code"] == 1
    (log,) = bench.home.logs.glob("unexpected-*.txt")
    assert log.stat().st_mode & 0o777 == 0o600 and log.stem.removeprefix("unexpected-") in said["hint"]
    assert "ValueError" in log.read_text() and "in work" in log.read_text()
    everything = log.read_text() + json.dumps(said) + bench.folder(job).log_file.read_text()
    assert "DOE^JANE" not in everything


@pytest.mark.parametrize("step", [["{worker}", "mute"], ["/no/such/program"]])
def test_work_that_ends_without_a_word_still_gets_a_sentence(bench: Bench, step: list[str]) -> None:
    job = bench.ask(bench.step("mute") if step[0] == "{worker}" else step)
    assert bench.until(job, "finished", "failed") == "failed"
    assert (bench.folder(job).error() or {})["message"]


def test_steps_run_one_after_the_other(bench: Bench) -> None:
    job = bench.ask(bench.step("until"), bench.step("quick"))
    bench.begun(job)
    assert bench.folder(job).result() is None
    bench.enough(job)
    assert bench.until(job, "finished") and (bench.folder(job).result() or {})["answer"] == 42


def test_a_running_job_is_cancelled(bench: Bench) -> None:
    job = bench.ask(bench.step("until"), bench.step("quick"))
    bench.begun(job)
    assert watch.cancel(bench.ledger, bench.home, job) in ("running", "stopped")
    assert bench.until(job, "stopped", "finished", "failed") == "stopped"
    assert not (bench.folder(job).result() or {})
    assert bench.actions(job) == ["job.start", "job.stop"]
    assert watch.cancel(bench.ledger, bench.home, job) == "stopped"


def test_the_supervisor_is_small() -> None:
    heavy = "('torch', 'pandas', 'sklearn', 'scipy', 'numpy')"
    look = f"import sys, medsynth_engine.jobs.supervise; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
