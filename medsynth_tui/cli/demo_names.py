"""What the demo calls what it makes, and by what its second cohort is balanced."""

from __future__ import annotations

DATASET, RUN, TRAINED, BALANCED = "phantom", "first-run", "as-trained", "balanced"
BALANCE = ["sex", "age_band"]
