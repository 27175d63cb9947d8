"""Reading the audit log, and carrying it out."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any

from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.acted_on import declared_in, named_before
from medsynth_engine.operations.audit_actions import OBJECT_KINDS, demand_known, demand_outcome
from medsynth_engine.operations.audit_formats import EXTENSIONS, LINES
from medsynth_engine.operations.declare import Call, Declaration, operation
from medsynth_engine.operations.places import new_file, taken_back, write_new_file, write_new_json

PAGE_LIMIT = 500


def _shown(record: Any) -> dict[str, Any]:
    """One audit record as a document; a pure function of the chain's row."""
    return {
        "seq": record.seq,
        "at": datetime.fromtimestamp(record.ts_ns / 1e9, UTC).isoformat(timespec="milliseconds"),
        "actor": record.actor,
        "role": record.role,
        "face": record.face,
        "session": record.session[:8],
        "action": record.action,
        "object": record.object,
        "outcome": record.outcome,
        "reason": record.reason,
        "detail": json.loads(record.detail),
        "hash": record.hash.hex(),
    }


class Audit:
    """Researchers see their own records, admins and auditors all of them."""

    @operation("audit.list", Permission.READ_AUDIT)
    def audit_list(
        self,
        call: Call,
        actor: str | None = None,
        action: str | None = None,
        object: str | None = None,
        outcome: str | None = None,
        since: str | None = None,
        before: int | None = None,
        limit: int = 100,
        until: str | None = None,
    ) -> dict[str, Any]:
        """The newest first; `near` are the actions on record that contain `action` where that finds nothing.

        `near_objects` are those on record that `object` names without saying of which kind. `unknown_actor` is told
        where `actor` has no account and did nothing, `own_alone` where it is somebody else than who may see their own
        records alone: nothing is found then. Raises BadInput where no code knows `action` and nothing on record is
        called so, and where `outcome` is none.
        """
        demand_outcome(outcome)
        many = max(1, min(limit, PAGE_LIMIT))
        asked: dict[str, Any] = {
            "before": before,
            "limit": many,
            "actor": visible_actor(call, actor),
            "action": action,
            "since": _instant(since, "--since"),
            "until": _instant(until, "--until"),
        }
        declared = declared_in(type(self)).values()
        own_alone = _of_somebody_else(call, actor)
        with call.read() as session:
            records = [] if own_alone else _page(session, asked, object, outcome, declared)
            near = _near(call, session, action) if action and not records else []
            alike = _of_some_kind(call, session, object) if object and not records else []
            unknown = bool(actor) and not records and not _ever_was(call, session, str(actor))
        if action and not records and not near:
            demand_known(action, (each.name for each in declared))
        following = records[-1].seq if len(records) == many and records[-1].seq > 1 else None
        found: dict[str, Any] = {"records": [_shown(record) for record in records], "next": following}
        hints = {"near": near, "near_objects": alike, "unknown_actor": unknown, "own_alone": own_alone}
        return {**found, **{key: hint for key, hint in hints.items() if hint}}

    @operation("audit.export", Permission.EXPORT_AUDIT, fresh=True)
    def audit_export(
        self,
        call: Call,
        path: str,
        format: str = "jsonl",
        actor: str | None = None,
        action: str | None = None,
        object: str | None = None,
        outcome: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> dict[str, Any]:
        """All visible records, the oldest first. JSON lines get a proof beside them, to be verified without a store.

        With filters, which are those of `audit_list`: what it lists, the newest first, and never with a proof. The
        record says by which fields was filtered, not what was looked for. Raises BadInput where `actor` is somebody
        else than who may see their own records alone.
        """
        if format not in EXTENSIONS:
            raise BadInput(
                "bad_format", f"There is no audit format {plain(format)!r}.", f"One of: {', '.join(EXTENSIONS)}."
            )
        asked = {"actor": actor, "action": action, "object": object, "outcome": outcome, "since": since, "until": until}
        wanted = {field: value for field, value in asked.items() if value}
        if wanted and format == "jsonl":
            raise BadInput("bad_format", "A part of the log has no proof.", "Choose csv, or leave out the filters.")
        demand_outcome(outcome)
        if _of_somebody_else(call, actor):
            raise BadInput("own_records_alone", "You see your own records alone.", "Leave out --actor.")
        from db import exported

        target = new_file(call.home, path, "export")
        beside = exported.proof_path(target) if format == "jsonl" else None
        if beside is not None:
            new_file(call.home, str(beside), "proof beside it")
        last = call.ledger.checkpoint(call.actor, call.face).size
        some = partial(_listed, call, wanted=wanted, last=last, declared=declared_in(type(self)).values())
        count, digest, proved = _write(call, target, format, last, some if wanted else None)
        if beside is not None:
            with taken_back(target):
                write_new_json(beside, "proof beside it", proved)
        filtered = {"filtered_by": sorted(wanted)} if wanted else {}
        with call.change("audit", format=format, records=count, **filtered, digest=digest):
            pass
        return {"path": str(target), "records": count, "digest": digest, "proof": str(beside) if beside else None}


def _page(
    session: Any, asked: dict[str, Any], object_: str | None, outcome: str | None, declared: Iterable[Declaration]
) -> list[Any]:
    """The newest records of what is asked for, with those in which an earlier program told the object otherwise."""
    from db import chain

    records = chain.page(session, **asked, object_=object_, outcome=outcome)
    if object_ and outcome in (None, "denied"):
        return _with_denied_before(session, asked, object_, declared, records)
    return records


def _with_denied_before(
    session: Any, asked: dict[str, Any], object_: str, declared: Iterable[Declaration], records: list[Any]
) -> list[Any]:
    """`records`, and those in which an earlier program named the `object_` of a denial without its kind."""
    from db import chain

    name, actions = named_before(object_, declared)
    wanted = asked["action"]
    if wanted:
        actions = [each for each in actions if each == wanted or (wanted.endswith(".") and each.startswith(wanted))]
    for action in actions:
        records = records + chain.page(session, **{**asked, "action": action}, object_=name, outcome="denied")
    return sorted(records, key=lambda record: -record.seq)[: asked["limit"]]


def _near(call: Call, session: Any, action: str) -> list[str]:
    """The actions on record that contain `action` and that this person may see."""
    from db import chain

    mine = visible_actor(call, None)
    return [
        each for each in chain.actions_like(session, action) if chain.page(session, limit=1, actor=mine, action=each)
    ]


def _of_some_kind(call: Call, session: Any, name: str) -> list[str]:
    """The objects on record that are called `name`, of whatever kind, and that this person may see."""
    from db import chain

    mine = visible_actor(call, None)
    asked = [] if ":" in name else [f"{kind}:{name}" for kind in OBJECT_KINDS]
    return [each for each in asked if chain.page(session, limit=1, actor=mine, object_=each)]


def _ever_was(call: Call, session: Any, actor: str) -> bool:
    """Whether somebody of that name has an account or did anything; yes, to whoever may not know who exists."""
    from sqlmodel import select

    from db import chain
    from db.tables import User

    if call.scope is Scope.OWN or session.exec(select(User).where(User.name == actor)).first() is not None:
        return True
    return bool(chain.page(session, limit=1, actor=actor))


def _write(
    call: Call, target: Path, format_: str, last: int, some: Callable[[Any], Iterator[Any]] | None
) -> tuple[int, str, dict[str, Any]]:
    """How many records were written, the file's digest, and what proves them, where `some` does not say which."""
    from db import exported, sealing

    mine = visible_actor(call, None)
    spell: Callable[[Any, bool], bytes] = lambda record, first: exported.line(record)  # noqa: E731
    if format_ != "jsonl":
        shape = LINES[format_]
        spell = lambda record, first: shape(exported.document(record), first)  # noqa: E731
    count = 0
    with call.read() as session:
        connection = session.connection()
        start = sealing.start(connection)

        def fill(stream: IO[bytes]) -> None:
            nonlocal count
            found = some(session) if some else exported.records_of(connection, start.peaks.size + 1, last, mine)
            for record in found:
                stream.write(spell(record, count == 0))
                count += 1

        digest = write_new_file(target, "export", fill)
        if some:
            return count, digest, {}
        if mine:
            proved = exported.extract_document(connection, start, last, mine)
        else:
            proved = exported.proof_document(connection, start, last)
    return count, digest, proved


def _listed(
    call: Call, session: Any, wanted: Mapping[str, Any], last: int, declared: Collection[Declaration]
) -> Iterator[Any]:
    """The records up to `last` that the filters let through, the newest first, page by page by their index."""
    asked: dict[str, Any] = {
        "before": last + 1,
        "limit": PAGE_LIMIT,
        "actor": visible_actor(call, wanted.get("actor")),
        "action": wanted.get("action"),
        "since": _instant(wanted.get("since"), "--since"),
        "until": _instant(wanted.get("until"), "--until"),
    }
    while asked["before"] > 1:
        records = _page(session, asked, wanted.get("object"), wanted.get("outcome"), declared)
        yield from records
        asked["before"] = records[-1].seq if len(records) == PAGE_LIMIT else 0


def _instant(given: str | None, option: str) -> datetime | None:
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise BadInput("bad_date", "That is not a date.", f"For instance: {option} 2026-11-01") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def visible_actor(call: Call, actor: str | None) -> str | None:
    """Whose records may be seen: one's own, or those asked for; `no login`, as lists say it, is the log's `anyone`."""
    return call.actor.name if call.scope is Scope.OWN else "anyone" if actor == "no login" else actor


def _of_somebody_else(call: Call, actor: str | None) -> bool:
    """Whether `actor` names somebody whose records may not be seen, there or not: one's own are no answer to that."""
    return call.scope is Scope.OWN and bool(actor) and actor != call.actor.name
