"""The game without second derivatives is the game of the paper."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.nn import functional

from medsynth_engine.gan import augment, probes
from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator, settle
from medsynth_engine.gan.objective import Game, Pairs

VOCABULARY = Vocabulary(
    (Categorical("finding", ("a", "b", "c"), (5, 5, 5)), Categorical("sex", ("F", "M"), (5, 5))),
    (Continuous("age", 50, 10, 20, 90),),
)


def game(channels: int = 1, blocks: int = 2) -> Game:
    torch.manual_seed(0)
    architecture = Architecture((24, 16, 8), blocks, channels, latent=8, condition=8, features=8)
    generator, discriminator = Generator(architecture, VOCABULARY), Discriminator(architecture, VOCABULARY)
    for network in (generator, discriminator):
        settle(network, torch.device("cpu"))
        for parameter in network.parameters():  # away from the zeros of the start
            parameter.data += 0.1 * torch.randn_like(parameter)
    return Game(generator, discriminator)


def pairs(count: int = 12, channels: int = 1, warped: bool = True) -> Pairs:
    source = torch.Generator().manual_seed(1)
    conditions = VOCABULARY.unknown(count)
    conditions.categorical[:, 0] = torch.arange(count) % 4  # 3 is unknown
    conditions.categorical[:, 1] = torch.arange(count) % 3
    conditions.continuous[:, 0] = torch.randn(count, generator=source)
    conditions.known[:, 0] = (torch.arange(count) % 2).float()
    warp = augment.UNCHANGED
    if warped:
        warp = augment.draw(augment.PROFILES["histology"], torch.ones(count), 16, channels, source)
    real = torch.randn(count, channels, 16, 16, generator=source)
    return Pairs(real, torch.randn(count, 8, generator=source), conditions, warp)


def gradients(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.grad.flatten() for parameter in network.parameters()])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("gamma", [0.0, 1.0, 30.0])
def test_the_discriminators_gradient_equals_double_backward(channels: int, gamma: float):
    ours, theirs = game(channels), game(channels)
    played = pairs(channels=channels)
    ours.teach_discriminator(played, gamma, ramp=0.6)
    probes.game_loss(theirs, played, gamma, ramp=0.6).backward()
    expected = gradients(theirs.discriminator)
    assert (gradients(ours.discriminator) - expected).norm() < 1e-4 * expected.norm()
    assert expected.norm() > 0


def test_every_parameter_of_both_networks_learns():
    played, both = pairs(), game()
    both.teach_discriminator(played, 1.0, ramp=1.0)
    both.teach_generator(played, ramp=1.0)
    for network in (both.generator, both.discriminator):
        silent = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
        assert not silent


def test_the_generators_loss_is_the_relativistic_one():
    both, played = game(), pairs()
    outcome = both.teach_generator(played, ramp=1.0)
    with torch.no_grad():
        fake = both.discriminator(played.warp(both.generator(played.latent, played.conditions)), played.conditions, 1.0)
        real = both.discriminator(played.warp(played.real), played.conditions, 1.0)
    torch.testing.assert_close(outcome.loss, functional.softplus(real - fake), rtol=1e-4, atol=1e-5)


def test_parts_of_a_batch_add_up_to_the_batch():
    whole, parts, played = game(), game(), pairs()
    whole.teach_discriminator(played, 2.0, ramp=1.0)
    whole.teach_generator(played, ramp=1.0)
    for part in played.pieces(5):
        parts.teach_discriminator(part, 2.0, ramp=1.0, weight=len(part) / len(played))
    for part in played.pieces(5):
        parts.teach_generator(part, ramp=1.0, weight=len(part) / len(played))
    for a, b in ((whole.discriminator, parts.discriminator), (whole.generator, parts.generator)):
        torch.testing.assert_close(gradients(a), gradients(b), rtol=1e-3, atol=1e-5)


def test_a_pair_is_not_told_apart_by_what_it_was_asked_for():
    """Real and generated share condition and augmentation: where the images are equal, so are the logits."""
    both, played = game(), pairs()
    twin = copy.deepcopy(played.real)
    logits = both.discriminator(torch.cat([played.warp(played.real), played.warp(twin)]), played.conditions.twice())
    torch.testing.assert_close(*logits.chunk(2))


def test_without_a_known_attribute_the_discriminator_is_unconditional():
    both, played = game(), pairs(warped=False)
    unknown = VOCABULARY.unknown(len(played))
    torch.testing.assert_close(
        both.discriminator(played.real, unknown, 1.0), both.discriminator(played.real, played.conditions, 0.0)
    )
