"""The loop: steps, ticks, evaluations, checkpoints, wishes. Everything periodic counts images, never seconds.

Every process of a team runs this same loop and comes to the same decisions; only the first one looks at the clock and
at the run's wishes, and only the first one writes.
"""

from __future__ import annotations

import time
from typing import Any

import torch

from medsynth_engine.gan import beginning, checkpoint, heed, pace, precision, roofline, schedule
from medsynth_engine.gan.card import made
from medsynth_engine.gan.diary import Diary
from medsynth_engine.gan.effort import Effort
from medsynth_engine.gan.ending import Shelf
from medsynth_engine.gan.evaluate import NOTHING
from medsynth_engine.gan.hearing import hearing
from medsynth_engine.gan.keeper import Judged, Keeper, best_document
from medsynth_engine.gan.progress import Gathered
from medsynth_engine.gan.team import Alone
from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.errors import BadInput, MedSynthError
from medsynth_engine.kernel.folders import RunFolder

HEARD = 1.0
"""Seconds within which several processes hear a signal that one of them got."""
CAUTION = 0.5
"""Learning rate after a roll-back, against before."""


class Trainer:
    """One run folder being trained, in this process and perhaps in others beside it."""

    def __init__(self, folder: RunFolder, started: float, team: Alone) -> None:
        self.folder, self.team = folder, team
        self.diary = Diary(folder, started, team.first)
        self.setting = beginning.setting_of(folder, team, self.diary)
        self.last = folder.checkpoints / "last.pt"
        self.shelf, self.keeper = Shelf(folder, self.setting), Keeper()
        self.seen, self.rolled_back, self.asked_to_end = 0, False, False
        self.listen = 1  # steps between two questions whether one of the processes was told to end
        if team.first:
            self.evaluator, self.sheet = beginning.evaluator_of(self.setting), beginning.sheet_of(self.setting)
        self.pace = pace.Pace(1e-2, 1.0)  # a guess, until something was measured here
        self.plan = self._plan()
        torch.set_num_threads(self.plan.threads)
        self.learner = beginning.learner_of(self.setting, self.plan)
        saved = checkpoint.load(self.last)
        if team.agree(saved is not None) and saved is not None:
            self._restore(saved)
            self.diary.event("resume", self.seen)
        else:
            self._save()  # there is always something to go back to
        self.effort = self._effort(saved)

    # -- beginning --------------------------------------------------------------------------------------------------

    def _plan(self) -> schedule.Plan:
        """The plan of the folder; made once, by the first process."""
        path = self.folder.path / "plan.json"
        if self.team.first and not path.exists():
            found = beginning.rehearse(self.setting, self.evaluator, self.sheet, self.folder, self.diary)
            self.pace = found.pace
            write_json(path, found.plan.document())
        plan = schedule.Plan.from_document(self.team.agree(read_json(path)))
        if plan.batch < self.team.size:
            raise BadInput(
                "too_many_processes",
                f"A batch of {plan.batch} images cannot be shared by {self.team.size} processes.",
                "Train with fewer processes.",
            )
        return plan

    def _effort(self, saved: dict[str, Any] | None) -> Effort:
        flops = (saved or {}).get("flops_per_image") or beginning.flops_per_image(self.setting)
        rates = roofline.measure(self.setting.device, precision.TRUNKS[self.plan.trunk])
        return Effort(self.setting.device, flops, rates, self.team.size)

    # -- the loop ---------------------------------------------------------------------------------------------------

    def run(self) -> str:
        """Train until the end, a wish or a signal; returns the state that was reached."""
        with hearing(self._ask_to_end):
            self._tell("running", error=None)
            return self._loop()

    def _loop(self) -> str:
        self._start_tick()
        while True:
            if self._due(self.plan.evaluate) and not self.keeper.knows(self.seen):
                self._evaluate()
            if self.seen >= self.plan.images:
                return self._finish("finished", "finish")
            if why := self.keeper.over(self.plan.images):
                return self._finish("finished", "early_stop", why)
            micro = self.learner.micro
            self.gathered.add(self.learner.step(self.plan.rates(self.seen), self.plan))
            self.seen += self.plan.batch
            if self.learner.micro < micro:
                self.diary.event("half_batch", self.seen, micro=self.learner.micro)
            ticked = self._passed(self.plan.tick)
            if ticked:
                self._tick()
            if (ending := self._asked(ticked)) and (state := self._end(ending)):
                return state
            if self._passed(self.plan.checkpoint):
                self._save()

    def _passed(self, every: int) -> bool:
        """Whether the last step completed another `every` images."""
        return self.seen // every > (self.seen - self.plan.batch) // every

    def _due(self, every: int) -> bool:
        return self.seen > 0 and (self._passed(every) or self.seen >= self.plan.images)

    def _asked(self, ticked: bool) -> str | None:
        """What a signal or a person wants, if anything: one process hears a signal at once, several within HEARD."""
        asks = self.team.size == 1 or ticked or self.seen // self.plan.batch % self.listen == 0
        if asks and self.team.any(self.asked_to_end or self.team.abandoned()):
            return "interrupted"
        if not ticked:
            return None
        agreed: str = self.team.agree(self.folder.wish())
        return None if agreed == "run" else agreed

    def _end(self, ending: str) -> str | None:
        """The state that was reached; None where it goes on after all."""
        if ending == "stop":
            if not self.keeper.knows(self.seen):
                self._evaluate()
            return self._finish("stopped", "stop")
        self._save()
        if ending == "pause":
            return self._pause()
        self._tell(ending)
        self.team.wait()  # the first one that leaves is the signal for torchrun to end the others
        return ending

    def _pause(self) -> str | None:
        """Rest, unless that is wished no more: a checkpoint takes a while. All do what the first one found."""
        found = heed.rest(self.folder, self._rested) if self.team.first else None
        wish = self.team.agree(found)  # after the fact was written: whoever comes here may leave
        if wish == "pause":
            return "paused"
        return self._end(wish) if wish == "stop" else None

    def _rested(self) -> None:
        self.diary.event("pause", self.seen)
        self._tell("paused")

    # -- what is periodic -------------------------------------------------------------------------------------------

    def _start_tick(self) -> None:
        self.gathered = Gathered(self.setting.device)
        self.tick_begin, self.tick_seen = time.perf_counter(), self.seen

    def _tick(self) -> None:
        """Tell how it goes, and settle the length when the speed is known; where numbers went wrong, roll back."""
        means = self.gathered.take()
        roofline.synchronise(self.setting.device)
        if any(value is None for value in means.values()):
            self._roll_back()
            return self._start_tick()
        speed = self.team.agree((self.seen - self.tick_seen) / max(1e-9, time.perf_counter() - self.tick_begin))
        self.listen = max(1, int(HEARD * speed / self.plan.batch))
        left = (self.plan.images - self.seen) / max(1e-9, speed)
        line = {
            **means,
            "images_per_second": speed,
            **self.learner.told(),
            **self.effort.told(speed),
            "eta_seconds": left,
            "epoch": self.seen / len(self.setting.data.training),
        }
        self.diary.line("tick", self.seen, line)
        self._tell("running", images_per_second=round(speed, 2), eta_seconds=round(left, 1))
        self.pace = pace.Pace(_blend(self.pace.per_image, 1 / speed), self.pace.per_evaluation)
        if self.team.agree(pace.due(self.plan, self.setting.budget, self.diary.seconds)):
            self._settle()
        return self._start_tick()

    def _settle(self) -> None:
        """Fix the length of a training asked for in minutes. The checkpoint comes first: one killed in between settles
        again."""
        setting, spent = self.setting, self.diary.seconds
        count = len(setting.data.training)
        plan = pace.settled(self.plan, setting.budget, setting.preset, count, self.pace, self.seen, spent)
        self.plan = self.team.agree(plan)
        self._save()
        if self.team.first:
            write_json(self.folder.path / "plan.json", self.plan.document())

    def _evaluate(self) -> None:
        """Measure the averaged generator, show what it draws, and keep it where it is the best so far."""
        network, begin, measured = self.learner.average.network, time.perf_counter(), NOTHING
        if self.team.first:
            measured = self.evaluator.measure(network)
            self.diary.line("evaluation", self.seen, measured.document())
            self.sheet.write(beginning.sheet_path(self.folder, self.seen), network)
        judged = self.team.agree(Judged.of(self.seen, measured))
        if self.keeper.take(judged, checkpoint.finite(network.state_dict())) and self.team.first:
            self.shelf.put(network, self.seen, measured)
            self.diary.event("best", self.seen, fd_ratio_validation=best_document(judged)["fd_ratio_validation"])
        self.pace = pace.Pace(self.pace.per_image, _blend(self.pace.per_evaluation, time.perf_counter() - begin))
        self.tick_begin, self.tick_seen = time.perf_counter(), self.seen

    def _roll_back(self) -> None:
        """Numbers went wrong: back to the last checkpoint once, with a lower rate; the second time is the end."""
        saved = checkpoint.load(self.last)
        self.team.wait()  # until all have read what the first one is going to replace
        if self.rolled_back or saved is None or saved.get("rolled_back"):
            if saved is not None:
                self._restore(saved)  # a generator that holds numbers
            if self.team.first:
                self._keep()
            raise MedSynthError(
                "training_diverged",
                "Training diverged: the losses are no longer numbers, also at a lower learning rate.",
                "Train again with another seed, or a smaller preset; the best generator so far is kept.",
            )
        seconds = self.diary.seconds
        self._restore(saved)
        self.diary.go_on_from(seconds)
        self.rolled_back, self.learner.caution = True, CAUTION
        self._save()
        self.diary.say("Losses were no longer numbers: back to the last checkpoint, at half the learning rate.")
        self.diary.event("roll_back", self.seen)

    # -- ending and state -------------------------------------------------------------------------------------------

    def _finish(self, state: str, event: str, why: str | None = None) -> str:
        """Put the best generator where it is looked for, and say which it is."""
        if why:
            self.diary.event("early_stop", self.seen, why=why)
            self.diary.say(why)
        self._save()
        if self.team.first:
            kept = self._keep()
            facts = {"generator": kept["generator"], "why": kept["why"]}
            if "kimg" in kept:
                facts |= {"best_kimg": kept["kimg"], "fd_ratio_validation": kept["fd_ratio_validation"]}
            self.diary.event("stop" if event == "stop" else "finish", self.seen, **facts)
            self._tell(state, kept=kept, ended=why, made=made(self.folder.generator))
        self.team.wait()
        return state

    def _keep(self) -> dict[str, Any]:
        return self.shelf.keep(self.keeper, self.learner.average.network, self.seen)

    def _save(self) -> None:
        """A checkpoint; it alone, with the folder's plan, is where a run goes on."""
        if not self.team.first:
            return
        state = self.learner.state()
        if not checkpoint.finite(state["generator"]) or not checkpoint.finite(state["discriminator"]):
            return  # the next tick rolls back to what was saved before
        effort = getattr(self, "effort", None)
        document = {
            "learner": state,
            "seen": self.seen,
            "seconds": self.diary.seconds,
            "keeper": self.keeper.state(),
            "rolled_back": self.rolled_back,
            "flops_per_image": effort and effort.flops_per_image,
        }
        checkpoint.save(self.last, document)
        self.diary.event("checkpoint", self.seen)

    def _restore(self, saved: dict[str, Any]) -> None:
        self.learner.restore(saved["learner"])
        self.seen, self.rolled_back = saved["seen"], saved["rolled_back"]
        self.keeper.restore(saved["keeper"])
        self.diary.go_on_from(saved["seconds"])

    def _tell(self, state: str, **facts: Any) -> None:
        best = self.keeper.best
        self.diary.state(
            state,
            device=self.setting.device.type,
            preset=self.setting.preset.name,
            processes=self.team.size,
            kimg=self.seen / 1000,
            total_kimg=self.plan.images / 1000,
            best=best and best_document(best),
            **facts,
        )

    def _ask_to_end(self) -> None:
        self.asked_to_end = True


def _blend(before: float, now: float) -> float:
    """What was measured, the latest counting half."""
    return (before + now) / 2
