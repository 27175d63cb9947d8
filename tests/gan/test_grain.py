"""Grain: the random plane that texture is drawn from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator

NOTHING = Vocabulary()
GRAINY = Architecture((12, 10, 8), 1, 1, latent=8, condition=8, features=8, grain=True)


def generator(architecture: Architecture = GRAINY) -> Generator:
    torch.manual_seed(1)
    return Generator(architecture, NOTHING).eval().requires_grad_(False)


def test_grain_is_part_of_what_an_image_is_drawn_from() -> None:
    network = generator()
    drawn = torch.randn(2, GRAINY.drawn)
    assert GRAINY.drawn == GRAINY.latent + GRAINY.resolution**2
    other = drawn.clone()
    other[:, GRAINY.latent :] = torch.randn(2, GRAINY.resolution**2)
    conditions = NOTHING.unknown(2)
    assert torch.equal(network(drawn, conditions), network(drawn.clone(), conditions))
    assert not torch.equal(network(drawn, conditions), network(other, conditions))


def test_grain_has_the_same_strength_at_every_size() -> None:
    planes = generator()._planes(torch.randn(200, GRAINY.resolution**2))
    assert sorted(planes) == [8, 16]
    for _, plane in planes.values():
        assert plane.std().item() == pytest.approx(1, abs=0.05)


def test_weights_from_before_grain_still_draw(tmp_path: Path) -> None:
    plain = generator(Architecture((12, 10, 8), 1, 1, latent=8, condition=8, features=8))
    content = weights.document(plain, {}, None)
    del content["architecture"]["grain"]
    weights.save(tmp_path / "generator_old.pth", content)
    loaded = weights.load(tmp_path / "generator_old.pth").generator
    drawn = torch.randn(3, loaded.architecture.drawn)
    assert torch.equal(loaded(drawn, NOTHING.unknown(3)), plain(drawn, NOTHING.unknown(3)))


def test_weights_keep_their_grain(tmp_path: Path) -> None:
    made = generator()
    weights.save(tmp_path / "generator_new.pth", weights.document(made, {}, None))
    loaded = weights.load(tmp_path / "generator_new.pth").generator
    drawn = torch.randn(3, loaded.architecture.drawn)
    assert loaded.architecture.grain
    assert torch.equal(loaded(drawn, NOTHING.unknown(3)), made(drawn, NOTHING.unknown(3)))
