"""What a run's discriminator says of images: for the insider's attack, inside the store alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from medsynth_engine.gan import checkpoint, weights
from medsynth_engine.gan.networks import Discriminator

BLOCK = 256


def critic(run: Path, images: np.ndarray, table: pd.DataFrame) -> np.ndarray | None:
    """The logit of each image under the run's last discriminator: float64 (n,), higher is "real". On the CPU.

    run      a run folder; None is returned where it has no generator and checkpoint of one architecture
    images   uint8 (n, s, s) or (n, s, s, 3) at the run's resolution
    table    their rows, of which the conditions are read
    """
    saved = checkpoint.load(run / "checkpoints" / "last.pt")
    state = ((saved or {}).get("learner") or {}).get("discriminator")
    if state is None or not (run / "generator.pth").is_file():
        return None
    known = weights.load(run / "generator.pth")
    architecture = known.generator.architecture
    pixels = images[..., None] if images.ndim == 3 else images
    if pixels.shape[1:] != (architecture.resolution, architecture.resolution, architecture.channels):
        return None
    network = Discriminator(architecture, known.vocabulary).eval()
    try:
        network.load_state_dict(state)
    except RuntimeError:  # of another architecture
        return None
    conditions = known.vocabulary.encode_table(table)
    out = np.empty(len(pixels))
    with torch.inference_mode():
        for start in range(0, len(pixels), BLOCK):
            rows = torch.arange(start, min(start + BLOCK, len(pixels)))
            batch = torch.from_numpy(np.ascontiguousarray(pixels[start : start + BLOCK])).permute(0, 3, 1, 2)
            out[start : start + BLOCK] = network(batch.float() / 127.5 - 1, conditions[rows]).flatten().double().numpy()
    return out
