"""The gate's questions to the evidence: is it there, what does the gauge read, which finding alone closes the gate."""

from __future__ import annotations

from medsynth_engine.evidence.gauge import BANDS
from medsynth_engine.evidence.intervals import wilson
from medsynth_engine.governance.advice import what_helps
from medsynth_engine.governance.asked import GateInputs, Reason

ALLOWED_BANDS: dict[str, frozenset[str]] = {
    "public": frozenset({"very_low", "low"}),
    "recipient": frozenset({"very_low", "low", "guarded"}),
    "internal": frozenset({"very_low", "low", "guarded", "high", "grey"}),
}

MEMBERSHIP_P = 0.01
MEMBERSHIP_ADVANTAGE = {"public": 0.05, "recipient": 0.09, "internal": 0.20}
"""What the lower bound must reach: who is held out alone moves an AUC among 600 patients by 0.03, and with enough
records every model differs a little, so neither the value nor its p closes the gate alone (see docs/evidence.md)."""
PLACEBO_P = 0.05
MEDIA = ("rows", "image", "image.radiomics")
COPY_P = 0.03
"""Shared by the spaces in which images are looked at (Bonferroni); error rates measured with it: docs/evidence.md."""
COPY_ADVANTAGE = {"public": 0.09, "recipient": 0.20, "internal": 0.33}
"""The edges of the gauge: who claims that the nearest records are of the training data is right so much more often."""
REPEATED = 0.01
"""Or so large a share of the cohort is repeated for certain, though each alone tells little (tables of few columns)."""


def evaluated(inputs: GateInputs) -> Reason | None:
    if inputs.subject_kind == "dataset" or inputs.evaluated_digest == inputs.subject_digest:
        return None
    if inputs.evaluated_digest is None:
        return Reason("not_evaluated", "There is no evaluation of it.", "Evaluate it: medsynth evaluate COHORT.")
    return Reason(
        "evaluation_outdated",
        "It has changed since it was evaluated: the evaluation is bound to another digest.",
        "Evaluate it again: medsynth evaluate COHORT.",
    )


def band(inputs: GateInputs) -> Reason | None:
    if inputs.subject_kind == "dataset" or inputs.evaluated_digest is None:
        return None
    band = inputs.band or "grey"
    if band in ALLOWED_BANDS[inputs.audience]:
        return None
    if band == "grey":
        limit = max(edge for name, edge in BANDS if name in ALLOWED_BANDS[inputs.audience])
        return Reason(
            "not_enough_evidence",
            f"The privacy gauge is grey: there is not enough evidence for the audience {inputs.audience}.",
            f"{what_helps(inputs, limit)}. Or choose the audience internal.",
        )
    driver = f", driven by {inputs.driver}" if inputs.driver else ""
    return Reason(
        "band_not_allowed",
        f"The privacy gauge reads {band.replace('_', ' ')}{driver}; the audience {inputs.audience} allows "
        f"{', '.join(name.replace('_', ' ') for name in sorted(ALLOWED_BANDS[inputs.audience]))}.",
        "Choose a narrower audience, train shorter or with more patients, or use larger leaves for the rows.",
    )


def identical(inputs: GateInputs) -> Reason | None:
    for found in inputs.evidence:
        if found.name == "privacy.image.identical" and found.value:
            count = max(1, round(found.value * found.n))
            return Reason(
                "identical_images",
                f"{count} of {found.n} images are pixel for pixel a training image.",
                "Do not release it. Look at the training run: it has memorised; draw from an earlier checkpoint.",
            )
    return None


def real_records(inputs: GateInputs) -> Reason | None:
    """Of what others made: records of this store, handed in as synthetic, from whichever dataset."""
    for found in inputs.evidence:
        measure = found.name.rsplit(".", 1)[-1]
        if measure not in ("store_identical", "store_copies") or not found.value or found.low is None:
            continue
        if measure == "store_identical" or found.low > 2 * (found.control or 0.0) + REPEATED:
            count = max(1, round(found.value * found.n))
            return Reason(
                "real_records",
                f"{count} of {found.n} records are real records of this store, or the same to an eye.",
                "Do not release it: this is real data under another name. Ask where it comes from.",
            )
    return None


def copies(inputs: GateInputs) -> Reason | None:
    """Copies are proved where chance does not put so many records next to training, and they tell, or are many."""
    values = {found.name: found for found in inputs.evidence}
    media = [medium for medium in MEDIA if (tail := values.get(f"privacy.{medium}.tail_share")) and tail.enough]
    for medium in media:
        tail, p, share = (values.get(f"privacy.{medium}.{name}") for name in ("tail_share", "tail_p", "repeated"))
        assert tail is not None and tail.value is not None
        looks = sum(other.split(".")[0] == medium.split(".")[0] for other in media)
        unlikely = p.value < COPY_P / looks if p and p.value is not None else (tail.low or 0) > 0.5
        telling = 2 * tail.value - 1 >= COPY_ADVANTAGE[inputs.audience]
        many = share is not None and (share.low or 0) > REPEATED
        if unlikely and (telling or many):
            thing = "rows" if medium == "rows" else "images"
            how_many = f", about {share.value:.1%} of all" if share is not None and share.value is not None else ""
            return Reason(
                f"{medium.split('.')[0]}_copies",
                f"The {tail.n} synthetic {thing} closest to real ones{how_many}, lie nearer to training than to "
                f"held-out records ({tail.value:.0%}, expected 50 %), more often than chance puts them there.",
                "The model repeats training records: train shorter, with more patients or larger leaves, draw again.",
            )
    return None


def membership(inputs: GateInputs) -> Reason | None:
    values = {found.name: found for found in inputs.evidence}
    for medium in ("image", "rows"):
        auc, p = values.get(f"privacy.{medium}.membership_auc"), values.get(f"privacy.{medium}.membership_p")
        if auc is None or p is None or auc.value is None or p.value is None:
            continue
        placebo_inside = p.control is None or p.control > PLACEBO_P
        proved = 2 * (auc.low if auc.low is not None else auc.value) - 1
        if p.value < MEMBERSHIP_P and placebo_inside and proved >= MEMBERSHIP_ADVANTAGE[inputs.audience]:
            return Reason(
                f"{medium}_membership",
                f"An outsider can tell who was in the training data (AUC {auc.value:.2f}, p below {MEMBERSHIP_P}; "
                "the placebo shows nothing).",
                "Train shorter, use more patients or larger leaves for the rows, then draw and evaluate again.",
            )
    return None


def text_on_images(inputs: GateInputs) -> Reason | None:
    """One image that reads like an identifier is one too many; other text must be more than real images seem to have.

    The control's upper bound is taken at the sample's own n. Inside it is a warning, which the evidence gives.
    """
    if inputs.audience == "internal":
        return None
    values = {found.name: found for found in inputs.evidence}
    text, forms = (values.get(f"privacy.image.{name}") for name in ("burned_in_text", "identifying_text"))
    named = round(forms.value * forms.n) if forms is not None and forms.value else 0
    more = text is not None and text.low is not None and text.low > wilson((text.control or 0.0) * text.n, text.n).high
    if not named and not more:
        return None
    worst = forms if named else text
    assert worst is not None and worst.value is not None
    what = "text that reads like a date, a number or a name" if named else "more text than real images have"
    return Reason(
        "text_on_images",
        f"{max(1, round(worst.value * worst.n))} of {worst.n} images that were read carry {what}.",
        "Look at them (the evidence names some). Mask the text in the dataset, train again, draw again.",
    )
