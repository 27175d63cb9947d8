"""Hours of ordinary use on one store: `python benchmarks/soak.py [--hours H]` (make soak: 24 hours).

One process stays, as a studio does: it logs in and out, lists, looks, signs and verifies, exports, makes users, and
looks through the store, ten thousand times in so many hours. What it holds (memory, open files, threads) is written
down after the first tenth and at the end. Passes where memory grew by less than 5 % and no file more is held.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import platform
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from medsynth_engine.engine import Engine
from medsynth_engine.kernel.allocator import one_arena
from medsynth_engine.kernel.errors import MedSynthError

RESULTS = Path(__file__).with_name("results")
ACTIONS = 10_000
MOST_GROWTH = 0.05


class Day:
    """What happens, one action after the other."""

    def __init__(self, home: Path) -> None:
        self.home, self.done, self.refused = home, Counter[str](), Counter[str]()
        self.admin, self.auditor = Engine(home, face="studio"), Engine(home, face="studio")

    async def begin(self) -> None:
        await self.admin.init(development=True)
        await self.log_in()

    async def log_in(self) -> None:
        await self.admin.login("admin", "admin123")
        await self.auditor.login("auditor", "auditor123")

    async def act(self, number: int) -> None:
        """One action; every twentieth is a heavy one."""
        heavy = {0: "log_in", 20: "export", 40: "verify", 60: "user", 80: "doctor"}.get(number % 100)
        name = heavy or ("home", "list", "page", "checkpoint", "denied")[number % 5]
        self.done[name] += 1
        try:
            await getattr(self, f"_{name}")(number)
        except MedSynthError as error:
            self.refused[error.code] += 1

    async def _log_in(self, number: int) -> None:
        for engine in (self.admin, self.auditor):
            await engine.logout()
            engine.close()
        await self.log_in()

    async def _home(self, number: int) -> None:
        await self.admin.home()

    async def _list(self, number: int) -> None:
        await self.admin.users_list()

    async def _page(self, number: int) -> None:
        await self.auditor.audit_list(action="session.", limit=100)

    async def _checkpoint(self, number: int) -> None:
        await self.auditor.audit_checkpoint()

    async def _denied(self, number: int) -> None:
        await self.auditor.users_list()

    async def _export(self, number: int) -> None:
        target = self.home / f"export-{number}.jsonl"
        await self.auditor.audit_export(str(target))
        for file in (target, target.with_name(target.name + ".proof.json")):
            file.unlink()

    async def _verify(self, number: int) -> None:
        assert (await self.auditor.audit_verify())["ok"]

    async def _user(self, number: int) -> None:
        await self.admin.users_add(f"user-{number}", "researcher")

    async def _doctor(self, number: int) -> None:
        await self.admin.doctor()


def held() -> dict[str, float]:
    gc.collect()
    process = psutil.Process()
    return {
        "megabytes": process.memory_info().rss / 1e6,
        "files": process.num_fds(),
        "threads": threading.active_count(),
    }


async def soak(home: Path, hours: float, actions: int) -> dict[str, Any]:
    day, begun, pause = Day(home), time.monotonic(), hours * 3600 / actions
    await day.begin()
    early: dict[str, float] = {}
    number = 0
    while number < actions and (number < 100 or time.monotonic() - begun < hours * 3600 * 1.5):
        await day.act(number)
        number += 1
        if number == max(1, actions // 10):
            early = held()
        ahead = begun + number * pause - time.monotonic()
        if ahead > 0:
            await asyncio.sleep(ahead)
    late = held()
    verified = await day.auditor.audit_verify()
    growth = late["megabytes"] / early["megabytes"] - 1 if early else None
    return {
        "hours": (time.monotonic() - begun) / 3600,
        "actions": number,
        "done": dict(day.done),
        "refused": dict(day.refused),
        "after_a_tenth": early,
        "at_the_end": late,
        "memory_growth": growth,
        "records": verified["records"],
        "verified": verified["ok"],
        "passed": bool(
            verified["ok"] and growth is not None and growth < MOST_GROWTH and late["files"] <= early["files"]
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--actions", type=int, default=ACTIONS)
    parser.add_argument("--into", default="soak.json", help="a file's name in benchmarks/results")
    arguments = parser.parse_args()
    one_arena()  # as the studio does at its start
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(soak(Path(folder), arguments.hours, arguments.actions))
    found = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": platform.machine(), **found}
    print(json.dumps(found, indent=1))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / arguments.into).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
