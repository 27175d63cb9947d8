"""Whether a name is free: on some disks names that differ in upper and lower case alone are one file.

Asked when something is asked for, and once more by the job that makes it, for time has passed.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, select

from medsynth_engine.kernel.errors import Busy, name_taken
from medsynth_engine.kernel.home import Home

ANOTHER = "Choose another --name."


def demand_free_run(home: Home, session: Session, name: str) -> None:
    """Raise Busy where a run, a generator (runs leave theirs under their own name) or a run's folder is called so."""
    there = run_called(session, name) or (name if (home.runs / name).exists() else None)
    if there is not None:
        raise _taken("a run", name, there, ANOTHER)
    demand_free_generator(session, name)


def demand_free_generator(session: Session, name: str) -> None:
    """Raise Busy where a generator is called so."""
    there = generator_called(session, name)
    if there is not None:
        raise _taken("a generator", name, there, ANOTHER)


def demand_free_cohort(session: Session, name: str) -> None:
    """Raise Busy where a cohort is called so."""
    from db.tables import Cohort

    there = _alike(name, session.exec(select(Cohort.name)))
    if there is not None:
        raise _taken("a cohort", name, there, "Choose another name.")


def cohort_queue(name: str) -> str:
    """The queue of what makes a cohort of this name: one at a time, in whatever letters."""
    return f"cohort:{name.casefold()}"


def run_called(session: Session, name: str) -> str | None:
    """How the run is spelled that has this name, or one that differs in upper and lower case alone."""
    from db.tables import Run

    return _alike(name, session.exec(select(Run.name)))


def generator_called(session: Session, name: str) -> str | None:
    """How the generator is spelled that has this name, or one that differs in upper and lower case alone."""
    from db.tables import Weights

    return _alike(name, session.exec(select(Weights.name)))


def _alike(name: str, names: Iterable[str]) -> str | None:
    return next((other for other in names if other.casefold() == name.casefold()), None)


def _taken(what: str, name: str, there: str, hint: str) -> Busy:
    return name_taken(what, there, hint if name == there else f"{hint} Upper and lower case alone make no other.")
