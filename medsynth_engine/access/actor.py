"""Who acts: the value that travels from the door through every operation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from medsynth_engine.access.roles import Role


@dataclass(frozen=True)
class Actor:
    """Somebody who is logged in. `session_id` is the hash of the token, never the token.

    proved_at  when the password (and the code) were last given in this session
    owes       what stands between this login and any work: `second_factor` where the role needs one and has none
    """

    user_id: str
    name: str
    role: Role
    session_id: str
    proved_at: datetime | None = None
    owes: str = ""
