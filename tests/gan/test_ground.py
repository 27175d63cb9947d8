"""A ground that is one grey value in real images is drawn as that one value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medsynth_engine.gan import ground, weights
from medsynth_engine.gan.conditions import Vocabulary
from medsynth_engine.gan.ground import WIDTH, settled
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.gan.schedule import Plan
from medsynth_engine.kernel.errors import BadInput

NOTHING = Vocabulary()
PLAIN = {"images": 8, "batch": 4, "tick": 4, "evaluate": 4, "checkpoint": 4, "learning_rate": 1e-3, "gamma": 1.0}


def grounds(images: torch.Tensor, each: int = 1) -> tuple[int, ...]:
    """Of patients with `each` images."""
    return ground.grounds(images, np.arange(len(images)) // each)


def pictures(count: int, *values: int) -> torch.Tensor:
    """Noise in the middle of a ground; the grounds take turns."""
    source = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 1, 16, 16), generator=source, dtype=torch.uint8)
    for number, value in enumerate(values):
        images[number :: len(values), :, :6] = value
    return images


def test_values_that_fill_areas_are_found() -> None:
    assert grounds(pictures(60, 0, 101, 126)) == (0, 101, 126)


def test_noise_and_colour_have_no_ground() -> None:
    assert grounds(pictures(60)) == ()
    assert grounds(pictures(60, 7).repeat(1, 3, 1, 1)) == ()


def test_the_ground_of_a_few_patients_is_not_told() -> None:
    """It would tell of them."""
    images = pictures(400, 30)
    images[10:30, :, :6] = 200
    assert grounds(images) == (30, 200)
    assert grounds(images, each=2) == (30,), "ten patients"


def test_a_ground_with_noise_keeps_its_noise() -> None:
    """As of a scanner whose air is 0 to 3: a step there would wipe out what is in real images."""
    images = pictures(60, 0)
    images[:, :, 2:9] = torch.randint(0, 4, (60, 1, 7, 16), dtype=torch.uint8)
    assert grounds(images) == ()


def test_of_grounds_that_are_near_the_frequent_one_is_kept() -> None:
    images = pictures(90, 5)
    images[::3, :, :6] = 2
    assert grounds(images) == (5,)


def test_near_a_ground_is_the_ground_and_every_value_can_be_drawn() -> None:
    u = torch.linspace(-1.4, 1.4, 28_001, dtype=torch.float64).reshape(1, 1, 1, -1)
    values = (settled(u, (25, 126)) + 1) * 127.5
    assert (values.diff() >= -1e-9).all(), "lighter stays lighter"
    assert values.diff().max() < 0.02, "no value is jumped over"
    for value in (25, 126):
        held = ((values - value).abs() < 1e-6).sum() * 2.8 / 28_000 * 127.5
        assert float(held) == pytest.approx(2 * WIDTH, abs=0.1)


def test_the_gradient_passes_through() -> None:
    u = torch.zeros(1, 1, 4, 4, requires_grad=True)
    settled(u, (127,)).square().sum().backward()
    assert u.grad is not None and (u.grad != 0).all()


def test_weights_bring_their_grounds_along(tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = Generator(Architecture((12, 10, 8), 1, 1, latent=8, condition=8, features=8, grounds=(0, 120)), NOTHING)
    weights.save(tmp_path / "generator_new.pth", weights.document(made, {}, None))
    loaded = weights.load(tmp_path / "generator_new.pth").generator
    latent = torch.randn(5, 8)
    drawn = loaded(latent, NOTHING.unknown(5))
    assert torch.equal(drawn, made.eval()(latent, NOTHING.unknown(5)))
    assert ((drawn + 1) * 127.5 - 120).abs().lt(1e-4).float().mean() > 0.02, "exactly the ground, in places"


@pytest.mark.parametrize("declared", [[3, 1], [0, 5], [-1], [256], [1.5], [True], "0", {"0": 1}])
def test_weights_with_other_grounds_are_refused(tmp_path: Path, declared: Any) -> None:
    document = weights.document(Generator(Architecture((12, 10, 8), 1, 1), NOTHING), {}, None)
    document["architecture"]["grounds"] = declared
    weights.save(tmp_path / "generator_new.pth", document)
    with pytest.raises(BadInput):
        weights.load(tmp_path / "generator_new.pth")


def test_a_plan_brings_its_grounds_along_and_an_older_one_has_none() -> None:
    plan = Plan(**PLAIN, ema=0.1, fade=(0.0, 0.1), grounds=(0, 120))  # type: ignore[arg-type]
    document = plan.document()
    assert Plan.from_document(document) == plan
    del document["grounds"]
    assert Plan.from_document(document).grounds == ()
