"""What a run folder is made into before its first noisy step: the promise, the public conditions, the learner.

Speed is measured on made-up images, so that the length of the training, and with it the noise, rests on no patient.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from medsynth_engine.gan import data, device, pace, presets, roofline, schedule
from medsynth_engine.gan.beginning import REHEARSAL_SECONDS, Setting
from medsynth_engine.gan.conditions import Categorical, Vocabulary
from medsynth_engine.gan.networks import Architecture
from medsynth_engine.gan.private import histogram, limits
from medsynth_engine.gan.private.budget import Account, Promise, promise
from medsynth_engine.gan.private.learner import PrivateLearner
from medsynth_engine.gan.private.patients import Patients
from medsynth_engine.gan.private.stream import Stream
from medsynth_engine.kernel.folders import RunFolder

WIDTHS = (32, 24, 16, 8)
"""Of the discriminator, from 4x4 up: noise grows with the square root of its parameters (about 40,000)."""
CLIP = 1.0
MOST_RATE = 0.125
"""Share of the patients that a step expects at most."""
MADE_UP = 256
SHEETS = 8


@dataclass(frozen=True)
class Wish:
    """`privacy` of `config.json`.

    columns  condition columns that the schema has, whatever is in them
    """

    epsilon: float
    delta: float | None
    columns: int | None

    @classmethod
    def of(cls, config: dict[str, Any]) -> Wish | None:
        """None where no privacy was asked for. Raises BadInput where what was asked for is no promise."""
        asked = config.get("privacy")
        if not asked:
            return None
        delta, columns = asked.get("delta"), asked.get("columns")
        wish = cls(float(asked["epsilon"]), None if delta is None else float(delta), columns)
        limits.check_promise(wish.epsilon, wish.delta)
        return wish


def expected_patients(preset: presets.Preset, patients: int) -> int:
    """Patients that a step expects."""
    return max(1, min(preset.batch, int(MOST_RATE * patients)))


def demand(setting: Setting) -> None:
    """Raise BadInput where there are too few patients for any promise, before time is spent on measuring."""
    wish = Wish.of(setting.config)
    limits.delta_for(len(Patients(setting.data.training.patient)), wish.delta if wish else None)


def plan_of(setting: Setting, spent: float) -> schedule.Plan:
    """Measure the speed on made-up images, `spent` seconds after the process began, and fix the length for good."""
    patients = Patients(setting.data.training.patient)
    expected = expected_patients(setting.preset, len(patients))
    preset = replace(setting.preset, batch=expected)
    learner, rates = _trial(setting, expected), schedule.Rates(1e-3, 0.9, preset.gamma, 1.0)
    learner.step(rates)

    def step() -> None:
        learner.step(rates)
        roofline.synchronise(setting.device)

    threads = device.threads()
    if setting.device.type == "cpu" and device.wished_threads() is None:
        threads = pace.best_threads(step, threads)
    begin = time.perf_counter()
    per_image = pace.seconds_per_call(step, REHEARSAL_SECONDS) / expected
    measured = pace.Pace(per_image, 0.2)
    spent += time.perf_counter() - begin
    plan = pace.first_plan(setting.budget, preset, len(patients), measured, spent, threads)
    return replace(plan, evaluate=schedule.steps(plan.images / SHEETS, plan.batch, plan.images), settled=True)


def _trial(setting: Setting, expected: int) -> PrivateLearner:
    """A learner of images and values that are made up, with an account of its own that nobody reads."""
    count, training = max(MADE_UP, 4 * expected), setting.data.training
    shape, source = (count, *training.images.shape[1:]), torch.Generator().manual_seed(setting.seed)
    made_up = tuple(str(value) for value in range(histogram.MOST_VALUES))
    vocabulary = Vocabulary(
        tuple(Categorical(item.name, made_up, (0,) * len(made_up)) for item in setting.vocabulary.categorical),
        setting.vocabulary.continuous,
    )
    fold = data.Fold(
        torch.randint(0, 256, shape, generator=source, dtype=torch.uint8).to(setting.device),
        vocabulary.unknown(count).to(setting.device),
        np.full((count, len(vocabulary.categorical)), -1),
        np.arange(count),
    )
    account = Account(Promise(1.0, 1e-5, count, expected / count, CLIP, 1.0, 10**9, None), {})
    return _learner(setting, vocabulary, fold, account, 0.1)


def account_of(setting: Setting, folder: RunFolder, plan: schedule.Plan, saved: dict[str, Any] | None) -> Account:
    """The account of the folder; at the very beginning the promise is made and the conditions are released.

    Raises BadInput where too few patients, or too much noise, would be behind the promise.
    """
    path = folder.path / "privacy.json"
    between = -(-plan.checkpoint // plan.batch)
    known = Account.read(path, saved["learner"]["account"] if saved else None, between)
    if known is not None:
        return known
    wish = Wish.of(setting.config)
    assert wish is not None
    training, patients = setting.data.training, Patients(setting.data.training.patient)
    delta = limits.delta_for(len(patients), wish.delta)
    columns = max(wish.columns or 0, len(setting.vocabulary.categorical))
    steps = plan.images // plan.batch
    promised = promise(wish.epsilon, delta, len(patients), plan.batch, CLIP, steps, columns > 0)
    released = histogram.release(
        setting.vocabulary,
        training.categorical,
        patients.owner,
        promised.histogram or 1.0,
        promised.hidden,
        columns,
        Stream(),
    )
    return Account(promised, released.document(), path)


def learner_of(setting: Setting, plan: schedule.Plan, account: Account) -> PrivateLearner:
    """The learner, which sees the training images under the released conditions."""
    public = Vocabulary.from_document(account.conditions)
    training = setting.data.training
    conditions = histogram.recoded(setting.vocabulary, public, training.categorical, training.conditions)
    fold = data.Fold(training.images, conditions, training.categorical, training.patient)
    return _learner(setting, public, fold, account, plan.ema)


def _learner(
    setting: Setting, vocabulary: Vocabulary, fold: data.Fold, account: Account, ema_width: float
) -> PrivateLearner:
    channels = setting.data.channels
    return PrivateLearner(
        Architecture(setting.preset.widths, setting.preset.blocks, channels),
        Architecture(WIDTHS, 1, channels, features=32),
        vocabulary,
        fold,
        Patients(fold.patient),
        account,
        setting.seed,
        Stream(),
        ema_width,
        setting.device,
    )
