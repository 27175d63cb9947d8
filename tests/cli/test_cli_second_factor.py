"""The second factor on the command line, and the password that is asked for again at a terminal."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyotp
import pytest

from medsynth_engine.engine import Engine
from medsynth_tui.cli.main import answer


class Terminal:
    """Commands in this process: what stdin holds, or what a person answers at a terminal."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.monkeypatch, self.capsys = home, monkeypatch, capsys
        self.answers: list[str] = []

    def __call__(self, *words: str, stdin: str | None = None, answers: tuple[str, ...] = ()) -> tuple[int, Any]:
        stream = io.StringIO(stdin or "")
        if stdin is None and answers:
            stream.isatty = lambda: True  # type: ignore[method-assign]
        self.answers = list(answers)
        self.monkeypatch.setattr(sys, "stdin", stream)
        self.monkeypatch.setattr("getpass.getpass", lambda *_: self.answers.pop(0))
        code = answer([*words, "--home", str(self.home), "--json"])
        out = self.capsys.readouterr().out
        return code, json.loads(out) if out.strip() else None


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("MEDSYNTH_HOME", raising=False)
    asyncio.run(Engine(tmp_path / "home").init(development=True))
    hook = sys.excepthook
    yield Terminal(tmp_path / "home", monkeypatch, capsys)
    sys.excepthook = hook


def test_it_is_set_up_confirmed_and_asked_for_by_the_next_login(terminal: Terminal) -> None:
    assert terminal("login", "alice", "--password-stdin", stdin="password123\n")[0] == 0
    _, begun = terminal("totp", stdin="")
    app = pyotp.TOTP(begun["secret"])
    assert terminal("totp", "--confirm", stdin="000000\n")[1]["error"]["code"] == "wrong_code"
    code, told = terminal("totp", "--confirm", stdin=f"{app.now()}\n")
    assert code == 0 and len(told["recovery_codes"]) == 10
    code, refused = terminal("login", "alice", "--password-stdin", stdin="password123\n")
    assert (code, refused["error"]["code"]) == (3, "code_needed")
    fresh = app.at(int(time.time()) + 30)
    assert terminal("login", "alice", "--password-stdin", stdin=f"password123\n{fresh}\n")[0] == 0
    recovery = told["recovery_codes"]
    assert terminal("login", "alice", answers=("password123", recovery[0]))[0] == 0
    assert terminal("totp", "--status", stdin="")[1]["recovery_codes_left"] == 9
    assert terminal("totp", "--off", stdin=f"password123\n{recovery[1]}\n")[0] == 0
    assert terminal("totp", "--status", stdin="")[1]["on"] is False


def test_at_a_terminal_the_password_is_asked_for_again_without_one_it_says_what_to_do(terminal: Terminal) -> None:
    terminal("login", "admin", "--password-stdin", stdin="admin123\n")
    with closing(sqlite3.connect(terminal.home / "data" / "medsynth.sqlite3")) as connection, connection:
        connection.execute("UPDATE session SET created_at = '2026-01-01T00:00:00.000000+00:00'")
    code, refused = terminal("users", "role", "alice", "auditor", stdin="")
    assert (code, refused["error"]["code"]) == (3, "confirm_needed")
    assert "medsynth login admin" in refused["error"]["hint"]
    code, refused = terminal("users", "role", "alice", "auditor", answers=("wrong",))
    assert (code, refused["error"]["code"]) == (3, "login_failed")
    code, done = terminal("users", "role", "alice", "auditor", answers=("admin123",))
    assert (code, done["role"]) == (0, "auditor")
    assert terminal("users", "role", "alice", "researcher", stdin="")[0] == 0, "the password is fresh now"
