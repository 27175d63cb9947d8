"""What a store for real patients should have before they come, and what a person must not do to it by mistake."""

from __future__ import annotations

import os

from medsynth_engine.access.roles import Role
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.doctor_says import Check, check
from medsynth_engine.operations.settings import setting


def checks(call: Call) -> list[Check]:
    """Two admins, a second factor, an anchor, a key for backups; none of it in a development store."""
    if call.ledger.stamp != "production":
        return []
    from sqlmodel import func, select

    from db.tables import User

    active = select(func.count()).select_from(User).where(User.role == Role.ADMIN, User.state == "active")
    with call.read() as session:
        admins = session.exec(active).one()
        roles, anchor, recipient = (
            str(setting(session, name)) for name in ("second_factor_roles", "anchor_file", "backup_recipient")
        )
    found = [
        check(
            "admins", admins > 1, f"{admins} admins are active.",
            "There is only one active admin: a forgotten password could be reset by nobody."
            if admins else "No admin is active.",
            "medsynth users add NAME --role admin, for another person"
            if admins else "medsynth activate NAME, by who was invited",
        ),
        check(
            "second factor", bool(roles), f"A second factor is asked of: {roles}.",
            "A second factor is asked of nobody.",
            "medsynth settings set second_factor_roles admin,auditor,researcher",
        ),
        check(
            "backup key", bool(recipient), "Backups are made for a key.",
            "No key for backups is set: none is made by itself, only by hand with a passphrase.",
            "medsynth settings set backup_recipient age1…, whose secret half is elsewhere",
        ),
    ]  # fmt: skip
    if not anchor:  # where it is set, what it knows is looked at with the signatures
        found.append(
            check(
                "anchor",
                False,
                "",
                "The audit log has no anchor: that its end was cut off could not be told.",
                "medsynth settings set anchor_file PATH, where this account cannot change what was written",
            )
        )
    return found


def account(home: Home) -> list[Check]:
    """Only root comes as far as this in another account's store, and may not have meant to."""

    if os.geteuid() == home.data.stat().st_uid:
        return []
    return [
        check(
            "account",
            False,
            "",
            "This store belongs to another account of the machine than the one you are.",
            "What you write here its owner may be unable to read: runuser -u OWNER -- env MEDSYNTH_HOME=… medsynth",
        )
    ]
