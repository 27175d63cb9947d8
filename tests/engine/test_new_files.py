"""A file that gets the asked name between the question and the write is somebody else's: it stays as it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from review_store import World, run

from db.ledger import Ledger
from medsynth_engine.engine import Engine
from medsynth_engine.kernel.atomic import _nameless, write_new
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations import places

PASSWORD = "four words are quite long"
THEIRS = b"somebody else's"
SUMMARY = {
    **{"submitted": 40, "accepted": 40, "quarantined": 0, "rejected": 0, "patients": 40, "schema": {"columns": []}},
    **{"train": 24, "validation": 4, "holdout": 12, "reasons": {}, "identifiers_removed": {}, "columns": {}},
}
WOMEN = {"name": "women", "axis": {"sex": {"values": {"F": 1.0}}}}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Ann has a dataset with a draft; the log is long enough for its oldest part to be archived."""
    world = World(tmp_path_factory.mktemp("new") / "home", ("ann",))
    world.dataset("chest", "ann", {}, summary=SUMMARY)
    run(world.of("ann").pia_draft("dataset:chest", "recipient"))
    with Ledger.open(Home(world.home).ledger) as ledger, ledger.write() as change:
        for number in range(1500):
            change.record(actor="ann", action="datasets.add", object_=f"dataset:{number}")
    root = world.of("root")
    run(root.login("root", PASSWORD))
    run(root.audit_checkpoint())
    world.tokens["root"] = str(root.token)
    return world


WRITERS: dict[str, tuple[str, Callable[[Engine, str], Any]]] = {
    "report": ("ann", lambda engine, path: engine.datasets_report("chest", path)),
    "page": ("ann", lambda engine, path: engine.pia_report("dataset:chest", path)),
    "population": ("ann", lambda engine, path: engine.population_save(path, WOMEN)),
    "export": ("root", lambda engine, path: engine.audit_export(path, "csv")),
    "proof": ("root", lambda engine, path: engine.audit_export(path)),
    "archive": ("root", lambda engine, path: engine.audit_seal(path, 1000)),
    "archive's proof": ("root", lambda engine, path: engine.audit_seal(path, 1000)),
}


@pytest.mark.parametrize("what", WRITERS)
def test_a_file_that_appears_meanwhile_is_not_overwritten(
    people: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    name, write = WRITERS[what]
    world = people.copy(tmp_path / "home")
    asked = tmp_path / "out" / "asked"
    asked.parent.mkdir()
    theirs = asked.with_name("asked.proof.json") if "proof" in what else asked

    def late(path: Path, fill: Callable[[IO[bytes]], object]) -> str:
        theirs.write_bytes(THEIRS)
        return write_new(path, fill)

    with monkeypatch.context() as somebody, pytest.raises(BadInput) as refused:
        somebody.setattr(places, "write_new", late)
        run(write(world.of(name), str(asked)))
    assert refused.value.code == "bad_target" and theirs.read_bytes() == THEIRS
    assert list(asked.parent.iterdir()) == [theirs]  # nothing half written, nor half of a pair
    theirs.unlink()
    run(write(world.of(name), str(asked)))
    assert asked.stat().st_mode & 0o777 == 0o600 and asked.stat().st_size


KILLED = """
import os, signal, sys
from pathlib import Path
from medsynth_engine.kernel.atomic import write_new
def fill(stream):
    stream.write(b"half of it")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
write_new(Path(sys.argv[1]), fill)
"""


def test_a_kill_in_the_middle_of_a_new_file_leaves_nothing_in_a_persons_folder(tmp_path: Path) -> None:
    handle = _nameless(tmp_path)
    if handle is None:
        pytest.skip("a file without a name is not to be had here (O_TMPFILE)")
    os.close(handle)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "new")], capture_output=True)
    assert killed.returncode == -signal.SIGKILL and list(tmp_path.iterdir()) == []
