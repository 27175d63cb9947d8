"""Stores, people and their sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medsynth_engine.access.roles import Permission, Role, permissions_of
from medsynth_engine.kernel.errors import BadInput, Busy, Denied
from medsynth_engine.kernel.escape import plain
from medsynth_engine.kernel.served import key_holder
from medsynth_engine.kernel.store_key import load_key
from medsynth_engine.operations.declare import Call, operation

if TYPE_CHECKING:
    from medsynth_engine.access.proof import Given


class Accounts:
    """Making a store, logging in, and looking after accounts."""

    token: str | None

    @operation("store.state", Permission.ANYONE, needs_store=False)
    def store_state(self, call: Call) -> dict[str, Any]:
        if call.store is None:
            return {"exists": False, "stamp": None, "name": call.home.root.name, "needs_activation": False}
        from medsynth_engine.access import users

        with call.read() as session:
            people = users.all_users(session)
        return {
            "exists": True,
            "stamp": call.store.stamp,
            "name": call.home.root.name,
            "needs_activation": all(person.state == "invited" for person in people),
        }

    @operation("store.init", Permission.ANYONE, needs_store=False)
    def init(self, call: Call, development: bool = False, admin: str = "admin") -> dict[str, Any]:
        from db.place import create_store
        from medsynth_engine.access import users

        if key_holder():  # its disk is not mounted, say: whoever comes first by ssh does not begin another one
            raise Denied("served_store", "The store of this server is not there.", "Tell who looks after the machine.")
        admin = users.checked_name(admin)
        if call.store is not None:
            with call.read() as session:
                begun = not users.all_users(session)  # killed before anybody was let in: go on from there
            if not begun:
                raise Busy("store_exists", "There is a store here already.", "Log in, or choose another --home.")

        stamp = "development" if development else "production"
        store = call.store or create_store(call.home.ledger, stamp)
        stamp = store.stamp
        load_key(call.home.key)
        try:
            with store.write(call.face) as change:
                if stamp == "development":
                    accounts = users.add_development_accounts(change)
                    activation = None
                else:
                    accounts = [(admin, Role.ADMIN)]
                    activation = {"name": admin, "code": users.add(change, admin, Role.ADMIN, by=None)}
        finally:
            store.close()
        people = [{"name": name, "role": str(role)} for name, role in accounts]
        return {"stamp": stamp, "accounts": people, "activation": activation}

    @operation("account.activate", Permission.ANYONE)
    def activate(self, call: Call, name: str, code: str, password: str) -> dict[str, Any]:
        from medsynth_engine.access import users

        demand_own_key(call, name)
        return {"name": name, "role": str(users.activate(call.ledger, name, code, password, face=call.face))}

    @operation("session.login", Permission.ANYONE)
    def login(self, call: Call, name: str, password: str, code: str = "") -> dict[str, Any]:
        from medsynth_engine.access import sessions

        demand_own_key(call, name)
        opened = sessions.login(call.ledger, name, shown(call, password, code), call.face)
        self.token = opened.token
        return {
            "token": opened.token,
            "name": opened.actor.name,
            "role": str(opened.actor.role),
            "stamp": call.ledger.stamp,
            "owes": opened.actor.owes,
            "failures_before": opened.before.failures,
            "without_code": opened.before.without_code,
        }

    @operation("session.confirm", Permission.OWN_ACCOUNT, early=True)
    def confirm(self, call: Call, password: str, code: str = "") -> dict[str, Any]:
        """Give the password once more, for what asks for a fresh one."""
        from medsynth_engine.access import sessions

        sessions.confirm(call.ledger, call.actor, shown(call, password, code), call.face)
        return {"name": call.actor.name}

    @operation("session.logout", Permission.OWN_ACCOUNT, early=True)
    def logout(self, call: Call) -> dict[str, Any]:
        from medsynth_engine.access.endings import end

        with call.change(f"user:{call.actor.name}") as change:
            end(change.change, call.actor.session_id, "logout")
        self.token = None
        return {"name": call.actor.name}

    @operation("session.whoami", Permission.OWN_ACCOUNT, early=True)
    def whoami(self, call: Call) -> dict[str, Any]:
        from medsynth_engine.access import second_factor, sessions
        from medsynth_engine.operations.preferences import preferred
        from medsynth_engine.operations.settings import setting

        with call.read() as session:
            expires = sessions.expires(session, call.actor.session_id)
            on = second_factor.of(session, call.actor.user_id) is not None
            lock_minutes = setting(session, "lock_minutes")
            preferences = preferred(session, call.actor.user_id)
        return {
            "name": call.actor.name,
            "role": str(call.actor.role),
            "stamp": call.ledger.stamp,
            "expires": expires.isoformat(timespec="seconds"),
            "permissions": [str(permission) for permission in permissions_of(call.actor.role)],
            "second_factor": on,
            "owes": call.actor.owes,
            "lock_minutes": lock_minutes,
            "preferences": preferences,
        }

    @operation("account.password", Permission.OWN_ACCOUNT, early=True)
    def change_password(self, call: Call, old: str, new: str, code: str = "") -> dict[str, Any]:
        from medsynth_engine.access import users

        users.change_password(call.ledger, call.actor, shown(call, old, code), new, face=call.face)
        return {"name": call.actor.name}

    @operation("users.list", Permission.MANAGE_USERS)
    def users_list(self, call: Call) -> list[dict[str, Any]]:
        from medsynth_engine.access import second_factor, users

        with call.read() as session:
            return [
                {
                    "name": person.name,
                    "role": person.role,
                    "state": person.state,
                    "created": person.created_at.isoformat(timespec="seconds"),
                    "last_login": users.last_login(session, person.id),
                    "second_factor": second_factor.of(session, person.id) is not None,
                }
                for person in users.all_users(session)
            ]

    @operation("users.add", Permission.MANAGE_USERS, fresh=True, about="name")
    def users_add(self, call: Call, name: str, role: str) -> dict[str, Any]:
        from medsynth_engine.access import users

        with call.ledger.write(call.face) as change:
            code = users.add(change, name, role, by=call.actor)
        return {"name": name, "role": role, "code": code}

    @operation("users.reset", Permission.MANAGE_USERS, fresh=True, about="name")
    def users_reset(self, call: Call, name: str) -> dict[str, Any]:
        from medsynth_engine.access import users

        with call.ledger.write(call.face) as change:
            code = users.reset(change, name, by=call.actor)
            role = users.by_name(change.session, name).role
        return {"name": name, "role": role, "code": code}

    @operation("users.role", Permission.MANAGE_USERS, fresh=True, about="name")
    def users_role(self, call: Call, name: str, role: str) -> dict[str, Any]:
        return _changed(call, name, role=role)

    @operation("users.disable", Permission.MANAGE_USERS, fresh=True, about="name")
    def users_disable(self, call: Call, name: str) -> dict[str, Any]:
        return _changed(call, name, role=None)


def demand_own_key(call: Call, name: str) -> None:
    """Raise Denied (and record it) where the connection was opened by the key of somebody else than `name`."""
    holder = key_holder()
    if not holder or name.strip().lower() == holder:
        return
    with call.ledger.write(call.face) as change:  # what was typed as a name may be a password: it is not kept
        change.record(actor=holder, action="session.denied", object_=f"user:{holder}", outcome="denied", reason="key")
    raise Denied(
        "other_key",
        f"Your key opens the studio for {plain(holder, 32)} alone.",
        "Log in as that person, or with your key.",
    )


def shown(call: Call, password: str, code: str) -> Given:
    """What the person gave; the store's key is read only where a second factor has to be opened."""
    from medsynth_engine.access.proof import Given

    return Given(password, code, lambda: load_key(call.home.key))


def _changed(call: Call, name: str, role: str | None) -> dict[str, Any]:
    from medsynth_engine.access import users

    with call.ledger.write(call.face) as change:
        if role is None:
            if users.by_name(change.session, name).id == call.actor.user_id:
                raise BadInput("own_account", "You cannot disable your own account.", "Ask another admin.")
            users.disable(change, name, by=call.actor)
        else:
            users.set_role(change, name, role, by=call.actor)
        person = users.by_name(change.session, name)
        return {"name": person.name, "role": person.role, "state": person.state}
