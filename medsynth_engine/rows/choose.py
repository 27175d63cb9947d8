"""Drawing a code for each row from its own shares, without some of them."""

from __future__ import annotations

import numpy as np


def choose(shares: np.ndarray, forbidden: np.ndarray, even: np.ndarray) -> np.ndarray:
    """A code for each row by `shares` (n, size) without the forbidden ones; -1 where nothing is left.

    even  (n,) uniform numbers in 0..1
    """
    allowed = np.where(forbidden, 0.0, shares)
    running = np.cumsum(allowed, axis=1)
    picked = (running <= (even * running[:, -1])[:, None]).sum(axis=1)
    last = shares.shape[1] - 1 - np.argmax(allowed[:, ::-1] > 0, axis=1)
    return np.where(running[:, -1] > 0, np.minimum(picked, last), -1)
