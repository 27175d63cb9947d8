"""One person at the studio: the engine, who they are and what they may. No rules here: the engine holds them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from medsynth_engine.kernel.errors import Denied, MedSynthError
from medsynth_engine.kernel.served import key_holder

if TYPE_CHECKING:
    from medsynth_engine.engine import Engine

T = TypeVar("T")
ENDED_LOGINS = ("session_over", "not_logged_in", "not_active")


@dataclass(frozen=True)
class Person:
    """Who is logged in; `permissions` are the words of the engine's own table.

    second_factor  whether this account has one
    owes           what must be done before anything else, such as setting one up
    lock_minutes   after so long without a key the screen is hidden
    theme          the colours that this person chose
    """

    name: str
    role: str
    permissions: frozenset[str]
    second_factor: bool = False
    owes: str = ""
    lock_minutes: float = 10
    theme: str = "dark"

    def may(self, permission: str) -> bool:
        return not permission or permission in self.permissions


class Session:
    """The way to the engine, imported off the event loop at its first use so that the login paints at once."""

    def __init__(self, home: Path, simulated: bool = False, engine: Any = None) -> None:
        self.home = home
        self.simulated = simulated
        self.stamp: str | None = None
        self.person: Person | None = None
        self.failures_before = 0
        self.without_code = 0
        self.under_way = ""
        """Over a server's door: the training of one's own that goes on, to be seen first after a line was cut."""
        self._engine: Engine | None = engine
        self._opening = asyncio.Lock()

    async def engine(self) -> Engine:
        if self._engine is None:
            async with self._opening:
                if self._engine is None:
                    self._engine = await asyncio.to_thread(_open, self.home)
        return self._engine

    async def ask(self, question: Callable[[Engine], Awaitable[T]]) -> T:
        """Ask the engine one thing. Raises what the engine raises."""
        return await question(await self.engine())

    async def follow(self, job: str) -> AsyncIterator[dict[str, Any]]:
        async for document in (await self.engine()).follow(job):
            yield document

    async def log_in(self, name: str, password: str, code: str = "") -> Person:
        engine = await self.engine()
        opened = await engine.login(name, password, *((code,) if code else ()))
        self.failures_before = int(opened.get("failures_before") or 0)
        self.without_code = int(opened.get("without_code") or 0)
        person = await self.learn()
        self.under_way = await self._under_way() if key_holder() and not person.owes else ""
        return person

    async def _under_way(self) -> str:
        """The newest training of one's own that runs; empty where there is none, or no right to train."""
        try:
            runs = await (await self.engine()).runs_list()
        except MedSynthError:
            return ""
        mine = self.person.name if self.person is not None else ""
        return next((str(run["run"]) for run in runs if run["state"] == "running" and run["owner"] == mine), "")

    async def learn(self) -> Person:
        """Ask the engine anew who is logged in."""
        document = await (await self.engine()).whoami()
        self.stamp = document["stamp"]
        self.person = Person(
            document["name"],
            document["role"],
            frozenset(document["permissions"]),
            bool(document.get("second_factor")),
            str(document.get("owes") or ""),
            float(document.get("lock_minutes") or 10),
            str((document.get("preferences") or {}).get("theme") or "dark"),
        )
        return self.person

    async def unlock(self, password: str, code: str) -> bool:
        """Show that it is the same person; where the login has ended meanwhile, log in anew. True: another role now."""
        assert self.person is not None
        before, engine = self.person, await self.engine()
        try:
            await engine.confirm(password, code)
            after = await self.learn()
        except Denied as denied:
            if denied.code not in ENDED_LOGINS:
                raise
            after = await self.log_in(before.name, password, code)
        return after.role != before.role or after.owes != before.owes

    async def log_out(self) -> None:
        self.person = None
        await (await self.engine()).logout()

    def forget(self) -> None:
        """Nobody is logged in any more, whatever the engine thought."""
        self.person = None

    @property
    def development(self) -> bool:
        return self.stamp == "development"

    def may(self, permission: str) -> bool:
        return not permission or (self.person is not None and self.person.may(permission))


def _open(home: Path) -> Engine:
    from medsynth_engine.engine import Engine

    return Engine(home, face="studio")
