"""What tests of training share: plans that tick as often as a test needs, and looking into what a run left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch

from medsynth_engine.gan import checkpoint, schedule, weights
from medsynth_engine.gan.presets import PRESETS
from medsynth_engine.kernel.folders import RunFolder

MakeRun = Callable[..., RunFolder]
BATCH = PRESETS["nano32"].batch


def with_plan(folder: RunFolder, images: int, **changes: Any) -> RunFolder:
    """Write the plan beforehand, so that ticks and checkpoints come as often as a test needs them."""
    plan = schedule.plan(PRESETS["nano32"], 120, images, 2, 0.01).document()
    (folder.path / "plan.json").write_text(json.dumps({**plan, "tick": 2 * plan["batch"], **changes}))
    return folder


def start(folder: RunFolder) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "MEDSYNTH_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", "medsynth_engine.gan.train", str(folder.path)], env=environment)


def until(condition: Callable[[], bool], process: subprocess.Popen[bytes] | None = None, seconds: float = 120) -> None:
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds, "waited too long"
        assert process is None or process.poll() is None, "the process ended"
        time.sleep(0.02)


def ticks(folder: RunFolder) -> list[dict[str, Any]]:
    return [line for line in folder.lines()[0] if line["kind"] == "tick"]


def evaluations(folder: RunFolder) -> list[dict[str, Any]]:
    return [line for line in folder.lines()[0] if line["kind"] == "evaluation"]


def events(folder: RunFolder) -> list[str]:
    return [line["what"] for line in folder.lines()[0] if line["kind"] == "event"]


def event(folder: RunFolder, what: str) -> dict[str, Any]:
    return next(line for line in folder.lines()[0] if line.get("what") == what)


def tensors(folder: RunFolder) -> dict[str, torch.Tensor]:
    return dict(weights.load(folder.generator).generator.state_dict())


def assert_same(first: RunFolder, second: RunFolder) -> None:
    """The generators byte for byte, and all that another step would depend on."""
    assert first.generator.read_bytes() == second.generator.read_bytes()
    a, b = (checkpoint.load(folder.checkpoints / "last.pt") for folder in (first, second))
    assert a is not None and b is not None
    assert same(a["learner"], b["learner"]) and a["keeper"] == b["keeper"] and a["seen"] == b["seen"]


def same(one: Any, other: Any) -> bool:
    """Nested dictionaries and lists of tensors and plain values are equal to the last bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
