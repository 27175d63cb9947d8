"""The comparison with other GANs is fair and can be broken off: real cells, as a user starts them."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch):
    """A part of the benchmark by its name."""
    monkeypatch.syspath_prepend(BENCHMARKS)

    def named(name: str) -> ModuleType:
        return importlib.import_module(f"peers.{name}")

    return named


def compare(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "gan_peers.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_image_comes_once_an_epoch(part):
    data, peer = part("data"), part("peer")
    images = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((10, 8, 8), np.uint8)
    fold = data.Fold(images, np.zeros((10, 2), np.float32), np.zeros(10, int), pd.DataFrame(index=range(10)))
    feed = peer.Feed(fold, torch.device("cpu"), seed=3)
    seen = torch.cat([feed.next(4)[0][:, 0, 0, 0] for _ in range(5)]).tolist()
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10)) and seen[:10] != seen[10:]


@pytest.mark.parametrize("seconds", [60, 600])
def test_the_images_of_a_budget_take_as_long_as_the_clock(part, seconds):
    from medsynth_engine.gan import schedule

    speed = part("ours").Speed(start=6.0, image=0.007, evaluation=0.6)
    images = 1000 * speed.kimg(seconds)
    whole = speed.start + images * speed.image + schedule.sensible(images) * speed.evaluation
    assert 0.97 * seconds < whole <= 1.001 * seconds


def test_the_clock_runs_only_inside_and_shares_processor_time_among_threads(part):
    clock = part("clock")
    alone, shared = (clock.Stopwatch("processor", threads, torch.device("cpu")) for threads in (1, 2))
    sum(i * i for i in range(2_000_000))
    assert alone.spent == 0
    with alone, shared:
        sum(i * i for i in range(2_000_000))
    assert alone.spent > 0 and shared.spent == pytest.approx(alone.spent / 2, rel=0.2)


def test_accuracy_is_balanced_over_the_classes_that_count(part):
    judge = part("judge")
    truth = np.array([0] * 90 + [1] * 10 + [2] * 5)
    assert judge.balanced_accuracy(np.zeros(105, int), truth, (0, 1)) == pytest.approx(0.5)
    assert judge.balanced_accuracy(truth, truth, ()) is None


def test_nothing_flips_in_the_augmentation_that_peers_are_given(part):
    operations = {**part("stylegan2_ada").OPERATIONS, **part("r3gan").OPERATIONS}
    assert not {"xflip", "rotate90", "lumaflip", "hue", "saturation"} & set(operations)


@pytest.mark.slow
@pytest.mark.whole("three runs of the comparison, which is part of make bench-peers")
def test_a_finished_cell_is_kept_and_skipped_and_a_missing_peer_is_named(data_folder, tmp_path):
    places = ("--results", str(tmp_path / "results"), "--work", str(tmp_path / "work"))
    cell = ("--tracks", "throughput", "--datasets", "medmnist_pneumonia", "--seconds", "1", "--clock", "processor")
    first = compare(*cell, "--peers", "ours", *places)
    assert first.returncode == 0, first.stderr
    (file,) = (tmp_path / "results").glob("*.json")
    kept = file.read_bytes()
    told = json.loads(kept)
    assert told["images_per_second"]["median"] > 1 and told["flop_per_image"] > 1e6
    assert {"machine", "versions", "load", "data"} <= set(told) and str(Path.home()) not in kept.decode()

    second = compare(*cell, "--peers", "ours", *places)
    assert second.returncode == 0 and "1 of" not in second.stdout and file.read_bytes() == kept
    assert "| ours | own |" in compare("--table", *places).stdout

    if importlib.util.find_spec("lightweight_gan") is None:
        missing = compare(*cell, "--peers", "lightweight", "--sizes", "matched", *places)
        assert missing.returncode == 1 and "--install-hint" in missing.stderr
        assert "pip install --no-deps" in compare("--install-hint").stdout
