"""Fréchet Inception Distance, for whoever brings the weights: Heusel et al. 2017, as everybody else computes it.

The network of the original FID differs from torchvision's in its pools: borders are not counted in the averages, and
the last block takes the maximum. The weights are never downloaded; they are read as tensors only and checked first
(`inception_file`).
"""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import inception as published

from medsynth_engine.features import inception_file
from medsynth_engine.kernel.errors import BadInput

SIDE, WIDTH, BATCH = 299, 2048, 16
CLASSES = 1008


def _averaged(x: Tensor) -> Tensor:
    return functional.avg_pool2d(x, kernel_size=3, stride=1, padding=1, count_include_pad=False)


class _A(published.InceptionA):
    def _forward(self, x: Tensor) -> list[Tensor]:
        threes = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return [self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)), threes, self.branch_pool(_averaged(x))]


class _C(published.InceptionC):
    def _forward(self, x: Tensor) -> list[Tensor]:
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return [self.branch1x1(x), once, twice, self.branch_pool(_averaged(x))]


class _E(published.InceptionE):
    takes_maximum = False

    def _forward(self, x: Tensor) -> list[Tensor]:
        once, twice = self.branch3x3_1(x), self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        pool = functional.max_pool2d(x, kernel_size=3, stride=1, padding=1) if self.takes_maximum else _averaged(x)
        return [
            self.branch1x1(x),
            torch.cat([self.branch3x3_2a(once), self.branch3x3_2b(once)], 1),
            torch.cat([self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice)], 1),
            self.branch_pool(pool),
        ]


def network() -> nn.Module:
    """The network of FID without its weights; its last layer is the one of the file."""
    blocks = [
        *(published.BasicConv2d, _A, published.InceptionB, _C, published.InceptionD, _E, published.InceptionAux),
    ]
    found = published.Inception3(CLASSES, aux_logits=False, inception_blocks=blocks, init_weights=False)
    found.Mixed_7c.takes_maximum = True
    return found.eval()


class Inception:
    """2,048 features of an image. `digest`: the SHA-256 of its weights' file."""

    def __init__(self, trained: nn.Module, digest: str) -> None:
        self.network, self.digest = trained, digest
        self.network.fc = nn.Identity()

    @classmethod
    def read(cls, path: Path) -> Inception:
        """Raises BadInput where the file is not the known one, or holds something else than its tensors."""
        digest = inception_file.checked(path)
        found = network()
        try:
            found.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
        except (RuntimeError, pickle.UnpicklingError, TypeError, AttributeError, EOFError) as error:
            raise BadInput("other_inception", "The file holds other tensors than Inception's.") from error
        return cls(found, digest)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, h, w) or (n, h, w, 3) -> float64 (n, WIDTH). Grey is shown in all three channels."""
        parts = [np.empty((0, WIDTH))]
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(images[start : start + BATCH])).float()
                batch = batch[:, None].expand(-1, 3, -1, -1) if batch.ndim == 3 else batch.permute(0, 3, 1, 2)
                large = functional.interpolate(batch / 255, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
                parts.append(self.network(2 * large - 1).double().numpy())
        return np.concatenate(parts)


def fid(a: np.ndarray, b: np.ndarray) -> float:
    """|mean a - mean b|^2 + tr(A + B - 2 (A B)^1/2) with plain sample covariances, float (n, d) and (m, d); n, m >= 2.

    With centred rows X and Y the last trace is the nuclear norm of X Y' / sqrt((n - 1)(m - 1)): no d by d matrix.
    """
    first, second = a - a.mean(0), b - b.mean(0)
    n, m = len(a) - 1, len(b) - 1
    if min(n, m) < 1:
        raise ValueError("a covariance needs at least two rows")
    cross = np.linalg.svd(first @ second.T, compute_uv=False).sum() / np.sqrt(n * m)
    apart = ((a.mean(0) - b.mean(0)) ** 2).sum()
    return float(max(0.0, apart + (first**2).sum() / n + (second**2).sum() / m - 2 * cross))
