"""The sizes a generator comes in. Light: the engine and the faces may import this (no torch)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from medsynth_engine.kernel.errors import BadInput

COLOUR = 4.0
"""Penalty for colour images against that for grey ones."""


@dataclass(frozen=True)
class Preset:
    """One size of network with the recipe that suits it.

    name        as on the command line
    resolution  side of the square image in pixels: 4 doubled once per stage after the first
    widths      channels of each stage, from 4x4 up to the full resolution; the discriminator mirrors them
    blocks      residual blocks per stage
    batch       real images per step
    gamma       weight of R1 and R2 at the start of training on grey images (it falls to a tenth)
    kimg        thousands of real images seen when no budget is asked for and there are about 1,000 to learn from
    """

    name: str
    resolution: int
    widths: tuple[int, ...]
    blocks: int
    batch: int
    gamma: float
    kimg: float

    def in_channels(self, channels: int) -> Preset:
        """The same network for grey or colour images: a slope in colour is one in three channels at once, and at the
        penalty of grey ones the discriminator outruns the generator (docs/gan.md)."""
        return replace(self, gamma=COLOUR * self.gamma) if channels == 3 else self

    def halved(self) -> Preset:
        """The same network for a small machine: half the batch, half the default length."""
        return replace(self, batch=max(4, self.batch // 2), kimg=self.kimg / 2)

    @property
    def bytes(self) -> float:
        """About what training takes of the memory of a machine without a GPU."""
        features = sum(width * (4 * 2**stage) ** 2 for stage, width in enumerate(self.widths))
        return RESTING_BYTES + BYTES_PER_FEATURE * self.batch * self.blocks * features


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("nano32", 32, (64, 48, 32, 16), 1, 16, 1.0, 120),
        Preset("tiny64", 64, (96, 96, 64, 48, 24), 1, 16, 2.0, 300),
        Preset("small64", 64, (192, 192, 128, 64, 32), 1, 32, 2.0, 800),
        Preset("small128", 128, (192, 192, 192, 96, 48, 24), 1, 16, 10.0, 800),
        Preset("base128", 128, (384, 384, 256, 192, 96, 48), 2, 64, 10.0, 1500),
        Preset("base256", 256, (384, 384, 256, 192, 96, 48, 24), 2, 32, 60.0, 2000),
    )
}

DP32 = Preset("dp32", 32, (64, 48, 32, 16), 1, 32, 0.05, 120)
"""Trained with differential privacy (gan/private): batch is the patients that a step expects, gamma that of R2 alone,
against gradients that are clipped to 1. `auto` never chooses it: it comes with an epsilon."""

LITTLE_BYTES = 4e9
"""What --low-resource allows."""
RESTING_BYTES, BYTES_PER_FEATURE = 1.0e9, 70
"""On a CPU: the process with its networks, and what one feature of one image takes through a step of both networks
with its penalties. Peaks measured at half the batch: small64 1.15 GB (1.3 by this), small128 1.4 (1.4), base256 7.6
(7.8)."""

NAMES = ("auto", *PRESETS, DP32.name)


def resolve(
    name: str, image_size: int, images: int, device: str = "cpu", low_resource: bool = False, fixed_size: bool = False
) -> Preset:
    """The preset called `name`, or for `auto` the one that suits the images and the device.

    image_size    shorter side of the typical image in pixels
    images        how many images the training fold holds
    device        `cpu`, `mps` or `cuda`
    low_resource  half the batch and half the default length
    fixed_size    the images are packed already: `auto` keeps `image_size` as it is

    Raises BadInput for a name that does not exist, and for a fixed size that no preset has.
    """
    if name != "auto" and name not in NAMES:
        raise BadInput("unknown_preset", f"There is no preset called {name!r}.", "Choose one of: " + ", ".join(NAMES))
    if name == DP32.name:
        return DP32.halved() if low_resource else DP32
    preset = PRESETS[name] if name != "auto" else _automatic(image_size, images, device, low_resource, fixed_size)
    return preset.halved() if low_resource else preset


def demand_little(preset: Preset, low_resource: bool) -> None:
    """Raise BadInput where little memory is allowed and training `preset` (halved already) without a GPU takes more."""
    if not low_resource or preset.bytes <= LITTLE_BYTES:
        return
    largest = max((p for p in PRESETS.values() if p.halved().bytes <= LITTLE_BYTES), key=lambda p: p.halved().bytes)
    raise BadInput(
        "too_large_for_little",
        f"{preset.name} takes about {preset.bytes / 1e9:.0f} GB on a CPU; with --low-resource, or on a small machine, "
        f"{LITTLE_BYTES / 1e9:.0f} GB is the most.",
        f"The largest that fits: --preset {largest.name}",
    )


def _automatic(image_size: int, images: int, device: str, low_resource: bool, fixed_size: bool) -> Preset:
    if fixed_size:
        fitting = [p for p in PRESETS.values() if p.resolution == image_size]
        if not fitting:
            sizes = ", ".join(str(size) for size in sorted({p.resolution for p in PRESETS.values()}))
            raise BadInput(
                "no_preset_for_size",
                f"No preset draws images of {image_size} pixels.",
                f"Pack them at one of: {sizes}.",
            )
        return fitting[-1] if device != "cpu" else fitting[0]
    if device == "cpu" or image_size < 48:
        # on a CPU 64 px cost nine times as much a picture: worth it only where one asks for it
        return PRESETS["nano32"]
    if low_resource or image_size < 96:
        return PRESETS["small64"]
    if device == "mps" or images < 2000:
        return PRESETS["small128"]
    return PRESETS["base128"]
