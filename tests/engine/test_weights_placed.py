"""Weights that somebody puts into the folder by hand are found at the start, checked by a job, and announced."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from medsynth_engine.engine import Engine
from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator

VOCABULARY = Vocabulary(
    (Categorical("finding", ("a", "b"), (600, 604)), Categorical("sex", ("F", "M"), (600, 604))),
    (Continuous("age", 50, 10, 20, 80),),
)
LOADED = "Real GAN weights loaded: generator_v1, 64 px, 3 conditions, trained on 1,204 images"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    home, link = tmp_path / "home", tmp_path / "link"
    home.mkdir()
    link.symlink_to(home)  # a store may be reached through a link, as on a Mac below /tmp
    made = Engine(link)
    asyncio.run(made.init(development=True))
    asyncio.run(made.login("alice", "password123"))
    return made


def place(engine: Engine, name: str, data: bytes | None = None, age: float = 60) -> Path:
    path = engine.home_folder.weights / name
    if data is None:
        torch.manual_seed(0)
        generator = Generator(Architecture((8, 8, 8, 4, 4), 1, 1), VOCABULARY)
        info = {"preset": "small64", "training_images": 1204, "training_digest": "ab"}
        weights.save(path, weights.document(generator, info, None))
    else:
        path.write_bytes(data)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def jobs(engine: Engine) -> list[tuple[str, str]]:
    return [(job["subject"], job["state"]) for job in asyncio.run(engine.jobs_list())]


def test_a_file_that_lies_there_is_checked_and_announced_once(engine: Engine) -> None:
    assert asyncio.run(engine.home())["generators"] == [] and jobs(engine) == []
    place(engine, "generator_v1.pth")
    asyncio.run(engine.home())
    until(lambda: asyncio.run(engine.home())["generators"] == [LOADED] or jobs(engine)[0][1] == "failed")
    assert asyncio.run(engine.home())["generators"] == [LOADED]
    (known,) = asyncio.run(engine.weights_list())
    assert (known["name"], known["origin"], known["resolution"]) == ("generator_v1", "import", 64)
    until(lambda: jobs(engine) == [("generator:generator_v1", "finished")])
    asyncio.run(engine.home())
    assert len(jobs(engine)) == 1


def test_what_is_no_generator_is_refused_once_and_looked_at_again_when_it_was_replaced(engine: Engine) -> None:
    place(engine, "broken.pth", b"not a generator at all")
    asyncio.run(engine.home())
    until(lambda: jobs(engine) == [("generator:broken", "failed")])
    asyncio.run(engine.home())
    assert jobs(engine) == [("generator:broken", "failed")] and asyncio.run(engine.weights_list()) == []
    began = time.time()
    place(engine, "broken.pth", b"another one", age=-600)
    asyncio.run(engine.home())
    assert len(jobs(engine)) == 1  # it may still be on its way
    until(lambda: time.time() > began + 5)
    place(engine, "broken.pth", b"another one", age=4)
    asyncio.run(engine.home())
    assert len(jobs(engine)) == 2


def test_links_strange_names_and_half_copied_files_are_left_alone(engine: Engine, tmp_path: Path) -> None:
    target = place(engine, "elsewhere.bin", b"x")
    (engine.home_folder.weights / "link.pth").symlink_to(target)
    place(engine, "a name with spaces.pth", b"x")
    place(engine, "half.pth", b"x", age=-600)
    asyncio.run(engine.home())
    asyncio.run(engine.weights_list())
    assert jobs(engine) == []
