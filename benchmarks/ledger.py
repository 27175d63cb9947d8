"""How fast records are kept, proved and found: `python benchmarks/ledger.py [--records N] [--postgres]`.

Every append is durable (WAL, synchronous=FULL) and its own transaction, as in use. The long chain for verifying and
paging is built in larger transactions, only to save time. Processor seconds are of this process alone. With
`--postgres` the same in a database of the server that `MEDSYNTH_DATABASE_URL` names (an empty one: a store is made
there and stays); its durability is the server's.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from db import chain, inclusion, proof
from db.dialect import bytes_in_database
from db.ledger import Ledger
from db.place import VARIABLE, asked, create_store, open_store

RESULTS = Path(__file__).with_name("results")
YEAR, WEEK = timedelta(days=365), timedelta(days=7)


def append(path: Path, name: str, count: int) -> None:
    """`count` transactions of one record each."""
    with open_store(path) as ledger:
        for number in range(count):
            with ledger.write() as change:
                change.record(actor=name, role="researcher", action="test.write", object_=f"thing:{number}")


def grow(ledger: Ledger, count: int, begun: datetime) -> None:
    """Make the chain `count` records longer, those of a year from `begun`, in transactions of ten thousand."""
    first, apart = int(begun.timestamp() * 1e9), int(YEAR.total_seconds() * 1e9) // count
    actions = ("dataset.add", "runs.train", "session.login", "cohorts.generate")
    for start in range(0, count, 10_000):
        with ledger.write() as change:
            for number in range(start, min(count, start + 10_000)):
                chain.append(
                    change.session,
                    actor=f"user-{number % 50}",
                    role="researcher",
                    action=actions[number % 4],
                    object_=f"thing:{number % 5000}",
                    outcome="denied" if number % 97 == 0 else "done",
                    detail={"number": number},
                    ts_ns=first + number * apart,
                )
            change.record(actor="system", action="test.grow")


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(folder: Path, records: int) -> dict[str, Any]:
    path = folder / "data" / "medsynth.sqlite3"
    found: dict[str, Any] = {"create_seconds": seconds(lambda: create_store(path, "development").close())}
    found["open_seconds"] = statistics.median(seconds(lambda: open_store(path).close()) for _ in range(5))
    found["appends_per_second_1_process"] = 500 / seconds(lambda: append(path, "one", 500))
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=append, args=(path, f"writer-{n}", 1000)) for n in range(4)]

    def all_four() -> None:
        for process in processes:
            process.start()
        for process in processes:
            process.join()

    all_four()
    with open_store(path) as ledger, ledger.read() as session:
        times = [record.ts_ns for record in chain.page(session, limit=800)]  # without the starts of the processes
    found["appends_per_second_4_processes"] = len(times) / ((times[0] - times[-1]) / 1e9)
    begun = datetime.now(UTC)
    with open_store(path) as ledger:
        busy = time.process_time()
        found["grow_records_per_second"] = records / seconds(lambda: grow(ledger, records, begun))
        found["grow_processor_seconds"] = time.process_time() - busy
        verified: list[proof.Verification] = []
        busy = time.process_time()
        took = seconds(lambda: verified.append(ledger.verify()))
        found["verify_processor_seconds"] = time.process_time() - busy
        assert verified[0].ok, verified[0].problems
        found |= {"records": verified[0].records, "verify_seconds": took}
        found["verify_records_per_second"] = verified[0].records / took
        for name, narrow in (
            ("last", {}),
            ("actor", {"actor": "user-7"}),
            ("action", {"action": "runs."}),
            ("denied", {"outcome": "denied"}),
            ("object", {"object_": "thing:7"}),
            ("none", {"actor": "nobody"}),
            ("since", {"since": begun + YEAR - WEEK}),
            ("until", {"until": begun + WEEK}),
            ("middle", {"before": records // 2}),
            ("actor_and_outcome", {"actor": "user-7", "outcome": "denied"}),
            ("actor_object_until", {"actor": "user-7", "object_": "thing:7", "until": begun + YEAR / 2}),
        ):
            with ledger.read() as session:
                times = [seconds(lambda: chain.page(session, **narrow)) for _ in range(5)]  # type: ignore[arg-type]  # noqa: B023
            found[f"page_{name}_milliseconds"] = statistics.median(times) * 1000
    with open_store(path) as ledger, ledger.read() as session:
        asked = (1, records // 2, records)
        times = [seconds(lambda: inclusion.prove(session.connection(), seq)) for seq in asked]  # noqa: B023
        found["prove_milliseconds"] = statistics.median(times) * 1000
        size = bytes_in_database(session.connection()) or path.stat().st_size
    found["bytes_per_record"] = size / found["records"]
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    found["peak_megabytes"] = kilobytes / 1024
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000, help="length of the chain that is verified and paged")
    parser.add_argument("--postgres", action="store_true", help=f"in the database that {VARIABLE} names")
    arguments = parser.parse_args()
    if arguments.postgres != bool(asked()):
        parser.error(f"set {VARIABLE} for --postgres, and for nothing else")
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), arguments.records)
    found = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.machine(),
        "load": round(os.getloadavg()[0], 1),
        **found,
    }
    for name, value in found.items():
        print(f"{name:36} {value:,.2f}" if isinstance(value, float) else f"{name:36} {value}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / ("ledger_postgres.json" if arguments.postgres else "ledger.json")).write_text(
        json.dumps(found, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
