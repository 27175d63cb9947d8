"""Sizes and kinds of what lies on the disk, in words: for the studio and for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS = {
    "dataset": "Datasets",
    "run": "Runs",
    "cohort": "Cohorts",
    "generator": "Generators",
    "export": "Exports",
    "backup": "Backups",
    "database": "Ledger in PostgreSQL",
    "ledger": "Ledger",
    "work": "Work of jobs",
    "logs": "Logs",
    "moved_aside": "Stores moved aside",
    "unfinished": "Unfinished work",
}
OF = {"store": "a backup or a restore", "dataset": "datasets", "run": "runs", "cohort": "cohorts", "job": "jobs"}
UNITS = ("B", "kB", "MB", "GB", "TB")


def size(octets: int) -> str:
    """Bytes as people read them, by thousands: `812 B`, `4.0 kB`, `12 MB`, `1.3 GB`."""
    value = float(octets)
    for unit in UNITS:
        if value < 999.5 or unit == UNITS[-1]:
            break
        value /= 1000
    return f"{value:.1f} {unit}" if value < 9.95 and unit != "B" else f"{value:.0f} {unit}"


def unfinished(document: Mapping[str, Any]) -> str:
    """Of what the unfinished work is, and what to do about it; nothing where there is none."""
    parts = [f"{size(each['bytes'])} of {OF[each['of']]}" for each in document.get("unfinished") or ()]
    if not parts:
        return ""
    return (
        f"Unfinished work: {', '.join(parts)}. It is under way or was broken off. What was broken off is swept when "
        "somebody opens the studio's home or removes something of their own, within a day; what stays all the same, "
        "medsynth doctor tells an admin."
    )
