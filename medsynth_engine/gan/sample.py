"""Drawing images from a generator: for every row of a table one image, the same on any number of machines."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from medsynth_engine.gan import device as devices
from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Conditions, Vocabulary
from medsynth_engine.gan.networks import settle

if TYPE_CHECKING:
    import pandas as pd  # a training, which draws its sheets with this, holds no tables

BLOCK = 256
"""Records that share a seed: a cohort drawn in shards of whole blocks is the cohort drawn at once."""
PART = 64
"""Images of up to 64 pixels that go through the network together; always so many, for the last bit not to depend on
how one cuts."""
LEAST_IMAGES = 20
"""A value with fewer training images was not learned but at best learned by heart: asked for, it counts as unknown."""


def to_pixels(images: torch.Tensor) -> np.ndarray:
    """float (n, c, s, s) around -1..1 -> uint8 (n, s, s) or (n, s, s, 3)."""
    pixels = ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return (pixels[:, 0] if pixels.shape[1] == 1 else pixels.permute(0, 2, 3, 1)).cpu().contiguous().numpy()


def part_size(resolution: int) -> int:
    """Images that go through the network together: fewer of large ones, so that memory does not grow with them."""
    return max(4, PART * min(resolution, 64) ** 2 // resolution**2)


def learned(vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    """For each named attribute the values that can be asked for: those with at least LEAST_IMAGES training images."""
    return {
        item.name: tuple(value for value, count in zip(item.values, item.counts, strict=True) if count >= LEAST_IMAGES)
        for item in vocabulary.categorical
    }


class Drawer:
    """A generator read from a weights file, ready to draw.

    conditions  names of the attributes it obeys; `vocabulary` has their values and training counts
    learned     for each named attribute the values that can be asked for
    resolution  side in pixels; channels 1 or 3
    rows        text of the row model that travels with it, or None
    info        preset, kimg, fd_ratio_validation, training_digest, training_images, simulated, augmentation

    Raises what `weights.load` and `device.choose` raise.
    """

    def __init__(self, path: Path, device: str = "auto") -> None:
        loaded = weights.load(Path(path))
        self.device, self.note = devices.choose(device)
        self._generator = loaded.generator
        settle(self._generator, self.device)
        if self.device.type == "cpu":
            devices.keep_freed_memory()
        self.vocabulary = loaded.vocabulary
        self.conditions: tuple[str, ...] = loaded.vocabulary.names
        self.learned = learned(loaded.vocabulary)
        self.resolution: int = loaded.generator.architecture.resolution
        self.channels: int = loaded.generator.architecture.channels
        self.rows: str | None = loaded.rows
        self.info: dict[str, Any] = loaded.info

    @property
    def workers(self) -> int:
        """Parts in work at a time: on a CPU one a core, each with one thread, since threads that wait for each other
        at every layer are slower, and sums must not depend on their number; on an accelerator two, so that it
        computes while the other's pixels are fetched (one on MPS, which is not told to bear several)."""
        return {"cpu": devices.threads(), "cuda": 2}.get(self.device.type, 1)

    def draw(self, table: pd.DataFrame, seed: int, start: int = 0) -> Generator[np.ndarray, None, None]:
        """One image per row of `table`, whose columns may carry conditions. What is absent, empty, unseen or had
        fewer than 20 training images is not asked for.

        seed   of the cohort; record i has the same image whatever is drawn with it
        start  position of the first row in the cohort

        Yields uint8 (m, s, s) or (m, s, s, 3) with m <= 256, cut where blocks of the cohort end. Memory is that of the
        blocks in work, however long the table is; a caller that stops early leaves nothing running.
        """
        before, workers = torch.get_num_threads(), self.workers
        in_a_block = -(-BLOCK // part_size(self.resolution))
        most = 1 + -(-workers // in_a_block)
        ahead: deque[list[Future[np.ndarray]]] = deque()
        with ThreadPoolExecutor(workers, "drawing", initializer=torch.set_num_threads, initargs=(1,)) as pool:
            try:
                if self.device.type == "cpu":
                    # This thread only prepares. A second one of its own would spin between two small sums, and take a
                    # quarter of the time of those that draw.
                    torch.set_num_threads(1)
                for rows, block, offset in _cuts(len(table), start):
                    parts = self._parts(table.iloc[rows], seed, block, offset)
                    ahead.append([pool.submit(self._part, *part) for part in parts])
                    if len(ahead) > most:
                        yield np.concatenate([part.result() for part in ahead.popleft()])
                while ahead:
                    yield np.concatenate([part.result() for part in ahead.popleft()])
            finally:
                pool.shutdown(cancel_futures=True)
                torch.set_num_threads(before)

    def _parts(
        self, table: pd.DataFrame, seed: int, block: int, offset: int
    ) -> Iterator[tuple[torch.Tensor, Conditions, int]]:
        """Latents and conditions of what goes through the network together, and how many of them count."""
        asked = self._asked(table)
        entropy = np.random.SeedSequence([abs(seed), int(seed < 0), block]).generate_state(1, np.uint64)[0]
        source = torch.Generator().manual_seed(int(entropy >> np.uint64(1)))
        latents = torch.randn(BLOCK, self._generator.architecture.drawn, generator=source)
        latents = latents[offset : offset + len(table)]
        size = part_size(self.resolution)
        for first in range(0, len(table), size):
            # filled up to a whole part: some kernels round differently for another batch size
            rows = torch.arange(first, first + size).clamp_max(len(table) - 1)
            yield latents[rows], asked[rows], min(size, len(table) - first)

    @torch.inference_mode()
    def _part(self, latents: torch.Tensor, asked: Conditions, count: int) -> np.ndarray:
        return to_pixels(self._generator(latents.to(self.device), asked.to(self.device))[:count])

    def _asked(self, table: pd.DataFrame) -> Conditions:
        """The table's conditions; a value that too few images had is unknown here, whoever asks."""
        asked = self.vocabulary.encode_table(table)
        for position, item in enumerate(self.vocabulary.categorical):
            unknown = len(item.values)
            replaced = [code if count >= LEAST_IMAGES else unknown for code, count in enumerate(item.counts)]
            asked.categorical[:, position] = torch.tensor([*replaced, unknown])[asked.categorical[:, position]]
        return asked


def _cuts(count: int, start: int) -> Iterator[tuple[slice, int, int]]:
    """Rows of the table, block of the cohort and place in that block, block after block."""
    done = 0
    while done < count:
        block, offset = divmod(start + done, BLOCK)
        size = min(BLOCK - offset, count - done)
        yield slice(done, done + size), block, offset
        done += size
