"""The second factor of an account: setting it up, turning it off, fresh recovery codes, and help for a lost one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medsynth_engine.access.roles import Permission
from medsynth_engine.kernel.store_key import load_key
from medsynth_engine.operations.accounts import shown
from medsynth_engine.operations.declare import Call, operation

if TYPE_CHECKING:
    from db.ledger import Change


class Factors:
    """Time-based codes beside the password; see `access.second_factor`."""

    @operation("account.totp", Permission.OWN_ACCOUNT, early=True)
    def totp(self, call: Call) -> dict[str, Any]:
        """Whether one is on, whether it is needed, and how many recovery codes are left."""
        from medsynth_engine.access import second_factor

        with call.read() as session:
            row = second_factor.of(session, call.actor.user_id)
            return {
                "on": row is not None,
                "since": row.confirmed_at.isoformat(timespec="seconds") if row and row.confirmed_at else None,
                "needed": second_factor.required_of(session, str(call.actor.role)),
                "recovery_codes_left": second_factor.codes_left(session, call.actor.user_id),
            }

    @operation("account.totp_begin", Permission.OWN_ACCOUNT, fresh=True, early=True)
    def totp_begin(self, call: Call) -> dict[str, Any]:
        """A secret for the app, shown once; it counts after `totp_confirm`."""
        from medsynth_engine.access import second_factor

        begun = second_factor.begin(call.ledger, load_key(call.home.key), call.actor, call.face)
        return {"secret": begun.secret, "text": begun.text}

    @operation("account.totp_confirm", Permission.OWN_ACCOUNT, early=True)
    def totp_confirm(self, call: Call, code: str) -> dict[str, Any]:
        from medsynth_engine.access import second_factor

        codes = second_factor.confirm(call.ledger, load_key(call.home.key), call.actor, code, call.face)
        return {"name": call.actor.name, "recovery_codes": codes}

    @operation("account.totp_off", Permission.OWN_ACCOUNT, early=True)
    def totp_off(self, call: Call, password: str, code: str) -> dict[str, Any]:
        from medsynth_engine.access import second_factor

        with _proven_again(call, password, code) as change:
            second_factor.turn_off(change, call.actor)
        return {"name": call.actor.name}

    @operation("account.totp_codes", Permission.OWN_ACCOUNT, early=True)
    def totp_codes(self, call: Call, password: str, code: str) -> dict[str, Any]:
        """Fresh recovery codes; the old ones are worth nothing any more."""
        from medsynth_engine.access import second_factor

        with _proven_again(call, password, code) as change:
            codes = second_factor.renew_codes(change, call.actor)
        return {"name": call.actor.name, "recovery_codes": codes}

    @operation("users.totp_reset", Permission.MANAGE_USERS, fresh=True, about="name")
    def users_totp_reset(self, call: Call, name: str) -> dict[str, Any]:
        """Take somebody's lost second factor away; their sessions end, and the admin may not judge them for 30 days."""
        from medsynth_engine.access import second_factor, users
        from medsynth_engine.access.endings import end_all

        with call.ledger.write(call.face) as change:
            person = users.by_name(change.session, name)
            second_factor.reset(change, person, call.actor)
            end_all(change, person.id, "second factor reset")
        return {"name": person.name, "role": person.role, "state": person.state}


@contextmanager
def _proven_again(call: Call, password: str, code: str) -> Iterator[Change]:
    """A change by who gives password and code once more. Raises Denied where they are wrong."""
    from medsynth_engine.access.proof import accept, proven

    given = shown(call, password, code)
    with (
        proven(call.ledger, call.actor.name, given, call.face, session_id=call.actor.session_id) as proof,
        call.ledger.write(call.face) as change,
    ):
        accept(change, proof)
        yield change
