"""Small cells of real counts: 1 to 10 are never shown, nor given away by other numbers (CMS cell size policy)."""

from __future__ import annotations

import numpy as np

SMALLEST = 11


def hidden(counts: np.ndarray, also: np.ndarray | None = None, telling: np.ndarray | None = None) -> np.ndarray:
    """True where a count must not be shown; counts (n,) or (rows, columns), whole numbers of patients or records.

    Primary: 1 to 10, and what `also` names. Complementary: where one cell of a row or column (or of the list) would be
    left alone hidden, it could be had by subtraction from the total, so the next smallest shown cell above zero is
    hidden too.

    telling  cells that say "nobody" or "everybody": harmless by themselves (CMS), but beside a hidden cell of their
             row or column they tell on which side the hidden patients are, so there they are hidden as well
    """
    counts = np.asarray(counts)
    table = counts if counts.ndim == 2 else counts[None, :]
    gone = (table > 0) & (table < SMALLEST)
    if also is not None:
        gone |= np.asarray(also).reshape(table.shape)
    tells = np.zeros(table.shape, bool) if telling is None else np.asarray(telling).reshape(table.shape)
    changed = True
    while changed:
        before = int(gone.sum())
        for lines, sides, cover in ((table, tells, gone), (table.T, tells.T, gone.T))[: counts.ndim]:
            for line, side, hide in zip(lines, sides, cover, strict=True):
                if hide.any():
                    hide |= side
                shown = np.flatnonzero(~hide & (line > 0))
                if hide.sum() == 1 and len(shown):
                    hide[shown[np.argmin(line[shown])]] = True
        changed = int(gone.sum()) > before
    return gone if counts.ndim == 2 else gone[0]


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


def suppress(counts: dict[str, int]) -> dict[str, int | str]:
    """Counts by name for showing: what is hidden reads "<11" (for a cell hidden only to protect another: "hidden")."""
    names = list(counts)
    cover = hidden(np.array([counts[name] for name in names], dtype=int)) if names else np.zeros(0, bool)
    return {
        name: (counts[name] if not gone else "<11" if 0 < counts[name] < SMALLEST else "hidden")
        for name, gone in zip(names, cover, strict=True)
    }
