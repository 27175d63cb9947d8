"""A weights file draws the same anywhere, and a file that is not one is refused before anything in it runs."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.gan.sample import BLOCK, Drawer
from medsynth_engine.kernel.errors import BadInput, NotFound

VOCABULARY = Vocabulary((Categorical("finding", ("a", "b"), (30, 20)),), (Continuous("age", 50, 10, 20, 80),))


def content(channels: int = 1) -> dict[str, Any]:
    torch.manual_seed(0)
    generator = Generator(Architecture((16, 12, 8), 1, channels), VOCABULARY)
    return weights.document(generator, {"preset": "nano32", "kimg": 1.0, "training_digest": "ab"}, rows='{"rows": 1}')


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    weights.save(tmp_path / "generator.pth", content())
    return tmp_path / "generator.pth"


def table(count: int) -> pd.DataFrame:
    return pd.DataFrame({"finding": np.array(["a", "b", None])[np.arange(count) % 3], "age": np.arange(count) % 80.0})


def test_what_was_saved_is_read_back(saved: Path):
    drawer = Drawer(saved, device="cpu")
    assert drawer.conditions == ("finding", "age")
    assert (drawer.resolution, drawer.channels, drawer.rows) == (16, 1, '{"rows": 1}')
    assert drawer.info["preset"] == "nano32" and drawer.info["simulated"] is False
    assert drawer.vocabulary == VOCABULARY


def test_any_number_of_shards_draws_the_same_cohort(saved: Path):
    drawer, rows = Drawer(saved, device="cpu"), table(600)
    whole = list(drawer.draw(rows, seed=5))
    assert [len(part) for part in whole] == [256, 256, 88] and whole[0].dtype == np.uint8
    together = np.concatenate(whole)
    shard = np.concatenate(list(drawer.draw(rows.iloc[2 * BLOCK :], seed=5, start=2 * BLOCK)))
    assert (shard == together[2 * BLOCK :]).all()
    odd = np.concatenate(list(drawer.draw(rows.iloc[100:300], seed=5, start=100)))
    assert (odd == together[100:300]).all()


def test_another_seed_draws_other_images_and_conditions_are_obeyed(saved: Path):
    drawer = Drawer(saved, device="cpu")
    first, again, other = (next(iter(drawer.draw(table(64), seed=seed))) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()
    asked = next(iter(drawer.draw(table(64).assign(finding="b"), seed=1)))
    assert (asked[::3] != first[::3]).any()


def test_colour_comes_last(tmp_path: Path):
    weights.save(tmp_path / "g.pth", content(channels=3))
    assert next(iter(Drawer(tmp_path / "g.pth", "cpu").draw(table(5), seed=1))).shape == (5, 16, 16, 3)


def test_the_file_holds_tensors_and_plain_values_only(saved: Path):
    loaded = torch.load(saved, weights_only=True)
    assert set(loaded) == {"format", "version", "architecture", "conditions", "generator", "rows", *weights.INFO}


def test_no_file_is_not_found(tmp_path: Path):
    with pytest.raises(NotFound):
        weights.load(tmp_path / "none.pth")


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('code ran')",))


def change(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda document: {**document, **values}


def spoil(document: dict[str, Any], value: torch.Tensor | None) -> dict[str, Any]:
    tensors = dict(document["generator"])
    name = next(iter(tensors))
    if value is None:
        del tensors[name]
    else:
        tensors[name] = value
    return {**document, "generator": tensors}


BAD: dict[str, Callable[[dict[str, Any]], Any]] = {
    "code": change(preset=Evil()),
    "another format": change(format="other"),
    "a later version": change(version=99),
    "simulated": change(simulated=True),
    "not a dictionary": lambda document: [document],
    "no architecture": change(architecture=None),
    "an endless network": change(architecture={**content()["architecture"], "widths": [2048] * 40}),
    "more parameters than memory": change(
        architecture={**content()["architecture"], "widths": [2048] * 6, "blocks": 16}
    ),
    "a huge width": change(architecture={**content()["architecture"], "widths": [10**9, 8, 8]}),
    "another architecture": change(architecture={**content()["architecture"], "widths": [16, 12, 12]}),
    "wrong kinds": change(architecture={**content()["architecture"], "blocks": 1.5}),
    "unreadable conditions": change(conditions={"categorical": [{"name": 1}]}),
    "too many conditions": change(
        conditions={"categorical": [{"name": "a", "values": [str(i) for i in range(20_000)]}], "continuous": []}
    ),
    "a tensor is missing": lambda document: spoil(document, None),
    "a tensor of another shape": lambda document: spoil(document, torch.zeros(3)),
    "a tensor with infinities": lambda document: spoil(
        document, torch.full_like(next(iter(document["generator"].values())), torch.inf)
    ),
    "a tensor of another type": lambda document: spoil(document, next(iter(document["generator"].values())).double()),
    "rows that are no text": change(rows=5),
    "a value that is not plain": change(kimg=torch.zeros(1)),
}


@pytest.mark.parametrize("why", BAD)
def test_a_file_that_is_not_right_is_refused(tmp_path: Path, why: str):
    path = tmp_path / "bad.pth"
    torch.save(BAD[why](content()), path)
    with pytest.raises(BadInput):
        weights.load(path)


def test_half_a_file_and_no_file_at_all_are_refused(saved: Path, tmp_path: Path):
    data = saved.read_bytes()
    for name, piece in {
        "half": data[: len(data) // 2],
        "empty": b"",
        "text": b"hello",
        "pickle": pickle.dumps(Evil()),
    }.items():
        path = tmp_path / name
        path.write_bytes(piece)
        with pytest.raises(BadInput):
            weights.load(path)


def test_a_compressed_archive_is_refused_before_it_unfolds(saved: Path, tmp_path: Path):
    bomb = tmp_path / "bomb.pth"
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    with pytest.raises(BadInput, match="compressed"):
        weights.load(bomb)
