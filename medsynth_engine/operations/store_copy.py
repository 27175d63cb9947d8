"""Moving the store to a PostgreSQL database, or back to a file: by an admin, who is told where it is from then on."""

from __future__ import annotations

from typing import Any

from medsynth_engine.access.roles import Permission
from medsynth_engine.operations.backups import Holder
from medsynth_engine.operations.declare import Call, operation


class Copies:
    """The rows go; keys, datasets, runs and cohorts stay where they are."""

    @operation("store.copy", Permission.MAINTAIN, fresh=True)
    def store_copy(self: Holder, call: Call, to: str, replace: bool = False) -> dict[str, Any]:
        """`to` is the address of a database, or `sqlite` for a file in the data folder. What was there is kept.

        replace  where the database holds a store already, that one is renamed in it
        """
        from db.move import FILE, move
        from db.place import VARIABLE

        moved = move(call.ledger, to, call.actor, call.face, replace)
        self.close()
        return {
            "to": moved.to,
            "records": moved.verification.records,
            "head": moved.verification.head,
            "verified": moved.verification.document(),
            "rows": moved.rows,
            "kept": moved.kept,
            "replaced": moved.replaced,
            "variable": VARIABLE,
            "variable_set": moved.to != FILE,
        }
