"""Bending a training's course: pause, go on, stop, draw with it, remove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medsynth_tui import commands as c
from medsynth_tui.command import Command
from medsynth_tui.screens.confirm import ConfirmByName, Sure

if TYPE_CHECKING:
    from medsynth_tui.view import View

    Base = View
else:
    Base = object

GOING = ("running", "queued")
STANDING = ("paused", "interrupted")
"""Nothing moves, until somebody resumes it: here, or elsewhere."""


class BendsItsCourse(Base):
    """For the screen of a run, which knows its newest document and shows a newer one (`_show`)."""

    run_name: str
    document: dict[str, Any]
    asked_on = False
    """Whether it was asked to go on and does not yet."""

    def _show(self, document: dict[str, Any]) -> None:
        """Show the run as it is now."""

    def offered(self, command: Command) -> bool:
        word = self.document.get("state")
        if command is c.RunPause and word not in ("running", "paused", "interrupted"):
            return False
        if command is c.RunStop and word not in ("queued", "running", "paused", "interrupted"):
            return False
        if command is c.RunRemove and word in GOING:
            return False
        return super().offered(command)

    def label(self, command: Command) -> str:
        if command is c.RunPause and self.document.get("state") != "running":
            return "Resume"
        return super().label(command)

    def do_run_pause(self) -> None:
        name = self.run_name
        self.clear()
        if self.document.get("state") == "running":
            self.ask(lambda engine: engine.runs_pause(name), self._wished, group="wish")
        else:
            self.asked_on = True
            self.ask(lambda engine: engine.runs_resume(name), self._wished, group="wish")

    def do_run_stop(self) -> None:
        self.studio.push_screen(
            Sure(
                f"Stop {self.run_name}",
                "The training ends at its next step and cannot be taken up again; a paused one can. The best generator "
                "so far stays usable.",
                "Stop it",
                "Let it run",
            ),
            self._stop,
        )

    def _stop(self, sure: bool | None) -> None:
        if sure:
            name = self.run_name
            self.ask(lambda engine: engine.runs_stop(name), self._wished, group="wish")

    def _wished(self, document: dict[str, Any]) -> None:
        self._show(document)
        self.say("Asked. It takes effect at the next step.")

    def do_run_cohort(self) -> None:
        self.studio.open("cohort_new", run=self.run_name)

    def do_run_remove(self) -> None:
        self.studio.push_screen(
            ConfirmByName(
                f"Remove {self.run_name}",
                "Its folder, curves and checkpoints are deleted. Its generator among the weights and its cohorts stay.",
                self.run_name,
                "Remove it",
            ),
            self._remove,
        )

    def _remove(self, sure: bool | None) -> None:
        if sure:
            name = self.run_name
            self.ask(lambda engine: engine.runs_remove(name), lambda _: self.studio.back(), group="wish")
