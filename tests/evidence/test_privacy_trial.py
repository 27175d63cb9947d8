"""The self-test of the gauge: its promises are checked on cohorts of known leak, and its words are parsed."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from medsynth_engine.trial import hospital
from medsynth_engine.trial.__main__ import lines
from medsynth_engine.trial.trial import run


@pytest.fixture(scope="module")
def tried() -> dict[str, Any]:
    return run(1, [600], lambda *_: None, ["rows"])


def test_a_leak_of_one_percent_closes_the_gate_and_no_leak_does_not(tried: dict[str, Any]) -> None:
    assert tried["ok"], tried["checks"]
    rates = {(one["generator"], one["how"], one["share"]): one for one in tried["rates"]}
    assert rates["trees", "near", 0.01]["for_copies"]["recipient"] == 1
    assert rates["fresh", "clean", 0.0]["refused"]["recipient"] == 0
    needles = [rates["trees", how, share]["needle"] for how, share in (("clean", 0.0), ("near", 0.05), ("near", 0.2))]
    assert needles == sorted(needles)


def test_what_is_said_fits_a_terminal_and_is_plain(tried: dict[str, Any]) -> None:
    said = list(lines({**tried, "seconds": 1.0}))
    assert max(map(len, said)) <= 80
    assert all(line.isascii() for line in said)
    json.dumps(tried)


def test_a_broken_promise_is_told_and_counts() -> None:
    document = {"ok": False, "seeds": 1, "synthetic": 2000, "seconds": 1, "rates": []}
    said = "\n".join(lines({**document, "checks": [{"what": "x", "ok": False, "says": "y"}]}))
    assert "FAIL x" in said and "DOES NOT HOLD" in said


def test_near_copies_are_no_copies_but_stay_on_the_grid() -> None:
    rng = np.random.default_rng(0)
    table = hospital.stays(200, rng)
    near = hospital.nearly(table, table, rng)
    assert (near["age"] % 1 == 0).all()
    assert np.isclose(near["creatinine"].round(2), near["creatinine"]).all()
    moved = (near["weight"] - table["weight"]).abs()
    assert 0 < moved.mean() < 0.1 * table["weight"].std()
    assert (near["ward"] == table["ward"]).all()


def test_seeds_belong_to_the_gauge_alone() -> None:
    command = [sys.executable, "-m", "medsynth_tui", "selftest", "device", "--seeds", "2"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}, check=False)
    assert done.returncode == 2
    assert "--seeds" in done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_workers_end_with_the_trial(how: signal.Signals) -> None:
    """At Ctrl-C the whole group is told; where the trial alone is killed nobody tells its workers."""
    command = [sys.executable, "-m", "medsynth_engine.trial", "--seeds", "1"]
    trial = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert trial.stderr is not None
    try:
        assert trial.stderr.readline().startswith("0/")  # the workers are at work
        (os.killpg if how == signal.SIGINT else os.kill)(trial.pid, how)
        said = trial.communicate(timeout=30)[1]  # ends only when no worker holds the other end any more
    finally:
        with suppress(ProcessLookupError):
            os.killpg(trial.pid, signal.SIGKILL)
    assert "Traceback" not in said
