"""A second factor: time-based codes (TOTP, RFC 6238: SHA-1, six digits, 30 seconds) and recovery codes in their place.

The secret is sealed under the store's key, which is not in the ledger: its file alone gives no codes (a backup holds
both, and is encrypted). A code is taken once (RFC 6238 section 5.2): the step of the last right one only goes forward.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from sqlmodel import Session, col, delete, select

from db.facts import setting
from db.ledger import Change, Ledger
from db.tables import CredentialTouch, RecoveryCode, SecondFactor, User
from medsynth_engine.access.actor import Actor
from medsynth_engine.access.endings import end_all
from medsynth_engine.access.roles import Role
from medsynth_engine.kernel.errors import BadInput, Denied

SECONDS = 30
DRIFT = 1
"""Steps that the holder's clock may be off."""
RECOVERY_CODES = 10
ISSUER = "MedSynth"
REQUIRED = "second_factor_roles"
"""The setting that says whose role needs a second factor."""
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_RECOVERY_LENGTH = 24  # of 32 letters: 120 bits, so a plain hash is enough (ASVS 5.0, 6.5.2: from 112 bits on)


@dataclass(frozen=True)
class Spent:
    """A code that was right: its step, or the hash of the recovery code. Worth nothing once `spend` has noted it."""

    step: int = 0
    recovery_hash: str = ""


@dataclass(frozen=True)
class Enrolment:
    """What the holder's app needs, shown once: the secret in base32, and the same as a provisioning text."""

    secret: str = field(repr=False)
    text: str = field(repr=False)


def required_of(session: Session, role: str) -> bool:
    """Whether an admin asks a second factor of everybody with this role (setting `second_factor_roles`)."""
    return role in str(setting(session, REQUIRED) or "").split(",")


def checked_roles(text: str) -> str:
    """Roles as the setting keeps them: `admin,auditor`, or nothing. Raises BadInput for a role that there is not."""
    roles = sorted({part.strip().lower() for part in text.split(",") if part.strip()} - {"none"})
    if not set(roles) <= set(Role):
        raise BadInput("bad_value", "That names a role that there is not.", f"Any of: {', '.join(Role)}; or none.")
    return ",".join(roles)


def owed(session: Session, user: User) -> str:
    """`second_factor` where the user's role needs one that is not there yet, else nothing."""
    return "second_factor" if required_of(session, user.role) and of(session, user.id) is None else ""


def of(session: Session, user_id: str) -> SecondFactor | None:
    """The user's second factor where it is confirmed: from then on every login asks for a code."""
    found = session.get(SecondFactor, user_id)
    return found if found is not None and found.confirmed_at is not None else None


def codes_left(session: Session, user_id: str) -> int:
    unused = select(RecoveryCode).where(RecoveryCode.user_id == user_id, col(RecoveryCode.used_at).is_(None))
    return len(session.exec(unused).all())


def begin(ledger: Ledger, key: bytes, actor: Actor, face: str = "") -> Enrolment:
    """A fresh secret that counts only once `confirm` has seen a code of it. Raises BadInput where one is confirmed."""
    import pyotp

    secret = pyotp.random_base32()  # 160 bits, as RFC 4226 recommends
    with ledger.write(face) as change:
        if of(change.session, actor.user_id) is not None:
            raise BadInput(
                "second_factor_there",
                "There is a second factor already.",
                "Turn it off first: medsynth totp --off.",
            )
        _forget(change, actor.user_id)
        change.session.add(SecondFactor(user_id=actor.user_id, sealed=_seal(key, actor.user_id, secret)))
        change.record(actor=actor, action="account.totp_begin", object_=f"user:{actor.name}")
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=actor.name, issuer_name=ISSUER))


def confirm(
    ledger: Ledger, key: bytes, actor: Actor, code: str, face: str = "", now: datetime | None = None
) -> list[str]:
    """Turn the second factor on with a first code; the recovery codes, shown once. Raises Denied, BadInput."""
    now = now or datetime.now(UTC)
    with ledger.write(face) as change:
        row = change.session.get(SecondFactor, actor.user_id)
        if row is None or row.confirmed_at is not None:
            raise BadInput("no_enrolment", "No second factor waits to be confirmed.", "Begin with: medsynth totp")
        step = _step_of(_unseal(key, row), code, now, row.last_step)
        if step is None:
            raise Denied(
                "wrong_code", "That code does not fit.", "Check the clock of the device, and take a fresh code."
            )
        row.confirmed_at, row.last_step = now, step
        change.session.add(row)
        fresh = _fresh_codes(change, actor.user_id)
        ended = _end_other_sessions(change, actor)
        change.record(
            actor=actor, action="account.totp_on", object_=f"user:{actor.name}", detail={"sessions_ended": ended}
        )
    return fresh


def renew_codes(change: Change, actor: Actor) -> list[str]:
    """Fresh recovery codes in the place of the old ones, after their holder has shown both factors."""
    change.session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == actor.user_id))
    fresh = _fresh_codes(change, actor.user_id)
    change.record(actor=actor, action="account.totp_codes", object_=f"user:{actor.name}")
    return fresh


def turn_off(change: Change, actor: Actor) -> None:
    """Remove one's own second factor, after its holder has shown both; the caller's change."""
    _forget(change, actor.user_id)
    ended = _end_other_sessions(change, actor)
    change.record(
        actor=actor, action="account.totp_off", object_=f"user:{actor.name}", detail={"sessions_ended": ended}
    )


def reset(change: Change, user: User, by: Actor) -> None:
    """An admin takes a lost second factor away. The admin is noted as somebody who touched this credential."""
    if change.session.get(SecondFactor, user.id) is None:
        raise BadInput("no_second_factor", "This account has no second factor.", "There is nothing to take away.")
    _forget(change, user.id)
    change.session.add(CredentialTouch(user_id=user.id, admin_id=by.user_id, kind="second factor"))
    change.record(actor=by, action="user.totp_reset", object_=f"user:{user.name}")


def check(session: Session, key: bytes, row: SecondFactor, code: str, now: datetime) -> Spent | None:
    """The code, if it is right and was not used before: six digits of the app, or a recovery code."""
    digits = re.sub(r"\s", "", code[:100])
    if digits.isascii() and digits.isdigit():
        step = _step_of(_unseal(key, row), digits, now, row.last_step)
        return Spent(step=step) if step is not None else None
    given = _hash(code)
    for kept in session.exec(select(RecoveryCode).where(RecoveryCode.user_id == row.user_id)):
        if hmac.compare_digest(kept.hash, given) and kept.used_at is None:
            return Spent(recovery_hash=given)
    return None


def spend(change: Change, user_id: str, spent: Spent, now: datetime) -> None:
    """Note in the caller's change that the code is used up."""
    if spent.recovery_hash:
        code = change.session.get_one(RecoveryCode, (user_id, spent.recovery_hash))
        code.used_at = now
        change.session.add(code)
    else:
        row = change.session.get_one(SecondFactor, user_id)
        row.last_step = spent.step
        change.session.add(row)


def _end_other_sessions(change: Change, actor: Actor) -> int:
    """Whoever came in by what was enough until now comes in anew."""
    return end_all(change, actor.user_id, "second factor changed", but=actor.session_id)


def _forget(change: Change, user_id: str) -> None:
    change.session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))
    change.session.exec(delete(SecondFactor).where(col(SecondFactor.user_id) == user_id))


def _step_of(secret: str, code: str, now: datetime, last: int) -> int | None:
    """The step whose code this is, within the drift and after `last`. Every candidate is compared, in equal time."""
    import pyotp

    totp = pyotp.TOTP(secret, interval=SECONDS)
    given = re.sub(r"\s", "", code[:100])
    here = totp.timecode(now)
    fits = [
        step
        for step in range(here - DRIFT, here + DRIFT + 1)
        if pyotp.utils.strings_equal(totp.generate_otp(step), given)
    ]
    return next((step for step in fits if step > last), None)


def _fresh_codes(change: Change, user_id: str) -> list[str]:
    fresh = [_fresh_code() for _ in range(RECOVERY_CODES)]
    change.session.add_all(RecoveryCode(user_id=user_id, hash=_hash(each)) for each in fresh)
    return fresh


def _fresh_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, _RECOVERY_LENGTH, 4))


def _hash(code: str) -> str:
    return hashlib.sha256(re.sub(r"[^A-Z0-9]", "", code[:100].upper()).encode()).hexdigest()


@cache
def _sealing_key(key: bytes) -> bytes:
    """A key of its own, so that pseudonyms and seals never share one (HKDF, RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=None, info=b"medsynth second factor").derive(key)


def _seal(key: bytes, user_id: str, secret: str) -> str:
    """AES-GCM, bound to the user: one row's seal in another row opens nothing."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(12)
    sealed = AESGCM(_sealing_key(key)).encrypt(nonce, secret.encode(), user_id.encode())
    return base64.b64encode(nonce + sealed).decode()


def _unseal(key: bytes, row: SecondFactor) -> str:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    raw = base64.b64decode(row.sealed)
    try:
        return AESGCM(_sealing_key(key)).decrypt(raw[:12], raw[12:], row.user_id.encode()).decode()
    except InvalidTag as error:
        raise Denied(
            "second_factor_unreadable",
            "The store's key does not open this second factor.",
            "Use a recovery code, or ask an admin: medsynth users reset NAME --second-factor.",
        ) from error
