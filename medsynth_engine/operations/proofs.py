"""Proving the audit log: verifying it, signing it now, showing that a record is in it, archiving its oldest part."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from medsynth_engine.access.roles import Permission, Scope
from medsynth_engine.kernel.errors import BadInput, CheckFailed, NotFound
from medsynth_engine.kernel.outside import named
from medsynth_engine.operations import on_record
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.places import new_file, taken_back, write_new_file, write_new_json

MOST_TOLD = 20


class Proofs:
    """What the auditor can show to somebody who does not trust this machine."""

    @operation("audit.verify", Permission.READ_AUDIT)
    def audit_verify(
        self, call: Call, anchor: str | None = None, code: str | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """Walk the whole chain of this store; `anchor` is a file of checkpoints, `code` what was written on paper.

        `key` is the verifier key that `audit_checkpoint` told once; without it the one that lies in the store counts.
        Not ok either where what is listed as released or signed is not what the log says; `tables_alone` where the log
        itself holds.
        """
        found = _verified(lambda known: call.ledger.verify(known, _keys(key)), _anchors(anchor, code))
        return found if found["unreadable"] else {**found, **_beside_the_log(call, found)}

    @operation("audit.verify_file", Permission.ANYONE, needs_store=False)
    def audit_verify_file(
        self,
        call: Call,
        path: str,
        anchor: str | None = None,
        code: str | None = None,
        passphrase: str | None = None,
        identity: str | None = None,
        key: str | None = None,
    ) -> dict[str, Any]:
        """The same of a file, without a store or a login: an export, a sealed segment, a ledger's copy, a backup.

        Without `key` or an anchor nobody knows whose key signed: `key_known` is false.
        """
        from db import exported, proof
        from medsynth_engine.kernel import age
        from medsynth_engine.operations.backup_file import verified_inside

        file, anchored, trusted = named(path), _anchors(anchor, code), _keys(key)
        if not file.is_file():
            raise NotFound("no_such_file", "There is no such file.", "Name an export, a backup or a ledger.")
        with file.open("rb") as stream:
            begins = stream.read(32)
        if begins.startswith(b"SQLite format 3\x00"):
            return _verified(lambda known: proof.verify(file, known, trusted), anchored)
        if begins.startswith(age.VERSION_LINE):
            return _verified(lambda known: verified_inside(file, known, passphrase, identity, trusted), anchored)
        return _verified(lambda known: exported.verify(file, known, trusted), anchored)

    @operation("audit.checkpoint", Permission.READ_AUDIT)
    def audit_checkpoint(self, call: Call) -> dict[str, Any]:
        """Sign everything up to now; the note to keep elsewhere, the code to write down, the key to check it with."""
        from db import anchors
        from db.note import read_notes

        made = call.ledger.checkpoint(call.actor, call.face)
        root = read_notes(made.note)[0].checkpoint.root
        return {
            "records": made.size,
            "root": root.hex(),
            "note": made.note,
            "code": anchors.code(made.size, root),
            "key": made.key,
        }

    @operation("audit.prove", Permission.READ_AUDIT)
    def audit_prove(self, call: Call, seq: int) -> dict[str, Any]:
        """That record `seq` is in what a checkpoint signed: its hash, the hashes beside its way, the checkpoint."""
        from db import inclusion

        with call.read() as session:
            found = inclusion.prove(session.connection(), seq)
        if found is None or (call.scope is Scope.OWN and found.actor != call.actor.name):
            raise NotFound("no_such_record", "There is no such record that you may see.", "See: medsynth audit list")
        return found.document()

    @operation("audit.seal", Permission.MAINTAIN, fresh=True)
    def audit_seal(self, call: Call, path: str, keep: int = 10_000) -> dict[str, Any]:
        """Write all but the newest `keep` records into a file that proves itself, and take them out of the ledger.

        The chain still verifies: the ledger keeps the signed sum of what was taken out. Nothing is taken before the
        file was read back and verified.
        """
        from db import exported, sealing

        if not 1_000 <= keep <= 10**9:
            raise BadInput("bad_keep", "At least 1000 records stay in the ledger.", "For instance: --keep 10000")
        target = new_file(call.home, path, "archive")
        beside = new_file(call.home, str(exported.proof_path(target)), "proof beside it")
        with call.read() as session:
            part = sealing.part(session.connection(), keep)
        if part is None:
            raise NotFound("nothing_to_seal", "There is nothing old enough to be archived.", "See: medsynth audit list")
        with call.read() as session:
            fill = partial(sealing.write, session.connection(), part)
            digest = write_new_file(target, "archive", fill)
            with taken_back(target):
                write_new_json(beside, "proof beside it", sealing.proof_of(session.connection(), part))
        with taken_back(target, beside):
            found = exported.verify(target)
            if not found.ok:
                why = "The records to be archived do not verify; nothing was taken out."
                raise CheckFailed("not_whole", why, found.problems[0])
        with call.change("audit", records=part.last - part.first + 1, last=part.last, digest=digest) as change:
            sealing.take_out(change.session.connection(), part, digest)
        return {"path": str(target), "first": part.first, "last": part.last, "digest": digest}


def _verified(verify: Callable[[list[Any]], Any], anchored: list[Any]) -> dict[str, Any]:
    """The document of `verify`; `code_alone` where all holds but a code, which people write down and type."""
    found = verify(anchored)
    typed = [anchor for anchor in anchored if anchor.root_start is not None]
    alone = not found.ok and bool(typed) and verify([each for each in anchored if each not in typed]).ok
    return {**found.document(), **({"code_alone": True} if alone else {})}


def _beside_the_log(call: Call, found: dict[str, Any]) -> dict[str, Any]:
    """What changes in `found` where the lists differ from the log; who sees their own records alone learns no names."""
    with call.read() as session:
        differ = on_record.differences(session)
    if not differ:
        return {}
    told = differ[:MOST_TOLD] if call.scope is Scope.ALL else ["An auditor is told what is listed otherwise."]
    alone = {"tables_alone": True} if found["ok"] else {}
    return {"ok": False, "problems": [*found["problems"], *told], **alone}


def _anchors(file: str | None, code: str | None) -> list[Any]:
    from db import anchors
    from db.errors import LedgerError

    try:
        known = anchors.read_file(named(file)) if file is not None else []
        return [*known, *([anchors.read_code(code)] if code is not None else [])]
    except LedgerError as error:
        raise BadInput(error.code, error.message, error.hint) from error


def _keys(key: str | None) -> list[str]:
    from db.errors import LedgerError
    from db.note import demand_verifier

    try:
        return [demand_verifier(key)] if key is not None else []
    except LedgerError as error:
        raise BadInput(error.code, error.message, "A line like medsynth/…+…+…: medsynth audit checkpoint") from error
