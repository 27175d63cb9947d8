"""The run folder's `train.npz` as tensors: everything lies on the device, so that no step waits for the host."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from medsynth_engine.gan.conditions import Conditions, Vocabulary
from medsynth_engine.kernel.errors import BadInput

TRAINING, VALIDATION = 0, 1


@dataclass(frozen=True)
class Fold:
    """One fold.

    pixels       uint8 (n, s, s) or (n, s, s, 3) on the host, for measuring
    images       the same as uint8 (n, c, s, s) on the device, for learning
    conditions   on the device
    categorical  int (n, A), -1 for missing, on the host
    """

    pixels: np.ndarray
    images: Tensor
    conditions: Conditions
    categorical: np.ndarray

    def __len__(self) -> int:
        return len(self.pixels)

    def batch(self, rows: Tensor) -> Tensor:
        """Images of `rows` as float32 (len(rows), c, s, s) in -1..1."""
        return self.images[rows].float() / 127.5 - 1


@dataclass(frozen=True)
class Data:
    training: Fold
    validation: Fold

    @property
    def channels(self) -> int:
        return self.training.images.shape[1]

    @property
    def resolution(self) -> int:
        return self.training.images.shape[2]


def load(path: Path, vocabulary: Vocabulary, device: torch.device) -> Data:
    """Read `train.npz` (see docs/architecture.md). Raises BadInput where it is missing, damaged or does not fit."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            images, fold = archive["images"], archive["fold"]
            count = len(images)
            categorical = archive["categorical"] if "categorical" in archive else np.empty((count, 0), np.int16)
            continuous = archive["continuous"] if "continuous" in archive else np.empty((count, 0), np.float32)
    except FileNotFoundError as error:
        raise BadInput("no_training_data", "The run folder holds no train.npz.", "Make the run again.") from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, OSError) as error:
        raise BadInput("training_data_unreadable", "The run's train.npz is not readable.", "Make it again.") from error
    _check(images, fold, categorical, continuous)
    return Data(
        _fold(images, fold == TRAINING, categorical, continuous, vocabulary, device),
        _fold(images, fold == VALIDATION, categorical, continuous, vocabulary, device),
    )


def _check(images: np.ndarray, fold: np.ndarray, categorical: np.ndarray, continuous: np.ndarray) -> None:
    grey = images.ndim == 3
    colour = images.ndim == 4 and images.shape[3] == 3
    if images.dtype != np.uint8 or not (grey or colour) or images.shape[1] != images.shape[2]:
        raise BadInput("images_do_not_fit", "Training images must be square, 8 bits deep, grey or RGB.")
    if not len(images) == len(fold) == len(categorical) == len(continuous):
        raise BadInput("training_data_unreadable", "The arrays of train.npz differ in length.")
    if (fold == TRAINING).sum() < 2:
        raise BadInput("too_few_images", "There are fewer than two training images.", "Bring in more images.")


def _fold(
    images: np.ndarray,
    chosen: np.ndarray,
    categorical: np.ndarray,
    continuous: np.ndarray,
    vocabulary: Vocabulary,
    device: torch.device,
) -> Fold:
    pixels = np.ascontiguousarray(images[chosen])
    tensor = torch.from_numpy(pixels)
    tensor = tensor[:, None] if pixels.ndim == 3 else tensor.permute(0, 3, 1, 2).contiguous()
    conditions = vocabulary.encode(categorical[chosen], continuous[chosen])
    return Fold(pixels, tensor.to(device), conditions.to(device), categorical[chosen])
