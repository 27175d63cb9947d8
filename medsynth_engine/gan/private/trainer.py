"""The loop of a private training: it ends exactly where the budget does, and tells nothing that was not paid for.

What an ordinary training does with real images beside learning is off: no augmentation control, no Fréchet ratio on
the validation fold, no early stop, no best checkpoint (the last average is kept), no real losses in the metric lines.
"""

from __future__ import annotations

import math
import time
from typing import Any

import torch

from medsynth_engine.gan import checkpoint, heed, roofline, schedule, weights
from medsynth_engine.gan.beginning import setting_of, sheet_path
from medsynth_engine.gan.card import made
from medsynth_engine.gan.diary import Diary
from medsynth_engine.gan.hearing import hearing
from medsynth_engine.gan.private import beginning, limits
from medsynth_engine.gan.private.learner import Told
from medsynth_engine.gan.private.sheet import PublicSheet
from medsynth_engine.gan.team import Alone
from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.errors import BadInput, MedSynthError
from medsynth_engine.kernel.folders import RunFolder

NETWORKS = ("generator", "discriminator", "average")


class PrivateTrainer:
    """One run folder being trained with differential privacy, in this process alone.

    Raises BadInput where the promise cannot be kept, or several processes were asked for.
    """

    def __init__(self, folder: RunFolder, started: float, team: Alone) -> None:
        limits.check_alone(team.size)
        self.folder, self.diary = folder, Diary(folder, started)
        beginning.Wish.of(folder.config())
        self.setting = setting_of(folder, team, self.diary)
        self.last, self.asked_to_end = folder.checkpoints / "last.pt", False
        saved = checkpoint.load(self.last)
        beginning.demand(self.setting)
        self.plan = self._plan()
        torch.set_num_threads(self.plan.threads)
        self.account = beginning.account_of(self.setting, folder, self.plan, saved)
        if saved is None and self.account.spent:
            raise BadInput(
                "budget_spent",
                "The privacy budget of this run is spent, and its last checkpoint is gone.",
                "A generator that it left is still there; learning more is a new run, and a new promise.",
            )
        self.learner = beginning.learner_of(self.setting, self.plan, self.account)
        self.sheet = PublicSheet(self.learner.vocabulary, self.setting.seed, self.setting.device)
        if saved is None:
            self._save()
            self.sheet.write(sheet_path(folder, self.seen), self.learner.average.network)
        else:
            self.learner.restore(saved["learner"], bool(saved.get("clean")))
            self.diary.go_on_from(saved["seconds"])
            self._save()  # before the first step: it is no clean one from here on, and knows of what was lost
            self.diary.event("resume", self.seen, **self.account.told())

    def _plan(self) -> schedule.Plan:
        path = self.folder.path / "plan.json"
        stored = read_json(path)
        if stored is not None:
            return schedule.Plan.from_document(stored)
        plan = beginning.plan_of(self.setting, self.diary.seconds)
        write_json(path, plan.document())
        return plan

    @property
    def seen(self) -> int:
        """Images that were charged, in expectation; how many there were is told to nobody."""
        return self.account.charged * self.plan.batch

    # -- the loop ---------------------------------------------------------------------------------------------------

    def run(self) -> str:
        """Train until the budget is spent, a wish or a signal; returns the state that was reached."""
        with hearing(self._ask_to_end):
            self._tell("running", error=None)
            return self._loop()

    def _loop(self) -> str:
        told: list[Told] = []
        begin, steps = time.perf_counter(), self.learner.steps
        while not self.account.spent:
            told.append(self.learner.step(self.plan.rates(self.seen)))
            if self.asked_to_end:
                return self._leave("interrupted")
            if self._passed(self.plan.tick):
                roofline.synchronise(self.setting.device)
                now, done = time.perf_counter(), self.learner.steps
                self._tick(told, (done - steps) * self.plan.batch / max(1e-9, now - begin))
                told, begin, steps = [], now, done
                if ending := self._wished():
                    return ending
            if self._passed(self.plan.evaluate):
                self.sheet.write(sheet_path(self.folder, self.seen), self.learner.average.network)
            if self._passed(self.plan.checkpoint):
                self._save()
        return self._finish("finished")

    def _passed(self, every: int) -> bool:
        """Whether the last step completed another `every` images."""
        return self.seen // every > (self.seen - self.plan.batch) // every

    def _tick(self, told: list[Told], speed: float) -> None:
        """Tell how it goes; raises MedSynthError where the networks hold numbers no more."""
        _demand_numbers(self.learner.state())
        left = (self.plan.images - self.seen) / max(1e-9, speed)
        line = {
            **_means(told),
            "lead": self.learner.lead,
            "discriminator_steps": self.learner.ladder.steps,
            "images_per_second": speed,
            "eta_seconds": left,
            "epoch": self.seen / self.account.promise.patients,
            **self.account.told(),
        }
        self.diary.line("tick", self.seen, line)
        self._tell("running", images_per_second=round(speed, 2), eta_seconds=round(left, 1))

    # -- ending and state -------------------------------------------------------------------------------------------

    def _wished(self) -> str | None:
        """The state that a wish led to; None where it goes on, also because a pause was taken back meanwhile."""
        wish = self.folder.wish()
        if wish == "pause":
            self._save(clean=True)
            wish = heed.rest(self.folder, self._rested)
            if wish == "pause":
                return "paused"
            self._save()  # before the next step: it is no clean one from here on
        return self._finish("stopped") if wish == "stop" else None

    def _rested(self) -> None:
        self.diary.event("pause", self.seen)
        self._tell("paused")

    def _leave(self, state: str) -> str:
        self._save(clean=True)
        self._tell(state)
        return state

    def _finish(self, state: str) -> str:
        self._save()
        weights.save(self.folder.generator, self._document())
        self.sheet.write(sheet_path(self.folder, self.seen), self.learner.average.network)
        why = "With differential privacy nothing is chosen by looking at patients: the last is kept."
        kept = {"generator": "last", "why": why}
        self.diary.event("stop" if state == "stopped" else "finish", self.seen, **kept, **self.account.told())
        self.diary.say(
            "The promise covers the images and the list of conditions. The model of rows is not trained with "
            "differential privacy and does not travel with this generator."
        )
        self._tell(state, kept=kept, made=made(self.folder.generator))
        return state

    def _document(self) -> dict[str, Any]:
        config = self.setting.config
        info = {
            "preset": self.setting.preset.name,
            "kimg": self.seen / 1000,
            "training_digest": config.get("training_digest"),
            "training_images": len(self.setting.data.training),
            "privacy": self.account.label(),
        }
        return weights.document(self.learner.average.network, info, rows=None)

    def _save(self, clean: bool = False) -> None:
        """Write the checkpoint; raises MedSynthError where the networks hold numbers no more, and leaves the last one.

        clean  nothing follows it in this process: the noise goes on from here when the training does
        """
        state = self.learner.state()
        _demand_numbers(state)
        checkpoint.save(self.last, {"learner": state, "seconds": self.diary.seconds, "clean": clean})
        self.account.settle()
        self.diary.event("checkpoint", self.seen)

    def _tell(self, state: str, **facts: Any) -> None:
        self.diary.state(
            state,
            device=self.setting.device.type,
            preset=self.setting.preset.name,
            processes=1,
            kimg=self.seen / 1000,
            total_kimg=self.plan.images / 1000,
            best=None,
            privacy=self.account.told(),
            **facts,
        )

    def _ask_to_end(self) -> None:
        self.asked_to_end = True


def _demand_numbers(state: dict[str, Any]) -> None:
    if math.isfinite(state["lead"]) and checkpoint.finite([state[name] for name in NETWORKS]):
        return
    raise MedSynthError(
        "training_diverged",
        "Training diverged: the networks hold no numbers any more. What was spent stays spent.",
        "Going on takes up the last checkpoint with what is left of the budget. Another seed or a larger epsilon is a "
        "new promise beside this one.",
    )


def _means(told: list[Told]) -> dict[str, float | None]:
    """Means over the steps of a tick; None for the generator's where it had no turn."""

    def mean(name: str) -> float | None:
        values = [value for one in told if (value := getattr(one, name)) is not None]
        return float(torch.stack(values).mean()) if values else None

    return {name: mean(name) for name in ("loss_generator", "accuracy_fake", "slope_fake")}
