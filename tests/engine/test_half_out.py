"""What leaves goes where a person said, never among what is the store's; what a kill left on the way is swept."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Job, User, now
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations.way_out import demand_place
from medsynth_engine.work import import_cohort, import_run, import_weights


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    made = Engine(tmp_path_factory.mktemp("out") / "home")
    asyncio.run(made.init(development=True))
    asyncio.run(made.login("alice", "password123"))
    return made


def job(home: Home, name: str, state: str, target: Path) -> Path:
    """A job that let something out into `target`, and what it had made there when it was cut short."""
    with Ledger.open(home.ledger) as ledger, ledger.write() as change:
        alice = change.session.exec(select(User.id).where(User.name == "alice")).one()
        change.session.add(
            Job(id=name, kind="export", actor_id=alice, subject="cohort:c", arguments={"target": str(target)},
                arguments_digest="x", expires_at=now(), state=state, folder=name)
        )  # fmt: skip
        change.record(actor="alice", action="test.job")
    left = target / f".leaving-{name}"
    (left / "cohort").mkdir(parents=True)
    return left


def test_nothing_is_let_out_among_the_generators_nor_into_the_store(engine: Engine) -> None:
    home = engine.home_folder
    below = home.weights / "below"
    below.mkdir()
    for place in (home.weights, below, home.datasets):
        for asked in (engine.weights_export("g", to=str(place)), engine.export("c", to=str(place))):
            with pytest.raises(BadInput) as refused:
                asyncio.run(asked)
            assert refused.value.code == "inside_store"
    below.rmdir()


def test_a_target_that_leads_elsewhere_since_it_was_asked_for_is_refused(engine: Engine, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    demand_place(engine.home_folder, target)
    target.rmdir()
    target.symlink_to(engine.home_folder.datasets)
    with pytest.raises(BadInput) as refused:
        demand_place(engine.home_folder, target)
    assert refused.value.code == "target_changed"


@pytest.mark.parametrize("step", [import_weights, import_run, import_cohort])
def test_what_leads_into_the_store_since_it_was_asked_for_is_not_taken_in(
    engine: Engine, tmp_path: Path, step: ModuleType
) -> None:
    home = engine.home_folder
    (home.runs / "others").mkdir(exist_ok=True)
    (home.runs / "others" / "generator.pth").write_bytes(b"somebody else's")
    asked = tmp_path / "mine"
    for theirs in (home.runs / "others" / "generator.pth", home.runs / "others"):
        asked.symlink_to(theirs)
        names = {"name": "g", "run": "g", "cohort": "g", "dataset_id": "d"}
        folder = JobFolder(tmp_path / "job")
        desk = SimpleNamespace(home=home, folder=folder, arguments={"source": str(asked), **names})
        with pytest.raises(BadInput) as refused:
            step.work(desk)
        assert refused.value.code == "source_changed" and not list(home.weights.glob("g*"))
        asked.unlink()


def test_what_a_killed_export_left_beside_its_target_goes_and_what_is_under_way_stays(
    engine: Engine, tmp_path: Path
) -> None:
    home, theirs = engine.home_folder, tmp_path / "theirs"
    killed, full = (job(home, f"j-{state}", state, tmp_path) for state in ("interrupted", "failed"))
    ended = job(home, "j-finished", "finished", tmp_path)  # leaves nothing behind: whatever it is, it is not its own
    theirs.mkdir()
    link = tmp_path / ".leaving-j-link"
    job(home, "j-link", "interrupted", tmp_path / "elsewhere")
    link.symlink_to(theirs)
    asyncio.run(engine.home())
    assert not killed.exists() and not full.exists()
    assert ended.exists() and link.is_symlink() and theirs.exists()


@pytest.mark.parametrize("trouble", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_place_that_cannot_be_looked_at_any_more_closes_home_for_nobody(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: int
) -> None:
    left = job(engine.home_folder, f"j-{errno.errorcode[trouble]}", "failed", tmp_path / "away")
    real = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.is_relative_to(tmp_path / "away"):
            raise OSError(trouble, os.strerror(trouble), str(path))
        return real(path, follow_symlinks=follow_symlinks)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "stat", stat)
        asyncio.run(engine.home())
    assert left.exists()
    asyncio.run(engine.home())
    assert not left.exists()


def test_two_who_sweep_at_once_do_not_meet(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    half = engine.home_folder.generated / ".partial-0123456789ab-report.html"
    half.write_bytes(b"half")
    os.utime(half, (time.time() - 7200,) * 2)
    real = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = real(path, follow_symlinks=follow_symlinks)
        if path == half:
            os.unlink(half)  # noqa: PTH108 - as the other does, right after we have looked
        return found

    monkeypatch.setattr(Path, "stat", stat)
    asyncio.run(engine.home())


def test_what_a_server_writes_whose_clock_is_ahead_is_not_dead(engine: Engine) -> None:
    half = engine.home_folder.generated / ".partial-0123456789ab-export.zip"
    half.write_bytes(b"half")
    os.utime(half, (time.time() + 7200,) * 2)
    asyncio.run(engine.home())
    assert half.exists()
    half.unlink()


def test_a_half_written_file_of_a_killed_process_goes_after_an_hour(engine: Engine) -> None:
    home = engine.home_folder
    old, young, other = (
        home.generated / name
        for name in (".partial-0123456789ab-report.html", ".partial-ba9876543210-x", ".partial-my")
    )
    placed = home.weights / ".partial-0123456789ab-g.pth"
    for file in (old, young, other, placed):
        file.write_bytes(b"half")
    for file in (old, other, placed):
        os.utime(file, (time.time() - 7200,) * 2)
    asyncio.run(engine.home())
    assert [file.exists() for file in (old, young, other, placed)] == [False, True, True, False]
