"""Two kinds of shape, and a run folder that holds some of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from medsynth_engine.kernel.folders import RunFolder


def shapes(
    count: int, side: int = 32, colour: bool = False, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Discs (0) and bars (1) somewhere near the middle: images uint8, kind (n,), brightness (n,)."""
    rng = np.random.default_rng(seed)
    kind = np.arange(count) % 2
    bright = rng.uniform(120, 250, count)
    y, x = np.mgrid[0:side, 0:side]
    images = np.zeros((count, side, side))
    for i in range(count):
        down, right = side / 2 + rng.normal(0, side / 16, 2)
        shape = np.hypot(y - down, x - right) < side / 4 if kind[i] == 0 else np.abs(x - right) < side / 8
        images[i] = np.where(shape, bright[i], 20) + rng.normal(0, 4, (side, side))
    pixels = images.clip(0, 255).astype(np.uint8)
    return (np.stack([pixels, pixels // 2, pixels], axis=3) if colour else pixels), kind, bright


def write_run(path: Path, count: int = 180, side: int = 32, colour: bool = False, **changes: Any) -> RunFolder:
    """A run folder as docs/rooms.md describes it; `changes` go into config.json."""
    images, kind, bright = shapes(count, side, colour)
    path.mkdir(parents=True)
    fold = (np.arange(count) % 3 == 2).astype(np.uint8)
    np.savez(
        path / "train.npz",
        images=images,
        fold=fold,
        patient=np.arange(count, dtype=np.int32),
        categorical=np.where(np.arange(count) % 11 == 0, -1, kind).astype(np.int16)[:, None],
        continuous=np.where(np.arange(count) % 7 == 0, np.nan, bright).astype(np.float32)[:, None],
    )
    config = {
        "format": 1,
        "run": path.name,
        "preset": "nano32",
        "resolution": side,
        "channels": images.shape[3] if colour else 1,
        "conditions": {
            "categorical": [{"name": "finding", "values": ["disc", "bar"], "counts": [60, 60]}],
            "continuous": [{"name": "age", "mean": 185.0, "std": 37.0, "low": 120.0, "high": 250.0}],
        },
        "budget": {"kimg": 0.64},
        "seed": 3,
        "device": "cpu",
        "low_resource": False,
        "augmentation": "radiograph",
        "training_digest": "ab" * 32,
        "dataset": "shapes",
        **changes,
    }
    (path / "config.json").write_text(json.dumps(config))
    return RunFolder(path)
