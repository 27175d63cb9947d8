"""Drawing images from a generator: for every row of a table one image, the same on any number of machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from medsynth_engine.gan import device as devices
from medsynth_engine.gan import weights
from medsynth_engine.gan.networks import Generator, parameters, settle

BLOCK = 256
"""Records that share a seed: a cohort drawn in shards of whole blocks is the cohort drawn at once."""
PART = 64
"""Images that go through the network together; always so many, for the last bit not to depend on how one cuts."""

SMALL = 1_000_000
"""Parameters."""


def to_pixels(images: torch.Tensor) -> np.ndarray:
    """float (n, c, s, s) around -1..1 -> uint8 (n, s, s) or (n, s, s, 3)."""
    pixels = ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return (pixels[:, 0] if pixels.shape[1] == 1 else pixels.permute(0, 2, 3, 1)).cpu().contiguous().numpy()


class Drawer:
    """A generator read from a weights file, ready to draw.

    conditions  names of the attributes it obeys; `vocabulary` has their values and training counts
    resolution  side in pixels; channels 1 or 3
    rows        text of the row model that travels with it, or None
    info        preset, kimg, fd_ratio_validation, training_digest, training_images, simulated, augmentation

    Raises what `weights.load` and `device.choose` raise.
    """

    def __init__(self, path: Path, device: str = "auto") -> None:
        loaded = weights.load(Path(path))
        self.device, self.note = devices.choose(device)
        # a small network is drawn from faster by one thread than by several that wait for each other
        self._threads = 1 if parameters(loaded.generator) < SMALL else devices.threads()
        self._generator: Generator = loaded.generator
        settle(self._generator, self.device)
        self.vocabulary = loaded.vocabulary
        self.conditions: tuple[str, ...] = loaded.vocabulary.names
        self.resolution: int = loaded.generator.architecture.resolution
        self.channels: int = loaded.generator.architecture.channels
        self.rows: str | None = loaded.rows
        self.info: dict[str, Any] = loaded.info

    def draw(self, table: pd.DataFrame, seed: int, start: int = 0) -> Iterator[np.ndarray]:
        """One image per row of `table`, whose columns may carry conditions (absent, empty or unseen: not asked for).

        seed   of the cohort; record i has the same image whatever is drawn with it
        start  position of the first row in the cohort

        Yields uint8 (m, s, s) or (m, s, s, 3) with m <= 256, cut where blocks of the cohort end; constant memory.
        """
        done = 0
        while done < len(table):
            block, offset = divmod(start + done, BLOCK)
            count = min(BLOCK - offset, len(table) - done)
            yield self._block(table.iloc[done : done + count], seed, block, offset)
            done += count

    @torch.inference_mode()
    def _block(self, table: pd.DataFrame, seed: int, block: int, offset: int) -> np.ndarray:
        before = torch.get_num_threads()
        torch.set_num_threads(self._threads)
        try:
            return self._drawn(table, seed, block, offset)
        finally:
            torch.set_num_threads(before)

    def _drawn(self, table: pd.DataFrame, seed: int, block: int, offset: int) -> np.ndarray:
        asked = self.vocabulary.encode_table(table)
        entropy = np.random.SeedSequence([abs(seed), int(seed < 0), block]).generate_state(1, np.uint64)[0]
        source = torch.Generator().manual_seed(int(entropy >> np.uint64(1)))
        latents = torch.randn(BLOCK, self._generator.architecture.latent, generator=source)
        latents = latents[offset : offset + len(table)]
        parts = []
        for first in range(0, len(table), PART):
            count = min(PART, len(table) - first)
            # filled up to a whole part: some kernels round differently for another batch size
            rows = torch.arange(first, first + PART).clamp_max(len(table) - 1)
            drawn = self._generator(latents[rows].to(self.device), asked[rows].to(self.device))
            parts.append(to_pixels(drawn[:count]))
        return np.concatenate(parts)
