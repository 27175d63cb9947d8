"""A store with people, and datasets whose quarantine holds real pictures, written as an intake writes them."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from sqlmodel import select

from db.ledger import Ledger
from db.tables import Dataset, User
from medsynth_engine.engine import Engine

T = TypeVar("T")
PASSWORD = "four words are quite long"
SECRET = "DOE^JANE 1970-01-02"
"""What was read in a picture: for a reviewer's eyes, in no log and no record."""


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


class World:
    """A production store: root is its admin, eve its auditor; researchers come as they are named."""

    def __init__(self, home: Path, researchers: tuple[str, ...] = (), tokens: dict[str, str] | None = None) -> None:
        self.home = home
        self.tokens = tokens or {}
        if not tokens:
            run(self._people(researchers))

    def copy(self, home: Path) -> World:
        """Hashing passwords takes a moment, so tests get copies; logins hold in them too."""
        shutil.copytree(self.home, home)
        return World(home, tokens=self.tokens)

    async def _people(self, researchers: tuple[str, ...]) -> None:
        made = await Engine(self.home).init(admin="root")
        await Engine(self.home).activate("root", made["activation"]["code"], PASSWORD)
        root = Engine(self.home)
        await root.login("root", PASSWORD)
        self.tokens["root"] = str(root.token)
        people = [(name, "researcher") for name in researchers] + [("eve", "auditor")]
        for name, role in people:
            code = (await root.users_add(name, role))["code"]
            await Engine(self.home).activate(name, code, PASSWORD)
            engine = Engine(self.home)
            await engine.login(name, PASSWORD)
            self.tokens[name] = str(engine.token)

    def of(self, name: str) -> Engine:
        return Engine(self.home, self.tokens[name])

    def dataset(
        self,
        name: str,
        owner: str,
        pictures: dict[str, list[list[int]]],
        *,
        version: int = 1,
        created: datetime | None = None,
        summary: dict[str, Any] | None = None,
        blind: tuple[str, ...] = (),
    ) -> str:
        """Add a version. `pictures`: record -> boxes of the text found in it; of `blind` records no picture is kept."""
        folder = self.home / "data" / "datasets" / f"{name}-v{version}"
        (folder / "quarantine").mkdir(parents=True)
        rng = np.random.default_rng(version)
        entries = []
        for record, boxes in pictures.items():
            if record not in blind:
                picture = rng.integers(0, 255, (120, 160)).astype(np.uint8)
                Image.fromarray(picture).save(folder / "quarantine" / f"{record}.png")
            reason = "burned_in_declared" if boxes else "needs_review"
            read = [SECRET] if boxes else []
            entries.append(
                {"record": record, "reason": reason, "width": 160, "height": 120, "boxes": boxes, "read": read}
            )
        (folder / "quarantine.json").write_text(json.dumps(entries))
        with Ledger.open(self.home / "data" / "medsynth.sqlite3") as ledger, ledger.write() as change:
            user = change.session.exec(select(User).where(User.name == owner)).one()
            row = Dataset(
                name=name,
                version=version,
                owner_id=user.id,
                folder=folder.name,
                digest=f"{name}{version}",
                summary=summary or {"quarantined": len(pictures)},
                created_at=created or datetime.now(UTC),
            )
            change.session.add(row)
            change.record(actor=owner, action="datasets.taken_in", object_=f"dataset:{name}")
        return row.id

    def audit(self) -> list[dict[str, Any]]:
        """Every record, the oldest first."""
        return list(reversed(run(self.of("root").audit_list(limit=500))["records"]))
