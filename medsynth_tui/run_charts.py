"""What is drawn of a training: charts of one or two curves each, as data. Also what runs are compared by."""

from __future__ import annotations

from dataclasses import dataclass

from medsynth_tui.widgets.plot import Line


@dataclass(frozen=True)
class Measure:
    """One number of a run's records.

    kind    of the records that hold it
    key     in them
    name    on a chart that shows it beside another one
    brief   the same, where there is little room
    role    of its colour
    better  `low` or `high`; empty where no value is better than another
    gaps    whether null says that nothing was measured (too few images, no look yet), not that a number broke
    """

    kind: str
    key: str
    name: str
    brief: str
    role: str = "primary"
    better: str = ""
    gaps: bool = False


@dataclass(frozen=True)
class Chart:
    """`limits`: where values cannot lie outside them; `level`: what they are compared with.

    always   shown before anything is measured, in trainings without or with a privacy budget (`private`)
    """

    id: str
    title: str
    measures: tuple[Measure, ...]
    limits: tuple[float, float] | None = None
    level: Line | None = None
    always: bool = False
    private: bool = False


GENERATOR = Measure("tick", "loss_generator", "generator", "gen")
DISCRIMINATOR = Measure("tick", "loss_discriminator", "discriminator", "disc", "accent")
REAL = Measure("tick", "accuracy_real", "real", "real")
DRAWN = Measure("tick", "accuracy_fake", "drawn", "drawn", "accent")
FRECHET = Measure("evaluation", "fd_ratio_validation", "against validation", "valid.", "secondary", "low", True)
SIGNAL = Measure("tick", "overfitting", "signal", "signal", better="low", gaps=True)
AUGMENTATION = Measure("tick", "augmentation", "augmentation", "augm.", "accent")
COPYING = Measure("evaluation", "nearest_neighbour_risk", "nearer to training", "nearer", "secondary", "low", True)
KID = Measure("evaluation", "kid", "against validation", "valid.", "secondary", "low", True)
PUSH = Measure("tick", "gradient_norm_generator", "generator", "gen")
PULL = Measure("tick", "gradient_norm_discriminator", "discriminator", "disc", "accent")
SPEED = Measure("tick", "images_per_second", "images/s", "im/s", better="high")
EPSILON = Measure("tick", "epsilon", "epsilon", "epsilon", "secondary")

CHARTS = (
    Chart("loss", "Loss", (GENERATOR, DISCRIMINATOR), always=True, private=True),
    Chart("accuracy", "Accuracy", (REAL, DRAWN), (0.0, 1.0), Line("guessing", 0.5), True, True),
    Chart("frechet", "Fréchet ratio", (FRECHET,), None, Line("as good as real", 1.0), True),
    Chart("overfitting", "Overfitting", (SIGNAL, AUGMENTATION), always=True),
    Chart("epsilon", "Privacy spent", (EPSILON,), private=True),
    Chart("copying", "Copy risk", (COPYING,), (0.0, 1.0), Line("nothing copied", 0.5)),
    Chart("kid", "KID", (KID,)),
    Chart("gradients", "Gradients", (PUSH, PULL)),
    Chart("speed", "Speed", (SPEED,)),
)
BY_ID = {chart.id: chart for chart in CHARTS}
MEASURES = tuple(measure for chart in CHARTS for measure in chart.measures)

COMPARED = (
    (FRECHET, "Fréchet ratio on validation", BY_ID["frechet"]),
    (GENERATOR, "Loss of the generator", BY_ID["loss"]),
    (DISCRIMINATOR, "Loss of the discriminator", BY_ID["loss"]),
    (REAL, "Discriminator right on real", BY_ID["accuracy"]),
    (DRAWN, "Discriminator right on drawn", BY_ID["accuracy"]),
    (SIGNAL, "Overfitting signal", BY_ID["overfitting"]),
    (COPYING, "Copy risk (estimate)", BY_ID["copying"]),
    (KID, "KID on validation", BY_ID["kid"]),
    (SPEED, "Images a second", BY_ID["speed"]),
    (EPSILON, "Epsilon spent", BY_ID["epsilon"]),
)
"""Measure, title and the chart whose limits and level are its own."""
