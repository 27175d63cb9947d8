"""R3GAN (Huang et al. 2024) from a checkout: its networks and its `AdversarialTraining`, with its schedules.

Its five cosines (rate, beta2, gamma, averaging, augmentation) run over 20 million images; here over the clock, or they
would never leave their start. Pictures are RGB only: grey ones are repeated three times and averaged when drawn.
Penalties go through its augmentation as in its own program; flips, turns and colour shifts are left out of it.
"""

from __future__ import annotations

import copy
import math
import shutil
import types
from pathlib import Path
from typing import Any

import torch
from packaging import version
from torch import Tensor, nn

from peers.peer import Feed, Peer, Setting, without
from peers.versions import folder_version

LATENT = 64
OWN = (768, 768, 768, 768, 384, 192, 96)
"""Its FFHQ-256 widths from 4 px up; its 64 px set is the beginning of them, its 32 px set the first four."""
NARROW = (96, 96, 96, 64, 48, 32, 24)
BLOCKS = {"own": 2, "matched": 1}
GAMMA = {32: 0.05, 64: 2.0, 128: 10.0, 256: 150.0}
"""Its CIFAR-10, FFHQ-64 and FFHQ-256 values; 128 lies between them."""
AUGMENTED = {32: 0.55}
AVERAGED = {32: 0.25}
"""Half-life of the average at the end, share of the whole length (5 of 20 million images; 0.5 of 20 at other sizes)."""
OPERATIONS = {"xint": 1, "scale": 1, "aniso": 1, "xfrac": 1, "brightness": 0.5, "contrast": 0.5, "cutout": 1}


def fall(base: float, final: float, share: float) -> float:
    """Half a cosine from `base` to `final`."""
    return final + 0.5 * (base - final) * (1 + math.cos(math.pi * min(1.0, share)))


def _imported(device: torch.device) -> tuple[types.ModuleType, types.ModuleType]:
    without("requests")  # for downloads
    without("pkg_resources", parse_version=version.parse)  # gone since setuptools 81
    from R3GAN import FusedOperators, Resamplers

    if device.type != "cuda" or shutil.which("nvcc") is None:
        # its CUDA operators are compiled at first use and have no way round where there is no compiler
        FusedOperators.BiasedActivation = FusedOperators.BiasedActivationReference
        Resamplers.InterpolativeUpsampler = Resamplers.InterpolativeUpsamplerReference
        Resamplers.InterpolativeDownsampler = Resamplers.InterpolativeDownsamplerReference
    from R3GAN import Networks, Trainer

    return Networks, Trainer


class R3Gan(Peer):
    kept = ("generator", "discriminator", "average", "optimisers", "images seen")
    lost = ("random numbers", "order of the data")

    def __init__(self, setting: Setting, feed: Feed) -> None:
        super().__init__(setting, feed)
        module, trainer = _imported(setting.device)
        from training.augment import AugmentPipe

        self.version = folder_version(Path(module.__file__ or "").parents[1])
        self.batch = setting.batch or (64 if self.device.type == "cuda" else 16)
        stages = int(math.log2(setting.side)) - 1
        widths = list((OWN if setting.size == "own" else NARROW)[:stages])
        groups, blocks = [width // 8 for width in widths], [BLOCKS[setting.size]] * stages
        told = {"ConditionDimension": setting.labels}
        self.generator = module.Generator(LATENT, widths, groups, blocks, 2, ConditionEmbeddingDimension=LATENT, **told)
        self._discriminator = module.Discriminator(
            widths[::-1], groups[::-1], blocks, 2, ConditionEmbeddingDimension=widths[0], **told
        )
        if self.device.type == "cuda":
            self._use_bfloat16(stages)
        for network in (self.generator, self._discriminator):
            network.requires_grad_(False).to(self.device)
        self.average = copy.deepcopy(self.generator)
        self.game = trainer.AdversarialTraining(self.generator, self._discriminator)
        self.augment = AugmentPipe(**OPERATIONS).train().requires_grad_(False).to(self.device)
        self.optimisers = [
            torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.0, 0.9), eps=1e-8)
            for network in (self._discriminator, self.generator)
        ]
        self.share, self.length = 0.0, 1.0

    def _use_bfloat16(self, stages: int) -> None:
        """In all stages but that at 4 px, as in its presets (four at most)."""
        few = min(4, stages - 1)
        for place in range(few):
            self.generator.MainLayers[-1 - place].DataType = torch.bfloat16
            self._discriminator.MainLayers[place].DataType = torch.bfloat16

    def progress(self, share: float) -> None:
        self.share = share
        self.length = self.seen / share if share > 0 else 1.0

    def _preprocess(self, images: Tensor) -> Tensor:
        if not self.setting.augment:
            return images
        return self.augment(images.float()).to(images.dtype)

    def cycle(self) -> None:
        gamma = GAMMA[self.setting.side]
        self.augment.p.fill_(fall(0, AUGMENTED.get(self.setting.side, 0.3), self.share))
        rate, beta2 = fall(2e-4, 5e-5, self.share), fall(0.9, 0.99, self.share)
        for optimiser, network in zip(self.optimisers, (self._discriminator, self.generator), strict=True):
            for group in optimiser.param_groups:
                group["lr"], group["betas"] = rate, (0.0, beta2)
            optimiser.zero_grad(set_to_none=True)
            network.requires_grad_(True)
            real, labels = self.feed.next(self.batch)
            real = (real.float() / 127.5 - 1).expand(-1, 3, -1, -1)
            latent = torch.randn(self.batch, LATENT, device=self.device)
            if network is self.generator:
                self.game.AccumulateGeneratorGradients(latent, real, labels, 1, self._preprocess)
            else:
                now = fall(gamma, gamma / 10, self.share)
                self.game.AccumulateDiscriminatorGradients(latent, real, labels, now, 1, self._preprocess)
            network.requires_grad_(False)
            optimiser.step()
        self.cycles += 1
        self._follow()

    @torch.no_grad()
    def _follow(self) -> None:
        half_life = fall(0, AVERAGED.get(self.setting.side, 0.025) * self.length, self.share)
        keep = 0.5 ** (self.batch / max(half_life, 1e-8))
        for average, now in zip(self.average.parameters(), self.generator.parameters(), strict=True):
            average.copy_(now.lerp(average, keep))

    def generators(self) -> dict[str, nn.Module]:
        return {"raw": self.generator, "average": self.average}

    def discriminator(self) -> nn.Module:
        return self._discriminator

    def forward(self, generator: nn.Module, labels: Tensor, random: torch.Generator) -> Tensor:
        return generator(torch.randn(len(labels), LATENT, generator=random).to(self.device), labels)

    def saved(self) -> Any:
        networks = (self.generator, self._discriminator, self.average)
        kept = [copy.deepcopy(part.state_dict()) for part in (*networks, *self.optimisers)]
        return {"parts": kept, "cycles": self.cycles}

    def restore(self, saved: Any) -> None:
        for part, state in zip(
            (self.generator, self._discriminator, self.average, *self.optimisers), saved["parts"], strict=True
        ):
            part.load_state_dict(state)
        self.cycles = saved["cycles"]
