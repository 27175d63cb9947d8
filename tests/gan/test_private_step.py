"""One noisy step: what a patient can move, how much noise covers it, and who is in it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from private_parts import KEY, VOCABULARY, fold_of, learner_of, promised
from scipy import stats

from medsynth_engine.gan.networks import Architecture, Discriminator
from medsynth_engine.gan.private import gradient
from medsynth_engine.gan.private.gradient import Pairs, clipped_sum, per_patient
from medsynth_engine.gan.private.ladder import Ladder
from medsynth_engine.gan.private.patients import MOST_IMAGES, Patients
from medsynth_engine.gan.private.stream import Stream
from medsynth_engine.gan.schedule import Rates

RATES = Rates(1e-3, 0.9, 0.05, 0.7)


def pairs_of(owner: list[int], seed: int = 0) -> Pairs:
    fold, source = fold_of(np.array(owner), seed=seed), torch.Generator().manual_seed(seed)
    fake = torch.randn(fold.images.shape, generator=source)
    every = torch.arange(len(owner))
    return Pairs(fold.batch(every), fake, fold.conditions, torch.tensor(owner), max(owner) + 1)


def discriminator(seed: int = 0) -> Discriminator:
    torch.manual_seed(seed)
    return Discriminator(Architecture((12, 8), 1, 1, features=8), VOCABULARY)


def without(pairs: Pairs, patient: int) -> Pairs:
    keep = pairs.owner != patient
    owner = pairs.owner[keep]
    owner = torch.where(owner > patient, owner - 1, owner)
    return Pairs(pairs.real[keep], pairs.fake[keep], pairs.conditions[keep], owner, pairs.patients - 1)


def flat(total: gradient.Sum) -> torch.Tensor:
    return torch.cat([total.gradient, total.vote[None]])


def test_a_patients_gradient_is_the_mean_of_her_images_gradients_as_autograd_finds_them():
    network, pairs = discriminator(), pairs_of([0, 0, 0, 1, 2, 2])
    each, gap = per_patient(network, pairs, 0.7)
    for patient in range(3):
        network.zero_grad()
        mine = torch.nonzero(pairs.owner == patient)[:, 0]
        conditions = pairs.conditions[mine]
        lead = network(pairs.real[mine], conditions, 0.7) - network(pairs.fake[mine], conditions, 0.7)
        torch.nn.functional.softplus(-lead).mean().backward()
        found = torch.cat(
            [torch.zeros_like(p).flatten() if p.grad is None else p.grad.flatten() for p in network.parameters()]
        )
        torch.testing.assert_close(each[patient], found, rtol=1e-4, atol=1e-6)
        assert gap[patient].item() == pytest.approx(lead.mean().item(), abs=1e-5)


@pytest.mark.parametrize("clip", [0.01, 1.0, 1e6])
def test_taking_a_patient_out_moves_the_sum_by_the_clip_at_most_and_another_in_her_place_by_twice_that(clip: float):
    network = discriminator()
    pairs, others = pairs_of([0, 1, 1, 1, 1, 2, 3, 3]), pairs_of([0, 1, 1, 1, 1, 2, 3, 3], seed=9)
    whole = flat(clipped_sum(network, pairs, 0.7, 0.3, clip))
    for patient in range(4):
        left = flat(clipped_sum(network, without(pairs, patient), 0.7, 0.3, clip))
        assert 0 < (whole - left).norm() <= clip
    mine = pairs.owner == 1
    exchanged = Pairs(
        torch.where(mine[:, None, None, None], others.real, pairs.real), pairs.fake, pairs.conditions, pairs.owner, 4
    )
    assert (whole - flat(clipped_sum(network, exchanged, 0.7, 0.3, clip))).norm() <= 2 * clip


def test_a_patient_with_many_images_counts_no_more_than_one_with_one():
    network = discriminator()
    one, many = pairs_of([0]), pairs_of([0] * 30)
    repeated = Pairs(
        one.real.repeat(30, 1, 1, 1),
        one.fake.repeat(30, 1, 1, 1),
        one.conditions[torch.zeros(30).long()],
        many.owner,
        1,
    )
    torch.testing.assert_close(
        flat(clipped_sum(network, repeated, 0.7, 0.0, 1.0)), flat(clipped_sum(network, one, 0.7, 0.0, 1.0))
    )
    assert flat(clipped_sum(network, many, 0.7, 0.0, 1.0)).norm() <= 1


def test_an_image_that_makes_no_numbers_moves_nothing():
    network, pairs = discriminator(), pairs_of([0, 1, 2])
    broken = Pairs(pairs.real.clone(), pairs.fake, pairs.conditions, pairs.owner, 3)
    broken.real[1] = float("nan")
    total = clipped_sum(network, broken, 0.7, 0.0, 1.0)
    kept = clipped_sum(network, without(pairs, 1), 0.7, 0.0, 1.0)
    torch.testing.assert_close(total.gradient, kept.gradient)
    assert torch.isfinite(total.vote)


def test_the_sum_is_the_same_in_pieces():
    network, pairs = discriminator(), pairs_of([0, 0, 1, 2, 2, 2, 3])
    whole = clipped_sum(network, pairs, 0.7, 0.1, 1.0)
    parts = gradient.nothing(network)
    for first in (0, 2):
        inside = (pairs.owner >= first) & (pairs.owner < first + 2)
        part = Pairs(pairs.real[inside], pairs.fake[inside], pairs.conditions[inside], pairs.owner[inside] - first, 2)
        parts = parts + clipped_sum(network, part, 0.7, 0.1, 1.0)
    torch.testing.assert_close(flat(whole), flat(parts), rtol=1e-4, atol=1e-5)


def test_noise_has_the_promised_deviation_whoever_came_and_is_divided_by_whom_was_expected(
    monkeypatch: pytest.MonkeyPatch,
):
    learner = learner_of(sigma=2.5, clip=0.4, rate=0.2)
    monkeypatch.setattr(learner, "_piece", lambda sample, ramp: gradient.nothing(learner.discriminator))
    drawn = [flat(learner._noisy_mean(0.5)) for _ in range(60)]
    expected = 0.2 * 40
    noise = torch.stack(drawn).flatten().numpy() / (2.5 * 0.4 / expected)
    assert stats.kstest(noise, "norm").pvalue > 1e-4
    assert abs(noise.std() - 1) < 0.01
    between = np.corrcoef(drawn[0][:-1].numpy(), drawn[1][:-1].numpy())[0, 1]
    assert abs(between) < 5 / math.sqrt(len(drawn[0])), "the noise of two steps is not the same"


def test_every_patient_is_in_a_step_by_her_own_coin_with_all_her_images():
    owner = np.repeat(np.arange(300), np.tile([1, 2, 3], 100))
    patients, stream = Patients(owner), Stream(KEY)
    rate, steps = 0.1, 400
    seen, sizes = np.zeros(300), []
    for _ in range(steps):
        sample = patients.draw(rate, stream)
        who = owner[sample.rows]
        assert sample.patients == len(np.unique(who)) == len(np.unique(sample.owner))
        assert np.bincount(owner)[np.unique(who)].sum() == len(who), "all of a patient's images, or none"
        seen[np.unique(who)] += 1
        sizes.append(sample.patients)
    assert stats.chisquare([*np.histogram(stats.binom.cdf(seen, steps, rate), 5, (0, 1))[0]]).pvalue > 1e-4
    assert np.var(sizes) == pytest.approx(300 * rate * (1 - rate), rel=0.25), "the number that came is itself chance"
    together = np.mean([patients.draw(1.0, stream).patients, patients.draw(0.0, stream).patients])
    assert together == 150


def test_of_many_images_of_a_patient_other_ones_are_seen_in_each_step():
    patients, stream = Patients(np.zeros(20, int)), Stream(KEY)
    drawn = [tuple(sorted(patients.draw(1.0, stream).rows)) for _ in range(30)]
    assert all(len(rows) == MOST_IMAGES for rows in drawn) and len(set(drawn)) > 20


def test_pieces_of_a_sample_hold_whole_patients():
    sample = Patients(np.repeat(np.arange(7), 3)).draw(1.0, Stream(KEY))
    pieces = sample.pieces(3)
    assert [piece.patients for piece in pieces] == [3, 3, 1]
    assert np.concatenate([piece.rows for piece in pieces]).tolist() == sample.rows.tolist()
    assert all(np.unique(piece.owner).tolist() == list(range(piece.patients)) for piece in pieces)


def test_the_stream_is_uniform_and_normal_and_never_repeats_itself():
    stream = Stream(KEY)
    uniform, normal = stream.uniform(100_000), stream.normal(100_001)
    assert uniform.min() > 0 and uniform.max() <= 1
    assert stats.kstest(uniform, "uniform").pvalue > 1e-4 and stats.kstest(normal, "norm").pvalue > 1e-4
    again = Stream.restored(stream.state())
    np.testing.assert_array_equal(stream.normal(9), again.normal(9))
    assert not np.intersect1d(stream.uniform(1000), stream.uniform(1000)).size
    assert not np.intersect1d(Stream().uniform(1000), Stream().uniform(1000)).size, "a real run has a key of its own"


def test_a_step_without_anybody_in_it_is_noise_alone():
    learner = learner_of(rate=1e-12)
    before = [parameter.clone() for parameter in learner.discriminator.parameters()]
    learner.step(RATES)
    assert all(torch.isfinite(parameter).all() for parameter in learner.discriminator.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, learner.discriminator.parameters(), strict=True))


def test_the_generators_half_and_the_penalty_read_no_image():
    """What is free is the same whatever the images are."""
    found = []
    for seed in (0, 1):
        learner = learner_of()
        learner.fold = fold_of(np.arange(80) // 2, seed=seed)
        slope = learner._free_gradient(RATES)
        loss, accuracy = learner._teach_generator(RATES)
        weights = torch.cat([parameter.flatten() for parameter in learner.generator.parameters()])
        found.append((slope, loss, accuracy, weights))
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)


def test_the_free_gradient_is_that_of_penalty_and_anchor():
    from medsynth_engine.gan.private import learner as room

    learner = learner_of()
    state = learner.random.get_state()
    learner._free_gradient(RATES)
    found = [parameter.grad.clone() for parameter in learner.discriminator.parameters() if parameter.grad is not None]
    learner.discriminator.zero_grad()
    learner.random.set_state(state)
    conditions = learner._asked(room.FREE)
    images = learner._fakes(conditions).requires_grad_()
    logits = learner.discriminator(images, conditions, RATES.ramp)
    (slope,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    penalty = RATES.gamma / 2 * slope.square().sum((1, 2, 3)).mean()
    (penalty + room.ANCHOR * logits.square().mean()).backward()
    wanted = [parameter.grad for parameter in learner.discriminator.parameters() if parameter.grad is not None]
    for ours, oracle in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours, oracle, rtol=1e-3, atol=1e-5)


def test_the_ladder_climbs_while_generated_images_pass_and_stays_while_they_are_recognised():
    fooled, sharp = Ladder(), Ladder()
    for _ in range(2000):
        for ladder, accuracy in ((fooled, 0.5), (sharp, 0.9)):
            if ladder.discriminated():
                ladder.generated(accuracy)
    assert fooled.steps >= 5 and sharp.steps == 1
    again = Ladder()
    again.restore(fooled.state())
    assert vars(again) == vars(fooled)


def test_the_lead_follows_what_the_discriminator_sees_of_real_over_fake(monkeypatch: pytest.MonkeyPatch):
    learner = learner_of(sigma=1e-6, rate=1.0, steps=400)
    monkeypatch.setattr(
        gradient,
        "per_patient",
        lambda network, pairs, ramp: (torch.zeros(pairs.patients, 1), torch.full((pairs.patients,), 0.8)),
    )
    monkeypatch.setattr(gradient, "nothing", lambda network: gradient.Sum(torch.zeros(1), torch.zeros(())))
    for _ in range(60):
        learner.lead -= 2.0 * float(learner._noisy_mean(1.0).vote)
    assert learner.lead == pytest.approx(0.8, abs=0.05)
    assert promised().clip == 1.0
