"""StyleGAN2-ADA (Karras et al. 2020) from a checkout: its networks, loss and ADA through their public calls.

Configuration `auto` of its train.py (lazy penalties as phases of their own; half precision on CUDA) with the label
vector. Its augmentation without flips, turns and colour shifts: shift, zoom, stretch, brightness and contrast, which
are the operations ours has.
"""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from peers.peer import Feed, Peer, Setting, without
from peers.versions import folder_version

CHANNELS = {"own": (16384, 512), "matched": (2048, 128)}
LATENT = 512
INTERVALS = {"G": 4, "D": 16}
RATE = 0.0025
OPERATIONS = dict.fromkeys(("xint", "scale", "aniso", "xfrac", "brightness", "contrast"), 1)
TARGET, EVERY, IMAGES_TO_FULL = 0.6, 4, 500_000


class StyleGan2Ada(Peer):
    period = 16
    kept = ("generator", "discriminator", "average")
    lost = ("optimisers", "strength of augmentation", "images seen", "random numbers")

    def __init__(self, setting: Setting, feed: Feed) -> None:
        super().__init__(setting, feed)
        without("requests")  # for downloads
        from torch_utils import training_stats
        from training.augment import AugmentPipe
        from training.loss import StyleGAN2Loss
        from training.networks import Discriminator, Generator

        self.version = folder_version(Path(training_stats.__file__).parents[1])
        self.batch = setting.batch or min(4096 // setting.side, 32)
        base, most = CHANNELS[setting.size]
        half = {"num_fp16_res": 4, "conv_clamp": 256} if self.device.type == "cuda" else {}
        shape = {"c_dim": setting.labels, "img_resolution": setting.side, "img_channels": setting.channels}
        synthesis = {"channel_base": base, "channel_max": most, **half}
        generator = Generator(
            z_dim=LATENT, w_dim=512, mapping_kwargs={"num_layers": 2}, synthesis_kwargs=synthesis, **shape
        )
        epilogue = {"mbstd_group_size": min(4, self.batch)}
        discriminator = Discriminator(channel_base=base, channel_max=most, epilogue_kwargs=epilogue, **shape, **half)
        self.networks = {"G": generator, "D": discriminator}
        for network in self.networks.values():
            network.train().requires_grad_(False).to(self.device)
        self.average = copy.deepcopy(generator).eval()
        self.augment = AugmentPipe(**OPERATIONS).train().requires_grad_(False).to(self.device)
        self.augment.p.zero_()
        self.signs = training_stats.Collector(regex="Loss/signs/real")
        self.loss = StyleGAN2Loss(
            device=self.device,
            G_mapping=generator.mapping,
            G_synthesis=generator.synthesis,
            D=discriminator,
            augment_pipe=self.augment if setting.augment else None,
            r1_gamma=0.0002 * setting.side**2 / self.batch,
        )
        self._optimisers()

    def _optimisers(self) -> None:
        self.optimisers = {}
        for name, network in self.networks.items():
            lazy = INTERVALS[name] / (INTERVALS[name] + 1)
            self.optimisers[name] = torch.optim.Adam(
                network.parameters(), lr=RATE * lazy, betas=(0.0, 0.99**lazy), eps=1e-8
            )

    def cycle(self) -> None:
        real, labels = self.feed.next(self.batch)
        real = real.float() / 127.5 - 1
        self._phase("Gmain", real, labels, 1)
        if self.cycles % INTERVALS["G"] == 0:
            self._phase("Greg", real, labels, INTERVALS["G"])
        self._phase("Dmain", real, labels, 1)
        if self.cycles % INTERVALS["D"] == 0:
            self._phase("Dreg", real, labels, INTERVALS["D"])
        self.cycles += 1
        self._follow()
        if self.setting.augment and self.cycles % EVERY == 0:
            self._adapt()

    def _phase(self, phase: str, real: Tensor, labels: Tensor, gain: int) -> None:
        network, optimiser = self.networks[phase[0]], self.optimisers[phase[0]]
        optimiser.zero_grad(set_to_none=True)
        network.requires_grad_(True)
        latent = torch.randn(self.batch, LATENT, device=self.device)
        asked = self.feed.labels_like_real(self.batch)
        self.loss.accumulate_gradients(
            phase=phase, real_img=real, real_c=labels, gen_z=latent, gen_c=asked, sync=True, gain=gain
        )
        network.requires_grad_(False)
        for parameter in network.parameters():
            if parameter.grad is not None:
                torch.nan_to_num(parameter.grad, nan=0, posinf=1e5, neginf=-1e5, out=parameter.grad)
        optimiser.step()

    @torch.no_grad()
    def _follow(self) -> None:
        """Average with a half-life that grows with what was seen."""
        half_life = min(self.batch * 10 / 32 * 1000, 0.05 * self.seen)
        keep = 0.5 ** (self.batch / max(half_life, 1e-8))
        for average, now in zip(self.average.parameters(), self.networks["G"].parameters(), strict=True):
            average.copy_(now.lerp(average, keep))
        for average, now in zip(self.average.buffers(), self.networks["G"].buffers(), strict=True):
            average.copy_(now)

    def _adapt(self) -> None:
        """ADA: towards the strength where the sign of D on real images is 0.6 on average."""
        self.signs.update()
        sign = self.signs["Loss/signs/real"]
        if math.isfinite(sign):
            step = math.copysign(1, sign - TARGET) * self.batch * EVERY / IMAGES_TO_FULL
            self.augment.p.add_(step).clamp_(min=0)

    def generators(self) -> dict[str, nn.Module]:
        return {"raw": self.networks["G"], "average": self.average}

    def discriminator(self) -> nn.Module:
        return self.networks["D"]

    def forward(self, generator: nn.Module, labels: Tensor, random: torch.Generator) -> Tensor:
        latent = torch.randn(len(labels), LATENT, generator=random).to(self.device)
        return generator(latent, labels, noise_mode="const")

    def saved(self) -> Any:
        networks = {**self.networks, "average": self.average}
        return {name: copy.deepcopy(network.state_dict()) for name, network in networks.items()}

    def restore(self, saved: Any) -> None:
        for name, network in {**self.networks, "average": self.average}.items():
            network.load_state_dict(saved[name])
