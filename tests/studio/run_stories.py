"""Runs to which everything happens that can, as an engine would tell of them."""

from __future__ import annotations

from typing import Any

from fake_engine import FakeEngine
from studio_people import log_in, until

from medsynth_tui.widgets.line_chart import LineChart


def tick(kimg: float, **values: Any) -> dict[str, Any]:
    told = {"loss_generator": 1.0, "loss_discriminator": 0.5, "accuracy_real": 0.6, "accuracy_fake": 0.4}
    return {"kind": "tick", "kimg": kimg, "seconds": 30 * kimg, **told, **values}


def happened(what: str, kimg: float, **facts: Any) -> dict[str, Any]:
    return {"kind": "event", "what": what, "kimg": kimg, "seconds": 30 * kimg, **facts}


class Story(FakeEngine):
    """Runs to which everything happens that can; `private` ones have a privacy budget."""

    private = False

    async def runs_show(self, run: str) -> dict[str, Any]:
        return {**await super().runs_show(run), "state": "finished"}

    async def runs_watch(self, run: str, offset: int = 0) -> dict[str, Any]:
        records: list[dict[str, Any]] = []
        for step in range(0 if offset else 100):
            budget = {"epsilon": 1 + step / 50, "epsilon_promised": 8.0} if self.private else {"overfitting": 0.3}
            records.append(tick(float(step + 1), **budget))
        whats = ["checkpoint", "best", "pause", "resume", "half_batch", "roll_back", "early_stop", "finish"]
        records += [happened(what, 10.0 * (at + 1), micro=8, why="It was time.") for at, what in enumerate(whats)]
        if not self.private:
            evaluated = {"fd_ratio_validation": 9 - len(run), "nearest_neighbour_risk": 0.5}
            records.append({"kind": "evaluation", "kimg": 50.0, "seconds": 1500.0, **evaluated})
            records.append({"kind": "evaluation", "kimg": 90.0, "seconds": 2700.0, "fd_ratio_validation": 8.5})
        records.sort(key=lambda record: record["kimg"])
        told = {"records": records, "offset": 1, "state": "finished", "log": [], "samples": []}
        best = None if self.private else {"kimg": 50.0, "fd_ratio_validation": 9 - len(run)}
        return {**told, "images_per_step": 100, "best": best}


async def opened(pilot: Any, place: str, chart: str, **arguments: Any) -> LineChart:
    """The place's chart, once it is drawn."""
    app = pilot.app
    await log_in(pilot, "somebody", "some words")
    app.open(place, **arguments)
    await until(pilot, lambda: app.screen.query(f"#{chart} Curves") and app.screen.query_one(f"#{chart}").curves._rows)
    await until(pilot, lambda: not app.screen._asked)
    return app.screen.query_one(f"#{chart}", LineChart)
