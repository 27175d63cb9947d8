"""Drawing from a run that has no generator yet says what would give it one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.operations import cohorts


def test_a_paused_run_with_a_best_generator_says_how_to_get_at_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cohorts, "run_state", lambda call, run, folder: folder.state()["state"])
    call = SimpleNamespace(home=SimpleNamespace(runs=tmp_path))
    run = SimpleNamespace(folder="second", name="second")
    folder = RunFolder(tmp_path / "second")
    folder.create()
    folder.set_state("paused")
    assert cohorts._no_generator(call, run).hint == "See: medsynth runs show second"
    folder.checkpoints.mkdir(exist_ok=True)
    (folder.checkpoints / "best.pth").write_bytes(b"a generator")
    refused = cohorts._no_generator(call, run)
    assert refused.exit_code == 7 and "medsynth runs resume second" in refused.hint
    assert "medsynth runs stop second" in refused.hint
