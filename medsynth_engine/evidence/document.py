"""The document of an evaluation, as `medsynth evaluate --json` prints it. The caller adds cohort and digest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from medsynth_engine.evidence import gauge
from medsynth_engine.evidence.bias import ATTRIBUTES
from medsynth_engine.evidence.edition import FORMAT
from medsynth_engine.evidence.evaluate import evaluate
from medsynth_engine.evidence.heatmap import prevalence_heatmap
from medsynth_engine.evidence.identifying import identifying
from medsynth_engine.evidence.inputs import FOLDS, Inputs
from medsynth_engine.evidence.intersections import intersection_table
from medsynth_engine.evidence.representation import AMBER, RED, Reference, axis_table
from medsynth_engine.evidence.seeing import seeing
from medsynth_engine.evidence.tables import has, patient_count
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.evidence import Evidence

STAMP = (
    "Synthetic records are no patients. Do not compute p-values or confidence intervals from them as if they were: "
    "more synthetic records are no more evidence."
)


def document(
    inputs: Inputs, progress: Callable[[int, int | None, str], None], wanted: Callable[[], bool]
) -> dict[str, Any]:
    """Run the evaluation and write it down; plain JSON, the same for the same inputs.

    `evidence`, `gauge` {scenario: reading}, `bias` [{attribute, reference, rows}], `heatmap`, `intersections`,
    `identifying` (columns), `sizes` {fold: {records, patients, images}}, `encoder` {digest, trained_on} or None,
    `stamp`. Raises Interrupted where `wanted` turns False.
    """
    inputs = seeing(inputs, progress, wanted)
    found = evaluate(inputs, progress, wanted)
    site = inputs.encoder
    readings = gauge.read(
        found,
        patient_count(inputs.holdout),
        synthetic_records=len(inputs.synthetic),
        training_records=len(inputs.training),
        unknown_training=inputs.unknown_training,
    )
    return {
        "format": FORMAT,
        "evidence": [_plain(value) for value in found],
        "gauge": {scenario: _rounded(reading.document()) for scenario, reading in readings.items()},
        "bias": _tables(inputs, found),
        "heatmap": _rounded(prevalence_heatmap(inputs.training, inputs.synthetic)),
        "intersections": _rounded(intersection_table(inputs.training, inputs.synthetic)),
        "identifying": [plain(name) for name in identifying(inputs.synthetic)],
        "sizes": {fold: _sizes(inputs, fold) for fold in FOLDS},
        "encoder": {"digest": site.digest(), "trained_on": site.trained_on} if site else None,
        "stamp": STAMP,
    }


def _plain(value: Evidence) -> dict[str, Any]:
    found: dict[str, Any] = _rounded(value.document())
    return {**found, "n": int(value.n)}


def _rounded(value: Any) -> Any:
    """Six digits are more than any of it is known to; numpy's numbers become plain, and so does text from a table."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        return float(f"{float(value):.6g}")
    if isinstance(value, str):
        return plain(value, 2_000)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return value


def _sizes(inputs: Inputs, fold: str) -> dict[str, int]:
    images = inputs.images(fold)
    table = inputs.table(fold)
    return {"records": len(table), "patients": patient_count(table), "images": 0 if images is None else len(images)}


def _tables(inputs: Inputs, found: list[Evidence]) -> list[dict[str, Any]]:
    """Per attribute: the shares in cohort, reference and (if it may be shown) training data, the ratio, its colour.

    A row's `against` holds ratio, bounds and colour for every reference by its name, the first one's are the row's own.
    """
    values = {value.name: value for value in found}
    reference = Reference(inputs.population, inputs.population_name)
    tables = []
    for attribute in ATTRIBUTES:
        if not has(attribute, inputs.training, inputs.synthetic):
            continue
        whose, rows, references = axis_table(attribute, inputs.training, inputs.holdout, inputs.synthetic, reference)
        for row in rows:
            each = {
                against.whose: _compared(values.get(f"{against.name}.{attribute}={row['value']}"))
                for against in references
            }
            row |= {**each[whose], "against": each}
        tables.append({"attribute": attribute, "reference": whose, "rows": _rounded(rows)})
    return tables


def _compared(ratio: Evidence | None) -> dict[str, Any]:
    return {
        "ratio": ratio.value if ratio else None,
        "low": ratio.low if ratio else None,
        "high": ratio.high if ratio else None,
        "flag": _flag(ratio),
    }


def _flag(ratio: Evidence | None) -> str:
    """`red` or `amber` only where the whole interval lies outside the edge, `grey` without evidence, else `even`."""
    if ratio is None or ratio.low is None or ratio.high is None:
        return "grey"
    for colour, edge in (("red", RED), ("amber", AMBER)):
        if ratio.high < edge or ratio.low > 1 / edge:
            return colour
    return "even"
