"""Small runs that train for real: two kinds of shape, a hundred and some images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gan_shapes import write_run

from medsynth_engine.kernel.folders import RunFolder

MakeRun = Callable[..., RunFolder]


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRun:
    monkeypatch.setenv("MEDSYNTH_THREADS", "1")
    monkeypatch.setenv("LOW_RESOURCE_MODE", "false")

    def make(name: str = "run", **changes: Any) -> RunFolder:
        return write_run(tmp_path / name, **changes)

    return make


@pytest.fixture
def make_private(make_run: MakeRun) -> MakeRun:
    """Folders of 1,068 training patients, with a plan of few and small private steps."""
    from private_parts import STEPS, planned

    def make(name: str = "run", steps: int = STEPS, **changes: Any) -> RunFolder:
        asked = {"count": 1602, "preset": "dp32", "privacy": {"epsilon": 8}, **changes}
        return planned(make_run(name, **asked), steps)

    return make
