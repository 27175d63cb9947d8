"""Judges every case with gauge and gate, over several seeds, and says whether they keep their promises."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil, floor
from typing import Any

from threadpoolctl import threadpool_limits

from medsynth_engine.evidence import gauge
from medsynth_engine.governance.asked import AUDIENCES
from medsynth_engine.governance.gate import GateInputs, judge
from medsynth_engine.kernel.parent import leave_with_parent
from medsynth_engine.trial.villain import SYNTHETIC, Case, images, rows

HELD_OUT = 600
SEEDS = 3
CAUGHT, ALARMS = 0.95, 0.05
"""For `recipient` a leak of 1 % is refused at least so often, a clean cohort at most so often (one always may be)."""
COPIES = ("rows_copies", "image_copies", "identical_images")
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one case.

    reading, band  of the gauge, scenario `data`
    refused        audience -> codes of the reasons for which the gate is closed
    """

    case: Case
    held_out: int
    seed: int
    reading: float
    band: str
    refused: dict[str, tuple[str, ...]]

    def says_copies(self, audience: str) -> bool:
        return any(code in COPIES for code in self.refused[audience])


def run(
    seeds: int, held_out: Sequence[int], progress: Progress, media: Sequence[str] = ("rows", "image")
) -> dict[str, Any]:
    """The document of the trial: `ok`, `checks` [{what, ok, says}], `rates` (per case, holdout and audience)."""
    tasks = [(medium, held, seed) for seed in range(seeds) for held in held_out for medium in media]
    outcomes: list[Outcome] = []
    workers = min(len(tasks), _cores())
    with ProcessPoolExecutor(workers, initializer=_prepare) as pool:
        with _ctrl_c_waits():
            waiting = [pool.submit(outcomes_of, *task) for task in tasks]
        for done, (task, future) in enumerate(zip(tasks, waiting, strict=True)):
            progress(done, len(tasks), f"seed {task[2] + 1}: {task[0]}, {task[1]} held out")
            outcomes += future.result()
    progress(len(tasks), len(tasks), "done")
    checks = [check for medium in media for check in _checks(outcomes, medium)] if HELD_OUT in held_out else []
    return {
        "ok": all(check["ok"] for check in checks),
        "seeds": seeds,
        "held_out": list(held_out),
        "synthetic": SYNTHETIC,
        "checks": checks,
        "rates": rates(outcomes),
    }


def _prepare() -> None:
    """A worker ends at Ctrl-C at once, and with the trial: half a case is of no use to anybody."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    leave_with_parent()


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """While the workers are begun: one that hears it before `_prepare` would end with a traceback."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def outcomes_of(medium: str, held_out: int, seed: int) -> list[Outcome]:
    """All cases of one medium and seed; runs in a process of its own, with one thread."""
    import torch

    torch.set_num_threads(1)
    found = []
    with threadpool_limits(limits=1):
        for case, evidence in (rows if medium == "rows" else images)(held_out, seed):
            reading = gauge.read(evidence, held_out)["data"]
            refused: dict[str, tuple[str, ...]] = {}
            for audience in AUDIENCES:
                inputs = GateInputs(
                    "cohort", "-", audience, datetime.now(UTC), "-", "-", reading.band, reading.driver, tuple(evidence)
                )
                refused[audience] = tuple(r.code for r in judge(inputs).reasons if r.code != "pia_missing")
            found.append(Outcome(case, held_out, seed, reading.reading or 0.0, reading.band, refused))
    return found


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _checks(outcomes: list[Outcome], medium: str) -> list[dict[str, Any]]:
    """The promises, at HELD_OUT held-out patients."""
    ours = [one for one in outcomes if one.case.medium == medium and one.held_out == HELD_OUT]
    found = []
    for how in ("verbatim", "near"):
        of_leaks = [one for one in ours if one.case.how == how]
        base = next(one.case.generator for one in of_leaks)
        clean = [one for one in ours if one.case.how == "clean" and one.case.generator == base]
        steps = [clean, *([o for o in of_leaks if o.case.share == s] for s in sorted({o.case.share for o in of_leaks}))]
        means = [sum(one.reading for one in step) / len(step) for step in steps]
        rising = all(low < high for low, high in pairwise(means))
        says = "needle at 0, 1, 5, 20 %: " + ", ".join(f"{mean:.3f}" for mean in means)
        found.append({"what": f"{medium}, {how} leaks: the needle rises", "ok": rising, "says": says})
        caught = sum(bool(one.refused["recipient"]) for one in steps[1])
        need = ceil(CAUGHT * len(steps[1]))
        says = f"refused for recipient in {caught} of {len(steps[1])} seeds, {need} needed"
        found.append({"what": f"{medium}, {how} leak of 1 %: the gate closes", "ok": caught >= need, "says": says})
    for generator in sorted({one.case.generator for one in ours}):
        clean = [one for one in ours if one.case.how == "clean" and one.case.generator == generator]
        alarms = sum(bool(one.refused["recipient"]) for one in clean)
        most = max(1, floor(ALARMS * len(clean)))
        says = f"refused for recipient in {alarms} of {len(clean)} seeds, at most {most} allowed"
        found.append({"what": f"{medium}, clean ({generator}): the gate opens", "ok": alarms <= most, "says": says})
    return found


def rates(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """Per case and holdout: how often each audience was refused, of these for copies, the bands, the mean needle."""
    keys = sorted({(o.case.medium, o.held_out, o.case.generator, o.case.how, o.case.share) for o in outcomes})
    found = []
    for key in keys:
        of = [o for o in outcomes if (o.case.medium, o.held_out, o.case.generator, o.case.how, o.case.share) == key]
        bands = [one.band for one in of]
        found.append(
            {
                **dict(zip(("medium", "held_out", "generator", "how", "share"), key, strict=True)),
                "cohorts": len(of),
                "needle": sum(one.reading for one in of) / len(of),
                "bands": {band: bands.count(band) for band in dict.fromkeys(bands)},
                "refused": {who: sum(bool(one.refused[who]) for one in of) for who in AUDIENCES},
                "for_copies": {who: sum(one.says_copies(who) for one in of) for who in AUDIENCES},
            }
        )
    return found
