"""What an earlier version kept of typed passwords: the doctor says so until the password is another one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from medsynth_engine.engine import Engine


def said(engine: Engine) -> dict[str, Any]:
    return next(each for each in asyncio.run(engine.doctor())["checks"] if each["name"] == "typed passwords")


def test_a_password_that_an_earlier_version_put_into_the_log_is_told_until_it_is_changed(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    asyncio.run(engine.init(development=True))
    asyncio.run(engine.login("alice", "password123"))
    assert said(engine)["ok"]
    with engine.ledger().write() as change:  # as the engine wrote it
        change.record(actor="alice", action="session.confirm", object_="password123", outcome="denied", reason="x")
    told = said(engine)
    assert not told["ok"] and "medsynth passwd" in told["what_to_do"]
    assert "password123" not in str(told)
    asyncio.run(engine.change_password("password123", "three-other-words"))
    assert said(engine)["ok"]
    engine.close()


def test_where_the_session_had_run_out_everybody_may_be_meant(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    asyncio.run(engine.init(development=True))
    with engine.ledger().write() as change:
        change.record(actor="anyone", action="account.totp_off", object_="password123", outcome="denied", reason="x")
    assert "3 accounts" in said(engine)["says"]
    engine.close()
