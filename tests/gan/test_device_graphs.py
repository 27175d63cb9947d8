"""What a CUDA graph records is the game itself; recording and replay need a GPU and are compared there with it."""

from __future__ import annotations

import copy
from dataclasses import fields, replace

import pytest
import torch

from medsynth_engine.gan import augment, graphs
from medsynth_engine.gan.conditions import Categorical, Vocabulary
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator, settle
from medsynth_engine.gan.objective import Game, Outcome, Pairs

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
VOCABULARY = Vocabulary((Categorical("finding", ("a", "b"), (50, 50)),))
ARCHITECTURE = Architecture((16, 12, 8), 1, 1, latent=8, condition=8, features=8)


def game() -> Game:
    torch.manual_seed(0)
    networks = Generator(ARCHITECTURE, VOCABULARY), Discriminator(ARCHITECTURE, VOCABULARY)
    for network in networks:
        settle(network, DEVICE)
    return Game(*networks)


def pairs(seed: int, warped: bool = True, count: int = 6) -> Pairs:
    source = torch.Generator().manual_seed(seed)
    conditions = VOCABULARY.unknown(count)
    conditions.categorical[:, 0] = torch.randint(0, 3, (count,), generator=source)
    warp = augment.UNCHANGED
    if warped:
        drawn = augment.draw(augment.PROFILES["dermoscopy"], torch.ones(count), 16, 1, source)
        moved = {each.name: getattr(drawn, each.name) for each in fields(drawn)}
        warp = augment.Warp(**{name: None if value is None else value.to(DEVICE) for name, value in moved.items()})
    real = torch.randn(count, 1, 16, 16, generator=source).to(DEVICE)
    latent = torch.randn(count, ARCHITECTURE.drawn, generator=source).to(DEVICE)
    return Pairs(real, latent, conditions.to(DEVICE), warp)


def gradients(network: torch.nn.Module) -> list[torch.Tensor]:
    return [p.grad.clone() for p in network.parameters() if p.grad is not None]


def equal(here: Outcome, there: Outcome) -> bool:
    values = [(getattr(here, each.name), getattr(there, each.name)) for each in fields(Outcome)]
    return all((a is None and b is None) or torch.equal(a, b) for a, b in values)


@pytest.mark.parametrize("which", ["discriminator", "generator"])
def test_what_is_recorded_is_the_game_bit_for_bit_whatever_is_filled_in(which: str):
    usual, fixed = game(), game()
    if which == "generator":
        usual.discriminator.requires_grad_(False)
        fixed.discriminator.requires_grad_(False)
        static = graphs.Static(lambda played, gamma, ramp: fixed.teach_generator(played, ramp), pairs(0))
    else:
        static = graphs.Static(fixed.teach_discriminator, pairs(0))
    for seed, gamma, ramp in ((1, 2.0, 0.0), (2, 1.9137, 1 / 3), (3, 0.1, 1.0)):
        played = pairs(seed)
        static.fill(played, gamma, ramp)
        here = static.run()
        if which == "generator":
            there = usual.teach_generator(played, ramp)
        else:
            there = usual.teach_discriminator(played, gamma, ramp)
        assert equal(here, there)
        ours, theirs = gradients(getattr(fixed, which)), gradients(getattr(usual, which))
        assert ours and all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_filling_in_copies_so_that_the_callers_tensors_stay_theirs():
    static, played = graphs.Static(game().teach_discriminator, pairs(0)), pairs(1)
    before = copy.deepcopy(played)
    places = [tensor.data_ptr() for tensor in graphs._tensors(static.pairs)]
    static.fill(played, 1.0, 1.0)
    static.run()
    assert places == [tensor.data_ptr() for tensor in graphs._tensors(static.pairs)]
    assert all(torch.equal(a, b) for a, b in zip(graphs._tensors(played), graphs._tensors(before), strict=True))


def test_another_size_or_augmentation_is_another_kind():
    usual = pairs(1)
    assert graphs.kind(usual) == graphs.kind(pairs(2))
    others = (pairs(1, warped=False), pairs(1, count=5), replace(usual, warp=replace(usual.warp, mirrored=None)))
    assert len({graphs.kind(one) for one in (usual, *others)}) == 4


def test_gradients_that_differ_are_seen():
    found = [torch.ones(3), torch.ones(2, 2)]
    assert graphs.same(found, [one.clone() for one in found])
    assert not graphs.same(found, [torch.ones(3), torch.ones(2, 2) * 1.01])
    assert not graphs.same(found, [torch.ones(3), torch.full((2, 2), float("nan"))])


def test_where_recording_fails_the_half_step_is_computed_as_ever(monkeypatch: pytest.MonkeyPatch):
    def fails() -> None:
        raise RuntimeError("no such stream")

    monkeypatch.setattr(torch.cuda, "Stream", fails)
    usual, other, played = game(), game(), pairs(4)
    replayed = graphs.Replayed(other.discriminator, other.teach_discriminator)
    here, there = replayed(played, 1.5, 0.5), usual.teach_discriminator(played, 1.5, 0.5)
    assert replayed.broken and equal(here, there)
    ours, theirs = gradients(other.discriminator), gradients(usual.discriminator)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_nothing_is_recorded_unless_one_asks_for_it_on_cuda_nor_parts_of_a_batch(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDSYNTH_CUDA_GRAPHS", "1")
    assert not graphs.Halves(game(), torch.device("cpu")).recorded
    halves = graphs.Halves(game(), torch.device("cuda"))
    assert halves.recorded
    monkeypatch.setattr(graphs.Replayed, "__call__", lambda *words: "recorded")
    assert halves.teach_discriminator(pairs(1), 1.0, 1.0) == halves.teach_generator(pairs(1), 1.0) == "recorded"
    assert isinstance(halves.teach_discriminator(pairs(1), 1.0, 1.0, weight=0.5), Outcome)
    monkeypatch.delenv("MEDSYNTH_CUDA_GRAPHS")
    assert not graphs.Halves(game(), torch.device("cuda")).recorded


@pytest.mark.skipif(DEVICE.type != "cuda", reason="a CUDA graph needs a CUDA device")
def test_a_replay_equals_the_game_step_after_step():
    usual, other = game(), game()
    replayed = graphs.Replayed(other.discriminator, other.teach_discriminator)
    for seed in range(6):
        for network in (usual.discriminator, other.discriminator):
            network.zero_grad(set_to_none=False)
        played = pairs(seed, warped=seed % 2 == 0)
        replayed(played, 1.0 + seed, 0.5)
        usual.teach_discriminator(played, 1.0 + seed, 0.5)
        assert graphs.same(gradients(usual.discriminator), gradients(other.discriminator))
    assert not replayed.broken
