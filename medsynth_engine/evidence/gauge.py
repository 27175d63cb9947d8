"""The privacy gauge: the weakest link of all attacks at its upper 95 % bound, grey where there is too little data.

Never a mean. Bands are group sizes, so that they mean something: 0.09 is about 1 in 11 (the custom of EMA 0070,
Health Canada and CMS; it is not in HIPAA). Definitions and limits: docs/evidence.md. Imports no numpy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from medsynth_engine.evidence.intervals import Interval, difference, residual_risk, rules_out, wilson
from medsynth_engine.kernel.evidence import Evidence, not_enough
from medsynth_engine.kernel.measures import NET_OF_CONTROL

SCENARIOS = ("data", "generator", "insider")
BANDS: tuple[tuple[str, float], ...] = (("very_low", 0.05), ("low", 0.09), ("guarded", 0.20), ("high", 0.33))
"""Each band and the upper bound that it ends under; above the last everything is `critical`."""

WIDEST_HALF = 0.09
FEWEST_PATIENTS = 100
WHITE_BOX = "privacy.image.white_box.membership_auc"
"""The attack of the insider alone."""
NEEDED = ("membership_auc", "close_match")
"""Measures without which the gauge does not speak, for each medium (rows, image) that was attacked at all."""


@dataclass(frozen=True)
class Component:
    """One attack on the gauge's scale: the share of people at risk who would not be without the data, -1 to 1."""

    name: str
    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Reading:
    """Where one needle stands.

    reading    upper 95 % bound of the strongest attack, 0 to 1: what cannot be ruled out; None if nothing was measured
    low, high  the interval of that attack
    band       very_low, low, guarded, high, critical or grey
    driver     the evidence name of that attack
    note       one sentence: what the reading rests on, and what this holdout can rule out
    rules_out  the smallest risk that this much data can rule out
    components every attack on the gauge's scale, strongest first
    """

    reading: float | None
    low: float | None
    high: float | None
    band: str
    driver: str | None
    note: str
    rules_out: float | None = None
    components: tuple[Component, ...] = ()

    def document(self) -> dict[str, object]:
        return {**asdict(self), "components": [asdict(component) for component in self.components]}


def band_of(upper: float) -> str:
    """The band that an upper bound falls into."""
    return next((name for name, edge in BANDS if upper < edge), "critical")


def component(evidence: Evidence) -> Component | None:
    """`evidence` on the gauge's scale, or None where it is no attack or holds no number."""
    if (
        not evidence.name.startswith("privacy.")
        or evidence.value is None
        or evidence.low is None
        or evidence.high is None
    ):
        return None
    measure = evidence.name.rsplit(".", 1)[-1]
    value = Interval(evidence.value, evidence.low, evidence.high, evidence.n)
    if measure in NET_OF_CONTROL:
        risk = value
    elif measure == "membership_auc":
        # Advantage = 2 AUC - 1 (Yeom 2018), net of what two halves of the members show against each other.
        placebo = max(0.0, 2 * (evidence.control or 0.5) - 1)
        net, low, high = (2 * bound - 1 - placebo for bound in (value.value, value.low, value.high))
        risk = Interval(net, low, high, value.n)
    elif measure == "tail_share":
        # The few records that tell most: their upper bound says only that they are few. What counts is what is proved.
        proved = max(0.0, 2 * value.low - 1)
        risk = Interval(proved, proved, proved, value.n)
    elif measure in ("copies", "close_match", "identical", "store_copies", "store_identical"):
        control = wilson((evidence.control or 0.0) * evidence.n, evidence.n)
        risk = residual_risk(value, control) if control.value < 1 else difference(value, control)
    else:
        return None
    return Component(evidence.name, risk.value, risk.low, risk.high)


def read(
    evidence: Iterable[Evidence],
    holdout_patients: int,
    *,
    synthetic_records: int | None = None,
    training_records: int | None = None,
    unknown_training: bool = False,
) -> dict[str, Reading]:
    """One reading per scenario.

    holdout_patients   held-out patients that served as control
    synthetic_records, training_records  decide, when known, whether the cohort is large enough to speak for a generator
    unknown_training   True where the training data is not in the store (imported weights): every needle is grey
    """
    everything = list(evidence)
    found = [value for value in everything if ".white_box." not in value.name]
    attacks = sorted((c for c in map(component, found) if c), key=lambda c: c.high, reverse=True)
    missing = [e.name for e in found if e.value is None and e.name.startswith("privacy.") and e.name.endswith(NEEDED)]
    data = _needle(attacks, missing, holdout_patients)
    if unknown_training:
        data = _grey(data, "The training data is not in this store, so no attack has its members. " + data.note)
    generator = data
    if synthetic_records is None or training_records is None or synthetic_records < training_records:
        generator = _grey(
            data,
            "Who holds the generator draws as many records as they like; this cohort has fewer than the training data, "
            "so it cannot speak for the generator. Evaluate a cohort at least as large. " + data.note,
        )
    inside = component(next((v for v in everything if v.name == WHITE_BOX), not_enough(WHITE_BOX, 0, "lower", "")))
    if inside is None:
        insider = _grey(data, "The discriminator never leaves the store and was not attacked here. " + data.note)
    else:
        insider = _needle(sorted([*attacks, inside], key=lambda c: c.high, reverse=True), missing, holdout_patients)
        if generator.band == "grey":  # who holds the discriminator holds the generator too
            insider = _grey(insider, generator.note)
    return {"data": data, "generator": generator, "insider": insider}


def _needle(attacks: list[Component], missing: list[str], holdout_patients: int) -> Reading:
    if not attacks:
        return Reading(None, None, None, "grey", None, "Not enough evidence: no attack could be measured.")
    driver = attacks[0]
    floor = max([rules_out(holdout_patients), *(c.half_width for c in attacks)])
    upper = max(0.0, driver.high)
    power = f"This holdout ({holdout_patients} patients) can rule out risks above {floor:.2f}."
    if round(upper, 2) < round(floor, 2):  # an interval is wider than its attack's success: both numbers are right
        power = f"{power[:-1]} in general; the attacks made here reach {upper:.2f} at most."
    reading = Reading(upper, driver.low, driver.high, band_of(upper), driver.name, power, floor, tuple(attacks))
    certain = max(attacks, key=lambda c: c.low)
    if certain.low > BANDS[-1][1]:  # certainly bad needs no better data to say so
        note = f"Even the lower bound of this attack is above {BANDS[-1][1]}. {power}"
        return Reading(upper, certain.low, certain.high, "critical", certain.name, note, floor, tuple(attacks))
    if holdout_patients < FEWEST_PATIENTS:
        return _grey(reading, f"Not enough evidence: fewer than {FEWEST_PATIENTS} held-out patients. {power}")
    if missing:
        return _grey(reading, f"Not enough evidence: {', '.join(missing)} could not be measured. {power}")
    wide = next((c for c in attacks if c.half_width > WIDEST_HALF and c.high > BANDS[0][1]), None)
    if wide is not None:  # also where another attack happens to reach higher: a small holdout is grey, not guarded
        return _grey(reading, f"Not enough evidence: the interval of {wide.name} is wider than ±{WIDEST_HALF}. {power}")
    return reading


def _grey(reading: Reading, note: str) -> Reading:
    if reading.band == "critical" and reading.low is not None and reading.low > BANDS[-1][1]:
        return reading  # too little data never hides what is certain
    return Reading(
        reading.reading, reading.low, reading.high, "grey", reading.driver, note, reading.rules_out, reading.components
    )
