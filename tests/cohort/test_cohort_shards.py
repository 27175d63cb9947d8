"""Any number of shards gives the same bytes, in this process, in several, and after one of them was ended half way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from medsynth_engine.cohort.draw import draw
from medsynth_engine.cohort.population import plan
from medsynth_engine.cohort.processes import Processes
from medsynth_engine.cohort.shard import draw_shard, kept
from medsynth_engine.cohort.shards import DESK, cut, write_order
from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.gan.sample import Drawer
from medsynth_engine.kernel.errors import BadInput, Interrupted, MedSynthError

N = 2_100
VOCABULARY = Vocabulary(
    (Categorical("finding", ("effusion", "healthy"), (500, 900)), Categorical("sex", ("F", "M"), (500, 900))),
    (Continuous("age", 50, 15, 1, 95),),
)


class Here:
    """A crew whose shards are drawn one after the other in this process, the last first."""

    def __init__(self, shards: int, drawer: Drawer) -> None:
        self.shards, self._drawer, self._left = shards, drawer, list[int]()

    def begin(self, staging: Path, order: dict[str, Any]) -> Path:
        write_order(staging, order, Path("unused"))
        self._staging, self._left = staging, list(range(order["shards"]))
        return staging

    def at_work(self) -> bool:
        if self._left:
            draw_shard(self._staging, self._left.pop(), self._drawer)
        return bool(self._left)

    def bring(self, staging: Path) -> None:
        pass

    def end(self) -> None:
        pass


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = Generator(Architecture((12, 8, 6), 1, 1), VOCABULARY)
    for parameter in network.parameters():  # away from the zeros of the start, so that conditions show
        parameter.data += 0.1 * torch.randn_like(parameter)
    path = tmp_path_factory.mktemp("weights") / "generator.pth"
    weights.save(path, weights.document(network, {"preset": "nano32"}, rows=None))
    return path


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSYNTH_THREADS", "1")


def drawn(folder: Path, model, records: pd.DataFrame, drawer: Drawer, crew: Any = None, n: int = N) -> dict[str, bytes]:
    """The bytes of every file of a cohort that `crew` drew."""
    request = plan(records, n, balance=("sex",))
    draw(folder, model, drawer, request, n, 3, lambda *told: None, lambda: True, crew=crew)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, model, records, generator: Path) -> dict[str, bytes]:
    return drawn(tmp_path_factory.mktemp("whole") / "c", model, records, Drawer(generator, "cpu"))


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 40])
def test_any_number_of_shards_gives_the_same_bytes(tmp_path: Path, model, records, generator, whole, shards: int):
    drawer = Drawer(generator, "cpu")
    found = drawn(tmp_path / "c", model, records, drawer, Here(shards, drawer))
    assert len(whole) == N + 3 and found.keys() == whole.keys()
    assert [name for name in whole if found[name] != whole[name]] == []
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


@pytest.mark.slow
def test_processes_give_the_same_bytes_too(tmp_path: Path, model, records, generator, whole):
    found = drawn(tmp_path / "c", model, records, Drawer(generator, "cpu"), Processes(2, generator))
    assert found == whole


def test_shards_are_whole_blocks_that_cover_every_record_once():
    for n in (1, 255, 256, 257, 2_100, 1_000_000):
        for shards in (1, 2, 3, 7, 64):
            parts = cut(n, shards)
            assert np.array_equal(np.concatenate([[part.start, part.stop] for part in parts])[1:-1:2], [
                part.start for part in parts[1:]
            ])  # fmt: skip
            assert parts[0].start == 0 and parts[-1].stop == n and all(len(part) for part in parts)
            assert all(part.start % 256 == 0 for part in parts) and len(parts) <= shards
            assert max(map(len, parts)) - min(map(len, parts[:-1] or parts)) <= 256


def test_a_shard_that_was_ended_goes_on_from_what_it_had_written(tmp_path: Path, model, records, generator, whole):
    class Ended(Here):
        """Each shard is told to end after a while, again and again."""

        def at_work(self) -> bool:
            if not self._left:
                return False
            asked = iter([True] * 4 + [False])
            try:
                draw_shard(self._staging, self._left[-1], self._drawer, lambda: next(asked, False))
            except Interrupted:
                stood.append(kept(self._staging, self._left[-1]))
                return True
            self._left.pop()
            return True

    stood: list[int] = []
    drawer = Drawer(generator, "cpu")
    assert drawn(tmp_path / "c", model, records, drawer, Ended(1, drawer)) == whole
    assert len(stood) >= 2 and stood == sorted(stood) and stood[0] > 0 and not any(place % 256 for place in stood)


def test_what_a_shard_fails_of_is_said_and_leaves_nothing(tmp_path: Path, model, records, generator):
    class Failing(Here):
        def at_work(self) -> bool:
            error = {"code": "no_memory", "message": "The memory was not enough.", "hint": "", "exit_code": 8}
            (self._staging / DESK / "1.error.json").write_text(json.dumps(error))
            raise MedSynthError("shard_lost", "Lost.")

    drawer = Drawer(generator, "cpu")
    with pytest.raises(MedSynthError) as caught:
        drawn(tmp_path / "c", model, records, drawer, Failing(2, drawer))
    assert (caught.value.code, caught.value.exit_code) == ("no_memory", 8) and not list(tmp_path.iterdir())


def test_a_crew_that_drew_too_few_makes_no_cohort(tmp_path: Path, model, records, generator):
    class Lazy(Here):
        def at_work(self) -> bool:
            draw_shard(self._staging, 0, self._drawer)
            return False

    drawer = Drawer(generator, "cpu")
    with pytest.raises(BadInput, match="Fewer images"):
        drawn(tmp_path / "c", model, records, drawer, Lazy(2, drawer))
    assert not list(tmp_path.iterdir())
