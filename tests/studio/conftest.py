"""A store with the three development accounts, made once and copied; real files; the studio on it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hospital import build


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that a test starts leave the machine to the others; what is drawn does not follow the tester's locale."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("MEDSYNTH_HOME", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(scope="session")
def development_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the engine itself; hashing three passwords takes a moment, so tests get copies."""
    from medsynth_engine.engine import Engine

    home = tmp_path_factory.mktemp("store")
    engine = Engine(home)
    asyncio.run(engine.init(development=True))
    (home / "data" / "pseudonym.key").write_bytes(bytes(range(32)))  # known: the same patients are held out every time
    engine.close()
    return home


@pytest.fixture
def store(development_store: Path, tmp_path: Path) -> Path:
    home = tmp_path / "home"
    shutil.copytree(development_store, home)
    return home


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("hospital") / "files")
