"""The risk register: seeded risks on CNIL's four by four, their likelihoods proposed from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medsynth_engine.evidence.gauge import band_of
from medsynth_engine.governance.workflow import Level
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.verdicts import BAD, UNKNOWN, group_verdict

LIKELIHOOD_OF_BAND = {"very_low": 1, "low": 2, "guarded": 3, "high": 4, "critical": 4, "grey": 3}
"""CNIL: 1 negligible, 2 limited, 3 significant, 4 maximum. Too little evidence counts as significant."""
AUDIENCE_RELIEF = {"internal": 1, "recipient": 1, "public": 0}
"""How many steps of likelihood a closed circle or an agreement takes away; the public has neither."""
BIAS = "bias_harm"
BIASED = 3
"""Significant: groups are off their goal beyond what is tolerated, or it cannot be said of some whether they are."""
NAMED_RELIEF = 1
"""What the card takes away of that by naming these groups. The audience takes nothing: it is not who is harmed."""
MOST_NAMED = 4


@dataclass(frozen=True)
class Risk:
    """A risk as it is seeded. `measured_by`: endings of the evidence names whose band proposes the likelihood."""

    id: str
    title: str
    cause: str
    harm: str
    severity: int
    likelihood: int
    measures: str
    measured_by: tuple[str, ...] = ()


SEEDED: tuple[Risk, ...] = (
    Risk(
        "singling_out",
        "Singling out",
        "A synthetic record describes exactly one real patient.",
        "Somebody is recognised, and what the record says is taken for true.",
        3,
        3,
        "Leaves of at least 11 patients; attack measured against held-out patients; gate.",
        (".singling_out",),
    ),
    Risk(
        "linkage",
        "Linkage",
        "Two sources that each know a part of a patient are joined through a synthetic record.",
        "Facts from several sources come together about one person.",
        3,
        3,
        "Quasi-identifiers in bands; linkability measured; gate.",
        (".linkability",),
    ),
    Risk(
        "inference",
        "Attribute inference",
        "Somebody who knows a patient's age, sex and ethnicity reads the rest from the synthetic data.",
        "A diagnosis is disclosed.",
        3,
        3,
        "Attack measured, net of what held-out patients would disclose; gate.",
        (".inference",),
    ),
    Risk(
        "membership",
        "Membership",
        "The synthetic data lies closer to those who took part than to others.",
        "It is disclosed that somebody was a patient of this study.",
        3,
        3,
        "Early stopping on a validation fold; calibrated attack with placebo; gate.",
        (".membership_auc",),
    ),
    Risk(
        "image_copy",
        "A copied image, or re-identification from one",
        "The generator reproduces a training image; images can be as personal as a fingerprint.",
        "A patient is recognised by comparing images.",
        4,
        3,
        "Copy and close-match tests on pixels and features; review of close pairs; gate.",
        ("image.copies", "image.close_match"),
    ),
    Risk(
        "burned_in",
        "Burned-in text",
        "Text in the pixels of real images is learned.",
        "Names or numbers appear in synthetic images.",
        4,
        1,
        "Pictures of 96 px and more are read for text before anything leaves; it is masked, or a person looks.",
    ),
    Risk(
        "model_leak",
        "The model leaves the building",
        "Weights are copied, or the discriminator is.",
        "Attacks become far stronger than with the data alone.",
        3,
        1,
        "Only the averaged generator can be exported, through the gate; discriminator and optimiser never.",
    ),
    Risk(
        "insider",
        "Misuse by an insider",
        "Somebody with a login looks at or takes more than the task needs.",
        "Real, de-identified data leaves unseen.",
        3,
        1,
        "Roles; every look at a real image and every denial is in the audit chain.",
    ),
    Risk(
        BIAS,
        "Harm through a biased cohort",
        "Groups are missing or their prevalence is distorted.",
        "Models trained on it serve these groups worse.",
        3,
        2,
        "Representation (also on the card), parity amplification and group gaps, with intervals; rebalancing.",
    ),
    Risk(
        "false_science",
        "False science from naive inference",
        "Synthetic records are counted as patients in a statistical test.",
        "Findings that are none are published and treated by.",
        3,
        2,
        "The stamp on every release: no p-values from synthetic records.",
    ),
    Risk(
        "provenance",
        "Loss of provenance",
        "The files are passed on without their card.",
        "Synthetic records are taken for real ones.",
        2,
        2,
        "Card, Croissant file, digests and DICOM markers say that it is synthetic.",
    ),
)


def score_level(likelihood: int, severity: int) -> Level:
    """High from nine, medium from four, low under it; severity 4 is never below medium."""
    score = likelihood * severity
    if score >= 9:
        return "high"
    return "medium" if score >= 4 or severity == 4 else "low"


def proposed_likelihood(risk: Risk, gauge: Mapping[str, Any] | None) -> tuple[int, str]:
    """The likelihood that the evidence proposes, and where from. `gauge`: one scenario's reading as a document."""
    if not risk.measured_by:
        return risk.likelihood, "seeded"
    if not gauge:
        return LIKELIHOOD_OF_BAND["grey"], "not measured"
    mine = [part for part in gauge.get("components") or () if str(part["name"]).endswith(risk.measured_by)]
    if gauge.get("band") == "grey" or not mine:
        return LIKELIHOOD_OF_BAND["grey"], "not enough evidence"
    worst = max(mine, key=lambda part: float(part["high"]))
    band = band_of(max(0.0, float(worst["high"])))
    return LIKELIHOOD_OF_BAND[band], f"{worst['name']} is {band.replace('_', ' ')}"


def groups_off(bias: Sequence[Mapping[str, Any]]) -> str:
    """Which groups of an evaluation's `bias` tables are off their goal, by the verdicts that evidence and report show.

    Where none is: of how many groups it cannot be said. Empty where all could be measured and none is off.
    """
    off: dict[str, list[str]] = {}
    unknown = 0
    for table in bias:
        for row in table["rows"]:
            found = group_verdict(row)
            unasked = row.get("reference") == 0 == row.get("synthetic")  # nobody asked for it, and none came
            unknown += found.code == UNKNOWN and not unasked
            if found.code == BAD:
                off.setdefault(found.short, []).append(plain(f"{table['attribute']} {row['value']}", 80))
    if off:
        return "; ".join(f"{words}: {_some(off[words])}" for words in sorted(off))  # "far too" comes first
    return f"not enough evidence on {unknown} {'group' if unknown == 1 else 'groups'}" if unknown else ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else ""
    return ", ".join(names[:MOST_NAMED]) + more


def register(
    gauge: Mapping[str, Any] | None, audience: str, bias: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The pre-seeded rows, each with proposal, score and residual score after the measures and for this audience.

    gauge  one scenario's reading as a document; bias: the evaluation's tables of groups, none where nothing was judged
    """
    off = groups_off(bias)
    rows = []
    for risk in SEEDED:
        likelihood, basis = proposed_likelihood(risk, gauge)
        relief = AUDIENCE_RELIEF.get(audience, 0)
        if risk.id == BIAS and off:
            likelihood, basis, relief = BIASED, off, NAMED_RELIEF
        elif risk.id == BIAS and bias:
            basis = "no group is off its goal beyond what is tolerated"
        residual = max(1, likelihood - relief)
        rows.append(
            rescored(
                {
                    "id": risk.id,
                    "title": risk.title,
                    "cause": risk.cause,
                    "harm": risk.harm,
                    "proposed_likelihood": likelihood,
                    "basis": basis,
                    "likelihood": likelihood,
                    "severity": risk.severity,
                    "reason": "",
                    "measures": risk.measures,
                    "residual_likelihood": residual,
                    "residual_severity": risk.severity,
                    "owner": "",
                    "due": "",
                }
            )
        )
    return rows


def rescored(row: Mapping[str, Any]) -> dict[str, Any]:
    """`row` with its scores and levels computed from its likelihoods and severities."""
    return {
        **row,
        "score": row["likelihood"] * row["severity"],
        "level": score_level(row["likelihood"], row["severity"]),
        "residual_score": row["residual_likelihood"] * row["residual_severity"],
        "residual_level": score_level(row["residual_likelihood"], row["residual_severity"]),
    }


def worst_residual(rows: list[dict[str, Any]]) -> Level:
    """The highest residual level in the register; low where it is empty."""
    levels: tuple[Level, ...] = ("low", "medium", "high")
    return max((row["residual_level"] for row in rows), key=levels.index, default="low")
