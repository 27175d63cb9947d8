"""What a peer is to the harness: cycles of training, a generator to draw from, and what its own program would save."""

from __future__ import annotations

import copy
import importlib
import sys
import types
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from medsynth_engine.kernel.errors import NotFound
from peers.data import Fold

NAMES = ("ours", "lightweight", "stylegan2-ada", "r3gan")
MODULES = {
    "ours": ("peers.ours", "Ours"),
    "lightweight": ("peers.lightweight", "Lightweight"),
    "stylegan2-ada": ("peers.stylegan2_ada", "StyleGan2Ada"),
    "r3gan": ("peers.r3gan", "R3Gan"),
}
SIZES = ("own", "matched")
"""As its authors made it; narrowed to about our size."""
DRAWN_TOGETHER = 50

INSTALL = """lightweight-gan (MIT), beside the project and without touching its torch:
  python -m pip install --no-deps --target PEERS/lightweight \\
      lightweight-gan einops kornia kornia_rs adabelief-pytorch tqdm tabulate colorama packaging
  then: --peer-path lightweight=PEERS/lightweight
stylegan2-ada (NVIDIA, not for commercial use) and r3gan (no licence): for a comparison only, never to pass on
  git clone https://github.com/NVlabs/stylegan2-ada-pytorch PEERS/stylegan2-ada
  git clone https://github.com/brownvc/R3GAN PEERS/r3gan
  then: --peer-path stylegan2-ada=PEERS/stylegan2-ada --peer-path r3gan=PEERS/r3gan"""


class PeerMissing(NotFound):
    """A peer that is not on this machine."""

    def __init__(self, name: str, module: str) -> None:
        super().__init__(
            "peer_missing",
            f"{name} cannot be imported here: there is no {module}.",
            "`gan_peers.py --install-hint` says how to get it, --peer-path where it lies.",
        )


@dataclass(frozen=True)
class Setting:
    """side, channels   of the images
    labels      length of the label vector
    images      training images there are
    size        one of SIZES
    batch       real images a cycle; None: the peer's own choice
    augment     the recipe augments; without flips or turns in any case
    seed, device
    folder      a run folder, for ours
    """

    side: int
    channels: int
    labels: int
    images: int
    size: str
    batch: int | None
    augment: bool
    seed: int
    device: torch.device
    folder: Path | None = None


class Feed:
    """Real images from one uint8 tensor on the device, in a new order every epoch."""

    def __init__(self, fold: Fold, device: torch.device, seed: int) -> None:
        pixels = torch.from_numpy(fold.images)
        self.images = (pixels[:, None] if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)).contiguous().to(device)
        self.labels = torch.from_numpy(fold.labels).to(device)
        self._random = torch.Generator().manual_seed(seed)
        self._order = torch.empty(0, dtype=torch.int64)

    def next(self, count: int) -> tuple[Tensor, Tensor]:
        """images uint8 (count, c, s, s), labels float32 (count, L)."""
        while len(self._order) < count:
            self._order = torch.cat([self._order, torch.randperm(len(self.images), generator=self._random)])
        rows, self._order = self._order[:count].to(self.images.device), self._order[count:]
        return self.images[rows], self.labels[rows]

    def labels_like_real(self, count: int) -> Tensor:
        """Label vectors of random real images, float32 (count, L)."""
        rows = torch.randint(len(self.labels), (count,), generator=self._random)
        return self.labels[rows.to(self.labels.device)]


class Steps(ABC):
    """One network pair in training, a step at a time: all that a measure of speed needs.

    A cycle trains discriminator and generator once, on `batch` real images.

    period       cycles after which the kinds of work repeat (lazy penalties)
    version      of the program
    """

    period = 1
    version = ""

    def __init__(self, setting: Setting, feed: Feed | None) -> None:
        self.setting, self.device = setting, setting.device
        if feed is not None:  # ours has its own way to the images
            self.feed = feed
        self.batch = setting.batch or 16
        self.cycles = 0

    @property
    def seen(self) -> int:
        return self.cycles * self.batch

    def progress(self, share: float) -> None:
        """The share of the clock that is spent, for recipes that follow a schedule. Most do not."""
        del share

    @abstractmethod
    def cycle(self) -> None: ...

    @abstractmethod
    def generators(self) -> dict[str, nn.Module]:
        """By name: `raw`, `average`."""

    @abstractmethod
    def discriminator(self) -> nn.Module: ...


class Peer(Steps):
    """A network pair that the harness itself trains, saves and draws from.

    conditional  obeys the label vector
    kept, lost   what its own program saves and restores, and what it does not
    """

    conditional = True
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @abstractmethod
    def forward(self, generator: nn.Module, labels: Tensor, random: torch.Generator) -> Tensor:
        """Images float in -1..1, (n, c, s, s), for label vectors (n, L)."""

    @abstractmethod
    def saved(self) -> Any:
        """What its own program writes to go on from later; `restore` takes it up as that program would."""

    @abstractmethod
    def restore(self, saved: Any) -> None: ...

    def snapshot(self, name: str) -> nn.Module:
        """The generator of that name as it is now, ready to draw; the one in training is left alone."""
        return copy.deepcopy(self.generators()[name]).eval().requires_grad_(False)

    @torch.no_grad()
    def draw(self, generator: nn.Module, labels: np.ndarray, seed: int) -> np.ndarray:
        """uint8 (n, s, s) or (n, s, s, 3)."""
        random = torch.Generator().manual_seed(seed)
        parts = []
        for part in torch.from_numpy(labels).split(DRAWN_TOGETHER):
            images = self.forward(generator, part.to(self.device), random).float()
            if images.shape[1] != self.setting.channels:
                images = images.mean(1, keepdim=True)
            pixels = ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu()
            parts.append(pixels[:, 0] if self.setting.channels == 1 else pixels.permute(0, 2, 3, 1))
        return torch.cat(parts).contiguous().numpy()


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def build(name: str, setting: Setting, feed: Feed | None) -> Any:
    """The Peer called `name` (ours has its Steps alone), its weights drawn from the seed.

    Raises PeerMissing where it is not on this machine."""
    module, kind = MODULES[name]
    torch.manual_seed(setting.seed)
    np.random.seed(setting.seed)
    try:
        made = getattr(importlib.import_module(module), kind)
        return made(setting, feed)
    except ModuleNotFoundError as error:
        raise PeerMissing(name, error.name or "such module") from error


def without(name: str, **attributes: Any) -> None:
    """Where the module `name` is not installed, put one with only these attributes in its place: a peer imports it
    and, the way it is used here, calls nothing else of it."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        stand_in = types.ModuleType(name)
        vars(stand_in).update(attributes)
        sys.modules[name] = stand_in


def look_in(folder: Path) -> None:
    """Let imports find a peer in `folder`, after what is installed: our torch stays our torch."""
    sys.path.append(str(folder))
