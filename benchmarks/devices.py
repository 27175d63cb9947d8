"""What suits each device of this machine: `python benchmarks/devices.py`. Writes results/devices.json.

For every device and preset: the self-test; gradients of the discriminator by one pass of the linear map (ours) against
double backward; layout of the images in memory; bfloat16 in the large stages; CUDA graphs; and what share of the
roofline a whole step reaches, of the matrix rate and layer by layer. Alternatives are measured in turns, the best
of each counts, on a CPU in processor seconds of one thread: other people's work on the machine disturbs those least.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from medsynth_engine.gan import augment, device, graphs, probes, roofline
from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.networks import Architecture, Discriminator, Generator, settle
from medsynth_engine.gan.objective import Game, Pairs
from medsynth_engine.gan.presets import PRESETS

RESULTS = Path(__file__).parent / "results" / "devices.json"
VOCABULARY = Vocabulary(
    (Categorical("finding", ("healthy", "effusion"), (500, 500)),), (Continuous("age", 50, 15, 1, 95),)
)


def game(preset: str, where: torch.device, trunk: torch.dtype = torch.float32, channels_last: bool = True) -> Game:
    torch.manual_seed(0)
    architecture = Architecture(PRESETS[preset].widths, PRESETS[preset].blocks, 1)
    networks = Generator(architecture, VOCABULARY), Discriminator(architecture, VOCABULARY)
    for network in networks:
        settle(network, where, trunk)
        if not channels_last:
            network.to(memory_format=torch.contiguous_format)
    return Game(*networks)


def pairs(preset: str, where: torch.device, count: int) -> Pairs:
    side = PRESETS[preset].resolution
    source = torch.Generator(where).manual_seed(1)
    warp = augment.draw(augment.PROFILES["radiograph"], torch.ones(count, device=where), side, 1, source)
    real = torch.randn(count, 1, side, side, generator=source, device=where)
    latent = torch.randn(count, 64, generator=source, device=where)
    return Pairs(real, latent, VOCABULARY.unknown(count).to(where), warp)


def step(played: Game, given: Pairs, halves: graphs.Halves | None = None) -> Callable[[], object]:
    """Gradients of both networks."""
    teacher: Any = halves or played

    def both() -> None:
        for network in (played.generator, played.discriminator):
            network.zero_grad(set_to_none=halves is None)
        teacher.teach_discriminator(given, 2.0, 1.0)
        played.discriminator.requires_grad_(False)
        teacher.teach_generator(given, 1.0)
        played.discriminator.requires_grad_(True)

    return both


def seconds_of(ways: dict[str, Callable[[], object]], where: torch.device, seconds: float) -> dict[str, float]:
    """The best time of each, in turns."""
    clock = time.process_time if where.type == "cpu" else time.perf_counter
    best: dict[str, float] = {}
    for work in ways.values():
        work()
    end = time.perf_counter() + seconds * len(ways)
    while not best or time.perf_counter() < end:
        for name, work in ways.items():
            roofline.synchronise(where)
            begin = clock()
            work()
            roofline.synchronise(where)
            best[name] = min(best.get(name, float("inf")), clock() - begin)
    return best


def discriminators(preset: str, where: torch.device, given: Pairs) -> dict[str, Callable[[], object]]:
    ours, theirs = game(preset, where), game(preset, where)

    def twice() -> None:
        theirs.discriminator.zero_grad()
        probes.game_loss(theirs, given, 2.0, 1.0).backward()

    def once() -> None:
        ours.discriminator.zero_grad()
        ours.teach_discriminator(given, 2.0, 1.0)

    return {"one_pass": once, "double_backward": twice}


def steps(preset: str, where: torch.device, given: Pairs) -> dict[str, Callable[[], object]]:
    ways = {"step": step(game(preset, where), given), "step_bf16": step(game(preset, where, torch.bfloat16), given)}
    if where.type != "mps":
        ways["step_contiguous"] = step(game(preset, where, channels_last=False), given)
    if where.type == "cuda":
        for name, trunk in (("step_graph", torch.float32), ("step_bf16_graph", torch.bfloat16)):
            played = game(preset, where, trunk)
            ways[name] = step(played, given, graphs.Halves(played, where, wished=True))
    return ways


def measure(preset: str, where: torch.device, rates: roofline.Rates, seconds: float, batch: int) -> dict[str, Any]:
    given = pairs(preset, where, batch)
    taken = seconds_of(discriminators(preset, where, given), where, seconds)
    taken |= seconds_of(steps(preset, where, given), where, seconds)
    work = roofline.work(step(game(preset, where), given))
    reached = roofline.share(work.flops / batch, batch / taken["step"], rates)
    return {
        "batch": batch,
        "images_a_second": round(batch / taken["step"], 1),
        "milliseconds": {name: round(1000 * one, 2) for name, one in taken.items()},
        "one_pass_gain": round(taken["double_backward"] / taken["one_pass"], 2),
        "bf16_gain": round(taken["step"] / taken["step_bf16"], 2),
        "gflop_an_image": round(work.flops / batch / 1e9, 3),
        "share_of_matrix_rate": round(reached, 3),
        "share_of_layers": round(work.seconds(rates) / taken["step"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--presets", nargs="*", choices=PRESETS, help="on a CPU nano32 and tiny64, else all")
    parser.add_argument("--devices", nargs="*", choices=device.available(), default=device.available())
    parser.add_argument("--seconds", type=float, default=2.0, help="for each alternative")
    parser.add_argument("--batch", type=int, help="instead of the preset's")
    asked = parser.parse_args()
    device.keep_freed_memory()
    load, found = os.getloadavg()[0], []
    for name in asked.devices:
        where = torch.device(name)
        torch.set_num_threads(1 if name == "cpu" else device.threads())
        rates = roofline.measure(where)
        told: dict[str, Any] = {**device.tested(where), "matrix_gflops": round(rates.matrix_flops / 1e9, 1)}
        told |= {"copy_gb_a_second": round(rates.copy_bytes / 1e9, 1), "presets": {}}
        found.append(told)
        print(f"{name}: {told['matrix_gflops']} GFLOP/s, {told['copy_gb_a_second']} GB/s, self-test ok: {told['ok']}")
        for preset in asked.presets or (("nano32", "tiny64") if name == "cpu" else PRESETS):
            batch = asked.batch or PRESETS[preset].batch
            told["presets"][preset] = measure(preset, where, rates, asked.seconds, batch)
            print(f"  {preset:9} {json.dumps(told['presets'][preset])}", flush=True)
    document = {
        "machine": f"{platform.system()} {platform.machine()}",
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "devices": found,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
