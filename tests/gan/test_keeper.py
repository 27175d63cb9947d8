"""Which generator is kept and when a training ends early: from evaluations that are written down here."""

from __future__ import annotations

from medsynth_engine.gan.keeper import Judged, Keeper

IMAGES = 16_000


def judged(kimg: int, ratio: float | None, noise: float = 0.02, risk: float = 0.5, copying: bool = False) -> Judged:
    return Judged(1000 * kimg, ratio, noise, risk, copying)


def kept_after(*history: Judged) -> Keeper:
    keeper = Keeper()
    for one in history:
        keeper.take(one)
    return keeper


def test_the_smallest_ratio_is_the_best():
    keeper = kept_after(judged(1, 5.0), judged(2, 2.0), judged(3, 2.5))
    assert keeper.kept()["kimg"] == 2.0 and "3 evaluations" in keeper.kept()["why"]


def test_what_looks_like_copies_is_never_preferred():
    keeper = kept_after(judged(1, 5.0), judged(2, 1.0, risk=0.95, copying=True), judged(3, 4.0))
    assert keeper.kept()["kimg"] == 3.0 and "copies" in keeper.kept()["why"]


def test_a_generator_that_does_not_copy_replaces_one_that_does_whatever_their_ratios():
    keeper = kept_after(judged(1, 1.0, risk=0.95, copying=True))
    assert keeper.kept()["kimg"] == 1.0
    assert keeper.take(judged(2, 9.0))
    assert keeper.kept()["kimg"] == 2.0


def test_where_all_copy_the_one_that_copies_least_is_kept_and_it_is_said():
    keeper = kept_after(*(judged(kimg, 2.0, risk=risk, copying=True) for kimg, risk in ((1, 0.9), (2, 0.8), (3, 0.99))))
    assert keeper.kept()["kimg"] == 2.0 and keeper.kept()["why"].startswith("All generators")


def test_without_measurements_the_last_is_kept():
    keeper = kept_after(judged(1, None), judged(2, None))
    assert keeper.kept()["generator"] == "last" and keeper.over(IMAGES) is None


def test_training_goes_on_while_it_gets_better_or_is_not_clearly_worse():
    assert kept_after(*(judged(k, 10 / k) for k in range(1, 16))).over(IMAGES) is None
    assert kept_after(*(judged(k, 2.0 + 0.009 * k) for k in range(1, 16))).over(IMAGES) is None


def test_clearly_worse_for_long_enough_is_overfitting():
    history = [judged(k, 2.0) for k in range(1, 5)] + [judged(k, 3.0) for k in range(5, 9)]
    assert kept_after(*history).over(IMAGES) is not None
    assert kept_after(*history[:-1]).over(IMAGES) is None, "three evaluations are too few"
    assert kept_after(*history).over(10 * IMAGES) is None, "a twentieth of the budget is too little"
    assert "2.00 after 1 kimg" in (kept_after(*history).over(IMAGES) or "")


def test_one_good_evaluation_among_the_last_lets_training_go_on():
    history = [judged(1, 2.0), *(judged(k, 3.0) for k in range(2, 8)), judged(8, 2.05)]
    assert kept_after(*history).over(IMAGES) is None


def test_the_noisier_the_measure_the_longer_the_patience():
    def evaluations_until_the_end(noise: float) -> int:
        keeper = Keeper()
        for k in range(1, 17):
            keeper.take(judged(k, 2.0 if k == 1 else 4.0, noise))
            if keeper.over(IMAGES):
                return k
        return 99

    assert evaluations_until_the_end(0.01) < evaluations_until_the_end(0.3) < evaluations_until_the_end(0.6)


def test_a_difference_within_the_noise_is_no_overfitting():
    assert kept_after(judged(1, 2.0, 1.0), *(judged(k, 3.0, 1.0) for k in range(2, 16))).over(IMAGES) is None


def test_copies_in_two_evaluations_running_end_the_training():
    once = [judged(1, 3.0), judged(2, 2.0, risk=0.9, copying=True), judged(3, 1.9)]
    assert kept_after(*once).over(IMAGES) is None
    twice = [*once, *(judged(k, 1.8, risk=0.9, copying=True) for k in (4, 5))]
    assert (kept_after(*twice).over(IMAGES) or "").startswith("Copying")


def test_a_keeper_goes_on_where_it_was():
    keeper = kept_after(judged(1, 5.0), judged(2, None), judged(3, 2.0, copying=True))
    other = Keeper()
    other.restore(keeper.state())
    assert other.history == keeper.history and other.best == keeper.best and other.kept() == keeper.kept()
