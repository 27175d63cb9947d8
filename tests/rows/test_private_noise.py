"""The noise of private rows is the noise it says, and what it promises is what theory says."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import exp, log, sqrt
from random import Random

import numpy as np
import pytest
from scipy.stats import chisquare, norm

from medsynth_engine.rows.private.accounting import Budget, delta_of, epsilon_of, rho_of
from medsynth_engine.rows.private.noise import (
    bernoulli_exp,
    discrete_gaussian,
    discrete_laplace,
    exponential_mechanism,
)

N = 8000


def surprise(drawn: list[int], weights: dict[int, float]) -> float:
    """The p-value of a chi-square test of draws against weights (not yet summing to 1) of whole numbers."""
    counts = Counter(drawn)
    common = [value for value, weight in weights.items() if N * weight / sum(weights.values()) >= 10]
    shares = np.array([weights[value] for value in common]) / sum(weights.values())
    seen = np.array([counts[value] for value in common])
    expected = np.r_[shares, 1 - shares.sum()] * N
    observed = np.r_[seen, N - seen.sum()]
    kept = expected > 1
    return float(chisquare(observed[kept], expected[kept] * observed[kept].sum() / expected[kept].sum()).pvalue)


@pytest.mark.parametrize("variance", [Fraction(1, 3), Fraction(9, 4), Fraction(40)])
def test_the_discrete_gaussian_has_its_distribution(variance):
    below = Random(1).randrange
    drawn = [discrete_gaussian(variance, below) for _ in range(N)]
    assert surprise(drawn, {x: exp(-(x**2) / (2 * float(variance))) for x in range(-60, 61)}) > 0.001
    assert np.var(drawn) <= float(variance) * 1.08  # never above the continuous one's (theorem 20)


@pytest.mark.parametrize("scale", [1, 5])
def test_the_discrete_laplace_has_its_distribution(scale):
    below = Random(2).randrange
    drawn = [discrete_laplace(scale, below) for _ in range(N)]
    assert surprise(drawn, {x: exp(-abs(x) / scale) for x in range(-80, 81)}) > 0.001


@pytest.mark.parametrize(("top", "bottom"), [(0, 1), (1, 3), (1, 1), (7, 2)])
def test_a_coin_of_exp_minus_a_fraction(top, bottom):
    below = Random(3).randrange
    share = np.mean([bernoulli_exp(top, bottom, below) for _ in range(N)])
    assert abs(share - exp(-top / bottom)) < 4 * sqrt(0.25 / N)


def test_the_exponential_mechanism_has_its_distribution():
    below = Random(4).randrange
    scores, epsilon = [3, 10, 9, 0], Fraction(1, 2)
    drawn = [exponential_mechanism(scores, epsilon, 2, below) for _ in range(N)]
    assert surprise(drawn, {i: exp(score * 0.5 / 4) for i, score in enumerate(scores)}) > 0.001


@pytest.mark.parametrize("rho", [0.005, 0.1, 1.0])
@pytest.mark.parametrize("delta", [1e-9, 1e-6, 1e-3])
def test_epsilon_lies_between_the_gaussians_own_and_the_simple_bound(rho, delta):
    """The Gaussian mechanism is rho-zCDP, and its exact delta is known (Balle & Wang 2018, theorem 8)."""
    epsilon = epsilon_of(rho, delta)
    mu = sqrt(2 * rho)
    exact = norm.cdf(mu / 2 - epsilon / mu) - exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu)
    assert exact <= delta
    assert exact >= delta / 12  # and not much less: the bound is close
    assert epsilon <= rho + 2 * sqrt(rho * log(1 / delta))
    assert delta_of(rho, epsilon) <= delta * 1.0001


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0, 10.0])
def test_the_budget_costs_no_more_than_was_asked(epsilon):
    rho = rho_of(epsilon, 1e-6)
    assert epsilon * 0.999 <= epsilon_of(rho, 1e-6) <= epsilon * 1.000001
    budget = Budget.of(epsilon, 1e-6)
    columns, rows = 7, 3
    single = budget.variance(budget.single, columns, rows)
    pair = budget.variance(budget.pairs, columns - 1, rows)
    choice = budget.epsilon_of_choice(columns - 1)
    spent = columns * Fraction(rows**2) / (2 * single) + (columns - 1) * Fraction(rows**2) / (2 * pair)
    spent += (columns - 1) * choice**2 / 8
    assert rho * 0.999 <= float(spent) <= rho
