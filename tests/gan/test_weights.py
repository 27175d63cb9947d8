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

from db import canonical
from medsynth_engine.gan import label, weights
from medsynth_engine.gan.card import weights_document
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
    assert set(loaded) == {"format", "version", "architecture", "conditions", "generator", "rows", *label.INFO}


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


PROMISE = {
    **{"epsilon": 3.0, "delta": 1e-5, "unit": "patient", "clip": 1.0, "sigma": 1.5, "steps": 900},
    **{"sampling_rate": 0.01, "conditions_sigma": None, "covers": "images and list of conditions"},
}
NO_NUMBER = ("small", float("nan"), float("inf"), -5, 10**400, True, [1], "1\x1b[2J")
NO_PROMISE: list[Any] = [
    *({**PROMISE, name: value} for name in ("epsilon", "delta", "sigma", "steps") for value in (*NO_NUMBER, None)),
    *({**PROMISE, "conditions_sigma": value} for value in NO_NUMBER),
    *({**PROMISE, name: 0.0} for name in ("epsilon", "delta", "clip", "sigma", "sampling_rate")),
    *({**PROMISE, name: value} for name, value in {"epsilon": 2e6, "delta": 1.0, "sampling_rate": 1.1}.items()),
    *({**PROMISE, name: value} for name in ("unit", "covers") for value in ("patient\x1b[2J", "A" * 10**6, None, 1)),
    {**PROMISE, "covers": "everything"},
    {**PROMISE, "proof": "trust me"},
    {name: value for name, value in PROMISE.items() if name != "delta"},
    *("yes", True, 0, [PROMISE]),
]


def test_a_promise_of_privacy_is_read_back_as_it_was_written(tmp_path: Path):
    for promise in (PROMISE, {**PROMISE, "epsilon": 1, "conditions_sigma": 40.0}):
        torch.save({**content(), "privacy": promise}, tmp_path / "g.pth")
        assert weights.load(tmp_path / "g.pth").info["privacy"] == promise
        assert canonical.digest(weights_document(tmp_path / "g.pth"))


def test_what_cost_nothing_is_written_as_a_promise_that_can_be_read(tmp_path: Path):
    generator = Generator(Architecture((16, 12, 8), 1, 1), VOCABULARY)
    weights.save(tmp_path / "g.pth", weights.document(generator, {"privacy": {**PROMISE, "epsilon": 0.0}}, rows=None))
    found = weights.load(tmp_path / "g.pth").info["privacy"]
    assert 0 < found["epsilon"] <= 1e-4 and found["delta"] == PROMISE["delta"]


@pytest.mark.parametrize("number", range(len(NO_PROMISE)))
def test_a_promise_that_cannot_be_is_refused(tmp_path: Path, number: int):
    torch.save({**content(), "privacy": NO_PROMISE[number]}, tmp_path / "bad.pth")
    with pytest.raises(BadInput) as caught:
        weights.load(tmp_path / "bad.pth")
    assert caught.value.code == "weights_damaged" and "\x1b" not in caught.value.message


@pytest.mark.parametrize("value", NO_NUMBER)
@pytest.mark.parametrize("name", ["kimg", "fd_ratio_validation", "training_images"])
def test_a_number_about_a_generator_is_a_number(tmp_path: Path, name: str, value: Any):
    torch.save({**content(), name: value}, tmp_path / "bad.pth")
    with pytest.raises(BadInput):
        weights.load(tmp_path / "bad.pth")


@pytest.mark.parametrize("value", ["nano32\x1b[2J", "a" * 10**6, "two\nlines", 5, True])
@pytest.mark.parametrize("name", ["preset", "training_digest", "augmentation"])
def test_a_text_about_a_generator_is_one_short_line(tmp_path: Path, name: str, value: Any):
    torch.save({**content(), name: value}, tmp_path / "bad.pth")
    with pytest.raises(BadInput):
        weights.load(tmp_path / "bad.pth")


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
