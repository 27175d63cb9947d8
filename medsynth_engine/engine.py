"""The single door for both faces. A public coroutine that declares no permission makes the class fail to build."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from db.errors import LedgerError
from medsynth_engine.access.roles import Permission, Scope, scope_of
from medsynth_engine.jobs.child import translated
from medsynth_engine.kernel.errors import Busy, Denied, MedSynthError, NotFound, from_document
from medsynth_engine.kernel.folders import ENDED
from medsynth_engine.kernel.home import Home
from medsynth_engine.operations.accounts import Accounts
from medsynth_engine.operations.acted_on import acted_on, declared_in
from medsynth_engine.operations.arrivals import Arrivals
from medsynth_engine.operations.assessments import Assessments
from medsynth_engine.operations.audit import Audit
from medsynth_engine.operations.backups import Backups
from medsynth_engine.operations.bundles import Bundles
from medsynth_engine.operations.care import Care
from medsynth_engine.operations.checks import Checks
from medsynth_engine.operations.clusters import Clusters
from medsynth_engine.operations.cohort_import import CohortImports
from medsynth_engine.operations.cohorts import Cohorts
from medsynth_engine.operations.datasets import Datasets
from medsynth_engine.operations.declarations import Learners
from medsynth_engine.operations.declare import Call, Declaration, granted, record_as
from medsynth_engine.operations.disk import Disk
from medsynth_engine.operations.evidence import Evaluations
from medsynth_engine.operations.factors import Factors
from medsynth_engine.operations.files import Files
from medsynth_engine.operations.jobs import Jobs
from medsynth_engine.operations.lists import Lists
from medsynth_engine.operations.populations import Populations
from medsynth_engine.operations.preferences import Preferences
from medsynth_engine.operations.proofs import Proofs
from medsynth_engine.operations.releases import Releases
from medsynth_engine.operations.review import Reviews
from medsynth_engine.operations.row_rules import RowRules
from medsynth_engine.operations.runs import Runs
from medsynth_engine.operations.store_copy import Copies
from medsynth_engine.operations.tables import Tables
from medsynth_engine.operations.weights import Weights

if TYPE_CHECKING:
    from db.ledger import Ledger
    from medsynth_engine.access.actor import Actor

R = TypeVar("R")
WITHOUT_LEDGER = ("store.doctor", "store.restore", "audit.verify_file")
"""What is there for a store that does not open."""
LOOK_EVERY = 0.25
"""Seconds between two looks at a job that a face waits for."""


class Engine(
    Accounts,
    Factors,
    Preferences,
    Files,
    Datasets,
    Checks,
    Arrivals,
    Reviews,
    RowRules,
    Learners,
    Runs,
    Clusters,
    Bundles,
    Weights,
    Populations,
    Tables,
    Cohorts,
    CohortImports,
    Evaluations,
    Assessments,
    Releases,
    Jobs,
    Audit,
    Proofs,
    Backups,
    Copies,
    Care,
    Disk,
    Lists,
):
    """What a user can do with the store at `home`, as the holder of `token`. `face` is `cli` or `studio`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _refuse_undeclared(cls)

    def __init__(self, home: Path, token: str | None = None, face: str = "cli") -> None:
        self.home_folder = Home(Path(home))
        self.token = token
        self.face = face
        self._ledger: Ledger | None = None

    def ledger(self) -> Ledger:
        """The store's ledger, opened at first use. Raises NotFound where there is no store."""
        if self._ledger is None:
            if not self.home_folder.has_store:
                raise NotFound("no_store", "There is no store here yet.", "Make one with: medsynth init")
            from db.place import open_store

            try:
                self._ledger = open_store(self.home_folder.ledger)
            except LedgerError as error:
                raise translated(error) from error
        return self._ledger

    def _ledger_if_it_opens(self, declaration: Declaration) -> Ledger | None:
        """For what can be done without a store; only what mends one goes on where it does not open."""
        try:
            return self.ledger()
        except NotFound:
            return None
        except MedSynthError:
            if declaration.name in WITHOUT_LEDGER:
                return None
            raise

    def close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    async def perform(
        self, declaration: Declaration, body: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> R:
        """Authorise, run `body` off the event loop, and put every denial into the audit log."""
        return await asyncio.to_thread(self._perform, declaration, body, args, kwargs)

    def _perform(
        self, declaration: Declaration, body: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> R:
        who: Actor | None = None
        try:
            if not declaration.needs_store:
                store = self._ledger_if_it_opens(declaration)
                return body(Call(declaration, self.home_folder, self.face, Scope.ALL, store, None), *args, **kwargs)
            ledger = self.ledger()
            who = self._who(ledger, declaration)
            if who is not None:
                self._demand_shown(ledger, declaration, who)
            call = Call(declaration, self.home_folder, self.face, granted(declaration, who), ledger, who)
            return body(call, *args, **kwargs)
        except Denied as denied:
            self._log_denial(declaration, who, denied, *acted_on(declaration, body, args, kwargs))
            raise
        except LedgerError as error:
            raise translated(error) from error

    def _who(self, ledger: Ledger, declaration: Declaration) -> Actor | None:
        if declaration.permission is Permission.ANYONE:
            return None
        if not self.token:
            raise Denied("not_logged_in", "Nobody is logged in.", "Log in with: medsynth login NAME")
        from medsynth_engine.access import sessions

        return sessions.resolve(ledger, self.token)

    @staticmethod
    def _demand_shown(ledger: Ledger, declaration: Declaration, who: Actor) -> None:
        """Raise Denied where a second factor is owed, or the password was given too long ago for this operation."""
        if who.owes and not declaration.early:
            raise Denied(
                "second_factor_needed",
                f"As {who.role} you need a second factor before anything else.",
                "Set one up: medsynth totp, or log in to the studio.",
            )
        if declaration.fresh and scope_of(who.role, declaration.permission) is not Scope.NONE:
            from medsynth_engine.access import sessions
            from medsynth_engine.operations.settings import setting

            with ledger.read() as session:
                sessions.demand_fresh(who, setting(session, "confirm_minutes"))

    def _log_denial(
        self, declaration: Declaration, who: Actor | None, denied: Denied, about: str, detail: dict[str, str]
    ) -> None:
        if self._ledger is None or declaration.permission is Permission.ANYONE:
            return  # a failed login writes its own record
        try:
            with self._ledger.write() as change:
                name, why = declaration.name, denied.code
                record_as(change, who, self.face, name, about, outcome="denied", reason=why, detail=detail)
        except LedgerError as error:  # a full disk: it is refused all the same, and said so
            raise translated(error) from error

    async def follow(self, job: str) -> AsyncIterator[dict[str, Any]]:
        """The job's `jobs_show` documents, from now until it has ended."""
        while True:
            document = await self.jobs_show(job)
            yield document
            if document["state"] in (*ENDED, "interrupted", "paused"):
                return
            await asyncio.sleep(LOOK_EVERY)

    async def finish(self, job: str, on_progress: Callable[[dict[str, Any]], object] | None = None) -> dict[str, Any]:
        """Wait for the job; its result document. Raises what the job's process raised."""
        document: dict[str, Any] = {}
        async for document in self.follow(job):
            if on_progress is not None:
                on_progress(document)
        if document["state"] == "finished":
            return document["result"] or {}
        if document["error"]:
            raise from_document(document["error"], int(document["error"].get("exit_code", 1)))
        raise Busy(f"job_{document['state']}", f"The job is {document['state']}.", f"See: medsynth jobs show {job}")


DOORWAY = {"perform", "follow", "finish"}
"""Coroutines of the door itself: they only pass on what declared operations do."""


def _refuse_undeclared(cls: type) -> None:
    for name, member in inspect.getmembers(cls):
        if name.startswith("_") or name in DOORWAY:
            continue
        if (inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member)) and not hasattr(
            member, "declaration"
        ):
            raise TypeError(f"{cls.__name__}.{name} declares no permission")


_refuse_undeclared(Engine)


def operations() -> dict[str, Declaration]:
    """Every operation by its method's name."""
    return declared_in(Engine)
