"""`make flaky`: the fast part of the tests again and again, each time in another order, and which of them ever failed.

`python tests/flaky.py ROUNDS PYTEST-ARGUMENTS`. The order of a round follows from its seed, which is printed:
`python -m pytest --shuffle SEED ...` runs it once more. Ends with 1 where a test failed at least once.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from collections import defaultdict

FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+(?:\[.*?\])?)(?= - |$)", re.MULTILINE)


def failed_in(said: str) -> list[str]:
    """The tests that pytest's summary lists."""
    return sorted(set(FAILED.findall(said)))


def main(rounds: int, arguments: list[str]) -> int:
    unsteady: dict[str, list[int]] = defaultdict(list)
    broken = False
    for number in range(1, rounds + 1):
        seed, begin = random.SystemRandom().randrange(10**6), time.monotonic()
        command = [sys.executable, "-m", "pytest", "-q", f"--shuffle={seed}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = failed_in(done.stdout)
        broken = broken or (done.returncode != 0 and not found)
        for name in found:
            unsteady[name].append(seed)
        last = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1]
        print(f"{number} of {rounds}, seed {seed}, {time.monotonic() - begin:.0f} s: {last}", flush=True)
    for name, seeds in sorted(unsteady.items()):
        print(f"{len(seeds)} of {rounds}: {name}, with seed {', '.join(map(str, seeds))}")
    print(f"{len(unsteady)} tests failed at least once in {rounds} rounds")
    return int(bool(unsteady) or broken)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
