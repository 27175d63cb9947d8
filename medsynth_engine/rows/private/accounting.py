"""What the noise promises: zero-concentrated differential privacy (zCDP), spent and turned into (epsilon, delta).

Bun & Steinke 2016. Neighbours: the same table with all rows of one patient added or taken out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from math import exp, log, log1p, sqrt
from typing import Any

DELTA = 1e-6
"""The chance that is allowed for epsilon not to hold; below one in the number of patients squared up to a thousand."""
ORDERS = tuple(1 + exp(log(1e-6) + step * (log(1e6) - log(1e-6)) / 4000) for step in range(4001))


def delta_of(rho: float, epsilon: float) -> float:
    """The smallest delta known for rho-zCDP at epsilon: Canonne, Kamath & Steinke 2020, proposition 12.

    inf over alpha > 1 of exp((alpha - 1)(alpha rho - epsilon)) / (alpha - 1) (1 - 1 / alpha)^alpha.
    """
    if rho == 0:
        return 0.0
    least = min((a - 1) * (a * rho - epsilon) - log(a - 1) + a * log1p(-1 / a) for a in ORDERS)
    return min(1.0, exp(min(0.0, least)))


def epsilon_of(rho: float, delta: float) -> float:
    """The smallest epsilon with which rho-zCDP is (epsilon, delta)-private; at most rho + 2 sqrt(rho log(1/delta))."""
    low, high = 0.0, rho + 2 * sqrt(rho * log(1 / delta)) if rho else 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if delta_of(rho, middle) <= delta else (middle, high)
    return high


def rho_of(epsilon: float, delta: float) -> float:
    """The largest rho whose zCDP is (epsilon, delta)-private, rounded down."""
    low, high = 0.0, epsilon
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle, epsilon) <= delta else (low, middle)
    return low


@dataclass(frozen=True)
class Spending:
    """What one learning costs; the numbers that are printed beside every table drawn from it.

    rho               of the whole, zCDP
    epsilon, delta    what that promises
    rows_per_patient  how many rows of a patient were used at most: the sensitivity of every count
    single, chosen, pairs   the parts of rho for the single columns, the choice of the tree, and its pairs
    """

    rho: float
    epsilon: float
    delta: float
    rows_per_patient: int
    single: float
    chosen: float
    pairs: float
    unit: str = "patient"
    neighbours: str = "all rows of one patient added or removed"

    def document(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        return (
            f"Rows are differentially private for each {self.unit}: epsilon {self.epsilon:g} at delta {self.delta:g} "
            f"(rho {self.rho:.4g} zCDP; at most {self.rows_per_patient} of a patient's rows); "
            "this covers the table only."
        )


@dataclass(frozen=True)
class Budget:
    """rho in three parts: single columns, the choice of the tree, its pairs. Fractions, so that noise is exact."""

    single: Fraction
    chosen: Fraction
    pairs: Fraction

    @classmethod
    def of(cls, epsilon: float, delta: float) -> Budget:
        """Shares of what (epsilon, delta) allows, rounded down to millionths of a millionth."""
        whole = Fraction(int(rho_of(epsilon, delta) * 10**12), 10**12)
        return cls(whole * Fraction(1, 4), whole * Fraction(1, 4), whole * Fraction(1, 2))

    def variance(self, part: Fraction, counts: int, sensitivity: int) -> Fraction:
        """The variance of the noise on each of `counts` tables of counts that together cost `part`.

        One costs sensitivity^2 / (2 variance) (Canonne, Kamath & Steinke 2020, theorem 4).
        """
        return Fraction(counts * sensitivity**2, 2) / part

    def epsilon_of_choice(self, rounds: int) -> Fraction:
        """epsilon of each of `rounds` choices that together cost `chosen`: epsilon^2 / 8 each, rounded down."""
        value = sqrt(8 * float(self.chosen) / rounds)
        return Fraction(int(value * 10**9), 10**9)
