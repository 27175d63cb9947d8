"""Pictures are resized by the rule that the documents name, without the library that they name it after."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.transforms.v2.functional import InterpolationMode, resize

from medsynth_engine.intake.dataset import _resized


@pytest.mark.parametrize("processor", [None, "DEFAULT"], ids=["this one", "one that is slow with bytes"])
@pytest.mark.parametrize(("channels", "side", "size"), [(1, 33, 64), (1, 300, 128), (3, 127, 32), (3, 28, 64)])
def test_a_resized_picture_is_byte_for_byte_that_of_torchvision(
    channels: int, side: int, size: int, processor: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if processor:
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: processor)
    planes = np.random.default_rng(0).integers(0, 256, (channels, side, side), dtype=np.uint8)
    theirs = resize(torch.from_numpy(planes.copy()), [size, size], InterpolationMode.BILINEAR, antialias=True).numpy()
    ours = _resized(planes, size)
    assert ours.dtype == np.uint8 and np.array_equal(ours, theirs)
