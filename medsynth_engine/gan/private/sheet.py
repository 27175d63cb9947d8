"""Sample sheets of a private run: rows for released values, nothing chosen from images."""

from __future__ import annotations

import io
from pathlib import Path

import torch

from medsynth_engine.gan.conditions import Conditions, Vocabulary
from medsynth_engine.gan.networks import Generator
from medsynth_engine.gan.sample import to_pixels
from medsynth_engine.gan.sheet import COLUMNS, MOST_ROWS, tile
from medsynth_engine.kernel.atomic import write_bytes

PLAIN_ROWS = 4


class PublicSheet:
    """The finding where there is one, else the attribute with most values; all else is not asked for. The same latents
    on every sheet of a run."""

    def __init__(self, vocabulary: Vocabulary, seed: int, device: torch.device) -> None:
        shown = sorted(
            range(len(vocabulary.categorical)),
            key=lambda i: (vocabulary.categorical[i].name != "finding", -len(vocabulary.categorical[i].values)),
        )
        values = vocabulary.categorical[shown[0]].values[:MOST_ROWS] if shown else ()
        self.labels = list(values) or [""] * PLAIN_ROWS
        self.conditions: Conditions = vocabulary.unknown(COLUMNS * len(self.labels)).to(device)
        if shown:
            self.conditions.categorical[:, shown[0]] = torch.arange(len(values)).repeat_interleave(COLUMNS)
        self.seed, self.device = seed, device

    @torch.no_grad()
    def write(self, path: Path, generator: Generator) -> None:
        """Draw and write a PNG. Raises NoRoom where the disk is full."""
        source = torch.Generator().manual_seed(self.seed)
        latents = torch.randn(len(self.conditions), generator.architecture.drawn, generator=source).to(self.device)
        memory = io.BytesIO()
        tile(to_pixels(generator(latents, self.conditions)), self.labels).save(memory, "PNG")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_bytes(path, memory.getvalue())
