"""The same pixels are the same bytes of a PNG, whichever process or thread writes them: what a killed intake has
written is compared with, and a worker of the killed one may be writing at the very file that the next one writes."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medsynth_engine.kernel.png import png

STACKS = 8


def pictures(count: int) -> list[np.ndarray]:
    """Tiny ones whose first bytes come again soon: what is remembered of those decides how the rest is coded. The
    fewer bytes, the smaller the table in which it is remembered, so each takes the place of one in some hundred."""
    rng = np.random.default_rng(0)
    half = rng.integers(0, 256, (count, 8, 4), dtype=np.uint8)
    half[:, 1:] = half[:, :1] + rng.integers(0, 2, (count, 7, 1), dtype=np.uint8)
    return list(np.concatenate([half, half], axis=2))


def on_other_stacks(work: Callable[[], Any]) -> list[Any]:
    """What `work` gives in threads that all live at once, so that the stack of each lies elsewhere."""
    given: list[Any] = []
    meet = threading.Barrier(STACKS)

    def run() -> None:
        meet.wait(60)
        given.append(work())
        meet.wait(60)

    threads = [threading.Thread(target=run) for _ in range(STACKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return given


def test_a_picture_has_the_same_bytes_wherever_the_stack_lies() -> None:
    images = pictures(3_000)
    here = [png(image) for image in images]
    elsewhere = on_other_stacks(lambda: [png(image) for image in images])
    assert [sum(one != other for one, other in zip(here, there, strict=True)) for there in elsewhere] == [0] * STACKS


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (2, 1), (1, 15), (4, 3), (8, 8), (96, 128, 3), (300, 300)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_picture_of_any_size_comes_back(shape: tuple[int, ...], kind: type) -> None:
    if len(shape) == 3 and kind is np.uint16:
        pytest.skip("colour has eight bits")
    pixels = np.random.default_rng(1).integers(0, np.iinfo(kind).max + 1, shape).astype(kind)
    with Image.open(io.BytesIO(png(pixels)), formats=("PNG",)) as image:
        image.load()
        assert np.array_equal(np.asarray(image), pixels)
