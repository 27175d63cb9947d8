"""Making a backup, trying it, and putting it back: by an admin, who sees no image while doing so."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from sqlmodel import select

from medsynth_engine.access.roles import Permission, Role
from medsynth_engine.kernel import age
from medsynth_engine.kernel.atomic import TEMPORARY
from medsynth_engine.kernel.errors import BadInput, Busy, Denied, NoRoom, NotFound
from medsynth_engine.kernel.outside import named
from medsynth_engine.operations import backup_file
from medsynth_engine.operations.coming_back import prepare
from medsynth_engine.operations.declare import Call, operation
from medsynth_engine.operations.places import new_file, write_new_file
from medsynth_engine.operations.put_back import put_in_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.proof import Verification

SHORTEST = 15
"""Characters of a passphrase; what it protects may be tried offline for ever."""


class Holder(Protocol):
    """The engine: it knows who asks, and holds the ledger open that is replaced."""

    token: str | None

    def close(self) -> None: ...


class Backups:
    """A backup runs in the process that asks for it: its passphrase is never written down, not even in a job."""

    @operation("store.backup", Permission.MAINTAIN, fresh=True)
    def backup(
        self,
        call: Call,
        path: str,
        passphrase: str | None = None,
        recipient: str | None = None,
        everything: bool = False,
    ) -> dict[str, Any]:
        """An encrypted copy of the ledger (people, records, audit chain); with `everything` also of datasets, runs, ….

        Encrypted with the passphrase, or for the recipient (`age1…`; without both, the setting `backup_recipient`).
        """
        target = new_file(call.home, path, "backup")
        recipients = _recipients(call, passphrase, recipient)
        with call.change("store", everything=everything, begun=True):
            pass  # a copy of all people and records leaves a trace even where it is never finished
        about = _about(call, everything)  # with that record, which the copy holds
        packed = backup_file.Packed()

        def fill(stream: IO[bytes]) -> None:
            writer = age.Writer(stream, passphrase, recipients)
            packed.contents = backup_file.pack(call.home, call.ledger, writer, about, everything).contents

        digest = write_new_file(target, "backup", fill)
        with call.change(
            "store", records=about["records"], digest=digest, files=len(packed.contents), everything=everything
        ):
            pass
        return {"path": str(target), "digest": digest, **about, "files": len(packed.contents), "bytes": packed.size}

    @operation("store.restore", Permission.ANYONE, needs_store=False)
    def restore(
        self: Holder,
        call: Call,
        path: str,
        passphrase: str | None = None,
        identity: str | None = None,
        check: bool = False,
        replace: bool = False,
    ) -> dict[str, Any]:
        """Read a backup to its end, verify the log in it, and (without `check`) put it in the place of the store.

        Where a store is there that opens, its admin must ask, and say `replace`; it is moved aside, never deleted.
        """
        file = named(path)
        if not file.is_file():
            raise NotFound("no_such_file", "There is no such file.", "Name a backup that medsynth backup made.")
        if not check:
            _demand_may_replace(call, self.token, replace)
        _demand_room(call, file, check)
        with _staging(call, check) as staging:
            with file.open("rb") as source:
                only = (backup_file.LEDGER,) if check else None
                found = backup_file.unpack(source, staging, passphrase, identity, only)
            verified = _verified(staging, found)
            told = {
                **found.about,
                "files": len(found.contents),
                "bytes": sum(int(size) for size, _ in found.contents.values()),
                "verified": verified.document(),
                "restored": False,
                "moved_aside": None,
                "emptied": [],
            }
            if not verified.ok:
                raise BadInput("log_not_whole", "The audit log in this backup does not verify.", verified.problems[0])
            if not check:
                with _nobody_writes(call):
                    emptied = prepare(call.home, call.store, staging, file, verified)
                    aside = _put_in_place(call, staging, replace)
                told |= {"restored": True, "moved_aside": aside, "emptied": emptied}
                self.close()
        return told


def _recipients(call: Call, passphrase: str | None, recipient: str | None) -> list[str]:
    from medsynth_engine.operations.settings import setting

    if passphrase and recipient:
        raise BadInput("one_key", "Encrypt with a passphrase, or for a recipient.", "Give one of the two.")
    if passphrase:
        if len(passphrase) < SHORTEST:
            raise BadInput(
                "short_passphrase", f"A backup's passphrase has at least {SHORTEST} characters.",
                "Four or five words that do not belong together; keep them where the backup is not.",
            )  # fmt: skip
        return []
    with call.read() as session:
        known = recipient or str(setting(session, "backup_recipient"))
    if not known:
        raise BadInput(
            "no_backup_key", "A backup is always encrypted: it needs a passphrase or a recipient.",
            "Give --passphrase-stdin or --recipient, or set backup_recipient.",
        )  # fmt: skip
    return [age.check_recipient(known)]


def _about(call: Call, everything: bool) -> dict[str, Any]:
    """What a backup says of itself in front: nothing that names a person, a dataset or a place."""
    from db import migrate
    from db.chain import head, program_version

    with call.read() as session:
        now = head(session)
    return {
        "store_id": call.ledger.store_id,
        "stamp": call.ledger.stamp,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": program_version(),
        "schema": migrate.HEAD,
        "records": now["records"],
        "head": now["head"],
        "parts": ["ledger", "key", *(backup_file.FOLDERS if everything else ())],
    }


def _demand_may_replace(call: Call, token: str | None, replace: bool) -> None:
    """Nobody's store is replaced without its admin. One that does not open has none to ask: then its owner may."""
    from db.place import demand_agreement

    if not call.home.has_store:
        return
    demand_agreement(call.home.ledger)
    if not replace:
        raise Busy(
            "store_exists", "There is a store here; a restore would take its place.",
            "Try the backup first (--check); then say --replace. The store is moved aside, not deleted.",
        )  # fmt: skip
    if call.store is None:
        return
    from medsynth_engine.access import sessions
    from medsynth_engine.jobs.watch import look_at_all
    from medsynth_engine.operations.settings import setting

    actor = sessions.resolve(call.ledger, token or "")
    if actor.role != Role.ADMIN or actor.owes:
        raise Denied("not_permitted", "Only an admin of the store may replace it.", "Log in as an admin.")
    with call.read() as session:
        minutes = int(setting(session, "confirm_minutes"))
    sessions.demand_fresh(actor, minutes)
    if "running" in look_at_all(call.ledger, call.home).values():
        raise Busy("jobs_running", "Jobs are running in this store.", "Wait for them, or cancel them.")


@contextmanager
def _nobody_writes(call: Call) -> Iterator[None]:
    """The store that is replaced stays as it is told to be: who waits to write into it finds the other one then."""
    if call.store is None:
        yield
        return
    from db.tables import Job

    with call.store.write(call.face) as change:  # no row is changed; the lock is what counts
        if change.session.exec(select(Job.id).where(Job.state == "running")).first():
            raise Busy("jobs_running", "Jobs are running in this store.", "Wait for them, or cancel them.")
        yield


def _put_in_place(call: Call, staging: Path, replace: bool) -> str | None:
    """What was there, by the name of its folder in `data/`; a store in a database is renamed beside the new one too."""
    from db import place

    if not place.asked():
        return put_in_place(call.home, staging)
    from db.ledger import Ledger
    from db.move import into_database

    with (
        Ledger.open(staging / backup_file.LEDGER) as source,
        into_database(source, call.home.ledger, place.asked(), replace, locked=call.store is not None) as switch,
    ):
        return put_in_place(call.home, staging, switch)


def _demand_room(call: Call, file: Path, check: bool) -> None:
    from medsynth_engine.operations.doctor import standing

    place = standing(call.home.data)
    if not check and shutil.disk_usage(place).free < file.stat().st_size * 1.1:
        raise NoRoom("no_room", "There is not enough room on the disk for this backup.", "Free some space first.")


@contextmanager
def _staging(call: Call, check: bool) -> Iterator[Path]:
    """A private folder on the store's own disk (for a check alone: in the place for temporary files)."""
    import tempfile

    if check:
        with tempfile.TemporaryDirectory(prefix="medsynth-check-") as folder:
            yield Path(folder)
        return
    call.home.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    call.home.data.chmod(0o700)
    with tempfile.TemporaryDirectory(prefix=f"{TEMPORARY}restore-", dir=call.home.data) as folder:
        yield Path(folder)


def _verified(staging: Path, found: backup_file.Unpacked) -> Verification:
    """The log in the backup's ledger, against what the backup says of itself."""
    from db import proof
    from db.anchors import Anchor

    ledger = staging / backup_file.LEDGER
    facts = backup_file.ledger_facts(ledger)
    about = found.about
    if any(facts[key] != about.get(key) for key in ("store_id", "stamp")):
        raise BadInput("damaged_backup", "The backup does not hold what it says.", "Take another copy of it.")
    return proof.verify(ledger, [Anchor(int(about["records"]), head=bytes.fromhex(str(about["head"])))])
