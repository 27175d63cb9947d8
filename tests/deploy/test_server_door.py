"""Through a real sshd: a key opens the studio for one person, and nothing else is opened by it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from server_here import SSHD, Server, until
from wire_line import Line

Connect = Callable[..., Line]
LONG = 120.0
KEEPS_AND_ASKS = """
import asyncio, os
from pathlib import Path
from medsynth_engine.engine import Engine
from medsynth_tui.cli import token
from medsynth_tui.cli.main import answer
home = Path(os.environ["MEDSYNTH_HOME"])
opened = asyncio.run(Engine(home).login("alice", "password123"))
token.keep(home, token.Session(opened["token"], "alice", "development"))
print(answer(["whoami"]), "without the door", flush=True)
os.environ |= {"MEDSYNTH_KIOSK": "1", "MEDSYNTH_USER": "alice"}
print(answer(["whoami"]), "by the door")
"""
SENTENCE = "This door opens the studio and nothing else"


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    opened: list[Line] = []

    def begin(key: str, *words: str, **environment: str) -> Line:
        opened.append(Line(server.ssh(key, "-tt", *words), environment=environment))
        return opened[-1]

    yield begin
    for line in opened:
        line.close()
    until(lambda: not server.studios(), say=lambda: "a studio outlived its line")


def comes(line: Line, words: str) -> None:
    assert line.run(LONG, line.shows(words)), "\n".join(line.window.display)


def log_in(line: Line, password: str, name: str = "") -> None:
    comes(line, "F1 Help")
    line.quiet()
    if name:
        line.press("\x1b[Z" + "\x15" + name + "\t")  # back to the name, which stands there, and another one
        line.quiet()
    line.press(password + "\r")


def test_a_key_opens_the_studio_with_its_holders_name_and_the_password_is_still_asked(connect: Connect) -> None:
    line = connect("alice")
    comes(line, "alice")
    log_in(line, "not the password")
    comes(line, "The name or the password is wrong.")
    line.press("password123\r")
    comes(line, "Where to")


def test_the_second_factor_is_asked_for_too(connect: Connect, server: Server) -> None:
    line = connect("auditor")
    log_in(line, "auditor123")
    comes(line, "second factor")
    line.press(pyotp.TOTP(server.secret).at(time.time() + 30) + "\r")  # this one was not used yet
    comes(line, "Where to")


def test_a_key_opens_for_no_other_name_not_even_with_the_right_password(connect: Connect, server: Server) -> None:
    line = connect("alice")
    log_in(line, "admin123", name="admin")
    comes(line, "Your key opens the studio for alice alone.")
    found = server.as_account(
        "import os; from pathlib import Path; from db.ledger import Ledger; from db import chain\n"
        "ledger = Ledger.open(Path(os.environ['MEDSYNTH_HOME'], 'data/medsynth.sqlite3'))\n"
        "with ledger.read() as session: print(chain.page(session, limit=1)[0].reason)"
    )
    assert found.strip() == "key"


def test_a_key_that_is_nobodys_and_a_password_of_the_machine_open_nothing(server: Server) -> None:
    assert "Permission denied (publickey)" in server.tries("stranger").stderr
    done = server.tries("stranger", "-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password", "--")
    assert "Permission denied (publickey)" in done.stderr
    assert server.door("admit", "studio", "bob", key="stranger").returncode == 0
    assert "needs a terminal" in server.tries("stranger").stderr
    assert "1 keys" in server.door("expel", "studio", "bob").stdout
    assert "Permission denied" in server.tries("stranger").stderr


@pytest.mark.parametrize("asked", [["sh"], ["sh", "-c", "id"], ["scp", "-t", "/tmp"], ["internal-sftp"]])
def test_no_command_is_run(server: Server, asked: list[str]) -> None:
    done = server.tries("alice", "--", *asked)
    assert done.returncode == 3 and done.stdout == ""
    assert SENTENCE in done.stderr and "needs a terminal" in done.stderr


def test_with_a_terminal_a_command_is_not_run_either_and_the_studio_opens(connect: Connect) -> None:
    line = connect("alice", "--", "sh")
    comes(line, "judged before it leaves")
    assert SENTENCE.encode() in bytes(line.arrived)


def test_the_studios_account_has_no_sftp(server: Server) -> None:
    done = server.sftp("alice", "medsynth", "ls /")
    assert done.returncode != 0 and "medsynth.env" not in done.stdout


def test_no_port_is_forwarded(server: Server, tmp_path: Path) -> None:
    done = server.tries("alice", "-W", f"127.0.0.1:{server.port}")
    assert done.returncode != 0 and "SSH-2.0" not in done.stdout
    assert "stdio forwarding failed" in done.stderr
    fail = ["-o", "ExitOnForwardFailure=yes", "-N"]
    for remote in ("0:127.0.0.1:9", f"{tmp_path}/socket:127.0.0.1:9"):
        done = server.tries("alice", *fail, "-R", remote)
        assert done.returncode != 0 and "remote port forwarding failed" in done.stderr.lower(), done.stderr
    assert not (tmp_path / "socket").exists()


def test_neither_agent_nor_display_nor_environment_gets_through(
    connect: Connect, server: Server, tmp_path: Path
) -> None:
    smuggled = {
        "MEDSYNTH_USER": "admin",
        "MEDSYNTH_HOME": str(tmp_path),
        "MEDSYNTH_KIOSK": "0",
        "LD_PRELOAD": "/nonexistent/smuggled.so",
        "PYTHONPATH": str(tmp_path),
        "PYTHONSTARTUP": str(tmp_path / "x.py"),
        "BASH_ENV": str(tmp_path / "x.sh"),
        "ENV": str(tmp_path / "x.sh"),
        "SSH_USER_AUTH": str(server.root / "auditor.pub"),
        "LANG": "C.UTF-8",
    }
    client = {name: value for name, value in smuggled.items() if name != "LD_PRELOAD"}  # the client itself would use it
    options = ["-o", "SendEnv=" + " ".join(client), "-o", "SetEnv=LD_PRELOAD=/nonexistent/smuggled.so", "-A", "-Y"]
    line = connect("alice", *options, "--", DISPLAY=":99", **client)
    comes(line, "alice")
    comes(line, "F1 Help")
    assert b"cannot be preloaded" not in bytes(line.arrived)  # nor by what runs before the studio
    (pid,) = server.studios()
    given = dict(entry.split("=", 1) for entry in Path(f"/proc/{pid}/environ").read_text().split("\0") if entry)
    assert given["MEDSYNTH_USER"] == "alice" and given["MEDSYNTH_HOME"] == str(server.home)
    assert given["MEDSYNTH_KIOSK"] == given["MEDSYNTH_SERVED"] == "1"
    assert not {"SSH_AUTH_SOCK", "DISPLAY", "LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP", "BASH_ENV", "ENV",
                "SSH_USER_AUTH", "SSH_ORIGINAL_COMMAND"} & set(given)  # fmt: skip
    assert Path(f"/proc/{pid}").stat().st_uid == server.home.stat().st_uid


def test_sshd_itself_says_that_everything_else_is_off(server: Server) -> None:
    for who in ("medsynth", "medsynth-in", "medsynth-out"):
        shown = server.namespace(
            SSHD, "-T", "-f", str(server.root / "sshd_config"), "-C", f"user={who},host=x,addr=::1"
        )
        said = subprocess.run(shown, capture_output=True, text=True, check=True, timeout=60).stdout.lower()
        values = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
        assert values["disableforwarding"] == "yes" and values["permituserrc"] == "no"
        assert values["authenticationmethods"] == "publickey" and values["passwordauthentication"] == "no"
        assert values["authorizedkeysfile"].startswith(str(server.etc))
        assert values["permittty"] == ("yes" if who == "medsynth" else "no")
        assert "acceptenv *" not in said or who != "medsynth"


def test_a_login_that_somebody_kept_in_the_account_is_not_taken(server: Server) -> None:
    """Whoever shares the account would share it; and the door runs no command that would read it."""
    said = server.as_account(KEEPS_AND_ASKS)
    assert said.splitlines()[-2:] == ["0 without the door", "3 by the door"]
