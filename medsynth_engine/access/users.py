"""People: invited with a single-use code, active, disabled. Every change here records itself."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, func, select

from db.ledger import SYSTEM, Change, Ledger
from db.tables import CredentialTouch, LoginSession, Store, User
from medsynth_engine.access import passwords
from medsynth_engine.access.actor import Actor
from medsynth_engine.access.endings import end_all
from medsynth_engine.access.proof import Given, accept, proven
from medsynth_engine.access.roles import Role
from medsynth_engine.kernel.errors import BadInput, Denied, NotFound, name_taken
from medsynth_engine.kernel.escape import plain

CODE_HOURS = 24
DEVELOPMENT = (("alice", Role.RESEARCHER, "password123"), ("admin", Role.ADMIN, "admin123"),
               ("auditor", Role.AUDITOR, "auditor123"))  # fmt: skip
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no 0 O 1 I: the code is read aloud and typed
_CODE_LENGTH = 24  # of 32 letters: 120 bits
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")
_RESERVED = ("system", "anyone", "unknown", "everyone")


def by_name(session: Session, name: str) -> User:
    """Raises NotFound. For people who may know who exists; a login never asks here."""
    user = session.exec(select(User).where(User.name == name.strip().lower())).first()
    if user is None:
        raise NotFound(
            "no_such_user", f"There is no user {plain(name, 40)!r}.", "See who there is: medsynth users list."
        )
    return user


def all_users(session: Session) -> Sequence[User]:
    return session.exec(select(User).order_by(User.name)).all()


def last_login(session: Session, user_id: str) -> str | None:
    """When the user last logged in, as ISO 8601 text."""
    newest = session.exec(select(func.max(LoginSession.created_at)).where(LoginSession.user_id == user_id)).one()
    return newest.isoformat(timespec="seconds") if newest else None


def checked_name(name: str) -> str:
    """The name as it is kept, in small letters. Raises BadInput where it cannot be one."""
    name = name.strip().lower()
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise BadInput(
            "bad_name",
            "That cannot be the name of a user.",
            "Use small letters, digits, dot, dash and underscore; begin with a letter; 32 at most.",
        )
    return name


def add(change: Change, name: str, role: Role | str, by: Actor | None) -> str:
    """Invite somebody; the activation code, shown once (single use, 24 hours). `by` is None only for the first admin.

    Raises BadInput for a name or role that cannot be, Busy where the name is taken.
    """
    name = checked_name(name)
    if change.session.exec(select(User).where(User.name == name)).first():
        raise name_taken("a user", name)
    user = User(name=name, role=_role(role))
    code = _invite(user, by)
    change.session.add(user)
    _touch(change, user, by, "issued")
    _record(change, by, "user.add", user, role=user.role)
    return code


def activate(ledger: Ledger, name: str, code: str, password: str, now: datetime | None = None, face: str = "") -> Role:
    """Turn the code into a password; the user's role. The code is worth nothing afterwards.

    Raises Denied where code and name do not belong together or the code is too old, BadInput for a bad password.
    """
    now = now or datetime.now(UTC)
    name = name.strip().lower()
    with ledger.read() as session:
        user = session.exec(select(User).where(User.name == name)).first()
    if not _code_fits(user, code, now):
        with ledger.write(face) as change:
            _record(change, None, "user.activate", user, outcome="denied")
        raise _bad_code()
    assert user is not None
    passwords.demand_good(password, ledger.stamp, (user.name, user.role))
    fresh = passwords.hashed(password)
    with ledger.write(face) as change:
        user = change.session.get_one(User, user.id)
        if not _code_fits(user, code, now):  # somebody else was faster
            raise _bad_code()
        user.password_hash, user.state = fresh, "active"
        user.activation_hash = user.activation_expires = user.next_login_at = None
        user.failed_logins, user.must_change = 0, False
        change.session.add(user)
        change.record(
            actor=user.name, actor_id=user.id, role=user.role, action="user.activate", object_=f"user:{user.name}"
        )
    return Role(user.role)


def change_password(ledger: Ledger, actor: Actor, old: Given | str, new: str, face: str = "") -> None:
    """The holder's own password. Ends every other session of theirs. Raises Denied (old), BadInput (new).

    Who once issued the credential stays noted: changing a password does not make its issuer forget it.
    """
    old = Given(old) if isinstance(old, str) else old
    with proven(ledger, actor.name, old, face, session_id=actor.session_id) as proof:
        if hmac.compare_digest(old.password.encode(), new.encode()):
            raise BadInput("same_password", "That is the password you have.", "Choose another one.")
        passwords.demand_good(new, ledger.stamp, (actor.name, actor.role))
        fresh = passwords.hashed(new)
        with ledger.write(face) as change:
            user = accept(change, proof)
            user.password_hash, user.must_change = fresh, False
            change.session.add(user)
            ended = end_all(change, user.id, "password changed", but=actor.session_id)
            _record(change, actor, "user.password", user, sessions_ended=ended)


def set_role(change: Change, name: str, role: Role | str, by: Actor) -> None:
    """Raises NotFound, BadInput where the last admin would be gone. Ends the user's sessions."""
    user, wanted = by_name(change.session, name), _role(role)
    if wanted != Role.ADMIN:
        _demand_another_admin(change.session, user)
    before, user.role = user.role, wanted
    change.session.add(user)
    ended = end_all(change, user.id, "role changed")
    _record(change, by, "user.role", user, before=before, role=user.role, sessions_ended=ended)


def disable(change: Change, name: str, by: Actor) -> None:
    """Ends the user's sessions and the grants of their jobs. Raises NotFound, BadInput for the last admin."""
    user = by_name(change.session, name)
    _demand_another_admin(change.session, user)
    user.state = "disabled"
    user.activation_hash = user.activation_expires = None
    change.session.add(user)
    ended = end_all(change, user.id, "disabled")
    _record(change, by, "user.disable", user, sessions_ended=ended)


def reset(change: Change, name: str, by: Actor) -> str:
    """Take the password away and invite anew, also somebody who was disabled; the new activation code."""
    user = by_name(change.session, name)
    if user.state == "active":
        _demand_another_admin(change.session, user)
    before = user.state
    code = _invite(user, by)
    change.session.add(user)
    _touch(change, user, by, "reset")
    ended = end_all(change, user.id, "reset")
    _record(change, by, "user.reset", user, before=before, sessions_ended=ended)
    return code


def add_development_accounts(change: Change) -> list[tuple[str, Role]]:
    """alice, admin and auditor with the passwords everybody knows. Raises Denied outside a development store."""
    stamp = change.session.get(Store, "stamp")
    if stamp is None or stamp.value != "development":
        raise Denied(
            "not_development",
            "The development accounts exist only in a development store.",
            "Make one in another home: medsynth init --dev.",
        )
    made = []
    for name, role, password in DEVELOPMENT:
        user = User(name=name, role=role, state="active", password_hash=passwords.hashed(password))
        change.session.add(user)
        _record(change, None, "user.add", user, role=user.role, development=True)
        made.append((name, role))
    return made


def _invite(user: User, by: Actor | None) -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
    now = datetime.now(UTC)
    user.state, user.password_hash = "invited", None
    user.activation_hash, user.activation_expires = _code_hash(letters), now + timedelta(hours=CODE_HOURS)
    user.credential_set_by, user.credential_set_at = by.user_id if by else None, now
    return "-".join(letters[start : start + 4] for start in range(0, _CODE_LENGTH, 4))


def _touch(change: Change, user: User, by: Actor | None, kind: str) -> None:
    """Note that an admin saw a code of this account: for 30 days that admin may not judge its assessments."""
    change.session.flush()
    if by is not None:
        change.session.add(CredentialTouch(user_id=user.id, admin_id=by.user_id, kind=kind))


def _code_hash(code: str) -> str:
    """A plain hash is enough: nobody guesses 120 bits."""
    return hashlib.sha256(re.sub(r"[^A-Z0-9]", "", code.upper()).encode()).hexdigest()


def _code_fits(user: User | None, code: str, now: datetime) -> bool:
    kept = (user.activation_hash if user else None) or "no such code"
    fits = hmac.compare_digest(kept, _code_hash(code[:100]))
    return bool(fits and user and user.state == "invited" and user.activation_expires and now < user.activation_expires)


def _bad_code() -> Denied:
    return Denied(
        "activation_failed",
        "The name and the code do not belong together, or the code is too old.",
        "An admin can make a new one: medsynth users reset NAME.",
    )


def _role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError as error:
        raise BadInput("bad_role", f"There is no role {plain(role, 40)!r}.", f"One of: {', '.join(Role)}.") from error


def _demand_another_admin(session: Session, user: User) -> None:
    """Raise BadInput where nobody would be left who can let people in."""
    others = select(User).where(User.role == Role.ADMIN, User.state == "active", col(User.id) != user.id)
    if user.role == Role.ADMIN and session.exec(others).first() is None:
        raise BadInput(
            "last_admin",
            "This is the only active admin.",
            "Make another admin first: medsynth users add NAME --role admin.",
        )


def _record(
    change: Change, by: Actor | None, action: str, user: User | None, outcome: str = "done", **detail: object
) -> None:
    who = by if by is not None else (SYSTEM if outcome == "done" else "unknown")
    change.record(actor=who, action=action, object_=f"user:{user.name}" if user else "", outcome=outcome, detail=detail)
