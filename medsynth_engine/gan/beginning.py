"""What a run folder is made into before its first step: setting, rehearsal, plan, learner."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from medsynth_engine.gan import augment, data, device, pace, precision, presets, probes, roofline, schedule
from medsynth_engine.gan.conditions import Vocabulary
from medsynth_engine.gan.diary import Diary
from medsynth_engine.gan.evaluate import Evaluator
from medsynth_engine.gan.heed import heed, heeding
from medsynth_engine.gan.learner import Learner
from medsynth_engine.gan.networks import Architecture
from medsynth_engine.gan.sheet import Sheet
from medsynth_engine.gan.team import Alone
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.kernel.home import low_resource

REHEARSAL_SECONDS = 3.0
"""How long the speed is measured where a budget in minutes hangs on it."""
GLANCE_SECONDS = 0.3
"""And where it only sets how often one hears of it."""


@dataclass(frozen=True)
class Setting:
    """All that stays as it is during a training."""

    config: dict[str, Any]
    seed: int
    device: torch.device
    vocabulary: Vocabulary
    data: data.Data
    preset: presets.Preset
    budget: pace.Budget
    team: Alone


@dataclass(frozen=True)
class Rehearsed:
    """What a few seconds of steps showed: the plan that follows from them, and the pace."""

    plan: schedule.Plan
    pace: pace.Pace


def setting_of(folder: RunFolder, team: Alone, diary: Diary) -> Setting:
    """Read the folder. Raises BadInput where it cannot be trained."""
    config = folder.config()
    if config.get("format") != 1:
        raise BadInput("not_a_run", "This folder holds no run that can be trained.", "Choose a run's folder.")
    small = low_resource(bool(config.get("low_resource")))
    chosen, note = device.choose(str(config.get("device") or "auto"), lambda name: _used(config, name, small))
    chosen = team.device(chosen)
    device.prepare(chosen, small)
    if note:
        diary.say(note)
    vocabulary = Vocabulary.from_document(config.get("conditions") or {})
    images = data.load(folder.data, vocabulary, chosen)
    wish, count = str(config.get("preset") or "auto"), len(images.training)
    preset = presets.resolve(wish, images.resolution, count, chosen.type, small, fixed_size=True)
    if preset.resolution != images.resolution:
        raise BadInput(
            "wrong_resolution",
            f"Images of {images.resolution} pixels, but {preset.name} draws {preset.resolution}.",
            "Pack the images at the preset's size, or choose the preset that fits.",
        )
    seed = int(config.get("seed") or 0)
    preset = preset.in_channels(images.channels)
    return Setting(config, seed, chosen, vocabulary, images, preset, pace.Budget.of(config), team)


def _used(config: dict[str, Any], name: str, small: bool) -> probes.Used:
    """The sizes that a device of this name would have to compute with."""
    wish, side = str(config.get("preset") or "auto"), int(config.get("resolution") or 0)
    if not side:
        return probes.Used()
    preset = presets.resolve(wish, side, 0, name, small, fixed_size=True)
    return probes.Used(Architecture(preset.widths, preset.blocks, int(config.get("channels") or 1)), preset.batch)


def learner_of(setting: Setting, plan: schedule.Plan) -> Learner:
    """The one place that knows which learner a run has; its `step`, `told`, `average`, `state` and `restore` are all
    that the trainer asks of it."""
    torch.manual_seed(setting.seed)
    preset = setting.preset
    architecture = Architecture(
        preset.widths, preset.blocks, setting.data.channels, grain=True, spanned=plan.spanned, grounds=plan.grounds
    )
    name = str(setting.config.get("augmentation") or "radiograph")
    profile = augment.profile(name, len(setting.data.training))
    return Learner(
        architecture,
        setting.vocabulary,
        setting.data,
        profile,
        plan.batch,
        setting.seed,
        plan.ema,
        setting.device,
        setting.team,
        precision.TRUNKS[plan.trunk],
    )


def evaluator_of(setting: Setting) -> Evaluator:
    """Also what early stopping rests on."""
    return Evaluator(setting.data, setting.seed, setting.vocabulary.categorical)


def sheet_of(setting: Setting) -> Sheet:
    return Sheet(setting.data, setting.vocabulary.categorical, setting.seed)


def trial(setting: Setting, trunk: str = "fp32") -> tuple[Learner, schedule.Plan]:
    """A learner to be thrown away, that trains by itself."""
    plan = schedule.plan(setting.preset, len(setting.data.training), 100_000, schedule.EVALUATIONS, 1e-3)
    plan = replace(plan, trunk=trunk, spanned=setting.data.span is not None, grounds=setting.data.grounds)
    alone = Setting(**{**vars(setting), "team": Alone()})
    return learner_of(alone, plan), plan


def rehearse(setting: Setting, evaluator: Evaluator, sheet: Sheet, folder: RunFolder, diary: Diary) -> Rehearsed:
    """Measure a few seconds of steps and one evaluation on networks that are thrown away, then make the plan.

    Raises Wished between two steps where the run is wanted stopped or paused: on a slow device each takes its time.
    Raises BadInput where little memory is allowed and the preset needs more.
    """
    if setting.device.type == "cpu":
        presets.demand_little(setting.preset, low_resource(bool(setting.config.get("low_resource"))))
    trunk = precision.trunk(
        str(setting.config.get("precision") or "auto"),
        setting.device,
        lambda name: heeding(folder, _step(*trial(setting, name))),
    )
    heed(folder)
    learner, tried = trial(setting, trunk)
    learner.step(tried.rates(0), tried)
    least = REHEARSAL_SECONDS if setting.budget.minutes else GLANCE_SECONDS

    def step() -> None:
        heed(folder)
        learner.step(tried.rates(0), tried)
        roofline.synchronise(setting.device)

    threads = max(1, device.threads() // setting.team.size)
    if setting.device.type == "cpu" and device.wished_threads() is None:
        threads = pace.best_threads(step, threads)
    per_image = pace.seconds_per_call(step, least) / tried.batch / setting.team.size
    heed(folder)
    begin = time.perf_counter()
    measured = evaluator.measure(learner.average.network)
    sheet.write(sheet_path(folder, 0), learner.average.network)
    found = pace.Pace(per_image, time.perf_counter() - begin)
    diary.line("evaluation", 0, measured.document())
    plan = pace.first_plan(setting.budget, setting.preset, len(setting.data.training), found, diary.seconds, threads)
    return Rehearsed(replace(plan, trunk=trunk, spanned=tried.spanned, grounds=tried.grounds), found)


def _step(learner: Learner, plan: schedule.Plan) -> Callable[[], object]:
    return lambda: learner.step(plan.rates(0), plan)


def flops_per_image(setting: Setting) -> float:
    """Floating point operations of a whole step, both networks, forward and backward, for one real image."""
    learner, tried = trial(setting)
    return roofline.work(lambda: learner.step(tried.rates(0), tried)).flops / tried.batch


def sheet_path(folder: RunFolder, seen: int) -> Any:
    return folder.samples / f"{seen / 1000:09.3f}.png"
