"""The three tracks: how fast (T1), how good after the same time (T2, T3 by size), how exact a resume is (T4)."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from medsynth_engine.gan import roofline
from medsynth_engine.kernel.folders import RunFolder
from peers import ours
from peers.cell import Cell
from peers.clock import Stopwatch, wait_for
from peers.data import Data, Fold, run_folder
from peers.measure import Looks, Measures
from peers.peer import Feed, Peer, Setting, Steps, build, parameters

LOOKS = 6
"""How often a peer is looked at while it trains; the best look is kept. Not on its clock."""
WARM_UP = 20
MOST_CYCLES = 200
RESUMED_CYCLES = 16


def started(cell: Cell, data: Data, scratch: Path, augment: bool = True, seed: int | None = None) -> Any:
    """The peer of a cell on its device, with fresh weights."""
    device = torch.device(cell.device)
    shape = (data.side, data.channels, data.training.labels.shape[1], len(data.training))
    folder = None
    if cell.peer == "ours":
        folder = scratch / f"run-{time.monotonic_ns()}"
        run_folder(data, folder, {"kimg": 1000}, cell.seed, cell.device)
    used = cell.seed if seed is None else seed
    setting = Setting(*shape, cell.size, cell.batch, augment, used, device, folder)
    return build(cell.peer, setting, Feed(data.training, device, used))


def quality(cell: Cell, data: Data, work: Path, scratch: Path) -> dict[str, Any]:
    """Train for the clock, then measure what it draws against the held-out fold."""
    train = _train_ours if cell.peer == "ours" else _train_peer
    trained, draw, conditional = train(cell, data, scratch)
    images, measures = trained["images"], Measures(data, work)
    trained["images_per_second"] = round(images / trained[f"{cell.clock}_seconds"], 2)
    return {"training": trained, "quality": measures.of(draw, conditional), "real": measures.real()}


def _train_ours(cell: Cell, data: Data, scratch: Path) -> tuple[dict[str, Any], Callable[..., np.ndarray], bool]:
    from medsynth_engine.gan.sample import Drawer

    folder, until = scratch / "ours", lambda spent: False
    plan: dict[str, Any] = {}
    if cell.clock == "wall":
        budget = {"minutes": cell.seconds / 60}
    else:
        speed = ours.rehearsed(data, scratch / "rehearsal", cell.seed, cell.threads)
        budget = {"kimg": round(speed.kimg(cell.threads * cell.seconds * ours.CAREFUL), 3)}
        until = lambda spent: spent >= cell.seconds  # noqa: E731
        plan = {"rehearsal": {name: round(value, 5) for name, value in asdict(speed).items()}}
    run_folder(data, folder, budget, cell.seed, cell.device)
    done = ours.train(folder, cell.threads, until)
    drawer = Drawer(folder / "generator.pth", device=cell.device)
    run = RunFolder(folder)
    told = {
        **plan,
        "budget": budget,
        "images": done.images,
        "wall_seconds": round(done.wall, 2),
        "processor_seconds": round(done.processor, 2),
        "exit_code": done.exit_code,
        "state": run.state().get("state"),
        "preset": run.state().get("preset"),
        "kept": run.state().get("kept"),
        **_course(run),
    }

    def draw(asked: Fold, seed: int) -> np.ndarray:
        return np.concatenate(list(drawer.draw(asked.table, seed)))

    return told, draw, True


def _course(run: RunFolder) -> dict[str, Any]:
    """What the run tells of itself: its evaluations, and why it ended where that was early."""
    lines, _ = run.lines()
    curve = [
        {"images": round(1000 * line["kimg"]), "fd_ratio_validation": line["fd_ratio_validation"]}
        for line in lines
        if line["kind"] == "evaluation"
    ]
    return {"curve": curve, "ended": run.state().get("ended")}


def _train_peer(cell: Cell, data: Data, scratch: Path) -> tuple[dict[str, Any], Callable[..., np.ndarray], bool]:
    peer = started(cell, data, scratch)
    if cell.device == "cuda":
        peer.cycle()  # compiles, and finds the fastest kernels: not on the clock
        peer = started(cell, data, scratch)
    looks = Looks(data)
    stopwatch = Stopwatch(cell.clock, cell.threads, peer.device)
    at_once = 8 if peer.device.type == "cuda" else 1  # reading the clock waits for the device
    curve, best = [], None
    for look in range(1, LOOKS + 1):
        while stopwatch.spent < cell.seconds * look / LOOKS:
            peer.progress(stopwatch.spent / cell.seconds)
            with stopwatch:
                for _ in range(at_once):
                    peer.cycle()
        for name in peer.generators():
            ratio = looks.ratio(_drawing(peer, peer.snapshot(name)))
            curve.append({"images": peer.seen, "generator": name, "fd_ratio_validation": float(f"{ratio:.4g}")})
            if best is None or ratio < best[0]:
                best = (ratio, peer.snapshot(name), curve[-1])
    assert best is not None
    told = {
        "images": peer.seen,
        "batch": peer.batch,
        "wall_seconds": round(stopwatch.wall, 2),
        "processor_seconds": round(stopwatch.processor, 2),
        "kept": best[2],
        "curve": curve,
        "version": peer.version,
        **_sizes(peer),
    }
    return told, _drawing(peer, best[1]), peer.conditional


def _drawing(peer: Peer, generator: nn.Module) -> Callable[[Fold, int], np.ndarray]:
    return lambda asked, seed: peer.draw(generator, asked.labels, seed)


def _sizes(peer: Steps) -> dict[str, int]:
    return {
        "generator_parameters": parameters(peer.generators()["raw"]),
        "discriminator_parameters": parameters(peer.discriminator()),
    }


def throughput(cell: Cell, data: Data, work: Path, scratch: Path) -> dict[str, Any]:
    """Images a second over whole cycles (one image: one real image through discriminator and generator), no
    augmentation. Cycles of a period are timed together, so that lazy penalties are in every time."""
    before = _peak(torch.device(cell.device))
    peer = started(cell, data, scratch, augment=False)
    device = peer.device
    work_done = roofline.work(lambda: [peer.cycle() for _ in range(peer.period)])
    flops = work_done.flops / (peer.batch * peer.period)
    end = time.perf_counter() + cell.seconds
    while peer.cycles < WARM_UP and time.perf_counter() < end:
        peer.cycle()
    wait_for(device)
    stopwatch, speeds = Stopwatch(cell.clock, cell.threads, device), []
    while not speeds or (len(speeds) * peer.period < MOST_CYCLES and stopwatch.spent < cell.seconds):
        earlier = stopwatch.spent
        with stopwatch:
            for _ in range(peer.period):
                peer.cycle()
        speeds.append(peer.batch * peer.period / (stopwatch.spent - earlier))
    low, middle, high = np.percentile(speeds, (25, 50, 75))
    rates = roofline.measure(device)
    # a limit of the device, so by the wall clock whatever the other is
    on_wall = len(speeds) * peer.batch * peer.period / stopwatch.wall
    least = work_done.seconds(rates) / (peer.batch * peer.period)
    return {
        "batch": peer.batch,
        "period": peer.period,
        "timed": len(speeds),
        "images_per_second": {"median": round(middle, 2), "quartiles": [round(low, 2), round(high, 2)]},
        "wall_seconds": round(stopwatch.wall, 2),
        "processor_seconds": round(stopwatch.processor, 2),
        "flop_per_image": round(flops),
        "share_of_matrix_rate": round(roofline.share(flops, on_wall, rates), 4),
        "share_of_roofline": round(least * on_wall, 4),
        "rates": {name: float(f"{value:.4g}") for name, value in asdict(rates).items()},
        "peak_memory_mb": round(_peak(device) / 1e6),
        "memory_before_mb": round(before / 1e6),
        "version": peer.version,
        **_sizes(peer),
    }


def _peak(device: torch.device) -> int:
    """Bytes: of the device, or of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if os.uname().sysname == "Darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def resume(cell: Cell, data: Data, work: Path, scratch: Path) -> dict[str, Any]:
    """Break off half-way, go on as its own program would, and compare with the training that was left alone."""
    found = _resume_ours(cell, data, scratch) if cell.peer == "ours" else _resume_peer(cell, data, scratch)
    return {"resume": found}


def _resume_ours(cell: Cell, data: Data, scratch: Path) -> dict[str, Any]:
    """kill -9 at half, then the same command again."""
    kimg = ours.rehearsed(data, scratch / "rehearsal", cell.seed, cell.threads).kimg(cell.threads * cell.seconds)
    whole, broken = scratch / "whole", scratch / "broken"
    for folder in (whole, broken):
        run_folder(data, folder, {"kimg": kimg}, cell.seed, cell.device)
    ours.train(whole, cell.threads)
    killed = ours.train(broken, cell.threads, kill=lambda run: (run.state().get("kimg") or 0) >= kimg / 2)
    ended = ours.train(broken, cell.threads)
    states = [torch.load(folder / "generator.pth", weights_only=True)["generator"] for folder in (whole, broken)]
    return {
        "how": "kill -9 of the process at half, the same command again",
        "killed": killed.exit_code,
        "killed_at_images": killed.images,
        "images": ended.images,
        **_compared(states[0], states[1]),
        "lost": [],
    }


def _resume_peer(cell: Cell, data: Data, scratch: Path) -> dict[str, Any]:
    def cycles(peer: Peer, count: int) -> None:
        for _ in range(count):
            peer.progress((peer.cycles + 0.5) / RESUMED_CYCLES)
            peer.cycle()

    whole, looks = started(cell, data, scratch), Looks(data)
    cycles(whole, RESUMED_CYCLES)
    first = started(cell, data, scratch)
    cycles(first, RESUMED_CYCLES // 2)
    again = started(cell, data, scratch, seed=cell.seed + 1000)
    again.restore(first.saved())
    cycles(again, RESUMED_CYCLES // 2)
    pair = (whole.snapshot("raw"), again.snapshot("raw"))
    ratios = [looks.ratio(_drawing(peer, one)) for peer, one in zip((whole, again), pair, strict=True)]
    return {
        "how": "what its program saves at half, into a new process's objects",
        "cycles": RESUMED_CYCLES,
        **_compared(pair[0].state_dict(), pair[1].state_dict()),
        "fd_ratio_validation": {"uninterrupted": round(ratios[0], 3), "resumed": round(ratios[1], 3)},
        "kept": list(whole.kept),
        "lost": list(whole.lost),
        "version": whole.version,
    }


def _compared(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> dict[str, Any]:
    """Largest difference of any weight, and the mean relative to the mean weight."""
    apart = torch.cat([(one[name].double() - other[name].double()).abs().flatten() for name in one])
    size = torch.cat([value.double().abs().flatten() for value in one.values()])
    return {
        "exact": bool(apart.max() == 0),
        "largest_difference": float(f"{apart.max().item():.4g}"),
        "relative_difference": float(f"{(apart.mean() / size.mean()).item():.4g}"),
    }
