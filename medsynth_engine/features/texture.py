"""The texture families of radiomics-lite. Every function takes a batch and returns float32 (n, number of names)."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

LEVELS = 16
"""Grey bins of the co-occurrence matrix; the run lengths use half as many."""
RUN_LEVELS = 8
DISTANCES = (1, 3)
ANGLES = ((0, 1), (1, 1), (1, 0), (1, -1))
HARALICK = ("contrast", "dissimilarity", "homogeneity", "energy", "entropy", "correlation")
COOCCURRENCE = tuple(f"{name}_{kind}_{d}" for d in DISTANCES for kind in ("mean", "range") for name in HARALICK)
RUN_LENGTH = ("short", "long", "grey_nonuniformity", "length_nonuniformity", "share", "dark", "bright", "variance")
PATTERN = (*(f"ones_{count}" for count in range(9)), "mixed")
WAVELET = tuple(
    f"{kind}_{band}_{level}" for level in (1, 2, 3) for band in ("lh", "hl", "hh") for kind in ("energy", "entropy")
)
RINGS = 12
SPECTRUM = tuple(f"ring_{ring}" for ring in range(RINGS))


def histogram(values: Tensor, bins: int) -> Tensor:
    """int64 (n, m) in 0..bins-1 -> share of each value, float32 (n, bins)."""
    rows = torch.arange(len(values))[:, None] * bins
    counts = torch.bincount((values + rows).flatten(), minlength=len(values) * bins)
    return counts.view(len(values), bins).float() / max(1, values.shape[1])


def entropy(shares: Tensor) -> Tensor:
    """In nats, over the last dimension."""
    return -torch.xlogy(shares, shares).sum(-1)


def cooccurrence(levels: Tensor) -> Tensor:
    """Haralick features (Haralick et al. 1973) of symmetric matrices at four angles: mean and range over the angles.

    levels: int64 (n, h, w) in 0..LEVELS-1.
    """
    columns = []
    for distance in DISTANCES:
        angles = torch.stack([_haralick(_joint(levels, dy * distance, dx * distance)) for dy, dx in ANGLES])
        columns += [angles.mean(0), angles.amax(0) - angles.amin(0)]
    return torch.cat(columns, dim=1)


def _joint(levels: Tensor, down: int, right: int) -> Tensor:
    """Share of each pair of levels at an offset, symmetric: float32 (n, LEVELS, LEVELS)."""
    height, width = levels.shape[1:]
    first = levels[:, : height - down, max(0, -right) : width - max(0, right)]
    second = levels[:, down:, max(0, right) : width - max(0, -right)]
    joint = histogram((first * LEVELS + second).flatten(1), LEVELS**2).view(-1, LEVELS, LEVELS)
    return (joint + joint.mT) / 2


def _haralick(joint: Tensor) -> Tensor:
    level = torch.arange(LEVELS, dtype=torch.float32)
    apart = (level[:, None] - level[None]).abs()
    margin = joint.sum(2)
    mean = margin @ level
    variance = margin @ level.square() - mean.square()
    product = (joint * (level[:, None] * level[None])).sum((1, 2))
    # a constant image is perfectly correlated with itself
    correlation = torch.where(variance > 1e-6, (product - mean.square()) / variance.clamp_min(1e-6), 1.0)
    return torch.stack(
        [
            (joint * apart.square()).sum((1, 2)),
            (joint * apart).sum((1, 2)),
            (joint / (1 + apart)).sum((1, 2)),
            joint.square().sum((1, 2)),
            entropy(joint.flatten(1)),
            correlation,
        ],
        dim=1,
    )


@lru_cache(maxsize=16)
def _lines(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Pixels in the order in which lines at four angles run through them, and where a line begins: (4, h*w) each."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    orders, begins = [], []
    for line, place in ((y, x), (x, y), (y - x + width, x), (y + x, x)):
        order = (line * (height + width) + place).flatten().argsort()
        along = line.flatten()[order]
        orders.append(order)
        begins.append(torch.cat([torch.ones(1, dtype=torch.bool), along[1:] != along[:-1]]))
    return torch.stack(orders), torch.stack(begins)


def run_length(levels: Tensor) -> Tensor:
    """Run-length features (Galloway 1975; Chu et al. 1990), runs of all four angles together.

    levels: int64 (n, h, w) in 0..RUN_LEVELS-1.
    """
    count, pixels = len(levels), levels[0].numel()
    orders, begins = _lines(*levels.shape[1:])
    along = levels.flatten(1)[:, orders]
    start = (
        torch.cat([begins[None, :, :1].expand(count, -1, -1), (along[:, :, 1:] != along[:, :, :-1])], dim=2) | begins
    )
    place = start.flatten().nonzero()[:, 0]
    length = torch.diff(place, append=torch.tensor([start.numel()]))
    grey = along.flatten()[place]
    image = place // (4 * pixels)
    runs = torch.bincount(image, minlength=count).float()

    def mean(values: Tensor) -> Tensor:
        return torch.bincount(image, values, minlength=count) / runs

    def nonuniformity(values: Tensor, bins: int) -> Tensor:
        counts = torch.bincount(image * bins + values, minlength=count * bins).view(count, bins).float()
        return (counts / runs[:, None]).square().sum(1)

    reach, bright = length.float(), (grey + 1).float()
    longest = max(levels.shape[1:])
    average = mean(reach)
    return torch.stack(
        [
            mean(reach**-2),
            torch.log1p(mean(reach**2)),
            nonuniformity(grey, RUN_LEVELS),
            nonuniformity(length - 1, longest),
            runs / (4 * pixels),
            mean(bright**-2),
            mean(bright**2),
            torch.log1p((mean(reach**2) - average**2).clamp_min(0)),
        ],
        dim=1,
    ).float()


@lru_cache(maxsize=1)
def _pattern_bins() -> Tensor:
    """Bin of each of the 256 neighbourhoods: number of ones where they are one arc (uniform), else the last."""
    bins = []
    for code in range(256):
        bits = [(code >> position) & 1 for position in range(8)]
        changes = sum(bits[position] != bits[position - 1] for position in range(8))
        bins.append(sum(bits) if changes <= 2 else 9)
    return torch.tensor(bins)


def pattern(grey: Tensor) -> Tensor:
    """Rotation-invariant uniform local binary patterns, 8 neighbours at radius 1 (Ojala et al. 2002, equation 9)."""
    height, width = grey.shape[1:]
    centre = grey[:, 1:-1, 1:-1]
    code = torch.zeros(centre.shape, dtype=torch.uint8)
    ring = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    for position, (down, right) in enumerate(ring):
        neighbour = grey[:, down : height - 2 + down, right : width - 2 + right]
        code |= (neighbour >= centre).to(torch.uint8) << position
    return histogram(_pattern_bins()[code.long()].flatten(1), len(PATTERN))


def wavelet(grey: Tensor) -> Tensor:
    """Log energy and normalised entropy of the detail bands of three Haar levels; odd borders are cut off."""
    columns = []
    low = grey
    for _ in range(3):
        low = low[:, : low.shape[1] // 2 * 2, : low.shape[2] // 2 * 2]
        upper, lower = low[:, 0::2], low[:, 1::2]
        total, change = (upper + lower) / 2, (upper - lower) / 2
        low = (total[:, :, 0::2] + total[:, :, 1::2]) / 2
        bands = (
            (total[:, :, 0::2] - total[:, :, 1::2]) / 2,
            (change[:, :, 0::2] + change[:, :, 1::2]) / 2,
            (change[:, :, 0::2] - change[:, :, 1::2]) / 2,
        )
        for band in bands:
            energy = band.flatten(1).square()
            # half a grey level everywhere: a flat band is spread evenly, not divided by nothing
            shares = (energy + 0.25) / (energy + 0.25).sum(1, keepdim=True)
            columns += [torch.log1p(energy.mean(1)), entropy(shares) / math.log(max(2, energy.shape[1]))]
    return torch.stack(columns, dim=1)


@lru_cache(maxsize=16)
def _rings(height: int, width: int) -> tuple[Tensor, Tensor]:
    """A Hann window (h, w), and for each frequency its ring: share matrix (frequencies, RINGS)."""
    window = torch.hann_window(height, periodic=False)[:, None] * torch.hann_window(width, periodic=False)[None]
    down, right = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    radius = (down.square() + right.square()).sqrt() / 0.5
    ring = (radius.clamp(0, 0.999) * RINGS).long().flatten()
    member = torch.nn.functional.one_hot(ring, RINGS).float()
    return window, member / member.sum(0, keepdim=True).clamp_min(1)


def spectrum(grey: Tensor) -> Tensor:
    """Log mean power in RINGS rings from zero to the Nyquist frequency."""
    window, member = _rings(*grey.shape[1:])
    centred = (grey - grey.mean((1, 2), keepdim=True)) * window
    power = torch.fft.rfft2(centred, norm="ortho").abs().square().flatten(1)
    return torch.log1p(power @ member)
