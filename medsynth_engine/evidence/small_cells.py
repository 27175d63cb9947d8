"""Small cells of real counts: 1 to 10 are never shown, nor given away by other numbers (CMS cell size policy)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from medsynth_engine.kernel.small_cells import SMALLEST


def hidden(counts: np.ndarray, also: np.ndarray | None = None, telling: np.ndarray | None = None) -> np.ndarray:
    """True where a count must not be shown; counts of any number of axes, whole numbers of patients or records.

    Primary: 1 to 10, and what `also` names. Complementary: where the hidden cells of a margin (a row or column, the
    list itself, all cells with one value of one of several axes) are one, or hold fewer than 11 together, they could be
    had by subtraction from its total, so the next smallest shown cell above zero is hidden too.

    telling  cells that say "nobody" or "everybody": harmless by themselves (CMS), but beside a hidden cell of their
             row or column they tell on which side the hidden patients are, so there they are hidden as well
    """
    table = np.asarray(counts)
    flat = table.ravel()
    gone = (flat > 0) & (flat < SMALLEST)
    if also is not None:
        gone |= np.asarray(also).ravel()
    tells = np.zeros(flat.shape, bool) if telling is None else np.asarray(telling).ravel()
    margins = list(_margins(table.shape))
    changed = True
    while changed:
        before = int(gone.sum())
        for margin in margins:
            if gone[margin].any():
                gone[margin] |= tells[margin]
            shown = margin[~gone[margin] & (flat[margin] > 0)]
            shown = shown[np.argsort(flat[shown], kind="stable")]
            while len(shown) and _told(flat[margin], gone[margin]):
                gone[shown[0]] = True
                shown = shown[1:]
        changed = int(gone.sum()) > before
    return gone.reshape(table.shape)


def _margins(shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """The places (in the raveled table) of the cells whose sum is known."""
    places = np.arange(int(np.prod(shape))).reshape(shape)
    if len(shape) < 2:
        yield places.ravel()
        return
    for axis, size in enumerate(shape):
        for value in range(size):
            yield places.take(value, axis=axis).ravel()


def _told(margin: np.ndarray, gone: np.ndarray) -> bool:
    return bool(gone.any()) and (int(gone.sum()) == 1 or int(margin[gone].sum()) < SMALLEST)


def hidden_shares(counts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """True where the share counts / sizes must not be shown; counts (rows, columns) of patients, sizes (columns,).

    A share tells of those who have it and of those who do not, so 1 to 10 of either are hidden, groups of 1 to 10
    with everything in them, what these would give away, and beside them the shares of nobody and of everybody.
    """
    counts, sizes = np.asarray(counts), np.asarray(sizes)
    without = sizes[None, :] - counts
    small = (without > 0) & (without < SMALLEST)
    telling = ((counts == 0) | (without == 0)) & (sizes > 0)[None, :]
    return hidden(counts, small | (hidden(sizes) & (sizes > 0))[None, :], telling)
