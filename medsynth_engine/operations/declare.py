"""How an operation is declared, and what its body gets: a `Call` that knows who asks and writes what happened."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from medsynth_engine.access.roles import Permission, Scope, scope_of
from medsynth_engine.kernel.errors import BadInput, Denied
from medsynth_engine.kernel.home import Home

if TYPE_CHECKING:
    from sqlmodel import Session

    from db.ledger import Change, Ledger, Who
    from medsynth_engine.access.actor import Actor

P = ParamSpec("P")
R = TypeVar("R")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Owned(Protocol):
    """A row that belongs to somebody."""

    @property
    def owner_id(self) -> str: ...


@dataclass(frozen=True)
class Declaration:
    """An operation's name (also its audit action), who may call it, and whether it needs a store.

    fresh  whether the password must have been given lately (setting `confirm_minutes`): exports, signatures, removals,
           whatever changes what others may do
    early  whether it can be done while a second factor is still owed
    about  the parameter that names what it acts on, for the record of a denial. Nothing else that was given is kept:
           it may be a password or the path of a patient's file
    """

    name: str
    permission: Permission
    needs_store: bool = True
    fresh: bool = False
    early: bool = False
    about: str = ""


@dataclass
class Recorded:
    """A change under way: the ledger's session, and what its audit record will say."""

    session: Session
    change: Change
    object_: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call of one operation by one actor."""

    declaration: Declaration
    home: Home
    face: str
    scope: Scope
    store: Ledger | None = None
    who: Actor | None = None

    @property
    def ledger(self) -> Ledger:
        assert self.store is not None, "declared without a store"
        return self.store

    @property
    def actor(self) -> Actor:
        """The logged-in person; the engine has made sure that there is one."""
        assert self.who is not None
        return self.who

    def read(self) -> AbstractContextManager[Session]:
        return self.ledger.read()

    @contextmanager
    def change(self, object_: str = "", **detail: Any) -> Iterator[Recorded]:
        """A write transaction that ends with its audit record, under this operation's name and actor."""
        with self.ledger.write(self.face) as change:
            recorded = Recorded(change.session, change, object_, dict(detail))
            yield recorded
            record_as(change, self.who, self.face, self.declaration.name, recorded.object_, detail=recorded.detail)

    def record_failed(self, object_: str = "", **detail: Any) -> None:
        """Append that what was recorded as done, before it could be, was not done after all."""
        with self.ledger.write(self.face) as change:
            record_as(change, self.who, self.face, self.declaration.name, object_, outcome="failed", detail=detail)

    def require_own(self, row: Owned, what: str, shared: bool = False) -> None:
        """Raise Denied where the actor may act on own things only and this is somebody else's."""
        if self.scope is Scope.OWN and row.owner_id != self.actor.user_id and not shared:
            hint = "Ask its owner to share it with you." if what == "dataset" else "Only datasets can be shared."
            raise Denied("not_yours", f"This {what} belongs to somebody else.", hint)

    def require_owner(self, row: Owned, what: str) -> None:
        """Raise Denied where this is somebody else's, shared or not."""
        if row.owner_id != self.actor.user_id:
            raise Denied("not_yours", f"This {what} belongs to somebody else.", "Only its owner can do that.")


def granted(declaration: Declaration, who: Actor | None) -> Scope:
    """On whose things `who` may use what is declared so. Raises Denied where on nobody's."""
    if who is None:
        return Scope.ALL
    scope = scope_of(who.role, declaration.permission)
    if scope is Scope.NONE:
        raise Denied(
            "not_permitted",
            f"As {who.role} you may not do this ({declaration.name}).",
            "Ask somebody whose role permits it; `medsynth whoami` shows what yours does.",
        )
    return scope


def record_as(
    change: Change,
    who: Who | None,
    face: str,
    action: str,
    object_: str = "",
    *,
    outcome: str = "done",
    reason: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Append the audit record of `who` doing `action`; `who` is None before a login."""
    change.record(
        actor=who if who is not None else "anyone",
        face=face,
        action=action,
        object_=object_,
        outcome=outcome,
        reason=reason,
        detail=detail,
    )


def checked_name(name: str, what: str) -> str:
    """`name` where it can be a folder and a word on a command line, else BadInput."""
    if not NAME.fullmatch(name) or ".." in name:
        raise BadInput(
            "bad_name",
            f"That cannot be the name of a {what}.",
            "Use letters, digits, dot, dash and underscore; begin with a letter or digit; 64 at most.",
        )
    return name


Method = Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]


def operation(
    name: str,
    permission: Permission,
    *,
    needs_store: bool = True,
    fresh: bool = False,
    early: bool = False,
    about: str = "",
) -> Callable[[Callable[Concatenate[Any, Call, P], R]], Method[P, R]]:
    """Declare a method as an operation: its plain body runs off the event loop, authorised and logged by the engine.

    Raises TypeError where `about` is no parameter of the body.
    """
    declaration = Declaration(name, permission, needs_store, fresh, early, about)

    def declare(body: Callable[Concatenate[Any, Call, P], R]) -> Method[P, R]:
        if about and about not in inspect.signature(body).parameters:
            raise TypeError(f"{name} has no parameter {about!r}")

        @functools.wraps(body)
        async def method(self: Any, *args: P.args, **kwargs: P.kwargs) -> R:
            result: R = await self.perform(declaration, functools.partial(body, self), args, kwargs)
            return result

        method.declaration = declaration  # type: ignore[attr-defined]
        return method

    return declare
