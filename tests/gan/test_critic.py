"""The discriminator answers inside the store, from the checkpoint of its run and no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from medsynth_engine.gan import checkpoint, weights
from medsynth_engine.gan.conditions import Categorical, Vocabulary
from medsynth_engine.gan.critic import critic
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator

VOCABULARY = Vocabulary((Categorical("finding", ("a", "b"), (30, 20)),), ())
SHAPE = Architecture((16, 12, 8), 1, 1)


def run_folder(where: Path, architecture: Architecture = SHAPE) -> tuple[Path, Discriminator]:
    torch.manual_seed(0)
    discriminator = Discriminator(architecture, VOCABULARY)
    document = weights.document(Generator(SHAPE, VOCABULARY), {"preset": "nano32", "kimg": 1.0}, rows=None)
    weights.save(where / "generator.pth", document)
    checkpoint.save(where / "checkpoints" / "last.pt", {"learner": {"discriminator": discriminator.state_dict()}})
    return where, discriminator


def test_each_image_gets_the_score_that_the_network_gives_it(tmp_path: Path) -> None:
    run, discriminator = run_folder(tmp_path)
    images = np.random.default_rng(0).integers(0, 255, (300, 16, 16), dtype=np.uint8)
    table = pd.DataFrame({"finding": np.array(["a", "b", None])[np.arange(300) % 3]})
    scores = critic(run, images, table)
    assert scores is not None and scores.shape == (300,) and scores.std() > 0
    with torch.inference_mode():
        pixels = torch.from_numpy(images[280:, None]).float() / 127.5 - 1
        expected = discriminator.eval()(pixels, VOCABULARY.encode_table(table.iloc[280:])).flatten()
    assert np.allclose(scores[280:], expected.numpy(), atol=1e-4)


def test_without_checkpoint_or_with_another_shape_there_is_no_answer(tmp_path: Path) -> None:
    images, table = np.zeros((2, 16, 16), np.uint8), pd.DataFrame({"finding": ["a", "b"]})
    assert critic(tmp_path / "none", images, table) is None
    run, _ = run_folder(tmp_path / "run")
    assert critic(run, np.zeros((2, 32, 32), np.uint8), table) is None
    other, _ = run_folder(tmp_path / "other", Architecture((24, 12, 8), 1, 1))
    assert critic(other, images, table) is None
