"""The site's encoder is kept with the dataset it has seen: made once, removed with it, never part of what leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.evidence.seeing import can_learn, key, seeing
from medsynth_engine.features.encoder import Encoder
from medsynth_engine.kernel.atomic import write_bytes
from medsynth_engine.kernel.errors import BadInput


def with_encoder(
    dataset: Path, inputs: Inputs, progress: Callable[[int, int | None, str], None], wanted: Callable[[], bool]
) -> Inputs:
    """The inputs with the encoder that `dataset` (its folder) keeps for just these images, else with a new one."""
    if not can_learn(inputs):
        return inputs
    path = dataset / "encoders" / f"{key(inputs)}.pt"
    if path.exists():
        try:
            return replace(inputs, encoder=Encoder.from_bytes(path.read_bytes()))
        except BadInput:
            pass  # damaged, or of another edition: made again
    found = seeing(inputs, progress, wanted)
    if found.encoder is not None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_bytes(path, found.encoder.to_bytes())
    return found
