"""Counts of 1 to 10 real people, and how many counts beside them must be hidden so that no subtraction tells them.

One rule for all that is counted (CMS cell size policy; complementary suppression, Hundepool et al. 2012, chapter 4).
Imports nothing: faces plan with it too.
"""

from __future__ import annotations

from collections.abc import Sequence

SMALLEST = 11
LEAST_IMAGES, LEAST_PATIENTS = 20, 10
"""Of training images, and of the patients on them: what fewer carry is neither learned as a condition nor drawn as a
cell of its own, for a rare patient would be memorised."""
OPEN = 5
"""Of a count that reads "<11" at least so many of the ten numbers must stay possible."""


def is_open(small: Sequence[int], beside: Sequence[int], total_people: int, ceiling: int | None = None) -> bool:
    """Whether the small counts stay hidden from somebody who knows the sum of all that is hidden.

    small         records of the cells that read "<11"; beside: of those that are hidden to protect them
    total_people  patients behind all of these together
    ceiling       the smallest count that is shown: whoever knows this rule knows that none beside is larger
    """
    if not small:
        return True
    if len(small) + len(beside) == 1 or total_people < SMALLEST:
        return False
    total = sum(small) + sum(beside)
    most = SMALLEST - 1 if max(small) < SMALLEST else total  # of many records of few patients nothing is known
    highest = total - SMALLEST * len(beside) - (len(small) - 1)
    lowest = total - (ceiling or total) * len(beside) - most * (len(small) - 1)
    return min(most, highest) - max(1, lowest) + 1 >= OPEN
