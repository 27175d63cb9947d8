"""From a budget to a plan: estimated before the first step, settled once a tenth of the minutes has shown the speed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from medsynth_engine.gan import schedule
from medsynth_engine.gan.presets import Preset
from medsynth_engine.gan.schedule import Plan

SETTLED_AFTER = 0.1
"""Share of the minutes after which the length is final: the first seconds tell little about the next minutes."""


@dataclass(frozen=True)
class Budget:
    """What was asked for: minutes of wall clock, or thousands of images, or neither."""

    minutes: float | None = None
    kimg: float | None = None

    @classmethod
    def of(cls, config: dict[str, Any]) -> Budget:
        asked = config.get("budget") or {}
        kimg = float(asked["kimg"]) if asked.get("kimg") else None
        minutes = float(asked["minutes"]) if asked.get("minutes") and kimg is None else None
        return cls(minutes, kimg)


@dataclass(frozen=True)
class Pace:
    """Measured: seconds for one image of training, seconds for one evaluation."""

    per_image: float
    per_evaluation: float


def seconds_per_call(work: Callable[[], object], least: float) -> float:
    """Mean over at least two calls and `least` seconds."""
    begin, calls = time.perf_counter(), 0
    while calls < 2 or time.perf_counter() - begin < least:
        work()
        calls += 1
    return (time.perf_counter() - begin) / calls


def best_threads(work: Callable[[], object], most: int, least: float = 0.7) -> int:
    """1 or `most`, whichever does `work` faster; left set. Where somebody else uses a core, threads that wait for each
    other at every layer are several times slower than one alone (measured: 60 images a second instead of 240)."""
    if most == 1:
        return 1
    found = {}
    for threads in (1, most):
        torch.set_num_threads(threads)
        found[threads] = seconds_per_call(work, least)
    chosen = most if found[most] < 0.85 * found[1] else 1
    torch.set_num_threads(chosen)
    return chosen


def first_plan(budget: Budget, preset: Preset, training_images: int, pace: Pace, spent: float, threads: int) -> Plan:
    """The plan to begin with, `spent` seconds after the process started."""
    evaluations = schedule.EVALUATIONS
    if budget.kimg:
        images = 1000 * budget.kimg
        evaluations = schedule.sensible(images)
    elif budget.minutes:
        images, evaluations = schedule.within(budget.minutes, pace.per_image, pace.per_evaluation, spent)
    else:
        images = schedule.default_images(preset, training_images)
    plan = schedule.plan(preset, training_images, images, evaluations, pace.per_image)
    return replace(plan, settled=budget.minutes is None, threads=threads)


def due(plan: Plan, budget: Budget, seconds: float) -> bool:
    """True where the length can be settled, `seconds` after the process started."""
    return not plan.settled and budget.minutes is not None and seconds >= SETTLED_AFTER * 60 * budget.minutes


def settled(
    plan: Plan, budget: Budget, preset: Preset, training_images: int, pace: Pace, seen: int, spent: float
) -> Plan:
    """The final plan after `seen` images and `spent` seconds; batch and averaging window stay as they are."""
    assert budget.minutes is not None
    more, evaluations = schedule.within(budget.minutes, pace.per_image, pace.per_evaluation, spent)
    whole = schedule.plan(preset, training_images, seen + more, 1, pace.per_image)
    apart = schedule.steps(more / evaluations, plan.batch, whole.images)
    images = max(1, round(whole.images / apart)) * apart  # the last evaluation falls on the end
    kept = {name: getattr(plan, name) for name in ("ema", "threads", "trunk", "spanned", "grounds")}
    return replace(whole, **kept, images=max(seen, images), evaluate=apart, settled=True)
