"""The guided tour: ten steps on the phantom cohort, each with one sentence, a key, and something that ends it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from medsynth_engine.kernel.atomic import write_text
from medsynth_engine.kernel.errors import MedSynthError
from medsynth_tui import commands as c
from medsynth_tui import commands_release as r
from medsynth_tui import commands_rows as t
from medsynth_tui.command import Command

if TYPE_CHECKING:
    from medsynth_tui.app import MedSynth
    from medsynth_tui.view import View

LOOK_EVERY_SECONDS = 0.5
LOG_IN = "This store is the tour's alone. Log in: alice, tab, password123, enter."
FINISHED = (
    "That was it. What the gate asks for last: an auditor's opinion, an admin's signature. {quit} leaves; "
    "medsynth tour --remove takes it all away."
)


@dataclass(frozen=True)
class Step:
    """says   one thing, and the key, `{key}`, that the person at the keyboard has for `command`
    here   screens on which it makes sense
    way    how to get there from elsewhere
    done   the screen that ends it
    """

    says: str
    command: Command
    here: tuple[str, ...]
    way: str
    done: str


DATASET = "{back} goes back to the dataset; from elsewhere {find}, type datasets, enter, and enter on phantom."
COHORT = "{back} goes back to the cohort; from elsewhere {find}, type cohorts, enter, and enter on yours."
STEPS = (
    Step("Home says what went on while you were away. {key} shows every key of a screen; esc closes.", c.Help,
         ("home",), "{back} goes back to the first screen.", "help"),
    Step("Where to? Arrows and enter, a number, or {key} and a word or two. Go to the datasets: 1.", c.Palette,
         ("home",), "{back} goes back to the first screen.", "datasets"),
    Step("A department left files of 400 made-up patients. {key} brings in what came.", c.DatasetAdd,
         ("datasets",), "Press {find}, type datasets, enter.", "upload"),
    Step("up reaches Drop box, right takes phantom. {key} then looks at it; nothing is stored yet.", c.UploadScan,
         ("upload",), "Press {find}, type datasets, enter, then {bring}.", "scan"),
    Step("Names, numbers and dates would go; what each column means is listed. {key} brings it in.", c.UploadAdd,
         ("scan",), "Press {find}, type datasets, enter, then {bring}; scan it again.", "dataset"),
    Step("De-identified. {key} shows its columns, with everything small hidden; {back} comes back.", t.DatasetTableOpen,
         ("dataset",), DATASET, "table"),
    Step("{key} trains a generator: Preset nano32, Minutes 1 (ctrl+u empties a field), Begin training.", c.DatasetTrain,
         ("dataset", "run_new"), DATASET, "run"),
    Step("It goes on without you. When it has finished, {key} draws a cohort: a name, 300 records, Draw.", c.RunCohort,
         ("run", "cohort_new"), "Press {find}, type runs, enter; enter opens the run.", "cohort"),
    Step("{key} measures how faithful, private, fair and useful it is; then look through its pages.", r.CohortEvaluate,
         ("cohort", "evidence"), COHORT, "judged"),
    Step("Nothing leaves unseen. {back}, then {key}: the gate says why it is closed and what mends it.", r.CohortExport,
         ("cohort", "evidence", "judged"), COHORT, "export"),
)  # fmt: skip
"""Ten, and each can be taken away again with the key that removes, or all of it with `medsynth tour --remove`."""


KEYS = {"find": c.Palette, "bring": c.DatasetAdd, "back": c.Back, "quit": c.Quit}
"""What sentences call the keys of other commands."""


class Tour:
    """Where somebody is on the tour; kept in a file, so that it goes on where it was left."""

    def __init__(self, kept: Path) -> None:
        self.kept = kept
        self.at = _read(kept)

    @property
    def finished(self) -> bool:
        return self.at >= len(STEPS)

    def say(self, app: MedSynth) -> tuple[str, str]:
        """What to call the step, and its sentence here and now."""
        if app.session.person is None:
            return "Tour", LOG_IN
        if self.finished:
            return "Tour", _with_keys(FINISHED, app, KEYS)
        name, step = f"Tour {self.at + 1} of {len(STEPS)}", STEPS[self.at]
        words = step.says if place_of(app) in step.here else step.way
        return name, _with_keys(words, app, {**KEYS, "key": step.command})

    def look(self, app: MedSynth) -> bool:
        """Go on where the step is done. True where what is said has changed."""
        if self.finished or app.session.person is None or place_of(app) != STEPS[self.at].done:
            return False
        self.move(1)
        return True

    def move(self, by: int) -> None:
        self.at = min(max(0, self.at + by), len(STEPS))
        with suppress(MedSynthError, OSError):  # on a full disk the tour goes on; it is kept with the next step
            write_text(self.kept, json.dumps({"step": self.at}) + "\n")


def _with_keys(words: str, app: MedSynth, commands: Mapping[str, Command]) -> str:
    for name, each in commands.items():
        words = words.replace(f"{{{name}}}", app.keymap.label_in_a_form(each) or app.keymap.label(each))
    return words


def place_of(app: MedSynth) -> str:
    """What is in front, also under a dialog: a screen's name, `help`, or `judged` where evidence is there to read."""
    from medsynth_tui.places import SCREENS

    if type(app.screen).__name__ == "Help":
        return "help"
    view = app.top_view()
    kind = type(view).__name__
    place = next((name for name, where in SCREENS.items() if where.endswith(f":{kind}")), "")
    return "judged" if place == "evidence" and getattr(view, "document", None) else place


def _read(kept: Path) -> int:
    """The step that was reached; the first where nothing is kept, or nothing that can be read."""
    try:
        step = json.loads(kept.read_text()).get("step", 0)
    except (OSError, ValueError, AttributeError):
        return 0
    return min(max(0, step), len(STEPS)) if isinstance(step, int) else 0


class Touring:
    """For the app."""

    tour: Tour | None = None
    _told: tuple[View, tuple[str, str]] | None = None
    """The view in front and what is said over it: one that comes back has an older sentence."""

    def watch_the_tour(self) -> None:
        if self.tour is not None:
            cast("MedSynth", self).set_interval(LOOK_EVERY_SECONDS, self.look_at_the_tour)

    def look_at_the_tour(self) -> None:
        """Go on where a step is done; draw the sentence again where it is another."""
        app = cast("MedSynth", self)
        view = app.top_view()
        if self.tour is None or view is None:
            return
        self.tour.look(app)
        told = view, self.tour.say(app)
        if told != self._told:
            self._told = told
            for line in view.query("TourLine"):
                line.refresh()

    def do_tour_next(self) -> None:
        self._step(1)

    def do_tour_before(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.tour is not None:
            self.tour.move(by)
            self.look_at_the_tour()
