"""Simulated mode: the stream of a training without a training. Nothing is learned from data, and everything says so.

It writes what a real run writes (state, metric lines, sample sheets) so that screens and commands can be tried in
seconds, with `simulated: true` on every line and SIMULATED on every picture. It writes no generator: nothing simulated
can draw, be evaluated or leave. No torch is imported.
"""

from __future__ import annotations

import io
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from medsynth_engine.gan import presets
from medsynth_engine.kernel.atomic import write_bytes
from medsynth_engine.kernel.errors import BadInput, MedSynthError
from medsynth_engine.kernel.folders import RunFolder

SECONDS = 20.0
"""How long a simulated training takes, whatever its budget says."""
TICKS = 60
EVALUATIONS = 6
STAMP = "SIMULATED"


def simulate(run_folder: Path, wanted: Callable[[], bool] = lambda: True, seconds: float = SECONDS) -> str:
    """Act out the run in `run_folder` for `seconds`; returns the state reached: finished, paused, stopped, interrupted.

    Goes on where a paused one was left. `wanted()` turns False to interrupt; `control.json` is obeyed as in a real run.
    Raises BadInput where the folder holds no run.
    """
    folder = RunFolder(Path(run_folder))
    config = folder.config()
    if config.get("format") != 1:
        raise BadInput("not_a_run", "This folder holds no run.", "Choose a run's folder.")
    total = _kimg(config)
    before = folder.state()
    done = before.get("tick", 0) if before.get("simulated") else 0
    rng = np.random.default_rng([int(config.get("seed") or 0), done])
    facts: dict[str, Any] = {
        "simulated": True,
        "device": "simulated",
        "preset": str(config.get("preset") or "auto"),
        "total_kimg": total,
        "best": before.get("best") if done else None,
    }
    if done:
        _event(folder, "resume", total * done / TICKS)
    folder.set_state("running", tick=done, kimg=total * done / TICKS, seconds=seconds * done / TICKS, **facts)
    for tick in range(done + 1, TICKS + 1):
        time.sleep(seconds / TICKS)
        share = tick / TICKS
        kimg, elapsed = round(total * share, 3), round(seconds * share, 2)
        folder.append(kind="tick", simulated=True, kimg=kimg, seconds=elapsed, **_tick(share, seconds, total, rng))
        if tick % (TICKS // EVALUATIONS) == 0:
            facts["best"] = _evaluate(folder, share, kimg, elapsed, facts["best"], rng)
        folder.set_state("running", tick=tick, kimg=kimg, seconds=elapsed, **facts)
        with folder.undisturbed():
            wish = folder.wish()
            ending = "interrupted" if not wanted() else {"pause": "paused", "stop": "stopped"}.get(wish)
            if ending:
                _event(folder, wish if ending != "interrupted" else "checkpoint", kimg)
                folder.set_state(ending, tick=tick, kimg=kimg, seconds=elapsed, **facts)
                return ending
    _event(folder, "finish", total)
    folder.set_state("finished", tick=TICKS, kimg=total, seconds=seconds, **facts)
    return "finished"


def _kimg(config: dict[str, Any]) -> float:
    budget = config.get("budget") or {}
    if budget.get("kimg"):
        return float(budget["kimg"])
    # as if at 300 images a second: a made-up machine
    return 18.0 * float(budget.get("minutes") or 5.0)


def _tick(share: float, seconds: float, total: float, rng: np.random.Generator) -> dict[str, float]:
    """Curves of the shape that real ones have; the numbers mean nothing."""
    learned = 1 - math.exp(-4 * share)
    noise = rng.normal(0, 1, 6)
    return {
        "epoch": round(total * share, 3),
        "loss_discriminator": round(0.69 - 0.25 * learned + 0.03 * noise[0], 5),
        "loss_generator": round(0.69 + 0.35 * learned + 0.05 * noise[1], 5),
        "accuracy_real": round(min(0.99, 0.5 + 0.25 * learned + 0.02 * noise[2]), 5),
        "accuracy_fake": round(min(0.99, 0.5 + 0.28 * learned + 0.02 * noise[3]), 5),
        "images_per_second": round(300 + 5 * noise[4], 2),
        "overfitting": round(0.2 * learned + 0.02 * noise[5], 5),
        "augmentation": 0.0,
        "eta_seconds": round(seconds * (1 - share), 1),
    }


def _evaluate(
    folder: RunFolder,
    share: float,
    kimg: float,
    elapsed: float,
    best: dict[str, float] | None,
    rng: np.random.Generator,
) -> dict[str, float]:
    ratio = round(2 + 60 * math.exp(-5 * share) + abs(rng.normal(0, 0.2)), 3)
    folder.append(
        kind="evaluation",
        simulated=True,
        kimg=kimg,
        seconds=elapsed,
        fd_ratio_validation=ratio,
        kid=round(ratio / 20, 4),
        nearest_neighbour_risk=round(float(np.clip(rng.normal(0.5, 0.03), 0, 1)), 4),
    )
    config = folder.config()
    side = int(config.get("resolution") or presets.PRESETS["nano32"].resolution)
    picture = io.BytesIO()
    _picture(share, side, rng).save(picture, "PNG")
    folder.samples.mkdir(exist_ok=True, mode=0o700)
    write_bytes(folder.samples / f"{kimg:09.3f}.png", picture.getvalue())
    if best is None or ratio < best["fd_ratio_validation"]:
        best = {"kimg": kimg, "fd_ratio_validation": ratio}
        _event(folder, "best", kimg)
    return best


def _picture(share: float, side: int, rng: np.random.Generator, rows: int = 4, columns: int = 10) -> Image.Image:
    """Discs that come out of the noise, SIMULATED across every row."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    sheet = np.zeros((rows * side, columns * side))
    for row in range(rows):
        for column in range(columns):
            disc = 180 * (np.hypot(x, y) < 0.3 + 0.5 * (row + 1) / rows) + 20
            image = share * disc + (1 - share) * rng.uniform(0, 255, (side, side))
            sheet[row * side : (row + 1) * side, column * side : (column + 1) * side] = image
    zoom = max(1, 64 // side)
    picture = Image.fromarray(sheet.clip(0, 255).astype(np.uint8)).convert("RGB")
    picture = picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(picture)
    height = picture.height // rows
    font = ImageFont.load_default(max(10, height // 2))
    for row in range(rows):
        place = (picture.width / 2, (row + 0.5) * height)
        pen.text(place, STAMP, fill="red", font=font, anchor="mm", stroke_width=2, stroke_fill="white")
    return picture


def _event(folder: RunFolder, what: str, kimg: float) -> None:
    folder.append(kind="event", what=what, kimg=round(kimg, 3), simulated=True)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m medsynth_engine.simulated RUN_FOLDER", file=sys.stderr)
        return 2
    try:
        return 130 if simulate(Path(arguments[0])) == "interrupted" else 0
    except MedSynthError as error:
        print(error.message, error.hint, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
