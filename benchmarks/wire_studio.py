"""The studio in this terminal, on documents instead of a store, with a training that never ends; for `wire.py`.

`python benchmarks/wire_studio.py --place run --link slow --look 1`. `--plain` writes as plain Textual does.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "studio")]

from fake_engine import FakeEngine  # noqa: E402
from textual.app import App  # noqa: E402

import medsynth_tui  # noqa: E402
from medsynth_tui import app as studio  # noqa: E402
from medsynth_tui import glyphs, signals  # noqa: E402
from medsynth_tui.drivers import driver_for  # noqa: E402

ARGUMENTS: dict[str, dict[str, Any]] = {
    "run": {"name": "chest-first"},
    "compare_runs": {"runs": ["chest-first", "chest-second", "chest-third"]},
    "dataset": {"name": "chest"},
    "cohort": {"name": "chest-1"},
}
LINES = ("tick", "learning rate lowered", "checkpoint written", "evaluated against the validation fold")


class Training(FakeEngine):
    """A run of which every look brings one more step: losses that wander, a log line, now and then an evaluation."""

    def __init__(self, begun: int = 300) -> None:
        super().__init__()
        self.chance, self.begun = random.Random(7), begun
        self.steps: Counter[str] = Counter()
        self.logged: list[str] = []

    async def runs_show(self, run: str) -> dict[str, Any]:
        return {**await super().runs_show(run), "kimg": self.steps[run] / 4, "kimg_total": 1_000.0}

    async def runs_watch(self, run: str, offset: int = 0) -> dict[str, Any]:
        records = []
        for _ in range(self.begun if not self.steps[run] else 1):
            self.steps[run] += 1
            records += self._records(self.steps[run])
        say = self.chance.choice(LINES)
        self.logged.append(f"2026-11-23T09:41:00Z step {self.steps[run]}: {say}")
        told = {"records": records, "offset": self.steps[run], "images_per_step": 250}
        return {**told, "state": "running", "log": self.logged[-50:], "samples": [50.0]}

    def _records(self, step: int) -> list[dict[str, Any]]:
        wander, kimg = self.chance.gauss, step / 4
        tick: dict[str, Any] = {"kind": "tick", "kimg": kimg, "seconds": 11 * kimg, "eta_seconds": 11_000 - 11 * kimg}
        tick |= {"loss_generator": 0.7 + math.exp(-kimg / 60) + wander(0, 0.05), "images_per_second": 84 + wander(0, 2)}
        tick |= {"loss_discriminator": 0.9 - 0.2 * math.exp(-kimg / 90) + wander(0, 0.03)}
        tick |= {"accuracy_real": 0.6 + wander(0, 0.03), "accuracy_fake": 0.4 + wander(0, 0.03)}
        tick |= {"overfitting": 0.2 + wander(0, 0.02), "augmentation": 0.1}
        if step % 50 == 0:
            return [tick, {"kind": "event", "what": "checkpoint", "kimg": kimg, "seconds": 11 * kimg}]
        if step % 20:
            return [tick]
        ratio = 2 + 8 * math.exp(-kimg / 100) + wander(0, 0.1)
        risk = 0.52 + wander(0, 0.004)
        return [
            tick,
            {"kind": "evaluation", "kimg": kimg, "fd_ratio_validation": ratio, "nearest_neighbour_risk": risk},
        ]


class AtOnce(studio.MedSynth):
    """Logs in by itself and opens one place."""

    CSS_PATH = Path(medsynth_tui.__file__).parent / "base.tcss"
    place = "login"

    def open(self, place: str, /, **arguments: Any) -> None:
        if place == "login" and self.place != "login":
            self.run_worker(self._straight_to(self.place))
        else:
            super().open(place, **arguments)

    async def _straight_to(self, place: str) -> None:
        await self.session.log_in("somebody", "some words")
        self.enter()
        if place != "home":
            super().open(place, **ARGUMENTS.get(place, {}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", default="login")
    parser.add_argument("--link", default="auto")
    parser.add_argument("--look", type=float, help="seconds between two looks, instead of the profile's")
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    if options.plain:
        from medsynth_tui.terminal import selfcheck

        selfcheck.trouble = lambda: "asked for plain Textual"
    AtOnce.place = options.place
    with tempfile.TemporaryDirectory() as home:
        driver = driver_for(glyphs.choose(False).ascii)
        app: App[int] = AtOnce(Path(home), link=options.link, engine=Training(), driver_class=driver)
        if options.look is not None:
            from dataclasses import replace

            app.profile = replace(app.profile, look_seconds=options.look)
        signals.install(app)
        try:
            app.run(mouse=False)
        finally:
            signals.disarm()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
