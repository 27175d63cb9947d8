"""The action on lists of every kind."""

from __future__ import annotations

from medsynth_tui.command import command

ListWrite = command("list.write", "W", "Write list")(
    "Write all rows of this list into a CSV file for other programs; the audit log says so."
)
