"""What noisy steps cost: Rényi differential privacy of the subsampled Gaussian, turned into (epsilon, delta).

The mechanism adds noise N(0, (sigma C)^2) to a sum of vectors of norm at most C, one of each patient of a Poisson
sample of rate q. Neighbours: the same data with all records of one patient taken out, the number of patients being
public ("zero-out" neighbours; Ponomareva et al. 2023, "How to DP-fy ML", section 2.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import gammaln, gammasgn, log_ndtr, logsumexp

ORDERS = (*(1 + step / 10 for step in range(1, 100)), *range(12, 64), 80, 96, 128, 192, 256, 512, 1024)
"""Rényi orders alpha that are tried; the best one gives epsilon."""
NEGLIGIBLE = -40.0
BLOCK = 64


def subsampled_gaussian(rate: float, sigma: float, order: float) -> float:
    """Rényi divergence of `order` > 1 of one step, at sampling rate 0..1 and noise multiplier sigma > 0.

    Mironov, Talwar, Zhang 2019 ("Rényi differential privacy of the sampled Gaussian mechanism"), section 3.3.
    """
    if rate == 0:
        return 0.0
    if rate == 1:
        return order / (2 * sigma**2)
    moment = _whole(rate, sigma, int(order)) if float(order).is_integer() else _fractional(rate, sigma, order)
    return max(0.0, moment / (order - 1))


def _whole(rate: float, sigma: float, order: int) -> float:
    """log of sum_k C(order, k) (1 - q)^(order - k) q^k exp((k^2 - k) / 2 sigma^2)."""
    k = np.arange(order + 1.0)
    terms = _log_binomial(order, k) + (order - k) * np.log1p(-rate) + k * np.log(rate)
    return float(logsumexp(terms + (k * k - k) / (2 * sigma**2)))


def _fractional(rate: float, sigma: float, order: float) -> float:
    """The two series that meet where the densities with and without the patient are equal, at z."""
    z = sigma**2 * np.log(1 / rate - 1) + 0.5
    keep, take = np.log1p(-rate), np.log(rate)
    terms, signs, start = [], [], 0
    while True:
        i = np.arange(start, start + BLOCK, dtype=float)
        j = order - i
        binomial, sign = _log_binomial(order, i), gammasgn(order - i + 1)
        low = binomial + j * keep + i * take + (i * i - i) / (2 * sigma**2) + log_ndtr((z - i) / sigma)
        high = binomial + i * keep + j * take + (j * j - j) / (2 * sigma**2) + log_ndtr((j - z) / sigma)
        terms += [low, high]
        signs += [sign, sign]
        start += BLOCK
        if start > order and max(low[-1], high[-1]) < NEGLIGIBLE:
            return float(logsumexp(np.concatenate(terms), b=np.concatenate(signs)))


def _log_binomial(order: float, k: np.ndarray) -> np.ndarray:
    return gammaln(order + 1) - gammaln(k + 1) - gammaln(order - k + 1)


def to_epsilon(divergence: np.ndarray, delta: float) -> float:
    """The smallest epsilon at `delta` over ORDERS, from the Rényi divergence at each of them.

    Canonne, Kamath, Steinke 2020 ("The discrete Gaussian for differential privacy"), proposition 12; the same bound as
    Balle et al. 2020 ("Hypothesis testing interpretations and Rényi differential privacy"), theorem 21.
    """
    orders = np.array(ORDERS)
    found = divergence + np.log1p(-1 / orders) - (np.log(delta) + np.log(orders)) / (orders - 1)
    return float(max(0.0, found.min()))


@dataclass(frozen=True)
class Mechanism:
    """What a training does to private data: one noisy histogram, then noisy steps.

    rate       probability that a patient is in a step
    sigma      noise multiplier of a step
    histogram  noise multiplier of the histogram, against its sensitivity; None where there is none
    """

    rate: float
    sigma: float
    histogram: float | None = None

    @cached_property
    def _of_step(self) -> np.ndarray:
        return np.array([subsampled_gaussian(self.rate, self.sigma, order) for order in ORDERS])

    @cached_property
    def _of_histogram(self) -> np.ndarray:
        return np.array(ORDERS) * (0.0 if self.histogram is None else 1 / (2 * self.histogram**2))

    def epsilon(self, steps: int, delta: float) -> float:
        """Spent after the histogram and `steps` steps. Nothing at all costs nothing."""
        if steps == 0 and self.histogram is None:
            return 0.0
        return to_epsilon(self._of_histogram + steps * self._of_step, delta)


def needed_sigma(epsilon: float, delta: float, steps: int, rate: float, histogram: float | None, most: float) -> float:
    """The smallest noise multiplier (to a thousandth) that keeps `steps` steps within epsilon; inf where `most` is too
    little. By bisection: epsilon falls as sigma grows."""

    def fits(sigma: float) -> bool:
        return Mechanism(rate, sigma, histogram).epsilon(steps, delta) <= epsilon

    if not fits(most):
        return float("inf")
    low, high = 0.2, most
    while high - low > 1e-3:
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def needed_for_histogram(epsilon: float, delta: float) -> float:
    """The noise multiplier with which a Gaussian mechanism alone costs `epsilon` at `delta`."""
    low, high = 1e-2, 1e6
    while high / low > 1.001:
        middle = (low * high) ** 0.5
        within = to_epsilon(np.array(ORDERS) / (2 * middle**2), delta) <= epsilon
        low, high = (low, middle) if within else (middle, high)
    return high
