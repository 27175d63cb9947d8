"""What can be promised at all, and to how many: checked before anything is read. Light: the engine may import this."""

from __future__ import annotations

import math
from typing import Any

from medsynth_engine.gan.presets import DP32
from medsynth_engine.kernel.errors import BadInput

MOST_EPSILON = 100.0
LEAST_PATIENTS = 1_000
POOR_BELOW = 5_000
MOST_SIGMA = 20.0
AGE = {"mean": 50.0, "std": 25.0, "low": 0.0, "high": 100.0}
"""Scale of every measured attribute, in its own unit (years): fixed beforehand instead of read off the patients."""
INSTEAD = (
    "Train nano32 without --epsilon, keep the generator in the house, and let the privacy evidence and the gate judge "
    "what leaves; or share tables alone."
)


def check_preset(preset: str, epsilon: float | None) -> str:
    """The preset that is meant: an epsilon alone means dp32. Raises BadInput where only one of the two was given."""
    if epsilon is None:
        if preset == DP32.name:
            raise BadInput(
                "no_epsilon", "dp32 trains with differential privacy: how much?", "For instance: --epsilon 8"
            )
        return preset
    if preset not in ("auto", DP32.name):
        raise BadInput(
            "not_private",
            f"{preset} cannot be trained with differential privacy.",
            f"Leave --preset out, or name {DP32.name}.",
        )
    return DP32.name


def check_promise(epsilon: float, delta: float | None) -> None:
    """Raise BadInput where epsilon or delta is no promise."""
    if not 0 < epsilon <= MOST_EPSILON:  # also true of NaN
        raise BadInput(
            "bad_epsilon",
            f"Epsilon must lie above 0 and be {MOST_EPSILON:.0f} at most.",
            "1 is a strong promise, 10 a weak one: --epsilon 8",
        )
    if delta is not None and not 1e-12 <= delta <= 1e-3:
        raise BadInput(
            "bad_delta", "Delta must lie between 1e-12 and 1e-3.", "Leave --delta out: a tenth of 1 / patients."
        )


def check_patients(patients: int) -> None:
    """Raise BadInput where there are too few to learn images from."""
    if patients < LEAST_PATIENTS:
        raise BadInput(
            "too_few_for_privacy",
            f"{patients:,} patients are too few to learn images from with differential privacy: at least "
            f"{LEAST_PATIENTS:,} are needed, and below {POOR_BELOW:,} images at epsilon 10 and less will be poor.",
            INSTEAD,
        )


def check_alone(processes: int) -> None:
    """Raise BadInput where several processes were asked for."""
    if processes > 1:
        raise BadInput(
            "private_alone", "Training with differential privacy runs in one process.", "Leave --processes out."
        )


def delta_for(patients: int, delta: float | None) -> float:
    """The delta that was asked for, or a tenth of 1 / patients, at most 1e-5.

    Raises BadInput where there are too few patients, or where delta would allow to publish one of them.
    """
    check_patients(patients)
    if delta is None:
        return min(1e-5, 0.1 / patients)
    if delta >= 1 / patients:
        raise BadInput(
            "bad_delta",
            "Delta must be smaller than 1 / patients: a larger one allows to publish somebody.",
            "Leave --delta out: a tenth of 1 / patients.",
        )
    return delta


def asked(epsilon: float | None, delta: float | None, patients: int, processes: int) -> dict[str, float] | None:
    """`privacy` of a run's `config.json`, checked as far as can be before its data are there; None without epsilon.

    patients  of all folds; those of the training fold are counted when the folder is made
    """
    if epsilon is None:
        if delta is not None:
            raise BadInput("no_epsilon", "A delta promises nothing without an epsilon.", "For instance: --epsilon 8")
        return None
    check_promise(epsilon, delta)
    check_alone(processes)
    check_patients(patients)
    return {"epsilon": epsilon} if delta is None else {"epsilon": epsilon, "delta": delta}


def wanted(config: dict[str, Any]) -> bool:
    """Whether a run's `config.json` asks for privacy. Raises BadInput where it does by half."""
    asked, preset = config.get("privacy") or {}, str(config.get("preset") or "auto")
    chosen = check_preset(preset, asked.get("epsilon"))
    if asked and chosen != preset:
        raise BadInput("not_private", "A private run's folder names its preset.", f"Set preset to {DP32.name}.")
    return bool(asked)


def check_noise(sigma: float, epsilon: float, steps: int, patients: int) -> None:
    """Raise BadInput where nothing can be learned under the noise that the promise needs."""
    if math.isfinite(sigma) and sigma <= MOST_SIGMA:
        return
    raise BadInput(
        "too_much_noise",
        f"Epsilon {epsilon:g} over {steps:,} steps with {patients:,} patients needs noise of more than "
        f"{MOST_SIGMA:.0f} times the clip: the images would be noise.",
        "Ask for fewer minutes, a larger epsilon, or bring in more patients. " + INSTEAD,
    )
