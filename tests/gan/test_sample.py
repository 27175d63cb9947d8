"""Drawing: the same images however the work is cut, few in memory, nothing asked for that was not learned."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from medsynth_engine.gan import sample, weights
from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.gan.sample import BLOCK, Drawer

VOCABULARY = Vocabulary(
    (Categorical("finding", ("common", "rare"), (300, 19)), Categorical("sex", ("F", "M"), (150, 169))),
    (Continuous("age", 50, 10, 20, 80),),
)


def write(path: Path, widths: tuple[int, ...] = (16, 12, 8)) -> Path:
    torch.manual_seed(0)
    generator = Generator(Architecture(widths, 1, 1), VOCABULARY)
    for parameter in generator.parameters():  # away from the zeros of the start, so that conditions show
        parameter.data += 0.1 * torch.randn_like(parameter)
    weights.save(path, weights.document(generator, {"preset": "nano32"}, rows=None))
    return path


@pytest.fixture
def drawer(tmp_path: Path) -> Drawer:
    return Drawer(write(tmp_path / "generator.pth"), device="cpu")


def table(count: int) -> pd.DataFrame:
    place = np.arange(count)
    return pd.DataFrame({"finding": "common", "sex": np.array(["F", "M", None])[place % 3], "age": place % 60 + 20.0})


def images(drawer: Drawer, rows: pd.DataFrame, seed: int = 5, start: int = 0) -> np.ndarray:
    return np.concatenate(list(drawer.draw(rows, seed, start)))


def test_workers_shards_and_cuts_make_no_difference_to_a_single_byte(drawer: Drawer, monkeypatch: pytest.MonkeyPatch):
    rows, found = table(700), []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("MEDSYNTH_THREADS", threads)
        assert drawer.workers == int(threads)
        found.append(images(drawer, rows))
    assert all((other == found[0]).all() for other in found[1:])
    for first, last in ((0, 1), (255, 257), (256, 700), (300, 310), (511, 700)):
        assert (images(drawer, rows.iloc[first:last], start=first) == found[0][first:last]).all()


def test_a_network_with_large_pictures_goes_in_smaller_parts(tmp_path: Path):
    assert [sample.part_size(side) for side in (32, 64, 128, 256, 1024)] == [64, 64, 16, 4, 4]
    wide = Drawer(write(tmp_path / "wide.pth", (8, 8, 8, 8, 8, 4)), device="cpu")
    whole = images(wide, table(40))
    assert whole.shape == (40, 128, 128) and (images(wide, table(40).iloc[17:19], start=17) == whole[17:19]).all()


def test_no_more_is_drawn_than_there_are_workers_ahead_of_who_takes_it(drawer: Drawer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDSYNTH_THREADS", "2")
    drawn, draw_part = [], drawer._part
    monkeypatch.setattr(drawer, "_part", lambda *part: drawn.append(part[2]) or draw_part(*part))
    blocks = drawer.draw(table(20 * BLOCK), seed=1)
    for taken in range(1, 6):
        next(blocks)
        assert sum(drawn) <= (taken + 2) * BLOCK
    blocks.close()
    assert sum(drawn) <= 7 * BLOCK
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("drawing")]


def test_an_error_while_drawing_comes_out_of_draw(drawer: Drawer, monkeypatch: pytest.MonkeyPatch):
    def fails(*cut: object) -> np.ndarray:
        raise MemoryError("too large")

    monkeypatch.setattr(drawer, "_part", fails)
    with pytest.raises(MemoryError):
        images(drawer, table(3))


def test_drawing_leaves_the_threads_of_the_process_as_they_were(drawer: Drawer):
    torch.set_num_threads(2)
    try:
        images(drawer, table(10))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_any_condition_may_be_left_open_and_what_was_never_seen_is_open(drawer: Drawer):
    rows = table(30)
    whole = images(drawer, rows)
    for name in ("finding", "sex", "age"):
        absent = images(drawer, rows.drop(columns=name))
        assert (absent != whole).any()
        empty, strange = rows.assign(**{name: None}), rows.assign(**{name: "never seen"})
        assert (images(drawer, empty) == absent).all() and (images(drawer, strange) == absent).all()
    nothing = images(drawer, pd.DataFrame(index=range(30)))
    assert (nothing == images(drawer, rows.assign(finding=None, sex="?", age=None))).all()


def test_a_value_with_fewer_than_twenty_training_images_cannot_be_asked_for(drawer: Drawer):
    assert drawer.learned == {"finding": ("common",), "sex": ("F", "M")}
    rows = table(30)
    rare, absent = images(drawer, rows.assign(finding="rare")), images(drawer, rows.drop(columns="finding"))
    assert (rare == absent).all() and (images(drawer, rows) != absent).any()
