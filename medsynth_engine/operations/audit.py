"""Reading, proving and carrying out the audit log."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.kernel.atomic import write_with
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.escape import plain, table_cell
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.places import new_file

FIELDS = ("seq", "at", "actor", "role", "action", "object", "outcome", "reason", "detail", "hash")
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
    ) -> dict[str, Any]:
        from db import chain

        with call.read() as session:
            records = chain.page(
                session,
                before=before,
                limit=max(1, min(limit, PAGE_LIMIT)),
                actor=_visible_actor(call, actor),
                action=action,
                object_=object,
                outcome=outcome,
                since=_instant(since),
            )
        following = records[-1].seq if len(records) == min(limit, PAGE_LIMIT) and records[-1].seq > 1 else None
        return {"records": [_shown(record) for record in records], "next": following}

    @operation("audit.verify", Permission.READ_AUDIT)
    def audit_verify(self, call: Call, anchor: str | None = None) -> dict[str, Any]:
        from db import chain

        known = None
        if anchor is not None:
            try:
                known = json.loads(Path(anchor).expanduser().read_text())
                known = {"records": int(known["records"]), "head": str(known["head"])}
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    "bad_anchor",
                    "That is no anchor: it must hold `records` and `head` as `audit verify --json` prints them.",
                    "Keep one with: medsynth audit verify --json > anchor.json",
                ) from error
        found = chain.verify(call.home.ledger, known)
        return {
            "ok": found.ok,
            "records": found.records,
            "head": found.head,
            "anchored": found.anchored,
            "problems": list(found.problems),
        }

    @operation("audit.export", Permission.EXPORT_AUDIT)
    def audit_export(self, call: Call, path: str, format: str = "jsonl") -> dict[str, Any]:
        if format not in ("jsonl", "csv"):
            raise BadInput("bad_format", f"There is no audit format {plain(format)!r}.", "One of: jsonl, csv.")
        target = new_file(call.home, path, "export")
        count = 0

        def fill(stream: IO[bytes]) -> None:
            nonlocal count
            for record in _all(call):
                stream.write(_line(record, format, first=count == 0))
                count += 1

        digest = write_with(target, fill)
        with call.change("audit", format=format, records=count, digest=digest):
            pass
        return {"path": str(target), "records": count, "digest": digest}


def _line(record: dict[str, Any], format_: str, first: bool) -> bytes:
    if format_ == "jsonl":
        return (json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n").encode()
    import io

    text = io.StringIO()
    writer = csv.writer(text)
    if first:
        writer.writerow(FIELDS)
    cells = {**record, "detail": json.dumps(record["detail"], sort_keys=True)}
    writer.writerow([table_cell(cells[field]) for field in FIELDS])
    return text.getvalue().encode()


def _instant(since: str | None) -> datetime | None:
    if since is None:
        return None
    try:
        moment = datetime.fromisoformat(since)
    except ValueError as error:
        raise BadInput("bad_date", "That is not a date.", "For instance: --since 2026-11-01") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _visible_actor(call: Call, actor: str | None) -> str | None:
    return call.actor.name if call.scope is Scope.OWN else actor


def _all(call: Call) -> Iterator[dict[str, Any]]:
    """Every visible record, newest first, read page by page so that memory stays flat."""
    from db import chain

    before: int | None = None
    while True:
        with call.read() as session:
            page = chain.page(session, before=before, limit=PAGE_LIMIT, actor=_visible_actor(call, None))
        if not page:
            return
        yield from map(_shown, page)
        before = page[-1].seq
