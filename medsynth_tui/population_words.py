"""For which population a new cohort is drawn, as its form offers it, and what is even in it without margins."""

from __future__ import annotations

from collections.abc import Iterable

TRAINING, UNIFORM, FILE, BY_HAND = "as in training", "uniform", "a file", "by hand"
BUILT_IN = {TRAINING: None, UNIFORM: "uniform"}
UNIFORM_OF = ("sex", "age_band", "ethnicity")
"""As the engine's `uniform` takes them, as far as the table has them."""
POPULATIONS = {
    TRAINING: "Balanced below, where you pick attributes.",
    UNIFORM: "Every sex, age band and ethnicity equally often.",
    FILE: "{pick} picks a TOML file of margins, {edit} changes them by hand.",
    BY_HAND: "{edit} sets the margins and shows what comes of them.",
}


def even_of(target: str, balance: Iterable[str]) -> list[str]:
    """Attributes of which as many of each value are asked for: `balance` counts only for a cohort as in training."""
    return list(balance) if target == TRAINING else list(UNIFORM_OF) if target == UNIFORM else []
