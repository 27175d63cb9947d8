"""An import of weights takes in what it has checked, and neither replaces nor removes a file that is not its own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from sqlmodel import select

from db.change import Change as LedgerChange
from db.ledger import Ledger
from db.tables import Dataset, Run, User, Weights
from medsynth_engine.engine import Engine
from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Categorical, Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.kernel.atomic import file_digest, write_bytes
from medsynth_engine.kernel.errors import BadInput, Busy
from medsynth_engine.kernel.folders import JobFolder, RunFolder
from medsynth_engine.operations import bundles
from medsynth_engine.operations import weights as asking
from medsynth_engine.work import import_run, import_weights
from medsynth_engine.work.desk import Desk

VOCABULARY = Vocabulary((Categorical("finding", ("a", "b"), (600, 604)),), ())


@pytest.fixture(scope="module")
def generators(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two generators' files, which differ."""
    made = tuple(tmp_path_factory.mktemp("made") / f"{seed}.pth" for seed in (1, 2))
    for seed, path in enumerate(made):
        torch.manual_seed(seed)
        generator = Generator(Architecture((8, 8, 8, 4, 4), 1, 1), VOCABULARY)
        weights.save(path, weights.document(generator, {"training_images": 1204, "training_digest": "ab"}, None))
    return made[0], made[1]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    made = Engine(tmp_path_factory.mktemp("store") / "home")
    asyncio.run(made.init(development=True))
    asyncio.run(made.login("alice", "password123"))
    return made


@pytest.fixture
def engine(store: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Its jobs are not launched: a test does their work here, when it wants."""
    monkeypatch.setenv("MEDSYNTH_HOME", str(store.home_folder.root))
    monkeypatch.setattr(asking, "launch", lambda call, job: None)
    return store


def asked(engine: Engine, path: Path, name: str) -> Desk:
    job = asyncio.run(engine.weights_import(str(path), name))["job"]
    return Desk(JobFolder(engine.home_folder.jobs / job))


def known(engine: Engine, name: str) -> str | None:
    """The digest that the ledger has of this generator."""
    with Ledger.open(engine.home_folder.ledger) as ledger, ledger.read() as session:
        row = session.get(Weights, name)
        return row.digest if row else None


def after_the_check(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Once the file was read and found good, and before it is kept, this happens."""
    real, waiting = import_weights.weights_document, [happens]

    def document(path: Path) -> dict[str, Any]:
        read = real(path)
        if waiting:
            waiting.pop()()
        return read

    monkeypatch.setattr(import_weights, "weights_document", document)


def test_what_its_owner_copies_over_a_placed_file_during_the_check_stays(
    engine: Engine, generators: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = engine.home_folder.weights / "placed.pth"
    shutil.copy(generators[0], placed)
    desk = asked(engine, placed, "placed")
    after_the_check(monkeypatch, lambda: shutil.copy(generators[1], placed))
    with pytest.raises(BadInput) as refused:
        import_weights.work(desk)
    assert refused.value.code == "source_changed" and known(engine, "placed") is None
    assert file_digest(placed) == file_digest(generators[1])
    assert import_weights.work(desk)["placed"] and known(engine, "placed") == file_digest(placed)


def test_of_two_imports_of_one_name_the_second_leaves_the_first_its_file(
    engine: Engine, generators: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    late, early = (asked(engine, path, "two") for path in generators)
    after_the_check(monkeypatch, lambda: import_weights.work(early))
    with pytest.raises(Busy) as refused:
        import_weights.work(late)
    assert refused.value.code == "name_taken"
    kept = file_digest(engine.home_folder.weights / "two.pth")
    assert known(engine, "two") == kept and kept == file_digest(generators[1])


def test_two_imports_of_one_file_under_one_name_are_one_generator(
    engine: Engine, generators: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    late, early = (asked(engine, generators[0], "same") for _ in range(2))
    after_the_check(monkeypatch, lambda: import_weights.work(early))
    with pytest.raises(Busy) as refused:
        import_weights.work(late)
    assert refused.value.code == "name_taken"
    assert known(engine, "same") == file_digest(engine.home_folder.weights / "same.pth")


def test_of_a_file_that_changes_after_its_check_nothing_is_kept(
    engine: Engine, generators: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "mine.pth"
    shutil.copy(generators[0], source)
    desk = asked(engine, source, "changed")
    after_the_check(monkeypatch, lambda: shutil.copy(generators[1], source))
    with pytest.raises(BadInput) as refused:
        import_weights.work(desk)
    assert refused.value.code == "source_changed"
    assert known(engine, "changed") is None and not list(engine.home_folder.weights.glob("changed*"))


def test_what_an_import_kept_before_it_was_cut_short_is_its_own(engine: Engine, generators: tuple[Path, Path]) -> None:
    kept = engine.home_folder.weights / "short.pth"
    desk = asked(engine, generators[0], "short")
    shutil.copy(generators[0], kept)
    assert not import_weights.work(desk)["placed"]
    assert known(engine, "short") == file_digest(kept)


@pytest.fixture(scope="module")
def dataset(store: Engine) -> Dataset:
    with Ledger.open(store.home_folder.ledger) as ledger, ledger.write() as change:
        alice = change.session.exec(select(User).where(User.name == "alice")).one().id
        row = Dataset(id="d", name="chest", owner_id=alice, folder="chest-v1", digest="d" * 64)
        change.session.add(row)
        change.record(actor="alice", action="test.dataset")
    return row


def arrived(engine: Engine, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Desk, RunFolder]:
    """A run that was trained elsewhere, looked at and about to be committed."""
    monkeypatch.setattr(bundles, "launch", lambda call, job: None)
    hidden = RunFolder(engine.home_folder.runs / f".staging-{name}")
    hidden.path.mkdir()
    hidden.set_state("finished")
    hidden.generator.write_bytes(b"of the run")
    source = tmp_path / "back.zip"
    source.touch()
    job = asyncio.run(engine.runs_import(str(source), name))["job"]
    return Desk(JobFolder(engine.home_folder.jobs / job)), hidden


def test_a_run_that_comes_in_leaves_a_generator_of_its_name_that_came_meanwhile(
    engine: Engine, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk, hidden = arrived(engine, "g", monkeypatch, tmp_path)
    theirs = engine.home_folder.weights / "g.pth"
    theirs.write_bytes(b"came meanwhile")
    with pytest.raises(Busy) as refused:
        import_run._commit(desk, hidden, dataset, {"preset": "tiny64"})
    assert refused.value.code == "name_taken" and theirs.read_bytes() == b"came meanwhile"
    assert hidden.path.is_dir() and known(engine, "g") is None


def test_a_run_that_comes_in_leaves_the_generator_of_a_run_of_its_name_that_ended_meanwhile(
    engine: Engine, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk, hidden = arrived(engine, "r1", monkeypatch, tmp_path)
    theirs, commit = engine.home_folder.weights / "r1.pth", Desk.commit

    def ends_first(self: Desk, *about: Any, **detail: Any) -> Any:
        write_bytes(theirs, b"of the other run")
        with self.ledger.write() as change:
            facts = {"owner_id": dataset.owner_id, "preset": "tiny64", "folder": "r1"}
            change.session.add(Run(name="r1", dataset_id="d", generator_digest=file_digest(theirs), **facts))
            change.record(actor="alice", action="test.ended")
        return commit(self, *about, **detail)

    monkeypatch.setattr(Desk, "commit", ends_first)
    with pytest.raises(Busy):
        import_run._commit(desk, hidden, dataset, {"preset": "tiny64"})
    assert theirs.read_bytes() == b"of the other run"


def test_a_run_that_cannot_be_kept_leaves_nothing_and_one_that_can_has_its_generator(
    engine: Engine, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk, hidden = arrived(engine, "r2", monkeypatch, tmp_path)
    kept, folder = engine.home_folder.weights / "r2.pth", RunFolder(engine.home_folder.runs / "r2")
    with monkeypatch.context() as broken:
        broken.setattr(LedgerChange, "record", _disk_is_full)
        with pytest.raises(OSError, match="full"):
            import_run._commit(desk, hidden, dataset, {"preset": "tiny64"})
    assert hidden.path.is_dir() and not folder.path.exists() and not kept.exists()
    import_run._commit(desk, hidden, dataset, {"preset": "tiny64"})
    assert known(engine, "r2") == file_digest(kept) == file_digest(folder.generator)


def _disk_is_full(*about: Any, **detail: Any) -> None:
    raise OSError("the disk is full")
