"""Small cells of real counts: 1 to 10 are never shown, nor given away by other numbers (CMS cell size policy)."""

from __future__ import annotations

import numpy as np

SMALLEST = 11


def hidden(counts: np.ndarray) -> np.ndarray:
    """True where a count must not be shown; counts (n,) or (rows, columns), whole numbers of patients or records.

    Primary: 1 to 10. Complementary: where one cell of a row or column (or of the list) would be left alone hidden, it
    could be had by subtraction from the total, so the next smallest shown cell above zero is hidden too.
    """
    counts = np.asarray(counts)
    table = counts if counts.ndim == 2 else counts[None, :]
    gone = (table > 0) & (table < SMALLEST)
    changed = True
    while changed:
        changed = False
        for lines, cover in ((table, gone), (table.T, gone.T)) if counts.ndim == 2 else ((table, gone),):
            for line, hide in zip(lines, cover, strict=True):
                shown = ~hide & (line > 0)
                if hide.sum() == 1 and shown.any():
                    candidates = np.flatnonzero(shown)
                    hide[candidates[np.argmin(line[candidates])]] = True
                    changed = True
    return gone if counts.ndim == 2 else gone[0]


def suppress(counts: dict[str, int]) -> dict[str, int | str]:
    """Counts by name for showing: what is hidden reads "<11" (for a cell hidden only to protect another: "hidden")."""
    names = list(counts)
    cover = hidden(np.array([counts[name] for name in names], dtype=int)) if names else np.zeros(0, bool)
    return {
        name: (counts[name] if not gone else "<11" if 0 < counts[name] < SMALLEST else "hidden")
        for name, gone in zip(names, cover, strict=True)
    }
