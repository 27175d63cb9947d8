"""What every room's tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import families
import pytest
from argon2 import PasswordHasher

from medsynth_engine.access import passwords

REPOSITORY = Path(__file__).resolve().parents[1]
for each in ("MEDSYNTH_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    # Several workers share the cores: threads that wait for each other at every layer only take time from the others.
    os.environ.setdefault(each, "1")
# Hundreds of processes of ours are started: none shall compile anew what the one before it compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


DEAR = passwords._HASHER
# A tenth of a second a login is what guessing shall cost, and not what a thousand tests are about. Processes that a
# test starts pay it all the same.
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="all of the long suites (make fuzz, make faults), not a tenth")
    parser.addoption(
        "--shuffle", type=int, metavar="SEED", help="files, and the tests in each, in an order of this seed"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "family(share=0.1, always=()): of its cases a share is run, without --full")


@pytest.hookimpl(trylast=True)  # of what -m leaves
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if (seed := config.getoption("--shuffle")) is not None:
        families.shuffle(items, seed)
    if config.getoption("--full"):
        return
    for item in items:
        if only := item.get_closest_marker("whole"):
            item.add_marker(pytest.mark.skip(reason=f"make test-full: {only.args[0]}"))
    families.take_share(config, items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of several tells the one that prints what it left out; they all left out the same."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["left"] = session.config.stash.get(families.LEFT, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[families.LEFT] = getattr(node, "workeroutput", {}).get("left", {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in families.told(config.stash.get(families.LEFT, {})):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def share(request: pytest.FixtureRequest) -> float:
    """How much of a long suite is run: 1 with `--full`, else a tenth."""
    return 1.0 if request.config.getoption("--full") else 0.1


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Real public medical data: `MEDSYNTH_TEST_DATA`, else `../shared/data` beside the checkout; skips without it."""
    folder = Path(os.environ.get("MEDSYNTH_TEST_DATA") or REPOSITORY / "../shared/data").resolve()
    if not folder.is_dir():
        pytest.skip("no real data here: set MEDSYNTH_TEST_DATA")
    return folder


@pytest.fixture(autouse=True)
def dear_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test marked `dear` is about: a password that costs what it costs in a store."""
    if request.node.get_closest_marker("dear"):
        monkeypatch.setattr(passwords, "_HASHER", DEAR)


@pytest.fixture(autouse=True)
def numbers_as_they_are() -> Iterator[None]:
    """Training flushes denormal numbers to zero for its whole process; the next test shall not inherit that."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
