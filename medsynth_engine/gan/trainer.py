"""The loop: steps, ticks, evaluations, checkpoints, wishes. Everything periodic counts images, never seconds."""

from __future__ import annotations

import signal
import time
from types import FrameType
from typing import Any

import torch

from medsynth_engine.gan import augment, checkpoint, data, device, pace, presets, schedule, weights
from medsynth_engine.gan.conditions import Vocabulary
from medsynth_engine.gan.evaluate import Evaluator, Measured
from medsynth_engine.gan.learner import Learner
from medsynth_engine.gan.networks import Architecture
from medsynth_engine.gan.progress import Gathered, rounded
from medsynth_engine.gan.sheet import Sheet
from medsynth_engine.kernel.atomic import read_json, write_json
from medsynth_engine.kernel.errors import BadInput, MedSynthError
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.kernel.home import low_resource

REHEARSAL_SECONDS = 3.0
"""How long the speed is measured where a budget in minutes hangs on it."""
GLANCE_SECONDS = 0.3
"""And where it only sets how often one hears of it."""
CAUTION = 0.5
"""Learning rate after a roll-back, against before."""


class Trainer:
    """One run folder being trained, in this process."""

    def __init__(self, folder: RunFolder, started: float) -> None:
        self.folder, self.started = folder, started
        config = folder.config()
        if config.get("format") != 1:
            raise BadInput("not_a_run", "This folder holds no run that can be trained.", "Choose a run's folder.")
        self.config = config
        self.seed = int(config.get("seed") or 0)
        self.small = low_resource(bool(config.get("low_resource")))
        self.device, note = device.choose(str(config.get("device") or "auto"))
        device.prepare(self.device, self.small)
        if note:
            folder.log(note)
        self.vocabulary = Vocabulary.from_document(config.get("conditions") or {})
        self.data = data.load(folder.data, self.vocabulary, self.device)
        self.preset = presets.resolve(
            str(config.get("preset") or "auto"),
            self.data.resolution,
            len(self.data.training),
            self.device.type,
            self.small,
            fixed_size=True,
        )
        if self.preset.resolution != self.data.resolution:
            raise BadInput(
                "wrong_resolution",
                f"Images of {self.data.resolution} pixels, but {self.preset.name} draws {self.preset.resolution}.",
                "Pack the images at the preset's size, or choose the preset that fits.",
            )
        self.budget = pace.Budget.of(config)
        self.evaluator = Evaluator(self.data, self.seed)
        self.sheet = Sheet(self.data, self.vocabulary.categorical, self.seed)
        self.seen, self.earlier_seconds = 0, 0.0
        self.best: dict[str, float] | None = None
        self.rolled_back = False
        self.asked_to_end = False
        self.pace = pace.Pace(1e-2, 1.0)  # a guess, until something was measured here
        self.plan, self.learner = self._begin()

    # -- beginning --------------------------------------------------------------------------------------------------

    def _learner(self, batch: int, ema_width: float) -> Learner:
        torch.manual_seed(self.seed)
        architecture = Architecture(self.preset.widths, self.preset.blocks, self.data.channels)
        name = str(self.config.get("augmentation") or "radiograph")
        profile = augment.profile(name, len(self.data.training))
        return Learner(architecture, self.vocabulary, self.data, profile, batch, self.seed, ema_width, self.device)

    def _begin(self) -> tuple[schedule.Plan, Learner]:
        """Go on from the last checkpoint, or make the plan and start."""
        stored = read_json(self.folder.path / "plan.json")
        if stored is not None:
            plan = schedule.Plan.from_document(stored)
            torch.set_num_threads(plan.threads)
            learner = self._learner(plan.batch, plan.ema)
            saved = checkpoint.load(self._last)
            if saved is not None:
                self._restore(learner, saved)
                self._event("resume")
                return plan, learner
        else:
            plan = self._rehearse()
            write_json(self.folder.path / "plan.json", plan.document())
            learner = self._learner(plan.batch, plan.ema)
        self._save(learner)  # there is always something to go back to
        return plan, learner

    def _rehearse(self) -> schedule.Plan:
        """Measure a few seconds of steps and one evaluation on networks that are thrown away, then make the plan."""
        trial = schedule.plan(self.preset, len(self.data.training), 100_000, schedule.EVALUATIONS, 1e-3)
        learner = self._learner(trial.batch, trial.ema)
        learner.step(trial.rates(0), trial)
        least = REHEARSAL_SECONDS if self.budget.minutes else GLANCE_SECONDS

        def step() -> None:
            learner.step(trial.rates(0), trial)
            self._synchronise()

        threads = device.threads()
        if self.device.type == "cpu" and device.wished_threads() is None:
            threads = pace.best_threads(step, threads)
        per_image = pace.seconds_per_call(step, least) / trial.batch
        begin = time.perf_counter()
        measured = self.evaluator.measure(learner.average.network)
        self.sheet.write(self._sheet_path(0), learner.average.network)
        per_evaluation = time.perf_counter() - begin
        self.folder.append(kind="evaluation", kimg=0.0, seconds=round(self.seconds, 1), **rounded(measured.document()))
        self.pace = pace.Pace(per_image, per_evaluation)
        return pace.first_plan(self.budget, self.preset, len(self.data.training), self.pace, self.seconds, threads)

    def _settle(self) -> None:
        """Fix the length of a training asked for in minutes. The checkpoint comes first: one killed in between settles
        again."""
        self.plan = pace.settled(
            self.plan, self.budget, self.preset, len(self.data.training), self.pace, self.seen, self.seconds
        )
        self._save()
        write_json(self.folder.path / "plan.json", self.plan.document())

    # -- the loop ---------------------------------------------------------------------------------------------------

    def run(self) -> str:
        """Train until the end, a wish or a signal; returns the state that was reached."""
        previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._facts("running", error=None)
            return self._loop()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _loop(self) -> str:
        gathered = Gathered(self.device)
        tick_begin, tick_seen = time.perf_counter(), self.seen
        while self.seen < self.plan.images:
            plan = self.plan
            gathered.add(self.learner.step(plan.rates(self.seen), plan))
            self.seen += plan.batch
            if self.asked_to_end:
                return self._leave("interrupted", "checkpoint")
            if self._due(plan.tick):
                self._synchronise()
                now = time.perf_counter()
                speed = (self.seen - tick_seen) / max(1e-9, now - tick_begin)
                if not self._tick(gathered, speed):
                    gathered = Gathered(self.device)
                wish = self.folder.wish()
                if wish == "pause":
                    return self._leave("paused", "pause")
                if wish == "stop":
                    return self._stop()
                self.pace = pace.Pace(_blend(self.pace.per_image, 1 / speed), self.pace.per_evaluation)
                if pace.due(plan, self.budget, self.seconds):
                    self._settle()
                tick_begin, tick_seen = time.perf_counter(), self.seen
            if self._due(plan.evaluate) or self.seen >= self.plan.images:
                begin = time.perf_counter()
                self._evaluate()
                self.pace = pace.Pace(
                    self.pace.per_image, _blend(self.pace.per_evaluation, time.perf_counter() - begin)
                )
                tick_begin, tick_seen = time.perf_counter(), self.seen
            if self._due(plan.checkpoint):
                self._save()
        return self._finish("finished", "finish")

    def _due(self, every: int) -> bool:
        return self.seen // every > (self.seen - self.plan.batch) // every

    def _tick(self, gathered: Gathered, speed: float) -> bool:
        """Tell how it goes. False where numbers went wrong and training was rolled back."""
        means = gathered.take()
        if any(value is None for value in means.values()):
            self._roll_back()
            return False
        controller = self.learner.controller
        left = (self.plan.images - self.seen) / max(1e-9, speed)
        line = {
            **means,
            "images_per_second": speed,
            "overfitting": controller.signal,
            "augmentation": controller.chance,
            "eta_seconds": left,
            "epoch": self.seen / len(self.data.training),
        }
        self.folder.append(kind="tick", kimg=self.kimg, seconds=round(self.seconds, 1), **rounded(line))
        self._facts("running", images_per_second=round(speed, 2), eta_seconds=round(left, 1))
        return True

    def _evaluate(self) -> None:
        network = self.learner.average.network
        measured = self.evaluator.measure(network)
        self.folder.append(
            kind="evaluation", kimg=self.kimg, seconds=round(self.seconds, 1), **rounded(measured.document())
        )
        self.sheet.write(self._sheet_path(self.seen), network)
        better = measured.fd_ratio is not None and (
            self.best is None or measured.fd_ratio < self.best["fd_ratio_validation"]
        )
        if better and checkpoint.finite(network.state_dict()):
            assert measured.fd_ratio is not None
            self.best = {"kimg": self.kimg, "fd_ratio_validation": round(measured.fd_ratio, 4)}
            weights.save(self._best, self._document(measured))
            self._event("best", fd_ratio_validation=self.best["fd_ratio_validation"])

    def _roll_back(self) -> None:
        """Numbers went wrong: back to the last checkpoint once, with a lower rate; the second time is the end."""
        saved = checkpoint.load(self._last)
        if self.rolled_back or saved is None or saved.get("rolled_back"):
            self._keep_generator()
            raise MedSynthError(
                "training_diverged",
                "Training diverged: the losses are no longer numbers, also at a lower learning rate.",
                "Train again with another seed, or a smaller preset; the best generator so far is kept.",
            )
        seconds = self.seconds
        self._restore(self.learner, saved)
        self.earlier_seconds, self.rolled_back = seconds, True
        self.learner.caution = CAUTION
        self._save()
        self.folder.log("Losses were no longer numbers: back to the last checkpoint, at half the learning rate.")
        self._event("roll_back")

    # -- ending -----------------------------------------------------------------------------------------------------

    def _leave(self, state: str, event: str) -> str:
        self._save()
        if event != "checkpoint":
            self._event(event)
        self._facts(state)
        return state

    def _stop(self) -> str:
        self._evaluate()
        self._save()
        return self._finish("stopped", "stop")

    def _finish(self, state: str, event: str) -> str:
        """Put the best generator where it is looked for, and say which it is."""
        chosen = self._keep_generator()
        self._save()
        self._event(event, **chosen)
        self._facts(state)
        return state

    def _keep_generator(self) -> dict[str, Any]:
        """Write `generator.pth`: the best where one was measured, else the last; what to say about it."""
        if self.best is not None and self._best.exists():
            kept = weights.load(self._best)
            content = weights.document(kept.generator, kept.info, self._rows())
            chosen: dict[str, Any] = {"generator": "best", "best_kimg": self.best["kimg"]}
            chosen["fd_ratio_validation"] = self.best["fd_ratio_validation"]
        else:
            content = self._document(Measured(None, None, None, 0))
            chosen = {"generator": "last"}
        weights.save(self.folder.generator, content)
        return chosen

    def _document(self, measured: Measured) -> dict[str, Any]:
        info = {
            "preset": self.preset.name,
            "kimg": self.kimg,
            "fd_ratio_validation": measured.fd_ratio,
            "training_digest": self.config.get("training_digest"),
            "training_images": len(self.data.training),
            "augmentation": self.config.get("augmentation"),
        }
        return weights.document(self.learner.average.network, info, self._rows())

    def _rows(self) -> str | None:
        return self.folder.rows.read_text() if self.folder.rows.exists() else None

    # -- state ------------------------------------------------------------------------------------------------------

    def _save(self, learner: Learner | None = None) -> None:
        state = (learner or self.learner).state()
        if not checkpoint.finite(state["generator"]) or not checkpoint.finite(state["discriminator"]):
            return  # the next tick rolls back to what was saved before
        checkpoint.save(
            self._last,
            {
                "learner": state,
                "seen": self.seen,
                "seconds": self.seconds,
                "best": self.best,
                "rolled_back": self.rolled_back,
            },
        )
        self._event("checkpoint")

    def _restore(self, learner: Learner, saved: dict[str, Any]) -> None:
        learner.restore(saved["learner"])
        self.seen, self.best, self.rolled_back = saved["seen"], saved["best"], saved["rolled_back"]
        self.earlier_seconds = saved["seconds"]
        self.started = time.time()

    @property
    def kimg(self) -> float:
        return self.seen / 1000

    @property
    def seconds(self) -> float:
        """Wall clock of all sessions of this run."""
        return self.earlier_seconds + time.time() - self.started

    @property
    def _last(self) -> Any:
        return self.folder.checkpoints / "last.pt"

    @property
    def _best(self) -> Any:
        return self.folder.checkpoints / "best.pth"

    def _sheet_path(self, seen: int) -> Any:
        return self.folder.samples / f"{seen / 1000:09.3f}.png"

    def _synchronise(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()

    def _event(self, what: str, **facts: Any) -> None:
        self.folder.append(kind="event", what=what, kimg=self.kimg, seconds=round(self.seconds, 1), **facts)

    def _facts(self, state: str, **facts: Any) -> None:
        self.folder.set_state(
            state,
            device=self.device.type,
            preset=self.preset.name,
            kimg=self.kimg,
            total_kimg=self.plan.images / 1000,
            seconds=round(self.seconds, 1),
            best=self.best,
            simulated=False,
            **facts,
        )

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_end = True


def _blend(before: float, now: float) -> float:
    """What was measured, the latest counting half."""
    return (before + now) / 2
