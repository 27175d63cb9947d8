"""A small convnet trained on the real training images: names the class of an image, and places it in its own space."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from medsynth_engine.kernel.atomic import write_with
from peers.data import Data

WIDTHS = (24, 48, 96)
FEATURES = 128
IMAGES_SEEN = 60_000
BATCH = 64


class Judge(nn.Module):
    """Images float (n, c, s, s) in -1..1 -> logits (n, classes); `place` stops at the FEATURES before them."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, width in zip((channels, *WIDTHS), WIDTHS, strict=False):
            layers += [nn.Conv2d(before, width, 3, 2, 1), nn.ReLU()]
        self.place = nn.Sequential(
            *layers,
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(4 * WIDTHS[-1], FEATURES),
            nn.ReLU(),
        )
        self.name = nn.Linear(FEATURES, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.name(self.place(images))

    @torch.inference_mode()
    def features(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, s, s[, 3]) -> float (n, FEATURES)."""
        return torch.cat([self.place(part) for part in tensor(images).split(512)]).double().numpy()

    @torch.inference_mode()
    def classes(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, s, s[, 3]) -> int (n,)."""
        return torch.cat([self(part) for part in tensor(images).split(512)]).argmax(1).numpy()


def tensor(images: np.ndarray) -> Tensor:
    pixels = torch.from_numpy(images).float() / 127.5 - 1
    return pixels[:, None] if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)


def trained(data: Data, work: Path) -> Judge:
    """The judge of a data set: trained once, kept beside the data, the same for all peers."""
    judge = Judge(data.channels, len(data.classes))
    path = work / f"judge-{data.folder.name}.pt"
    if not path.exists():
        torch.manual_seed(3)
        judge = Judge(data.channels, len(data.classes))
        _train(judge, data)
        write_with(path, lambda stream: torch.save(judge.state_dict(), stream))
    judge.load_state_dict(torch.load(path, weights_only=True))
    return judge.eval().requires_grad_(False)


def _train(judge: Judge, data: Data) -> None:
    known = data.training.codes >= 0
    images, truth = tensor(data.training.images[known]), torch.from_numpy(data.training.codes[known])
    count = torch.bincount(truth, minlength=len(data.classes)).clamp_min(1).float()
    loss = nn.CrossEntropyLoss(count.mean() / count)
    optimiser = torch.optim.AdamW(judge.parameters(), lr=2e-3)
    for _ in range(max(6, round(IMAGES_SEEN / len(images)))):
        for rows in torch.randperm(len(images)).split(BATCH):
            optimiser.zero_grad()
            loss(judge(images[rows]), truth[rows]).backward()
            optimiser.step()


def balanced_accuracy(named: np.ndarray, truth: np.ndarray, classes: tuple[int, ...]) -> float | None:
    """Mean over `classes` of the share that is recognised; None where there is no such class."""
    shares = [float((named[truth == code] == code).mean()) for code in classes if (truth == code).any()]
    return float(np.mean(shares)) if shares else None
