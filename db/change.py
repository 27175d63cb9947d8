"""An open write transaction: everything in it is kept together with its audit records, or nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from db import chain

SYSTEM = "system"
"""The actor of what nobody in particular did: making a store, repairing the record of a dead job."""


class Who(Protocol):
    """Somebody who acts; the engine's `Actor` is one."""

    @property
    def user_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def session_id(self) -> str: ...


@dataclass
class Change:
    """An open write transaction. Everything done through `session` and every record is kept together, or nothing is."""

    session: Session
    face: str = ""
    records: list[chain.Record] = field(default_factory=list)

    def record(
        self,
        *,
        actor: str | Who,
        action: str,
        role: str = "",
        object_: str = "",
        outcome: str = "done",
        detail: Mapping[str, Any] | None = None,
        reason: str = "",
        actor_id: str = "",
        session_id: str = "",
        face: str = "",
    ) -> chain.Record:
        """Add an audit record. `actor` is a name, or somebody whose id, role and session are then taken from them.

        Raises BadRecord where the record must not be written; the whole change is then rolled back.
        """
        if not isinstance(actor, str):
            actor_id, role = actor_id or actor.user_id, role or str(actor.role)
            session_id, actor = session_id or actor.session_id, actor.name
        self.session.flush()  # what contradicts a constraint fails before it is recorded
        record = chain.append(
            self.session,
            actor=actor,
            actor_id=actor_id,
            role=role,
            session_id=session_id[:16],
            face=face or self.face,
            action=action,
            object_=object_,
            outcome=outcome,
            reason=reason,
            detail=detail,
        )
        self.records.append(record)
        return record


def end(session: Session) -> None:
    """Undo what was not committed. A lost connection cannot be told so, and need not: the server has done it."""
    try:
        session.close()
    except SQLAlchemyError:
        session.invalidate()
