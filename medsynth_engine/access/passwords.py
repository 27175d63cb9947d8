"""Passwords: argon2id (RFC 9106; the argon2-cffi defaults), long rather than complicated (NIST SP 800-63B-4)."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from medsynth_engine.access.blocklist import DEVELOPMENT_PASSWORDS, guessable
from medsynth_engine.kernel.errors import BadInput

LONGEST = 128
SHORTEST = {"production": 15, "development": 8}
_HASHER = PasswordHasher()
# Nobody's hash, checked where there is none, so that an unknown name costs what a known one does. Written down, not
# made when first needed: in a fresh process that would take twice as long, and tell.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5IGhhcyB0aGlz$" + "A" * 43


def hashed(password: str) -> str:
    """The argon2id hash; about 0.15 s and 64 MiB, so never inside a transaction."""
    return _HASHER.hash(_normal(password))


def matches(password: str, password_hash: str | None) -> bool:
    """Whether the password is right. Without a hash (no such user) the same work is done, and the answer is no."""
    try:
        right = _HASHER.verify(password_hash or _NOBODY, _normal(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None and len(password) <= LONGEST


def needs_rehash(password_hash: str) -> bool:
    """True where the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def demand_good(password: str, stamp: str, about_the_user: Iterable[str] = ()) -> None:
    """Raise BadInput unless the password may be set in a store of this stamp. Any characters are welcome."""
    shortest = SHORTEST[stamp]
    if len(password) < shortest:
        raise BadInput(
            "password_short",
            f"The password is too short: it needs at least {shortest} characters.",
            "A few unrelated words in a row are easy to remember.",
        )
    if len(password) > LONGEST:
        raise BadInput("password_long", f"The password is longer than {LONGEST} characters.", "Shorten it.")
    if stamp != "development" and guessable(password, about_the_user):
        raise BadInput(
            "password_guessable",
            "That password would be guessed early: it is built from common words, runs or repeats.",
            "Take a few unrelated, less usual words.",
        )


def forbidden_here(password: str, stamp: str) -> bool:
    """True for a development password outside a development store: refused at login even where a hash matches."""
    given = _normal(password[:LONGEST]).casefold().encode()
    known = [hmac.compare_digest(given, each.encode()) for each in DEVELOPMENT_PASSWORDS]
    return stamp != "development" and any(known)


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
