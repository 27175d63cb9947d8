"""A PostgreSQL server of the tests' own: in a temporary folder, reached by a Unix socket there and by nothing else.

It belongs to an account without rights (the server refuses root), has no durability to wait for, and ends with the
tests, also where they are killed. Debian: `apt-get install postgresql`; the tests skip where it is not there.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from db import place
from db.ledger import Ledger
from db.postgres import read_address

SECONDS = 90
USER = "medsynth"
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "80",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}


@dataclass
class Server:
    folder: Path
    process: subprocess.Popen[bytes]
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def database(self, like: str = "template0", options: str = "") -> str:
        """The address of a new database; `like` is the name of one that it is a copy of."""
        name = f"store_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {like} {options}")
        return self.address(name)

    def address(self, name: str, driver: str = "") -> str:
        return f"postgresql{driver}://{USER}@/{name}?host={self.folder}"

    def run(self, *statements: str, database: str = "postgres") -> list[Any]:
        """What the last statement found; each is committed by itself."""
        import pg8000.dbapi

        connection = pg8000.dbapi.connect(USER, unix_sock=f"{self.folder}/.s.PGSQL.5432", database=database)
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> Server:
    """Skips the test where there is no server to be had."""
    pytest.importorskip("pg8000", reason="the optional driver is not installed: pip install 'medsynth[postgres]'")
    programs = _programs()
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="msy-", dir="/tmp"))  # a socket's path is short
    try:
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        made = subprocess.run(
            [programs / "initdb", "--pgdata=data", f"--username={USER}", "--auth=trust", "--encoding=UTF8",
             "--locale=C", "--no-sync", "--no-instructions"],
            capture_output=True, text=True, timeout=SECONDS, **_as(account, folder),
        )  # fmt: skip
        if made.returncode != 0:
            pytest.skip(f"PostgreSQL cannot be set up here: {made.stderr.strip()[-200:]}")
        options = [f"-c{name}={value}" for name, value in {**_SETTINGS, "unix_socket_directories": folder}.items()]
        process = subprocess.Popen(
            [programs / "postgres", "-D", "data", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_end_with_us, **_as(account, folder),
        )  # fmt: skip
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    server = Server(folder, process)
    try:
        _wait(server)
    except BaseException:
        server.stop()
        raise
    return server


def _wait(server: Server) -> None:
    import pg8000.exceptions

    late = time.monotonic() + SECONDS
    while server.process.poll() is None and time.monotonic() < late:
        try:
            server.run("SELECT 1")
            return
        except pg8000.exceptions.Error:
            time.sleep(0.1)
    pytest.skip("PostgreSQL does not start here")


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    known = [str(path) for path in found[-1:]] or [shutil.which("initdb") or ""]
    if not known[0]:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return Path(known[0]).resolve().parent


def _account() -> pwd.struct_passwd | None:
    """Whose the server is; None: ours."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL refuses root, and there is no other account here")


def _as(account: pwd.struct_passwd | None, folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = {"cwd": folder, "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}}
    if account is not None:
        told |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return told


def _end_with_us() -> None:
    """Linux: the server is told to end when the tests are gone, however they went."""
    os.setpgid(0, 0)  # a Ctrl-C is for the tests alone: they stop it in order
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)


def make_store(server: Server, path: Path, fill: Callable[[Path], None] | None = None) -> None:
    """A store in a database of its own, with what `fill` does to it, to be copied by `copy_store`."""
    address = server.database()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(place.VARIABLE, address)
        place.create_store(path, "development").close()
        if fill is not None:
            fill(path)
    path.with_name("database").write_text(read_address(address).database)


def database_of(path: Path) -> str:
    return path.with_name("database").read_text()


def copy_store(source: Path, path: Path) -> Ledger:
    """Open the copy of a store; the environment already names the copy of its database."""
    path.parent.mkdir(mode=0o700)
    for file in (place.binding(source), *source.parent.glob("audit-*.key")):
        shutil.copy2(file, path.parent / file.name)
    return place.open_store(path)
