"""What the finished cells say: a markdown table, and a picture."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

COLUMNS = {
    "fd_ratio": "Fréchet ratio",
    "kid": "KID",
    "density": "density",
    "coverage": "coverage",
    "coverage_encoder": "coverage, encoder",
    "close_match": "close matches",
    "recognised_share": "recognised, share of real",
}
LEGEND = (
    "Fréchet ratio, KID, density and coverage on radiomics-lite, and coverage on an encoder trained on the real "
    "training images, all against held-out patients: mean over the seeds, least and most in brackets. `real`: training "
    "images in the place of drawn ones. Close matches: share nearer to a training image than 99 % of held-out images."
)


def results(folder: Path) -> list[dict[str, Any]]:
    """All finished cells, in the order of their names."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def table(found: list[dict[str, Any]]) -> str:
    parts = [
        part for part in (_quality(_of(found, "quality")), _speed(_of(found, "throughput")), _resume(found)) if part
    ]
    return "\n\n".join(parts)


def _of(found: list[dict[str, Any]], track: str) -> list[dict[str, Any]]:
    return [one for one in found if one["cell"]["track"] == track]


def _key(one: dict[str, Any]) -> tuple[Any, ...]:
    cell = one["cell"]
    names = ("dataset", "side", "device", "threads", "clock", "seconds", "peer", "size", "batch")
    return tuple(cell[name] for name in names)


def _groups(found: list[dict[str, Any]]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Cells that differ in their seed only, together."""
    grouped = defaultdict(list)
    for one in found:
        grouped[_key(one)].append(one)
    return dict(sorted(grouped.items(), key=lambda item: _order(item[0])))


def _order(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """Ours before its peers; no batch that was asked for before any."""
    return *key[:6], *(key[6:7] != ("ours",), *key[6:8], *(part or 0 for part in key[8:]))


def _quality(found: list[dict[str, Any]]) -> str:
    if not found:
        return ""
    head = ("data", "px", "clock", "peer", "size", "seeds", "thousand images", *COLUMNS.values())
    rows, last = [], None
    for key, cells in _groups(found).items():
        dataset, side, device, threads, clock, seconds, peer, size, batch = key
        place = (dataset, side, f"{seconds:g} s {clock}, {device} x{threads}")
        if place != last:
            rows.append((*place, "real", "", "", "", *(_spread([cells[0]["real"].get(name)]) for name in COLUMNS)))
        last = place
        thousands = _spread([one["training"]["images"] / 1000 for one in cells])
        named = size if batch is None else f"{size}, batch {batch}"
        told = (_spread([one["quality"][name] for one in cells]) for name in COLUMNS)
        rows.append((*place, peer, named, str(len(cells)), thousands, *told))
    return LEGEND + "\n\n" + _lines(head, rows)


def _speed(found: list[dict[str, Any]]) -> str:
    head = ("px", "clock", "peer", "size", "batch", "images/s", "quartiles", "GFLOP/image", "G / D million parameters")
    head = (*head, "of the roofline", "of the matrix rate", "MB at most")
    rows = []
    for one in found:
        cell = one["cell"]
        low, high = one["images_per_second"]["quartiles"]
        sizes = f"{one['generator_parameters'] / 1e6:.2f} / {one['discriminator_parameters'] / 1e6:.2f}"
        place = (cell["side"], f"{cell['clock']}, {cell['device']} x{cell['threads']}", cell["peer"], cell["size"])
        speed = (one["batch"], one["images_per_second"]["median"], f"{low:g} to {high:g}")
        limits = (f"{one['share_of_roofline']:.0%}", f"{one['share_of_matrix_rate']:.0%}", one["peak_memory_mb"])
        rows.append((*place, *speed, f"{one['flop_per_image'] / 1e9:.2f}", sizes, *limits))
    return _lines(head, sorted(rows, key=str)) if rows else ""


def _resume(found: list[dict[str, Any]]) -> str:
    head = ("data", "px", "peer", "exact", "largest difference of a weight", "lost")
    rows = []
    for one in _of(found, "resume"):
        cell, told = one["cell"], one["resume"]
        lost = ", ".join(told["lost"]) or "nothing"
        exact = "yes" if told["exact"] else "no"
        rows.append((cell["dataset"], cell["side"], cell["peer"], exact, told["largest_difference"], lost))
    return _lines(head, rows) if rows else ""


def _spread(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    middle = f"{np.mean(known):.3g}"
    return middle if len(known) == 1 else f"{middle} ({min(known):.3g} to {max(known):.3g})"


def _lines(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    written = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in written)


def plot(found: list[dict[str, Any]], target: Path) -> None:
    """Fréchet ratio and coverage after the clock, a group of bars a data set, a bar a peer, a dot a seed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups = _groups(_of(found, "quality"))
    places = list(dict.fromkeys(key[:6] for key in groups))
    peers = sorted({key[6:] for key in groups}, key=lambda peer: (peer[0] != "ours", str(peer)))
    figure, both = pyplot.subplots(1, 2, figsize=(4 + 2.2 * len(places), 4.2))
    for axes, name in zip(both, ("fd_ratio", "coverage"), strict=True):
        for number, peer in enumerate(peers):
            shift = (number - (len(peers) - 1) / 2) / (len(peers) + 1)
            seen = [(i + shift, groups[place + peer]) for i, place in enumerate(places) if place + peer in groups]
            values = [[one["quality"][name] for one in cells] for _, cells in seen]
            shown = " ".join(str(part) for part in peer if part)
            axes.bar([x for x, _ in seen], [np.mean(v) for v in values], 1 / (len(peers) + 1), label=shown)
            dots = [(x, value) for (x, _), some in zip(seen, values, strict=True) for value in some]
            axes.plot([x for x, _ in dots], [y for _, y in dots], "k.", markersize=4)
        axes.set_xticks(range(len(places)), [f"{p[0]}\n{p[1]} px, {p[5]:g} s {p[4]}" for p in places], fontsize=8)
        axes.set_title(
            "Fréchet ratio, held-out (1: as good as real)" if name == "fd_ratio" else "Coverage (more: better)"
        )
    both[0].set_yscale("log")
    both[0].axhline(1, color="grey", linewidth=0.8)
    both[1].set_ylim(0, 1)
    both[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(target)
    pyplot.close(figure)
