"""One server for all tests of this folder that a process runs; skipped with the reason where there can be none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_here import Server, why_not

sys.path.append(str(Path(__file__).resolve().parents[1] / "studio"))  # the terminal at the far end of a line

BEGIN = """
import asyncio, os
from pathlib import Path
from medsynth_engine.engine import Engine
home = Path(os.environ["MEDSYNTH_HOME"])
run = asyncio.run
async def begin():
    engine = Engine(home)
    await engine.init(development=True)
    await engine.login("admin", "admin123")
    await engine.settings_set("drop_box", str(home.parent / "in" / "inbox"))
    import pyotp
    await engine.login("auditor", "auditor123")
    secret = (await engine.totp_begin())["secret"]
    await engine.totp_confirm(pyotp.TOTP(secret).now())
    print(secret)
run(begin())
"""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """With a development store; `server.secret` is the second factor of the auditor."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    made = Server()
    try:
        if not made.usable():
            pytest.skip("another account cannot run the program of this checkout")
        made.secret = made.as_account(BEGIN).strip()
        for which, name, key in (
            ("studio", "alice", "alice"),
            ("studio", "auditor", "auditor"),
            ("in", "radiology", "alice"),
            ("out", "alice", "alice"),
        ):
            done = made.door("admit", which, name, key=key)
            assert done.returncode == 0, done.stderr
        yield made
    finally:
        made.close()
