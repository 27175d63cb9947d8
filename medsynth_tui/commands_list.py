"""The actions on lists of every kind."""

from __future__ import annotations

from medsynth_tui.command import command

ListFilter = command("list.filter", "slash", "Filter")(
    "Show only rows that hold the words you type, in any column; esc shows all again."
)
ListSort = command("list.sort", "s", "Sort")(
    "Sort this list by one of its columns; the same column again turns the order round."
)
ListCopy = command("list.copy", "y", "Copy id", palette=False)(
    "Put the name or number of the row under the cursor on your own machine's clipboard, through the terminal."
)
ListWrite = command("list.write", "W", "Write CSV")(
    "Write this list as it is filtered and sorted into a CSV file for other programs; the audit log says so."
)

LOOK = (ListFilter, ListSort, ListCopy)
"""What every list has."""
LISTED = (*LOOK, ListWrite)
"""And what those have that may be written."""
