"""Reading the audit log, and carrying it out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.audit_actions import demand_known
from medsynth_engine.operations.audit_formats import EXTENSIONS, LINES
from medsynth_engine.operations.declare import Call, Declaration, operation
from medsynth_engine.operations.named import declared_in, named_before
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

        `unknown_actor` is told where `actor` has no account and did nothing. Raises BadInput where no code knows
        `action` and nothing on record is called so.
        """
        from db import chain

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
        with call.read() as session:
            records = chain.page(session, **asked, object_=object, outcome=outcome)
            if object and outcome in (None, "denied"):
                records = _with_denied_before(session, asked, object, declared, records)
            near = _near(call, session, action) if action and not records else []
            unknown = bool(actor) and not records and not _ever_was(call, session, str(actor))
        if action and not records and not near:
            demand_known(action, (each.name for each in declared))
        following = records[-1].seq if len(records) == many and records[-1].seq > 1 else None
        found: dict[str, Any] = {"records": [_shown(record) for record in records], "next": following}
        return {**found, **({"near": near} if near else {}), **({"unknown_actor": True} if unknown else {})}

    @operation("audit.export", Permission.EXPORT_AUDIT, fresh=True)
    def audit_export(self, call: Call, path: str, format: str = "jsonl") -> dict[str, Any]:
        """All visible records, the oldest first. JSON lines get a proof beside them, to be verified without a store."""
        if format not in EXTENSIONS:
            raise BadInput(
                "bad_format", f"There is no audit format {plain(format)!r}.", f"One of: {', '.join(EXTENSIONS)}."
            )
        from db import exported

        target = new_file(call.home, path, "export")
        beside = exported.proof_path(target) if format == "jsonl" else None
        if beside is not None:
            new_file(call.home, str(beside), "proof beside it")
        last = call.ledger.checkpoint(call.actor, call.face).size
        count, digest, proved = _write(call, target, format, last)
        if beside is not None:
            with taken_back(target):
                write_new_json(beside, "proof beside it", proved)
        with call.change("audit", format=format, records=count, digest=digest):
            pass
        return {"path": str(target), "records": count, "digest": digest, "proof": str(beside) if beside else None}


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


def _ever_was(call: Call, session: Any, actor: str) -> bool:
    """Whether somebody of that name has an account or did anything; yes, to whoever may not know who exists."""
    from sqlmodel import select

    from db import chain
    from db.tables import User

    if call.scope is Scope.OWN or session.exec(select(User).where(User.name == actor)).first() is not None:
        return True
    return bool(chain.page(session, limit=1, actor=actor))


def _write(call: Call, target: Path, format_: str, last: int) -> tuple[int, str, dict[str, Any]]:
    """How many records were written, the file's digest, and what proves them."""
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
            for record in exported.records_of(connection, start.peaks.size + 1, last, mine):
                stream.write(spell(record, count == 0))
                count += 1

        digest = write_new_file(target, "export", fill)
        if mine:
            proved = exported.extract_document(connection, start, last, mine)
        else:
            proved = exported.proof_document(connection, start, last)
    return count, digest, proved


def _instant(given: str | None, option: str) -> datetime | None:
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise BadInput("bad_date", "That is not a date.", f"For instance: {option} 2026-11-01") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def visible_actor(call: Call, actor: str | None) -> str | None:
    """Whose records may be seen: one's own, or those asked for."""
    return call.actor.name if call.scope is Scope.OWN else actor
