"""What somebody prefers for themselves: kept with the account, so that it is there wherever they log in."""

from __future__ import annotations

from typing import Any

from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.declare import Call, operation

PREFERENCES: dict[str, tuple[str, ...]] = {"theme": ("dark", "light", "contrast", "safe")}
"""What each may be; the first is what it is until somebody says otherwise."""


def preferred(session: Any, user_id: str) -> dict[str, str]:
    """Every preference of one account."""
    from db.tables import Store

    found = {}
    for key, values in PREFERENCES.items():
        row = session.get(Store, _place(user_id, key))
        found[key] = str(row.value) if row is not None and row.value in values else values[0]
    return found


def _place(user_id: str, key: str) -> str:
    return f"preference.{user_id}.{key}"


class Preferences:
    """One's own; nobody sets somebody else's."""

    @operation("account.preferences", Permission.OWN_ACCOUNT, early=True)
    def preferences(self, call: Call) -> dict[str, str]:
        with call.read() as session:
            return preferred(session, call.actor.user_id)

    @operation("account.prefer", Permission.OWN_ACCOUNT, about="key")
    def prefer(self, call: Call, key: str, value: str) -> dict[str, str]:
        """Keep it. Raises BadInput where there is no such preference, or it cannot be that."""
        from db.tables import Store

        if key not in PREFERENCES:
            raise BadInput(
                "no_such_preference", f"There is no preference {plain(key)!r}.", f"One of: {', '.join(PREFERENCES)}."
            )
        if value not in PREFERENCES[key]:
            raise BadInput("bad_value", f"{key} cannot be {plain(value)!r}.", f"One of: {', '.join(PREFERENCES[key])}.")
        with call.change(f"preference:{key}", value=value) as change:
            change.session.merge(Store(key=_place(call.actor.user_id, key), value=value))
        return {"key": key, "value": value}
