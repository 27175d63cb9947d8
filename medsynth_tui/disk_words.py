"""Sizes and kinds of what lies on the disk, in words: for the studio and for the command line."""

from __future__ import annotations

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
    "unfinished": "Unfinished",
}
UNITS = ("B", "kB", "MB", "GB", "TB")


def size(octets: int) -> str:
    """Bytes as people read them, by thousands: `812 B`, `4.0 kB`, `12 MB`, `1.3 GB`."""
    value = float(octets)
    for unit in UNITS:
        if value < 999.5 or unit == UNITS[-1]:
            break
        value /= 1000
    return f"{value:.1f} {unit}" if value < 9.95 and unit != "B" else f"{value:.0f} {unit}"
