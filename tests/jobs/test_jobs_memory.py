"""A job takes no more memory than the store's setting says, and says so in words. Real processes, real limits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from job_bench import ADA, Bench

from db.tables import Store
from medsynth_engine.jobs import cap
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.folders import RunFolder

HUNGRY = """
import subprocess, sys, time
from medsynth_engine.jobs import child
from medsynth_engine.kernel.errors import Interrupted

GREEDY = "import sys, time; kept = bytearray(b'x') * (1200 << 20); time.sleep(120)"

def work(folder):
    wanted = child.wanted(folder)
    if sys.argv[2] == "reserves":  # writable, and never touched
        bytearray(int(sys.argv[3]) << 20)
        return {"answer": 42}
    if sys.argv[2] == "torch":
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
    several = [subprocess.Popen([sys.executable, "-c", GREEDY]) for _ in range(2)]
    while wanted():
        time.sleep(0.02)
    [each.kill() for each in several]
    raise Interrupted("cancelled", "The job was cancelled.", "Ask again.")

child.main(work)
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process may write to")


def _hungry(bench: Bench, *what: str, gigabytes: int = 0) -> tuple[str, dict]:
    (bench.home.root / "hungry.py").write_text(HUNGRY)
    if gigabytes:
        with bench.ledger.write() as change:
            change.session.merge(Store(key=f"setting.{cap.SETTING}", value=gigabytes))
            change.record(actor=ADA, action="setting.change", object_="store")
    job = bench.ask([sys.executable, str(bench.home.root / "hungry.py"), "{job}", *what])
    return bench.until(job, "finished", "failed", "interrupted", seconds=120), bench.folder(job).error() or {}


def _demand_memory(gigabytes: int) -> None:
    """Skip where the machine, or the control group that the tests run in, has less to give."""
    import psutil

    free = min((psutil.virtual_memory().available, *_left_in_groups()))
    if free < gigabytes << 30:
        pytest.skip(f"{free / (1 << 30):.1f} GB of memory are free here; this needs {gigabytes}")


def _left_in_groups() -> Iterator[int]:
    """Bytes that each group above this process may still take (version 2, then 1); what it caches is given back."""
    root = Path("/sys/fs/cgroup")
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, kinds, name = line.split(":", 2)
            if kinds not in ("", "memory"):
                continue
            top, limit, used, cached = (
                (root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
                if kinds
                else (root, "memory.max", "memory.current", "inactive_file")
            )
            group = top / name.lstrip("/")
            for folder in {top, group, *(each for each in group.parents if each.is_relative_to(top))}:
                with suppress(OSError, ValueError, KeyError):  # not there, or its limit is the word max
                    told = dict(each.split() for each in (folder / "memory.stat").read_text().splitlines())
                    taken = int((folder / used).read_text()) - int(told[cached])
                    yield int((folder / limit).read_text()) - taken


def _demand_reserving(megabytes: int) -> None:
    """Skip where a process that is no job's gets none so large either: held from outside, or never promised."""
    if subprocess.run([sys.executable, "-c", f"bytearray({megabytes} << 20)"], capture_output=True).returncode:
        pytest.skip(f"nobody may reserve {megabytes} MB here")


@linux
@pytest.mark.skipif(cap.GPU.exists(), reason="where there is a GPU the kernel's fence is left down")
def test_work_that_asks_for_more_than_a_job_may_take_is_told_so_and_the_next_one_goes_on(bench: Bench) -> None:
    _demand_reserving(3000)
    state, said = _hungry(bench, "reserves", "3000", gigabytes=2)
    assert state == "failed" and (said["code"], said["exit_code"]) == ("no_memory", 8)
    assert "2 GB" in said["message"] and "job_memory_gb" in said["hint"]
    assert _hungry(bench, "reserves", "1500")[0] == "finished"
    assert bench.ledger.verify().ok


@linux
def test_processes_that_take_too_much_together_are_ended(bench: Bench) -> None:
    """Each is within the limit; a machine with less room than the test needs cannot tell."""
    _demand_memory(4)
    state, said = _hungry(bench, "several", gigabytes=2)
    assert state == "failed" and (said["code"], said["exit_code"]) == ("no_memory", 8)
    assert bench.ledger.verify().ok


def test_without_a_setting_nothing_is_limited(bench: Bench) -> None:
    _demand_reserving(3000)
    assert _hungry(bench, "reserves", "3000")[0] == "finished"


def test_a_library_that_says_in_its_own_words_that_memory_ended_is_understood(bench: Bench) -> None:
    state, said = _hungry(bench, "torch")
    assert state == "failed" and (said["code"], said["exit_code"]) == ("no_memory", 8)


def test_a_small_machine_holds_a_training_to_four_gigabytes_and_a_setting_to_less(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOW_RESOURCE_MODE", raising=False)
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"total": 64e9})())
    run = RunFolder(tmp_path / "run")
    run.create()
    run.set_config({"low_resource": False})
    assert cap.cap_of(bench.ledger, run) == 0
    run.set_config({"low_resource": True})
    assert cap.cap_of(bench.ledger, run) == 4 << 30 and cap.cap_of(bench.ledger, None) == 0
    with bench.ledger.write() as change:
        change.session.merge(Store(key=f"setting.{cap.SETTING}", value=3))
        change.record(actor=ADA, action="setting.change", object_="store")
    assert cap.cap_of(bench.ledger, run) == 3 << 30 == cap.cap_of(bench.ledger, None)


@pytest.mark.parametrize("value", ["1", "-4", "4.5", "much", "", "10001"])
def test_a_cap_that_makes_no_sense_is_refused(value: str) -> None:
    with pytest.raises(BadInput):
        cap.checked_cap(value)
    assert (cap.checked_cap("0"), cap.checked_cap("8")) == (0, 8)
