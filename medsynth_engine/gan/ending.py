"""The generator that a run leaves behind: `generator.pth`, and which one it is."""

from __future__ import annotations

from typing import Any

from medsynth_engine.gan import weights
from medsynth_engine.gan.beginning import Setting
from medsynth_engine.gan.evaluate import NOTHING, Measured
from medsynth_engine.gan.keeper import Keeper
from medsynth_engine.gan.networks import Generator
from medsynth_engine.kernel.folders import RunFolder


class Shelf:
    """Where generators of a run lie: the best so far, and at the end the one that is kept."""

    def __init__(self, folder: RunFolder, setting: Setting) -> None:
        self.folder, self.setting = folder, setting
        self.best = folder.checkpoints / "best.pth"

    def put(self, generator: Generator, seen: int, measured: Measured) -> None:
        """The best so far. Raises NoRoom where the disk is full."""
        self.best.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        weights.save(self.best, self._document(generator, seen, measured))

    def keep(self, keeper: Keeper, last: Generator, seen: int) -> dict[str, Any]:
        """Write `generator.pth`: the best where one was measured, else the last; what to say about it."""
        if keeper.best is not None and self.best.exists():
            kept = weights.load(self.best)
            weights.save(self.folder.generator, weights.document(kept.generator, kept.info, self._rows()))
            # after a roll-back the file may be of a later moment than what is remembered; it knows best what it is
            return {**keeper.kept(), "kimg": kept.info["kimg"], "fd_ratio_validation": kept.info["fd_ratio_validation"]}
        weights.save(self.folder.generator, self._document(last, seen, NOTHING))
        return Keeper().kept()

    def _document(self, generator: Generator, seen: int, measured: Measured) -> dict[str, Any]:
        config = self.setting.config
        info = {
            "preset": self.setting.preset.name,
            "kimg": seen / 1000,
            "fd_ratio_validation": measured.fd_ratio and round(measured.fd_ratio, 4),
            "training_digest": config.get("training_digest"),
            "training_images": len(self.setting.data.training),
            "augmentation": config.get("augmentation"),
        }
        return weights.document(generator, info, self._rows())

    def _rows(self) -> str | None:
        return self.folder.rows.read_text() if self.folder.rows.exists() else None
