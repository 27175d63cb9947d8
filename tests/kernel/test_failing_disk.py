"""A disk that fails (EIO) or writes less than was asked for, once, at the n-th call: nothing acknowledged is lost, what
was not done is said in words, and the same thing done again succeeds. In full 30 points, of which `make test` takes a
tenth (but one of each kind of work)."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.ledger import Ledger
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.folders import JobFolder

HERE = Path(__file__).parent
PICTURES = 6
HOWS = ("write", "sync", "short")
CALLS = {"ledger": (2, 3, 9), "checkpoint": (1, 2), "stream": (2,), "export": (1,), "dataset": (1, 2, 4)}


@dataclass(frozen=True)
class Ended:
    kept: list[int]
    refused: list[str]
    """Codes; each came with exit code 8."""
    happened: bool
    code: int


Victim = Callable[..., Ended]


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("a failing disk is made with a C compiler on Linux")
    library = tmp_path_factory.mktemp("shim") / "failing_disk.so"
    made = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "failing_disk.c"), "-ldl"],
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        pytest.skip("the C compiler here cannot make a library")
    return library


@pytest.fixture
def victim(shim: Path, tmp_path: Path) -> Victim:
    def run(what: str, folder: Path, word: str = "", how: str = "", at: int = 0, **more: str) -> Ended:
        mark = tmp_path / f"mark-{what}-{how}-{at}"
        failing = {"LD_PRELOAD": str(shim), "FAIL_PATH": word, "FAIL_HOW": how, "FAIL_AT": str(at)} if how else {}
        found = subprocess.run(
            [sys.executable, str(HERE / "disk_victim.py"), what, str(folder)],
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "FAIL_MARK": str(mark), **failing, **more},
        )
        lines = [line.split() for line in found.stdout.splitlines()]
        refused = [line[1:] for line in lines if line[0] == "refused"]
        assert "Traceback" not in found.stderr, found.stderr
        assert all(code == "8" for _, code in refused), refused
        kept = [int(line[1]) for line in lines if line[0] == "kept"]
        return Ended(kept, [word for word, _ in refused], mark.exists(), found.returncode)

    return run


def points(what: str, share: float) -> list[tuple[str, int]]:
    found = [(how, at) for at in CALLS[what] for how in HOWS]
    return found if share == 1 else found[:1]


def assert_told(ended: Ended, how: str) -> None:
    """It was said that the disk failed; of a short write the rest was written, and nobody had to know."""
    assert ended.refused == ([] if how == "short" else ["disk_failed"]) or not ended.happened


def test_what_the_ledger_acknowledged_is_there_and_what_it_refused_was_said(
    victim: Victim, tmp_path: Path, share: float
) -> None:
    for how, at in points("ledger", share):
        folder = tmp_path / f"{how}-{at}"
        Ledger.create(folder / "data" / "medsynth.sqlite3").close()
        ended = victim("ledger", folder, "medsynth.sqlite3-wal", how, at)
        assert ended.happened, (how, at)
        assert_told(ended, how)
        assert len(ended.kept) + len(ended.refused) == 8  # the next change was possible
        with Ledger.open(folder / "data" / "medsynth.sqlite3") as ledger:
            verification = ledger.verify()
            assert verification.ok and verification.records >= max(ended.kept), verification.problems


def test_a_checkpoint_that_was_not_written_leaves_the_one_before(victim: Victim, tmp_path: Path, share: float) -> None:
    from medsynth_engine.gan import checkpoint

    for how, at in points("checkpoint", share):
        folder = tmp_path / f"{how}-{at}"
        folder.mkdir()
        ended = victim("checkpoint", folder, "last.pt", how, at)
        assert ended.happened, (how, at)
        assert_told(ended, how)
        kept = checkpoint.load(folder / "last.pt")
        assert (kept or {}).get("number") == (ended.kept[-1] if ended.kept else None)
        assert ended.code == (8 if ended.refused else 0) and not list(folder.glob(".partial-*"))


def test_a_line_that_was_cut_short_takes_no_other_with_it(victim: Victim, tmp_path: Path, share: float) -> None:
    for how, at in [("short", 2)] if share < 1 else [("short", 2), ("short", 5), ("short", 8)]:
        folder = tmp_path / f"{how}-{at}"
        folder.mkdir()
        ended = victim("stream", folder, "progress.jsonl", how, at)
        assert ended.happened and ended.kept == list(range(1, 9))
        assert [line["done"] for line in JobFolder(folder).lines()[0]] == ended.kept


def test_an_export_is_whole_or_not_there(victim: Victim, tmp_path: Path, share: float) -> None:
    engine = Engine(tmp_path)
    asyncio.run(engine.init(development=True))
    asyncio.run(engine.login("auditor", "auditor123"))
    target = tmp_path / "leaves" / "log.jsonl"
    target.parent.mkdir()
    for how, at in points("export", share):
        ended = victim("export", tmp_path, "/leaves/", how, at, VICTIM_TOKEN=engine.token or "")
        assert ended.happened, (how, at)
        assert_told(ended, how)
        assert target.exists() == bool(ended.kept) and len(list(target.parent.iterdir())) == 2 * len(ended.kept)
        if ended.kept:
            assert asyncio.run(engine.audit_verify_file(str(target)))["ok"]
        for left in target.parent.iterdir():
            left.unlink()
        assert asyncio.run(engine.audit_verify())["ok"]
    engine.close()


def test_a_dataset_is_whole_or_not_there_and_the_same_call_goes_on(
    victim: Victim, tmp_path: Path, share: float
) -> None:
    rng = np.random.default_rng(3)
    ward = tmp_path / "ward"
    ward.mkdir()
    for number in range(PICTURES):
        Image.fromarray(rng.integers(0, 255, (64, 64), dtype=np.uint8)).save(ward / f"{number}.png")
    target = tmp_path / "sets" / "set"
    for how, at in points("dataset", share):
        ended = victim("dataset", tmp_path, "/sets/", how, at)
        assert_told(ended, how)
        assert target.exists() == bool(ended.kept)
        if not ended.kept:
            assert ended.happened and ended.code == 8
            assert victim("dataset", tmp_path).kept == [PICTURES]
        assert ended.kept in ([], [PICTURES])
        shutil.rmtree(tmp_path / "sets")
