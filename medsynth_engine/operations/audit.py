"""Reading the audit log, and carrying it out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain
from medsynth_engine.operations.audit_formats import EXTENSIONS, LINES
from medsynth_engine.operations.declare import Call, operation
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
        """The newest first; `near` are the actions on record that contain `action` where that finds nothing."""
        from db import chain

        near: list[str] = []
        many = max(1, min(limit, PAGE_LIMIT))
        with call.read() as session:
            records = chain.page(
                session,
                before=before,
                limit=many,
                actor=visible_actor(call, actor),
                action=action,
                object_=object,
                outcome=outcome,
                since=_instant(since, "--since"),
                until=_instant(until, "--until"),
            )
            if not records and action:
                mine = visible_actor(call, None)
                like = chain.actions_like(session, action)
                near = [each for each in like if chain.page(session, limit=1, actor=mine, action=each)]
        following = records[-1].seq if len(records) == many and records[-1].seq > 1 else None
        found = {"records": [_shown(record) for record in records], "next": following}
        return {**found, "near": near} if near else found

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
