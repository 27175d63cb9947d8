"""The roofline: work is counted as torch counts it, rates are those of this machine."""

from __future__ import annotations

import time

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from medsynth_engine.gan import augment, roofline
from medsynth_engine.gan.conditions import Vocabulary
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator
from medsynth_engine.gan.objective import Game, Pairs


def play(count: int) -> None:
    architecture = Architecture((16, 16, 8), 1, 1, latent=8, condition=8, features=8)
    game = Game(Generator(architecture, Vocabulary()), Discriminator(architecture, Vocabulary()))
    pairs = Pairs(torch.randn(count, 1, 16, 16), torch.randn(count, 8), Vocabulary().unknown(count), augment.UNCHANGED)
    game.teach_discriminator(pairs, gamma=1.0, ramp=1.0)
    game.discriminator.requires_grad_(False)
    game.teach_generator(pairs, ramp=1.0)


def test_work_is_counted_as_torch_counts_it_and_grows_with_the_batch():
    with FlopCounterMode(display=False) as counter:
        play(4)
    four, eight = (roofline.work(lambda count=count: play(count)) for count in (4, 8))
    assert four.flops == counter.get_total_flops() > 1e6
    assert eight.flops == pytest.approx(2 * four.flops, rel=0.01)


def test_a_product_of_large_matrices_is_near_its_own_roofline():
    rates = roofline.measure("cpu")
    a = torch.randn(640, 640)
    work = roofline.work(lambda: a @ a)
    assert work.layers == ((2 * 640**3, 3 * 640**2 * 4),)
    least = min(_seconds(lambda: a @ a) for _ in range(15))
    assert 0.2 < work.seconds(rates) / least < 1.5
    assert 0.2 < roofline.share(work.flops, 1 / least, rates) < 1.5


def test_the_bound_of_a_layer_is_the_slower_of_its_two():
    rates = roofline.Rates(matrix_flops=100.0, copy_bytes=10.0)
    assert roofline.Work(((200.0, 5.0), (10.0, 40.0))).seconds(rates) == 2.0 + 4.0


def test_rates_are_known_within_a_second():
    """Of one processor: others use the machine as well."""
    begin = time.thread_time()
    rates = roofline.measure("cpu")
    assert time.thread_time() - begin < 1.0
    assert rates.matrix_flops > 1e8 and rates.copy_bytes > 1e7


def _seconds(call) -> float:
    """Of the processor: others use the machine as well."""
    begin = time.process_time() / torch.get_num_threads()
    call()
    return time.process_time() / torch.get_num_threads() - begin
