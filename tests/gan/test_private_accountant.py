"""What noisy steps cost, against Opacus, against integrals, and against figures that others published."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from scipy.integrate import quad

from medsynth_engine.gan.private.accountant import (
    ORDERS,
    Mechanism,
    needed_for_histogram,
    needed_sigma,
    subsampled_gaussian,
    to_epsilon,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from opacus.accountants import PRVAccountant, RDPAccountant
    from opacus.accountants.analysis.rdp import compute_rdp

SETTINGS = [(0.0005, 0.5), (0.01, 1.0), (0.05, 0.7), (0.2, 3.0), (0.3, 15.0), (0.5, 1.0), (0.9, 2.0), (1.0, 4.0)]


@pytest.mark.parametrize(("rate", "sigma"), SETTINGS)
def test_a_step_costs_what_opacus_says_at_every_order(rate: float, sigma: float):
    ours = [subsampled_gaussian(rate, sigma, order) for order in ORDERS]
    theirs = compute_rdp(q=rate, noise_multiplier=sigma, steps=1, orders=list(ORDERS))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("order", [1.3, 2, 2.5, 7.9, 8])
@pytest.mark.parametrize(("rate", "sigma"), [(0.02, 0.8), (0.2, 2.0)])
def test_a_step_costs_the_integral_that_defines_it(rate: float, sigma: float, order: float):
    def ratio(x: float) -> float:
        without = math.exp(-(x**2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))
        mixed = 1 - rate + rate * math.exp((2 * x - 1) / (2 * sigma**2))
        return without * mixed**order

    moment, _ = quad(ratio, -30 * sigma, 40 * sigma + order, limit=500, points=[0, order])
    assert subsampled_gaussian(rate, sigma, order) == pytest.approx(math.log(moment) / (order - 1), rel=1e-5)


def test_a_published_training_costs_what_was_published():
    """Bie, Kamath, Zhang 2023: 60,000 images, 512 a step, sigma 2.0, 174,000 steps, delta 1e-5."""
    assert Mechanism(512 / 60_000, 2.0).epsilon(174_000, 1e-5) == pytest.approx(10.08, abs=0.01)


@pytest.mark.parametrize(("rate", "sigma", "steps"), [(0.02, 0.9, 500), (0.1, 2.0, 300), (0.01, 0.7, 2000)])
def test_a_training_costs_as_opacus_accounts_it_and_never_less_than_is_tight(rate: float, sigma: float, steps: int):
    ours = Mechanism(rate, sigma).epsilon(steps, 1e-5)
    rdp, tight = RDPAccountant(), PRVAccountant()
    rdp.history = tight.history = [(sigma, rate, steps)]
    assert ours == pytest.approx(rdp.get_epsilon(1e-5, alphas=list(ORDERS)), rel=1e-6)
    exact = tight.get_epsilon(1e-5, eps_error=0.01)
    assert 0.99 * exact <= ours <= 1.5 * exact


def test_the_histogram_and_the_steps_add_up_to_less_than_the_sum_of_both():
    alone, steps = Mechanism(0.02, 1.0, 5.0).epsilon(0, 1e-5), Mechanism(0.02, 1.0).epsilon(400, 1e-5)
    both = Mechanism(0.02, 1.0, 5.0).epsilon(400, 1e-5)
    assert max(alone, steps) < both < alone + steps
    assert Mechanism(0.02, 1.0).epsilon(0, 1e-5) == 0


@pytest.mark.parametrize("epsilon", [0.5, 3.0, 10.0])
def test_the_noise_that_is_found_is_just_enough(epsilon: float):
    sigma = needed_sigma(epsilon, 1e-5, 700, 0.05, None, 50.0)
    assert Mechanism(0.05, sigma).epsilon(700, 1e-5) <= epsilon
    assert Mechanism(0.05, sigma - 0.002).epsilon(700, 1e-5) > epsilon
    of_histogram = needed_for_histogram(epsilon, 1e-6)
    assert to_epsilon(np.array(ORDERS) / (2 * of_histogram**2), 1e-6) == pytest.approx(epsilon, rel=0.01)
    assert needed_sigma(epsilon, 1e-5, 10**7, 0.5, None, 20.0) == math.inf
