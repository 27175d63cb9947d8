"""Ctrl-C while a job is waited for: a question in a terminal, a stop elsewhere; never anything half done."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from cli_people import Hospital, draw_images

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough pictures that intake can be interrupted."""
    folder = tmp_path_factory.mktemp("many")
    draw_images(folder, 1500, np.random.default_rng(1))
    return folder


def order(hospital: Hospital, name: str, many: Path) -> list[str]:
    words = ["datasets", "add", name, str(many / "images"), "--metadata", str(many / "metadata.csv")]
    return [sys.executable, "-m", "medsynth_tui", *words, "--home", str(hospital.home)]


def jobs_of(hospital: Hospital) -> set[Path]:
    return set((hospital.home / "data" / "jobs").glob("intake-*"))


def wait_for_job(hospital: Hospital, before: set[Path]) -> None:
    """Until the first progress of a job that was not there before: then the command is waiting. Read from its folder:
    on a busy machine a command of its own takes longer than the work."""
    for _ in range(6000):
        if any((folder / "progress.jsonl").exists() for folder in jobs_of(hospital) - before):
            return
        time.sleep(0.02)
    raise AssertionError("the job never began")


class Terminal:
    """A command in a terminal of its own, whose keys reach it as a person's would."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.seen = b""
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, {**environment, "TERM": "xterm-256color"})

    def until(self, words: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while words.encode() not in self.seen:
            assert time.monotonic() < end, self.seen[-2000:]
            if select.select([self.handle], [], [], 0.2)[0]:
                self.seen += os.read(self.handle, 65536)

    def types(self, keys: str) -> None:
        os.write(self.handle, keys.encode())

    def ends(self) -> int:
        while True:
            try:
                self.seen += os.read(self.handle, 65536)
            except OSError:  # the other end has closed
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def datasets(hospital: Hospital) -> set[str]:
    return {one["dataset"] for one in hospital.alice.gets("datasets", "list")}


def test_in_a_terminal_stopping_leaves_nothing_and_the_same_command_goes_on(hospital: Hospital, many: Path) -> None:
    before = jobs_of(hospital)
    terminal = Terminal(order(hospital, "stopped", many), hospital.alice.environment)
    wait_for_job(hospital, before)
    terminal.types("\x03")
    terminal.until("[l/s]")
    terminal.types("s\r")
    assert terminal.ends() == 130
    assert "stopped" not in datasets(hospital)
    again = hospital.alice.gets("datasets", "add", "stopped", many / "images", "--metadata", many / "metadata.csv")
    assert again["submitted"] == 3000 == again["accepted"] + again["quarantined"] + again["rejected"]


def test_in_a_terminal_it_can_be_left_running(hospital: Hospital, many: Path) -> None:
    before = jobs_of(hospital)
    terminal = Terminal(order(hospital, "left", many), hospital.alice.environment)
    wait_for_job(hospital, before)
    terminal.types("\x03")
    terminal.until("[l/s]")
    terminal.types("l\r")
    assert terminal.ends() == 130
    for _ in range(240):
        if "left" in datasets(hospital):
            return
        time.sleep(0.5)
    raise AssertionError("the job that was left running did not end")


def test_without_a_terminal_it_is_stopped(hospital: Hospital, many: Path) -> None:
    before = jobs_of(hospital)
    process = subprocess.Popen(
        [*order(hospital, "piped", many), "--json"],
        env=hospital.alice.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_job(hospital, before)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert '"interrupted"' in out
    ended = next(job for job in hospital.alice.gets("jobs", "list") if job["subject"] == "dataset:piped")
    # On a busy machine the work may have been committed before the word reached it: what is there is then whole.
    assert "piped" in datasets(hospital) or ended["state"] != "finished"
