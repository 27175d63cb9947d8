"""Who acts: the value that travels from the door through every operation."""

from __future__ import annotations

from dataclasses import dataclass

from medsynth_engine.access.roles import Role


@dataclass(frozen=True)
class Actor:
    """Somebody who is logged in. `session_id` is the hash of the token, never the token."""

    user_id: str
    name: str
    role: Role
    session_id: str
