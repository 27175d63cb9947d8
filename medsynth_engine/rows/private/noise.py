"""Exact samplers of the noise that privacy rests on: whole numbers and fractions only, no floating point.

Canonne, Kamath & Steinke 2020, "The discrete Gaussian for differential privacy", algorithms 1 to 3. Floating-point
Gaussians leak through their gaps (Mironov 2012); these do not. Randomness is the operating system's, never a seed that
somebody knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isqrt

Below = Callable[[int], int]
"""`below(n)`: a uniform whole number from 0 to n - 1."""


def bernoulli_exp(top: int, bottom: int, below: Below = secrets.randbelow) -> bool:
    """True with probability exp(-top / bottom), for top >= 0 and bottom > 0: algorithm 1."""
    while top > bottom:  # exp(-g) = exp(-1) exp(-(g - 1))
        if not _bernoulli_exp_small(1, 1, below):
            return False
        top -= bottom
    return _bernoulli_exp_small(top, bottom, below)


def _bernoulli_exp_small(top: int, bottom: int, below: Below) -> bool:
    step = 1
    while below(bottom * step) < top:
        step += 1
    return step % 2 == 1


def discrete_laplace(scale: int, below: Below = secrets.randbelow) -> int:
    """A whole number x with probability in proportion to exp(-|x| / scale), scale >= 1: algorithm 2."""
    while True:
        rest = below(scale)
        if not bernoulli_exp(rest, scale, below):
            continue
        whole = 0
        while bernoulli_exp(1, 1, below):
            whole += 1
        size = rest + scale * whole
        negative = below(2) == 1
        if not (negative and size == 0):
            return -size if negative else size


def discrete_gaussian(variance: Fraction, below: Below = secrets.randbelow) -> int:
    """A whole number x with probability in proportion to exp(-x^2 / (2 variance)), variance > 0: algorithm 3."""
    scale = isqrt(variance.numerator // variance.denominator) + 1
    # Accept with exp(-(|x| - variance / scale)^2 / (2 variance)), as one fraction of whole numbers.
    p, q = variance.numerator, variance.denominator
    bottom = 2 * p * q * scale * scale
    while True:
        drawn = discrete_laplace(scale, below)
        top = abs(drawn) * q * scale - p
        if bernoulli_exp(top * top, bottom, below):
            return drawn


def exponential_mechanism(
    scores: Sequence[int], epsilon: Fraction, sensitivity: int, below: Below = secrets.randbelow
) -> int:
    """A place i with probability in proportion to exp(epsilon scores[i] / (2 sensitivity)), exactly.

    McSherry & Talwar 2007; epsilon^2 / 8 zCDP (Cesar & Rogers 2021). Places are proposed evenly and kept with
    exp(-(best - score) epsilon / (2 sensitivity)): at least one in len(scores) is.
    """
    best = max(scores)
    while True:
        place = below(len(scores))
        top = (best - scores[place]) * epsilon.numerator
        if bernoulli_exp(top, 2 * sensitivity * epsilon.denominator, below):
            return place
