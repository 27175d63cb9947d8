"""What a process that stays open for days holds: a store opened again and again, and many threads."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import Dialect

from db import place
from db.ledger import SYSTEM, Ledger
from db.tables import Store

HEAPS = """
import ctypes, sys, threading
from medsynth_engine.kernel.allocator import one_arena
libc = ctypes.CDLL(None)
if not hasattr(libc, "malloc_info"):
    sys.exit(77)
if sys.argv[1] == "one":
    assert one_arena()
together = threading.Barrier(4)
libc.malloc.restype = ctypes.c_void_p
def work():
    together.wait()
    libc.malloc(100_000)
    together.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def _used(path: Path, number: int) -> None:
    with place.open_store(path) as ledger, ledger.write() as change:
        change.session.merge(Store(key="setting.checkpoint", value=str(number)))
        change.record(actor=SYSTEM, action="setting.change", object_="store")


def _dialects() -> int:
    gc.collect()
    return sum(isinstance(each, Dialect) for each in gc.get_objects())


def test_a_store_that_is_opened_again_and_again_leaves_nothing_behind(ledger: Ledger) -> None:
    path = ledger.path
    ledger.close()
    _used(path, 0)
    before = _dialects()
    for number in range(12):
        _used(path, number)
    assert _dialects() <= before


def test_a_store_that_was_closed_holds_no_file_and_opens_anew(tmp_path: Path) -> None:
    path = tmp_path / "data" / "medsynth.sqlite3"
    Ledger.create(path, "development").close()
    with Ledger.open(path) as one, Ledger.open(path) as two:
        with one.read(), two.read():
            assert _held(path)
        two.close()
        with one.write() as change:
            change.record(actor=SYSTEM, action="setting.change", object_="store")
    assert not _held(path)
    _used(path, 1)
    with Ledger.open(path) as again, again.read() as session:
        assert session.get_one(Store, "setting.checkpoint").value == "1"
        assert again.verify().ok


def test_the_threads_of_a_studio_share_one_heap() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("no glibc here")
    free = {name: value for name, value in os.environ.items() if name not in ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")}
    heaps = {}
    for how in ("many", "one"):
        found = subprocess.run(
            [sys.executable, "-c", HEAPS, how], capture_output=True, text=True, check=False, env=free
        )
        if found.returncode == 77:
            pytest.skip("no glibc here")
        assert found.returncode == 0, found.stderr
        heaps[how] = found.stdout.count("<heap nr=")
    assert heaps["one"] == 1 < heaps["many"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_opens_connections_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "data" / "medsynth.sqlite3"
    with Ledger.create(path, "development") as ledger, ledger.read() as session:
        ours = session.connection().engine
        child = os.fork()
        if child == 0:
            with Ledger.open(path) as other, other.read() as own:
                os._exit(0 if own.connection().engine is not ours else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _held(path: Path) -> list[str]:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("the system does not tell which files a process holds")
    found = []
    for link in folder.iterdir():
        try:
            found.append(str(link.readlink()))
        except FileNotFoundError:  # the folder's own
            continue
    return [name for name in found if name.startswith(str(path))]
