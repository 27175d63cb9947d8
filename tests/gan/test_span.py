"""What no training image holds, no drawn image holds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.gan.span import span

NOTHING = Vocabulary()


def noise(count: int, channels: int, side: int) -> torch.Tensor:
    source = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, channels, side, side), generator=source, dtype=torch.uint8)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_images_enlarged_from_fewer_pixels_span_only_those(mode: str) -> None:
    small = 60 + noise(40, 1, 14).float() / 2  # far from black and white: nothing is clipped
    large = functional.interpolate(small, 16, mode=mode).round().clamp(0, 255)
    found = span(large.to(torch.uint8))
    assert found is not None
    assert [round(float(each.trace())) for each in found] == [14, 14]
    rows, columns = found
    assert (rows @ large @ columns - large).abs().max() < 3, "what is there stays, to within its rounding"


def test_images_that_hold_everything_are_left_alone() -> None:
    assert span(noise(40, 3, 16)) is None


def test_one_image_with_a_mark_at_the_border_keeps_the_border() -> None:
    images = noise(400, 1, 16)
    images[:, :, :3] = 0
    found = span(images)
    assert found is not None and round(float(found[0].trace())) == 13 and round(float(found[1].trace())) == 16
    for image, row in ((5, 0), (6, 1), (399, 2)):
        images[image, :, row, 5] = 255
    assert span(images) is None


def test_every_image_is_asked_not_only_some() -> None:
    """One among a thousand, and as weak as a number in a corner may be."""
    images = noise(1000, 1, 16)
    images[:, :, :3] = 0
    images[501, :, :3, 4] = torch.tensor([4, 9, 4])
    found = span(images)
    assert found is not None
    rows, columns = found
    assert (rows @ images.float() @ columns - images).abs().max() < 1e-2
    assert round(float(rows.trace())) == 14, "two directions across the border are still empty"


def test_black_images_are_no_reason_to_draw_nothing() -> None:
    assert span(torch.zeros(4, 1, 16, 16, dtype=torch.uint8)) is None


def test_a_border_that_is_always_black_is_drawn_black(tmp_path: Path) -> None:
    images = noise(40, 1, 16)
    images[:, :, :3] = 0
    found = span(images)
    assert found is not None
    torch.manual_seed(0)
    made = Generator(Architecture((12, 10, 8), 1, 1, latent=8, condition=8, features=8, spanned=True), NOTHING)
    made.keep_to(found)
    weights.save(tmp_path / "generator_new.pth", weights.document(made, {}, None))
    loaded = weights.load(tmp_path / "generator_new.pth").generator
    drawn = loaded(torch.randn(5, loaded.architecture.drawn), NOTHING.unknown(5))
    assert (drawn[:, :, :3] + 1).abs().max() < 1e-5
    assert drawn[:, :, 3:].std() > 0.01
