"""FID for the evaluations of a store whose admin has brought the weights; without them nothing is said of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.evidence import not_enough


def with_inception(named: str, inputs: Inputs) -> Inputs:
    """`named`: the setting `inception_file`. A file that is gone or another by now is told, and stops nothing."""
    if not named or not inputs.has_images:
        return inputs
    from medsynth_engine.evidence.fidelity_inception import NAME
    from medsynth_engine.features.inception import Inception

    try:
        return replace(inputs, inception=Inception.read(Path(named)))
    except BadInput:
        why = "the file of Inception weights that the settings name is not the known one, or gone."
        return replace(inputs, gathered=(*inputs.gathered, not_enough(NAME, 0, "lower", why)))
