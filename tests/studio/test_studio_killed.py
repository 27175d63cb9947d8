"""The studio itself is killed while it trains: the training lives, and whoever logs in next sees it.

`make faults` kills twenty studios and hangs up on twenty, `make test` one and one. Real studios in real terminals; the
first of them is the one that the training was begun in, by keyboard.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hospital import build
from studio_people import ACCOUNTS
from terminal import Terminal

from db.ledger import Ledger
from medsynth_engine.engine import Engine
from medsynth_engine.jobs.books import read_beat
from medsynth_engine.jobs.process import Identity, alive
from medsynth_engine.kernel.folders import JobFolder, RunFolder
from medsynth_engine.kernel.home import Home

STUDIO = "import sys; from pathlib import Path; from medsynth_tui.app import run; sys.exit(run(Path({home!r})))"
LONG = 300.0
PATIENTS = 60


def kill(terminal: Terminal) -> int:
    """With its process group, as an administrator would."""
    os.killpg(terminal.pid, signal.SIGKILL)
    return terminal.wait(LONG)


def hang_up(terminal: Terminal) -> int:
    """The line drops: nobody holds the other end of the terminal any more."""
    terminal.hang_up()
    return terminal.wait(LONG)


def tell_of_hang_up(terminal: Terminal) -> int:
    terminal.signal(signal.SIGHUP)
    return terminal.wait(LONG)


ENDS: dict[Callable[[Terminal], int], tuple[int, ...]] = {
    kill: (-signal.SIGKILL,),
    hang_up: (128 + signal.SIGHUP, -signal.SIGHUP),
    tell_of_hang_up: (128 + signal.SIGHUP,),
}
"""How a studio goes, and what it may then say."""


@pytest.fixture
def with_dataset(store: Path, tmp_path: Path) -> Path:
    """A store in which alice has brought in a small hospital."""
    files = build(tmp_path / "files", PATIENTS)

    async def bring_in() -> None:
        engine = Engine(store)
        await engine.login("alice", ACCOUNTS["alice"])
        asked = await engine.datasets_add("chest", str(files / "images"), str(files / "table.csv"))
        async for _ in engine.follow(asked["job"]):
            pass
        await engine.finish(asked["job"])
        engine.close()

    asyncio.run(bring_in())
    return store


@pytest.fixture
def opened(with_dataset: Path) -> Iterator[Callable[[], Terminal]]:
    """Studios with alice at home; those that are left are ended, and the training with them."""
    terminals: list[Terminal] = []

    def open_one() -> Terminal:
        environment = {"MEDSYNTH_THREADS": "1", "OMP_NUM_THREADS": "1"}
        code = STUDIO.replace("{home!r}", repr(str(with_dataset)))
        terminals.append(Terminal([sys.executable, "-c", code], environment=environment))
        terminal = terminals[-1]
        terminal.wait_for("A development store", LONG)
        terminal.press(f"alice\r{ACCOUNTS['alice']}\r")
        terminal.wait_for("Where to", LONG)
        return terminal

    yield open_one
    for terminal in terminals:
        terminal.close()
    for folder in Home(with_dataset).jobs.iterdir():
        beat = read_beat(JobFolder(folder)) or {}
        for who in (Identity.from_document(beat.get(name)) for name in ("supervisor", "child")):
            if who is not None and alive(who):
                os.killpg(who.pid, signal.SIGKILL)


class Training:
    """What lies in the store of the training that goes on, as nobody's screen shows it."""

    def __init__(self, home: Home) -> None:
        self.run = RunFolder(home.runs / "live")
        self.job = next(JobFolder(path) for path in home.jobs.iterdir() if path.name.startswith("train-"))

    def who(self) -> tuple[Identity | None, Identity | None]:
        beat = read_beat(self.job) or {}
        return Identity.from_document(beat.get("supervisor")), Identity.from_document(beat.get("child"))

    def ticks(self) -> int:
        return sum(line["kind"] == "tick" for line in self.run.lines()[0])


def until(true: Callable[[], object], why: str, terminal: Terminal | None = None) -> None:
    """Meanwhile somebody reads what the terminal says, as at a real one; without a terminal nobody is there."""
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end, f"{why} did not happen\n{terminal.screen() if terminal else ''}"
        if terminal is None:
            time.sleep(0.05)
        else:
            terminal.read(0.05)


def begin_training(terminal: Terminal, home: Home) -> Training:
    """By keyboard, for hours; back when it has learned something."""
    terminal.press("2")
    terminal.wait_for("No runs yet", LONG)
    terminal.press("n")
    terminal.wait_for("chest", LONG)
    terminal.press("\t\t6000\tlive\t\r")
    until((home.runs / "live").exists, "the run", terminal)
    until(lambda: any(path.name.startswith("train-") for path in home.jobs.iterdir()), "the job", terminal)
    training = Training(home)
    until(lambda: training.ticks() and all(map(alive, training.who())), "the first tick", terminal)
    return training


def stop(terminal: Terminal) -> None:
    """By keyboard, from home. Waits each time for words that no screen before it has."""
    for keys, words in (("2", "1 row"), ("\r", "Pause"), ("s", "Let it run")):
        terminal.press(keys)
        terminal.wait_for(words, LONG)
    terminal.press("\t\r")


@pytest.mark.slow
def test_a_killed_studio_takes_no_training_with_it_and_the_next_login_sees_it(
    opened: Callable[[], Terminal], with_dataset: Path, share: float
) -> None:
    home = Home(with_dataset)
    each = 20 if share == 1 else 1
    ends = [end for pair in zip([kill] * each, [hang_up, tell_of_hang_up] * each, strict=False) for end in pair]
    terminal = opened()
    training = begin_training(terminal, home)
    who = training.who()
    for end in ends:
        before = training.ticks()
        assert end(terminal) in ENDS[end]
        until(lambda known=before: training.ticks() > known, "another tick")
        assert training.who() == who and all(map(alive, who)), "it is the same training"
        with Ledger.open(home.ledger) as ledger:
            assert ledger.verify().ok
        terminal = opened()
        terminal.wait_for("Newest runs", LONG)
        assert any("live" in line and "running" in line for line in terminal.screen().splitlines())
    stop(terminal)
    until(lambda: training.run.state()["state"] == "stopped", "the end", terminal)
    assert training.run.generator.exists()
    with Ledger.open(home.ledger) as ledger:
        assert ledger.verify().ok
    print(f"{len(ends)} studios gone, one training: {training.ticks()} ticks")
