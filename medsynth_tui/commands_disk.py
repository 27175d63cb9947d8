"""The actions of the screen of disk use."""

from __future__ import annotations

from medsynth_tui.command import command

DiskOpen = command("disk.open", "enter", "Open", footer=True, palette=False)(
    "Open the dataset, run or cohort under the cursor."
)
DiskRemove = command("disk.remove", "D", "Remove", footer=True)(
    "Remove the dataset, run or cohort under the cursor, where it is yours; you type its name to confirm."
)
