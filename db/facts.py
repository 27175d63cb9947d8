"""What a store says of itself, by name: facts that never change, and settings that an admin changes."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from db.tables import Store

_SETTING = "setting."


def fact(session: Session, key: str) -> Any:
    """The value of a fact; None where there is none."""
    row = session.get(Store, key)
    return row.value if row is not None else None


def setting(session: Session, name: str) -> Any:
    """The value that was set; None where nobody has set it."""
    return fact(session, _SETTING + name)


def keep_setting(session: Session, name: str, value: Any) -> None:
    """In the caller's change, which records it."""
    session.merge(Store(key=_SETTING + name, value=value))
