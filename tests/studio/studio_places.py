"""Where each role may go in the studio, with what each screen is opened on; and the way in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_engine import LONG, FakeEngine
from studio_people import log_in, studio
from textual.pilot import Pilot

from medsynth_tui.app import MedSynth

EVERYONE: dict[str, dict[str, Any]] = {
    "home": {},
    "datasets": {},
    "dataset": {"name": LONG},
    "cohorts": {},
    "cohort": {"name": LONG},
    "cohort_table": {"name": LONG},
    "table": {"name": LONG},
    "rules": {"dataset": LONG},
    "evidence": {"cohort": LONG},
    "compare": {"cohorts": [f"{LONG}-1", f"{LONG}-2", f"{LONG}-3"]},
    "assessments": {},
    "assessment": {"subject": LONG},
    "export": {"cohort": LONG},
    "releases": {},
    "jobs": {},
    "disk": {},
    "audit": {},
    "password": {},
}


RESEARCHER: dict[str, dict[str, Any]] = {
    **EVERYONE,
    "upload": {},
    "review": {},
    "scan": {"name": LONG, "intake": {"path": "p"}, "document": {"columns": {"age": LONG}, "submitted": 3}},
    "runs": {},
    "run_new": {},
    "run_import": {},
    "bundle": {"dataset": LONG},
    "run": {"name": LONG},
    "compare_runs": {"runs": [f"{LONG}-{index}" for index in range(4)]},
    "cohort_new": {},
    "population": {"source": {"dataset": LONG}},
    "learners": {"dataset": LONG},
    "nearest_pairs": {"cohort": LONG},
}


BACKUPS: dict[str, dict[str, Any]] = {"backups": {}, "backup_new": {}, "backup_read": {}}


PLACES = {
    "researcher": RESEARCHER,
    "admin": {**EVERYONE, "users": {}, "settings": {}, "totp": {}, "store": {}, **BACKUPS},
    "auditor": EVERYONE,
}


def fake(tmp_path: Path, role: str = "researcher", **options: Any) -> MedSynth:
    return studio(tmp_path, engine=FakeEngine(role, **options))


async def enter(pilot: Pilot[Any]) -> None:
    await log_in(pilot, "somebody", "some words")
