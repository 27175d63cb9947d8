"""The run folder's `train.npz` as tensors: everything lies on the device, so that no step waits for the host."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np
import torch
from torch import Tensor

from medsynth_engine.gan.conditions import Conditions, Vocabulary
from medsynth_engine.gan.ground import grounds
from medsynth_engine.gan.span import Span, span
from medsynth_engine.kernel.errors import BadInput

TRAINING, VALIDATION = 0, 1
BLOCK = 4096
"""Images that are read at a time: beside the one tensor of a fold no second copy of it is ever in memory."""


@dataclass(frozen=True)
class Fold:
    """One fold.

    images       uint8 (n, c, s, s) on the device
    conditions   on the device
    categorical  int (n, A), -1 for missing, on the host
    patient      int (n,), a number for each patient, on the host
    """

    images: Tensor
    conditions: Conditions
    categorical: np.ndarray
    patient: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, rows: Tensor) -> Tensor:
        """Images of `rows` as float32 (len(rows), c, s, s) in -1..1."""
        return self.images[rows].float() / 127.5 - 1

    def pixels(self, rows: np.ndarray) -> np.ndarray:
        """Images of `rows` on the host, for measuring: uint8 (len(rows), s, s) or (len(rows), s, s, 3)."""
        chosen = self.images[torch.from_numpy(rows).to(self.images.device)]
        shaped = chosen[:, 0] if chosen.shape[1] == 1 else chosen.permute(0, 2, 3, 1)
        return shaped.cpu().contiguous().numpy()


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

    @cached_property
    def span(self) -> Span | None:
        """What the training images hold; None where that is everything."""
        return span(self.training.images)

    @cached_property
    def grounds(self) -> tuple[int, ...]:
        """Grey values that fill areas of them. Not looked for where there is a span: a step would leave it."""
        return grounds(self.training.images, self.training.patient) if self.span is None else ()


def load(path: Path, vocabulary: Vocabulary, device: torch.device) -> Data:
    """Read `train.npz` (see docs/rooms.md). Raises BadInput where it is missing, damaged or does not fit."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            fold = archive["fold"]
            count = len(fold)
            categorical = archive["categorical"] if "categorical" in archive else np.empty((count, 0), np.int16)
            continuous = archive["continuous"] if "continuous" in archive else np.empty((count, 0), np.float32)
            patient = archive["patient"] if "patient" in archive else np.arange(count)
        if any(len(column) != count for column in (categorical, continuous, patient)):
            raise BadInput("training_data_unreadable", "The arrays of train.npz differ in length.")
        members = [np.flatnonzero(fold == number) for number in (TRAINING, VALIDATION)]
        images = _images(path, count, members)
    except FileNotFoundError as error:
        raise BadInput("no_training_data", "The run folder holds no train.npz.", "Make the run again.") from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, OSError) as error:
        raise BadInput("training_data_unreadable", "The run's train.npz is not readable.", "Make it again.") from error
    if len(members[TRAINING]) < 2:
        raise BadInput("too_few_images", "There are fewer than two training images.", "Bring in more images.")
    return Data(
        *(
            Fold(
                tensor.to(device),
                vocabulary.encode(categorical[rows], continuous[rows]).to(device),
                categorical[rows],
                patient[rows],
            )
            for tensor, rows in zip(images, members, strict=True)
        )
    )


def _images(path: Path, count: int, members: list[np.ndarray]) -> list[Tensor]:
    """For each fold its images, uint8 (n, c, s, s): read block by block, straight into their place."""
    with zipfile.ZipFile(path) as archive, archive.open("images.npy") as stream:
        shape = _header(stream)
        if shape[0] != count:
            raise BadInput("training_data_unreadable", "The arrays of train.npz differ in length.")
        if archive.getinfo("images.npy").file_size - stream.tell() != np.prod(shape, dtype=np.int64):
            raise ValueError("not as long as it says")
        channels, side = (3 if len(shape) == 4 else 1), shape[1]
        found = [torch.empty(len(rows), channels, side, side, dtype=torch.uint8) for rows in members]
        for start, block in _blocks(stream, shape):
            for target, rows in zip(found, members, strict=True):
                first, last = np.searchsorted(rows, (start, start + len(block)))
                chosen = torch.from_numpy(block[rows[first:last] - start])
                target[first:last] = chosen[:, None] if channels == 1 else chosen.permute(0, 3, 1, 2)
    return found


def _header(stream: IO[bytes]) -> tuple[int, ...]:
    """The shape of the images, after the head of a `.npy`; NEP 1 describes it."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read(stream)
    if dtype.hasobject:
        raise ValueError("not numbers")
    square = len(shape) >= 3 and shape[1] == shape[2]
    if dtype != np.uint8 or by_columns or not square or not (len(shape) == 3 or (len(shape) == 4 and shape[3] == 3)):
        raise BadInput("images_do_not_fit", "Training images must be square, 8 bits deep, grey or RGB.")
    return shape


def _blocks(stream: IO[bytes], shape: tuple[int, ...]) -> Iterator[tuple[int, np.ndarray]]:
    """Number of the first image, and images."""
    bytes_each = int(np.prod(shape[1:], dtype=np.int64))
    for start in range(0, shape[0], BLOCK):
        count = min(BLOCK, shape[0] - start)
        data = stream.read(count * bytes_each)
        yield start, np.frombuffer(data, np.uint8).reshape(count, *shape[1:])  # ValueError where the file is cut
    stream.read(1)  # the end: only there is the checksum looked at
