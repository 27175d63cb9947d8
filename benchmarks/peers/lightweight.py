"""lightweight-gan (P. Wang, MIT): its own `Trainer.train` on the shared tensor; three patches let it run without CUDA.

Recipe of its command line, but for: no flips, and no accumulation. Its 10 x 4 images a step would be a dozen steps in
minutes on a CPU (an image costs about a second of one core there, most of it in the attention of its second
discriminator, which always looks at 32 px): batches are 4, the default of its Trainer, and 32 on a GPU. Its average
starts at step 20,000 and is a copy until then.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from peers.peer import Feed, Peer, Setting

WIDTH = {"own": 512, "matched": 64}
LATENT = 256


class _CpuTorch:
    """`torch` for a module that asks for cuda:0 by name."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    def device(self, *_: Any) -> torch.device:
        return torch.device("cpu")


def _imported(device: torch.device) -> ModuleType:
    if device.type == "cpu":
        here = lambda self, *_, **__: self  # noqa: E731
        nn.Module.cuda = Tensor.cuda = here  # type: ignore[method-assign,assignment]
        before, torch.cuda.is_available = torch.cuda.is_available, lambda: True
        try:
            from lightweight_gan import lightweight_gan
        finally:
            torch.cuda.is_available = before
        lightweight_gan.torch = _CpuTorch()
    else:
        from lightweight_gan import lightweight_gan
    lightweight_gan.random_hflip = lambda images, prob: images
    return lightweight_gan


class Lightweight(Peer):
    conditional = False
    period = 4  # its gradient penalty is lazy
    kept = ("generator", "discriminator", "average", "steps, rounded down to a thousand")
    lost = ("optimisers", "random numbers", "order of the data")

    def __init__(self, setting: Setting, feed: Feed) -> None:
        super().__init__(setting, feed)
        self.batch = setting.batch or (32 if self.device.type == "cuda" else 4)
        module = _imported(setting.device)
        self.version = version("lightweight-gan")
        # the program's own rule for how often to augment
        chance = min(0.5, max(0.0, (1e5 - setting.images) * 3e-6)) if setting.augment else 0.0
        self._folder = tempfile.TemporaryDirectory(prefix="lightweight-")
        self.trainer = module.Trainer(
            base_dir=self._folder.name,
            image_size=setting.side,
            fmap_max=WIDTH[setting.size],
            latent_dim=LATENT,
            greyscale=setting.channels == 1,
            batch_size=self.batch,
            gradient_accumulate_every=1,
            attn_res_layers=[32],
            disc_output_size=1,
            aug_prob=chance,
            aug_types=["cutout", "translation"],
            use_aim=False,
        )
        self.trainer.loader = self._batches()
        self.trainer.init_GAN()
        # its pictures and checkpoints are no part of a cycle
        self.trainer.save = self.trainer.evaluate = lambda *_, **__: None

    def _batches(self) -> Iterator[Tensor]:
        while True:
            yield self.feed.next(self.batch)[0].float() / 255

    def cycle(self) -> None:
        self.trainer.train()
        self.cycles += 1

    def generators(self) -> dict[str, nn.Module]:
        return {"raw": self.trainer.GAN.G, "average": self.trainer.GAN.GE}

    def discriminator(self) -> nn.Module:
        return self.trainer.GAN.D

    def forward(self, generator: nn.Module, labels: Tensor, random: torch.Generator) -> Tensor:
        latent = torch.randn(len(labels), LATENT, generator=random).to(self.device)
        return generator(latent) * 2 - 1

    def saved(self) -> Any:
        network = {name: value.clone() for name, value in self.trainer.GAN.state_dict().items()}
        return {"GAN": network, "steps": self.trainer.steps // self.trainer.save_every * self.trainer.save_every}

    def restore(self, saved: Any) -> None:
        self.trainer.GAN.load_state_dict(saved["GAN"])
        self.trainer.steps = saved["steps"]
