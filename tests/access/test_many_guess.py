"""Many processes guess passwords at once: the throttle holds for all of them together, and says the same of every name.

`make faults` guesses 1,000 times from 8 processes and measures 50 pairs; `make test` a part of that.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from db import chain
from db.ledger import Ledger
from medsynth_engine.access import passwords, throttle, users

GOOD = "velvet turbine oxbow 81"
NAMES = ("root", "nobody")
GUESS = """
import json, sys
from pathlib import Path
from db.ledger import Ledger
from medsynth_engine.access import sessions
from medsynth_engine.kernel.errors import Denied
ledger, names, said = Ledger.open(Path(sys.argv[1])), sys.argv[3:], []
for number in range(int(sys.argv[2])):
    try:
        sessions.login(ledger, names[number % 2], "wrong", "cli")
    except Denied as denied:
        said.append([names[number % 2], denied.code])
print(json.dumps(said))
"""


pytestmark = pytest.mark.dear


@pytest.fixture
def store(tmp_path: Path) -> Ledger:
    """A production store with one active admin, `root`."""
    ledger = Ledger.create(tmp_path / "data" / "m.sqlite3", "production")
    with ledger.write() as change:
        code = users.add(change, "root", "admin", by=None)
    users.activate(ledger, "root", code, GOOD)
    return ledger


def heard_at_most(seconds: float) -> int:
    """Wrong attempts on one name that are compared at all within so many seconds: the free ones, and one more each
    time when a delay has passed."""
    return throttle.FREE + sum(
        seconds >= sum(throttle.delay(throttle.FREE + one) for one in range(number + 1)) for number in range(20)
    )


def test_the_bound_of_this_test_is_that_of_the_delays() -> None:
    assert [heard_at_most(seconds) for seconds in (0, 1, 2.9, 3, 7, 511)] == [5, 6, 6, 7, 8, 14]


def test_many_processes_guessing_get_no_more_tries_than_one(store: Ledger, share: float) -> None:
    processes, each = (8, 125) if share == 1 else (3, 8)
    command = [sys.executable, "-c", GUESS, str(store.path), str(each), *NAMES]
    begin = time.time()
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(processes)]
    said = Counter((name, code) for one in running for name, code in json.loads(one.communicate(timeout=600)[0]))
    seconds = time.time() - begin
    with store.read() as session:
        denials = list(chain.page(session, limit=5_000, action="session.denied"))
        failed = users.by_name(session, "root").failed_logins
    assert len(denials) == processes * each, "every denial is in the log"
    reasons = Counter((record.actor, record.reason) for record in denials)
    for name, actor, why in (("root", "root", "wrong_password"), ("nobody", "unknown", "no_such_user")):
        compared = said[name, "login_failed"]
        assert throttle.FREE <= compared <= heard_at_most(seconds)
        assert compared == reasons[actor, why]
        assert reasons[actor, "throttled"] == said[name, "too_many_attempts"]
    assert failed == said["root", "login_failed"]
    assert sum(said.values()) == processes * each
    assert store.verify().ok
    print(f"{processes * each} guesses in {seconds:.0f} s: {dict(said)}, at most {heard_at_most(seconds)} each")


def test_an_unknown_user_costs_as_much_time_as_a_wrong_password(store: Ledger, share: float) -> None:
    """Of processor time, in turns, so that what else the machine does falls on both."""
    with store.read() as session:
        kept = users.by_name(session, "root").password_hash
    times: dict[str | None, list[float]] = {None: [], kept: []}
    passwords.matches("warm up", None)
    for _ in range(int(50 * share)):
        for password_hash, taken in times.items():
            start = time.process_time()
            assert not passwords.matches("wrong", password_hash)
            taken.append(time.process_time() - start)
    ratio = statistics.median(times[None]) / statistics.median(times[kept])
    print(f"an unknown name takes {ratio:.3f} of the time of a wrong password")
    assert 0.8 < ratio < 1.25
