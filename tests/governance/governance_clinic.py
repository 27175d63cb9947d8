"""A clinic for the tests of governance: a store with a second admin, alice's dataset, and everybody logged in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.ledger import Ledger
from medsynth_engine.engine import Engine

PASSWORDS = {"alice": "password123", "admin": "admin123", "auditor": "auditor123", "second": "second-admin-1"}


@dataclass
class Clinic:
    home: Path
    people: dict[str, Engine]

    def __getattr__(self, name: str) -> Engine:
        return self.people[name]

    def ledger(self) -> Ledger:
        return Ledger.open(self.home / "data" / "medsynth.sqlite3")

    def change(self, what: Callable[[Any], None]) -> None:
        with self.ledger() as ledger, ledger.write() as change:
            what(change.session)
            change.record(actor="somebody", action="test.change")
