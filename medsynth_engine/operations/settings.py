"""The settings of a store: what each means, its default, and its value now."""

from __future__ import annotations

from typing import Any

from medsynth_engine.jobs.cap import SETTING as JOB_MEMORY

SETTINGS: dict[str, tuple[Any, str]] = {
    "evaluations_per_dataset": (10, "How often a dataset may be evaluated before an admin extends it"),
    "quarantine_days": (30, "Days that a quarantined picture waits for a review; then it is rejected and purged"),
    "second_factor_roles": ("", "Roles that need a second factor, such as admin,auditor; none: nobody"),
    "confirm_minutes": (15, "Minutes for which a password that was given is enough for exports, signatures, removals"),
    "lock_minutes": (10, "Minutes without a key after which the studio hides its screen"),
    "anchor_file": (
        "",
        "A file on another machine's disk that gets the audit log's checkpoints; empty: none",
    ),
    "anchor_syslog": ("no", "Whether the system's log gets the audit log's checkpoints: yes or no"),
    "backup_recipient": (
        "",
        "The key (age1...) that backups without a passphrase are encrypted for; empty: none",
    ),
    "inception_file": (
        "",
        "The file pt_inception-2015-12-05-6726825d.pth, for those who want FID beside our own measures; empty: no FID",
    ),
    JOB_MEMORY: (0, "Gigabytes of memory that the work of one job may take, 2 or more; 0: no limit"),
    "drop_box": ("", "A folder whose arrivals are offered to researchers; empty: none"),
}
"""The default and the meaning of each; a value is of its default's type."""
LARGEST = {"confirm_minutes": 60, "lock_minutes": 30}
"""Where a setting may not be set as high as the others."""


def setting(session: Any, name: str) -> Any:
    """The setting's value, or its default."""
    from db import facts

    value = facts.setting(session, name)
    return value if value is not None else SETTINGS[name][0]
