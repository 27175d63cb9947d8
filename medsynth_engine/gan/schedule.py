"""How long to train and how fast to learn: everything follows from the budget, written down once as a plan."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from medsynth_engine.gan.presets import Preset

SHORT, LONG = 60_000, 2_000_000
"""Images: up to SHORT the quick rate is needed (at 2e-4 there is nothing to see yet), from LONG on the slow one."""


@dataclass(frozen=True)
class Plan:
    """All that periodic things and rates depend on; stored in the run folder, so that a resumed run is the same run.

    images         real images the discriminator will have seen at the end (a multiple of the batch)
    batch          real images per step
    tick           images between two metric lines
    evaluate       images between two evaluations on the validation fold
    checkpoint     images between two checkpoints
    learning_rate  at the start; falls to a fifth along half a cosine
    gamma          weight of R1 and R2 at the start; falls to a tenth likewise
    ema            relative width of the averaging window (power-function EMA)
    fade           (start, end): share of the training over which conditions fade in
    settled        the length is final; one asked for in minutes is settled when a tenth of them has shown the speed
    threads        CPU threads: sums depend on it in their last bit, so a resumed run keeps it
    trunk          numbers the large stages compute in (`precision.TRUNKS`): fp32 or bf16
    spanned        what no training image holds is not drawn (span.py)
    grounds        grey values that fill areas of real images (ground.py)
    """

    images: int
    batch: int
    tick: int
    evaluate: int
    checkpoint: int
    learning_rate: float
    gamma: float
    ema: float
    fade: tuple[float, float]
    settled: bool = True
    threads: int = 1
    trunk: str = "fp32"
    spanned: bool = False
    grounds: tuple[int, ...] = ()

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "fade": list(self.fade), "grounds": list(self.grounds)}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Plan:
        return cls(**{**document, "fade": tuple(document["fade"]), "grounds": tuple(document.get("grounds", ()))})

    def rates(self, seen: int) -> Rates:
        """What holds after `seen` images."""
        share = min(1.0, seen / self.images)
        fall = 0.5 * (1 + math.cos(math.pi * share))
        start, end = self.fade
        return Rates(
            learning_rate=self.learning_rate * (0.2 + 0.8 * fall),
            beta2=0.9 + 0.09 * share,
            gamma=self.gamma * (0.1 + 0.9 * fall),
            ramp=min(1.0, max(0.0, (share - start) / max(1e-9, end - start))),
        )


@dataclass(frozen=True)
class Rates:
    """learning_rate and beta2 of Adam, gamma of the penalties, ramp of the conditions: at one moment."""

    learning_rate: float
    beta2: float
    gamma: float
    ramp: float


EVALUATIONS = 16
"""Evaluations of a training whose length is asked for in images: never a matter of speed, so that two runs agree."""


def plan(preset: Preset, training_images: int, images: float, evaluations: int, seconds_per_image: float) -> Plan:
    """The plan for seeing `images` images. The measured speed only sets how often one hears of it."""
    batch = min(preset.batch, max(2, training_images))
    total = max(batch, round(images / batch) * batch)
    quick = min(1.0, max(0.0, math.log(total / SHORT) / math.log(LONG / SHORT)))
    small = 4.0 if training_images < 1000 and total > 10 * SHORT else 1.0
    return Plan(
        images=total,
        batch=batch,
        tick=steps(2.0 / seconds_per_image, batch, total),
        evaluate=steps(total / evaluations, batch, total),
        checkpoint=steps(30.0 / seconds_per_image, batch, total),
        # at 64 channels 1.5e-3 already fails (docs/gan.md); a wider network bears less
        learning_rate=1e-3 * 0.2**quick * min(1.0, math.sqrt(64 / max(preset.widths))),
        gamma=preset.gamma * small,
        ema=0.10 if quick < 0.5 else 0.05,
        fade=(0.0, 0.02) if training_images >= 1000 else (0.02, 0.1),
    )


def default_images(preset: Preset, training_images: int) -> float:
    """How long to train when nobody says: grows with the square root of the data."""
    return 1000 * preset.kimg * min(3.0, max(0.5, math.sqrt(training_images / 1000)))


def sensible(images: float) -> int:
    """Evaluations of a budget in images: one for every 1,500, at least 3 and at most EVALUATIONS.

    It rests on nothing that was measured, so that the same budget makes the same run on any machine.
    """
    return int(min(EVALUATIONS, max(3, images // 1_500)))


def within(minutes: float, seconds_per_image: float, evaluation_seconds: float, spent: float) -> tuple[float, int]:
    """How many images, and how many evaluations, fit into `minutes` of wall clock after `spent` seconds.

    Evaluations take about a twelfth of the time: between 3 and 24 of them.
    """
    left = max(1.0, 60 * minutes - spent)
    evaluations = int(min(24, max(3, left / 12 / max(1e-3, evaluation_seconds))))
    training = max(left / 4, left - evaluations * evaluation_seconds)
    return training / seconds_per_image, evaluations


def steps(images: float, batch: int, most: int) -> int:
    """`images` as whole steps, rounded up, so that the last of a period falls on the end and not before it."""
    return min(most, max(batch, math.ceil(images / batch - 1e-9) * batch))
