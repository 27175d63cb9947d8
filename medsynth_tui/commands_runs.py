"""Every action on several runs, and on what happened to one."""

from __future__ import annotations

from medsynth_engine.access.roles import Permission
from medsynth_tui.command import command

RunMark = command("run.mark", "space", "Mark", footer=True, palette=False)(
    "Mark the run under the cursor, to compare two to four of them."
)
RunsCompare = command("runs.compare", "c", "Compare", Permission.TRAIN, footer=True)(
    "Lay the curves of the marked runs over each other, with a table of their best and last values."
)
RunsMeasure = command("runs.measure", "v", "Measure", footer=True)(
    "Compare by the next measure: Fréchet ratio, losses, accuracy, overfitting, copy risk, speed."
)
RunsMeasureBack = command("runs.measure_back", "V", "Previous measure")("Compare by the measure before this one.")
RunEvents = command("run.events", "e", "Events")(
    "List what happened: checkpoints, best generators, pauses, roll-backs, early stop. The charts' letters mean these."
)
