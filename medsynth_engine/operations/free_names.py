"""Whether a name is free: on some disks names that differ in upper and lower case alone are one file.

Asked when something is asked for, and once more by the job that makes it, for time has passed.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, select

from medsynth_engine.kernel.errors import name_taken
from medsynth_engine.kernel.home import Home


def demand_free_run(home: Home, session: Session, name: str) -> None:
    """Raise Busy where a run, a generator (runs leave theirs under their own name) or a run's folder is called so."""
    from db.tables import Run

    if _is_in(name, session.exec(select(Run.name))) or (home.runs / name).exists():
        raise name_taken("a run", name, "Choose another --name.")
    demand_free_generator(session, name)


def demand_free_generator(session: Session, name: str) -> None:
    """Raise Busy where a generator is called so."""
    from db.tables import Weights

    if _is_in(name, session.exec(select(Weights.name))):
        raise name_taken("a generator", name, "Choose another --name.")


def demand_free_cohort(session: Session, name: str) -> None:
    """Raise Busy where a cohort is called so."""
    from db.tables import Cohort

    if _is_in(name, session.exec(select(Cohort.name))):
        raise name_taken("a cohort", name)


def _is_in(name: str, names: Iterable[str]) -> bool:
    return name.casefold() in {other.casefold() for other in names}
