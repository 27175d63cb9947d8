"""The site's own eye: a small convolutional network that learned from the training fold alone; nothing is downloaded.

It learns two things at once, so that it needs no label to see the anatomy: by how many quarter turns an image was
turned (Gidaris et al. 2018, "Unsupervised representation learning by predicting image rotations"), and, where findings
are known, which of them it shows. Its features see which way up an anatomy is, which radiomics-lite hardly does
(benchmarks/encoder.py). It has seen patients: it is kept with their dataset, and never leaves with a cohort.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from pickle import UnpicklingError

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from medsynth_engine.features.adam import Adam
from medsynth_engine.kernel.errors import BadInput

EDITION = 1
SIDE = 64
WIDTHS = (16, 32, 64, 96)
BATCH = 64
EPOCHS, FEWEST_STEPS, MOST_STEPS = 30, 50, 300
"""So many passes over the images, in batches; few images are passed over no more often, or they would be memorised."""
FEWEST = 50
"""Images below which nothing is learned."""
MOST_LABELS = 8
TURNS = 4
Progress = Callable[[int, int | None, str], None]


class _Network(nn.Module):
    """Four strided convolutions, averaged over the image; two heads that only the training needs."""

    def __init__(self, channels: int, labels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((channels, *WIDTHS[:-1]), WIDTHS, strict=True):
            layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.1)]
        self.body = nn.Sequential(*layers)
        self.turn = nn.Linear(WIDTHS[-1], TURNS)
        self.finding = nn.Linear(WIDTHS[-1], labels) if labels else None

    def forward(self, images: Tensor) -> Tensor:
        """float32 (n, channels, SIDE, SIDE), -1 to 1 -> (n, WIDTHS[-1])."""
        found: Tensor = self.body(images).mean((2, 3))
        return found


@dataclass(frozen=True)
class Encoder:
    """A trained network. `channels` 1 or 3; `trained_on`: how many images it learned from."""

    network: nn.Module
    channels: int
    labels: int
    trained_on: int

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """uint8 (n, h, w) or (n, h, w, 3) -> float64 (n, WIDTHS[-1]), finite; one image never changes another's."""
        parts = [np.empty((0, WIDTHS[-1]))]
        with torch.inference_mode():
            for start in range(0, len(images), 256):
                batch = prepared(images[start : start + 256])
                if batch.shape[1] != self.channels:
                    raise BadInput("bad_images", f"The encoder knows images of {self.channels} channels only.")
                parts.append(self.network(batch).double().numpy())
        return np.concatenate(parts)

    def digest(self) -> str:
        """SHA-256 over every tensor by name: names the feature space."""
        found = hashlib.sha256()
        for name, tensor in sorted(self.network.state_dict().items()):
            found.update(name.encode() + tensor.numpy().tobytes())
        return found.hexdigest()

    def to_bytes(self) -> bytes:
        """Tensors and plain numbers, for `from_bytes`."""
        facts = {"channels": self.channels, "labels": self.labels, "trained_on": self.trained_on}
        stream = io.BytesIO()
        torch.save({"edition": EDITION, **facts, "state": self.network.state_dict()}, stream)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Encoder:
        """Raises BadInput where these are no encoder of this edition."""
        try:
            kept = torch.load(io.BytesIO(data), weights_only=True)
            if kept["edition"] != EDITION:
                raise KeyError("edition")
            network = _Network(int(kept["channels"]), int(kept["labels"]))
            network.load_state_dict(kept["state"])
        except (KeyError, TypeError, ValueError, RuntimeError, EOFError, OSError, UnpicklingError) as error:
            raise BadInput("bad_encoder", "The kept encoder cannot be read.", "Remove it; it is made again.") from error
        return cls(network.eval(), int(kept["channels"]), int(kept["labels"]), int(kept["trained_on"]))


def prepared(images: np.ndarray) -> Tensor:
    """uint8 (n, h, w) or (n, h, w, c) -> float32 (n, c, SIDE, SIDE), -1 to 1."""
    batch = torch.from_numpy(np.ascontiguousarray(images)).float()
    batch = batch[:, None] if batch.ndim == 3 else batch.permute(0, 3, 1, 2)
    if batch.shape[-2:] != (SIDE, SIDE):
        batch = functional.interpolate(batch, size=(SIDE, SIDE), mode="bilinear", antialias=True)
    return batch / 127.5 - 1


def learn(
    images: np.ndarray,
    labels: np.ndarray | None = None,
    progress: Progress | None = None,
    wanted: Callable[[], bool] = lambda: True,
    seed: int = 0,
) -> Encoder | None:
    """Train on images uint8 (n, h, w) or (n, h, w, 3), n >= FEWEST, and bool labels (n, k) where findings are known.

    The same images give the same encoder on one machine. None where `wanted()` turned False.
    """
    if len(images) < FEWEST:
        raise BadInput("few_images", f"An encoder needs at least {FEWEST} images.")
    known = np.zeros((len(images), 0), np.float32) if labels is None else labels[:, :MOST_LABELS].astype(np.float32)
    truth = torch.from_numpy(known)
    steps = int(np.clip(EPOCHS * len(images) / BATCH, FEWEST_STEPS, MOST_STEPS))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        channels = 1 if images.ndim == 3 else images.shape[3]
        network = _Network(channels, truth.shape[1])
        optimiser = Adam(network.parameters(), 1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
        for step in range(steps):
            if step % 10 == 0:
                if not wanted():
                    return None
                if progress:
                    progress(step, steps, "learning to see")
            chosen = torch.randint(0, len(images), (BATCH,))
            loss = _loss(network, prepared(images[chosen.numpy()]), truth[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return Encoder(network.eval(), channels, truth.shape[1], len(images))


def _loss(network: _Network, images: Tensor, truth: Tensor) -> Tensor:
    turns = torch.randint(0, TURNS, (len(images),))
    features = network(_moved(images, turns))
    loss = functional.cross_entropy(network.turn(features), turns)
    if network.finding is not None:
        loss = loss + functional.binary_cross_entropy_with_logits(network.finding(features), truth)
    return loss


def _moved(images: Tensor, turns: Tensor) -> Tensor:
    """Turned by quarters, mirrored, cropped to 75 % and more, with another contrast and brightness."""
    count = len(images)
    scale = 0.75 + 0.25 * torch.rand(count)
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    angle = turns * (math.pi / 2)
    cosine, sine = angle.cos() * scale, angle.sin() * scale
    place = (torch.rand(2, count) * 2 - 1) * (1 - scale)
    rows = torch.stack([mirror * cosine, -mirror * sine, place[0]], 1), torch.stack([sine, cosine, place[1]], 1)
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, grid, align_corners=False, padding_mode="border")
    contrast, brightness = 0.7 + 0.6 * torch.rand(count, 1, 1, 1), 0.6 * torch.rand(count, 1, 1, 1) - 0.3
    return moved * contrast + brightness
