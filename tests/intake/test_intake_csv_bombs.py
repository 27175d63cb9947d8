"""Tables that were made to hurt: each is refused in seconds and 512 MB, measured in a process of its own."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable

import pandas as pd
import pytest
from intake_pieces import APART

from medsynth_engine.intake.items import TableFile
from medsynth_engine.intake.options import Limits, Options
from medsynth_engine.intake.tables.dates import Dates
from medsynth_engine.intake.tables.describe import describe
from medsynth_engine.intake.tables.roles import Roles, find_roles
from medsynth_engine.intake.tables.table import MOST_BYTES, parse_table, read_table
from medsynth_engine.kernel.errors import BadInput

PROGRAM = """
import json, resource, sys, time
from medsynth_engine.intake.options import Limits
from medsynth_engine.intake.tables.table import parse_table
from medsynth_engine.kernel.errors import BadInput
data = eval(sys.argv[1])
began, code = time.process_time(), ""
try:
    parse_table(data, Limits())
except BadInput as error:
    code = error.code
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(json.dumps({"code": code, "seconds": time.process_time() - began, "peak": peak}))
"""
BOMBS = {
    "a line of 120 MB": ("b'a,b\\n' + b'x' * (120 * 2**20)", "line_too_long"),
    "a million columns": ("b','.join(b'c%d' % n for n in range(10**6)) + b'\\n1\\n'", "line_too_long"),
    "ten thousand columns": ("b','.join(b'c%d' % n for n in range(10**4)) + b'\\n1\\n'", "too_many_columns"),
    "a quote that is never closed": ("b'a,b\\n1,\"2\\n' + b'1,2\\n' * 20_000_000", "cell_too_large"),
    "a short one": ("b'a,b\\n1,\"2\\n' + b'1,2\\n' * 100", "cell_too_large"),
    "zeros": ("b'a,b\\n' + b'1,2\\n' * 200_000 + bytes(10)", "not_a_table"),
    "twenty million rows": ("b'a,b,c\\n' + b'1,2,3\\n' * 20_000_000", "too_many_rows"),
    "escapes alone": ("b'\\x1b[2J' * 10_000", "empty_table"),
    "a cell of 2 MB": ("b'a,b\\n1,' + b'y' * (2 * 2**20) + b'\\n'", "cell_too_large"),
    "nothing but delimiters": ("b',' * 10**7", "line_too_long"),
    "nothing but lines": ("b'\\n' * 10**7", "empty_table"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_quickly_and_in_little_memory(name: str) -> None:
    made, code = BOMBS[name]
    command = [*APART, sys.executable, "-c", PROGRAM, made]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    assert told["code"] == code
    assert told["seconds"] < 6  # two on a quiet machine
    assert told["peak"] < 512e6


def test_a_table_beyond_the_limit_is_not_even_read() -> None:
    def read() -> bytes:
        raise AssertionError("it was read")

    with pytest.raises(BadInput) as caught:
        read_table(TableFile("a.csv", 2**30, read), Limits())
    assert caught.value.code == "table_too_large"
    assert "128 MB" in str(caught.value)
    assert MOST_BYTES == 128 * 2**20


def _mutated(data: bytes, rng: random.Random) -> bytes:
    broken = bytearray(data)
    changes: list[Callable[[], object]] = [
        lambda: broken.__setitem__(rng.randrange(len(broken)), rng.randrange(256)),
        lambda: broken.insert(rng.randrange(len(broken)), rng.choice(b'",;\n\r\t\0\x1b')),
        lambda: broken.__delitem__(slice(at := rng.randrange(len(broken)), at + rng.randrange(1, 40))),
    ]
    for _ in range(rng.randrange(1, 12)):
        if broken:
            rng.choice(changes)()
    return bytes(broken)


def test_damaged_tables_end_in_a_table_or_a_reason() -> None:
    rng = random.Random(7)
    lines = (f'P{n},{n % 90},"left, {n}",{n / 7:.2f},2020-01-{n % 28 + 1:02d}' for n in range(60))
    data = ("patient_id,age,side,score,seen\n" + "\n".join(lines)).encode()
    read = 0
    for _ in range(150):
        try:
            frame = parse_table(_mutated(data, rng), Limits()).frame
        except BadInput as error:
            assert error.hint
            continue
        read += 1
        assert not any("\0" in name or "\x1b" in name for name in frame.columns)
    assert read > 30


LARGE = (
    "a",
    "1 ",
    "@",
    "a@",
    "1.",
    "(",
    "A B ",
    "9",
    "a/",
    "-",
    "^",
    "a,",
    "1|",
    "jan ",
    "1-1-",
    "Jane Doe ",
    ":",
    "0:",
)


@pytest.mark.parametrize("piece", LARGE)
def test_no_pattern_is_kept_busy_by_a_large_cell(piece: str) -> None:
    cell = (piece * 2**16)[: 2**16]
    words = [cell + str(number) if number % 30 == 0 else "short" for number in range(60)]
    frame = pd.DataFrame({"x": words, "age": words, "sex": words, "when": words, "finding": words}, dtype="str")
    began = time.process_time()
    roles = find_roles(frame, Options(), None)
    for mode in ("year", "shift"):
        describe(frame, roles, Dates.of(mode, bytes(32)))
    describe(frame, Roles({"age": "age", "sex": "sex", "finding": "finding"}, ("x",), ("when",)))
    assert time.process_time() - began < 12  # seconds; a pattern that looks again from every letter would take minutes
