"""Through a real sshd: files in, files out, and a training that a cut line does not touch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import hospital
import pytest
from server_here import NUMBER, Server, until
from wire_line import Line

LONG = 300.0
ASKS = """
import asyncio, os, sys
from pathlib import Path
from medsynth_engine.engine import Engine
async def ask():
    engine = Engine(Path(os.environ["MEDSYNTH_HOME"]))
    await engine.login("alice", "password123")
    source = SOURCE
    job = await engine.datasets_add("chest", source + "/images", metadata=source + "/table.csv")
    await engine.finish(job["job"])
    run = await engine.train("chest", name="first", preset="nano32", kimg=100_000, device="cpu")
    print(run["state"], run["path"])
asyncio.run(ask())
"""


def test_what_comes_into_the_drop_box_is_private_offered_and_never_read_back(server: Server, tmp_path: Path) -> None:
    (tmp_path / "scan.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "scan.zip").chmod(0o644)
    put = server.sftp("alice", "medsynth-in", "pwd", f"put {tmp_path}/scan.zip", "mkdir study", "ls -l")
    assert put.returncode == 0 and "/inbox" in put.stdout, put.stderr
    arrived = server.srv / "in/inbox/scan.zip"
    assert arrived.stat().st_uid == NUMBER and arrived.stat().st_mode & 0o077 == 0
    assert (server.srv / "in/inbox/study").stat().st_mode & 0o077 == 0
    for tried in (
        f"get scan.zip {tmp_path}/back",
        "rm scan.zip",
        "rmdir study",
        "ln -s /etc here",
        "ln scan.zip other",
        f"put {tmp_path}/scan.zip /scan.zip",
        f"put {tmp_path}/scan.zip ../../scan.zip",
        "ls /etc",
        "ls /home",
        "chmod 0755 /",
    ):
        assert server.sftp("alice", "medsynth-in", tried).returncode != 0, tried
    assert sorted(path.name for path in (server.srv / "in").rglob("*")) == ["inbox", "scan.zip", "study"]
    assert not (tmp_path / "back").exists() or not (tmp_path / "back").read_bytes()
    opened = server.sftp("alice", "medsynth-in", "chmod 0777 /inbox", "chmod 0666 scan.zip")
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat", str(arrived)]
    seen = subprocess.run(nobody, capture_output=True, text=True, timeout=60)
    assert opened.returncode == 0 and "Permission denied" in seen.stderr  # whatever the modes: the way there is closed
    server.install()
    assert (server.srv / "in/inbox").stat().st_mode & 0o777 == 0o700  # run again it puts that right
    os.utime(arrived, (time.time() - 600,) * 2)  # quiet for a while
    found = server.as_account(
        "import asyncio, os; from pathlib import Path; from medsynth_engine.engine import Engine\n"
        "engine = Engine(Path(os.environ['MEDSYNTH_HOME'])); asyncio.run(engine.login('alice', 'password123'))\n"
        "print([Path(each['path']).name for each in asyncio.run(engine.arrivals())])"
    )
    assert found.strip() == "['scan.zip']"


def test_what_the_gate_let_out_is_fetched_and_nothing_there_is_changed(server: Server, tmp_path: Path) -> None:
    released = server.srv / "out/released"
    assert server.as_account(
        "import os; from pathlib import Path; from medsynth_engine.kernel.home import Home\n"
        "folder = Home(Path(os.environ['MEDSYNTH_HOME'])).outbox; (folder / 'cohort.zip').write_text('made up')\n"
        "print(folder)"
    ).strip() == str(released)
    (tmp_path / "evil").write_text("evil")
    got = server.sftp("alice", "medsynth-out", f"get cohort.zip {tmp_path}/cohort.zip")
    assert got.returncode == 0 and (tmp_path / "cohort.zip").read_text() == "made up"
    for tried in (
        f"put {tmp_path}/evil",
        f"put {tmp_path}/evil cohort.zip",
        "rm cohort.zip",
        "rename cohort.zip other",
        "chmod 0777 cohort.zip",
        "mkdir other",
        "ln -s / root",
        f"get /../home/data/medsynth.sqlite3 {tmp_path}/ledger",
        "ls /home",
    ):
        assert server.sftp("alice", "medsynth-out", tried).returncode != 0, tried
    assert [path.name for path in released.iterdir()] == ["cohort.zip"]
    assert (released / "cohort.zip").read_text() == "made up"


@pytest.mark.parametrize("who", ["medsynth-in", "medsynth-out"])
def test_the_names_for_files_open_neither_a_shell_nor_a_line_elsewhere(server: Server, who: str) -> None:
    done = server.tries("alice", "--", "echo", "opened", who=who)
    assert "opened" not in done.stdout
    assert "PTY allocation request failed" in server.tries("alice", "-tt", "-o", "LogLevel=INFO", who=who).stderr
    done = server.tries("alice", "-W", f"127.0.0.1:{server.port}", who=who)
    assert "stdio forwarding failed" in done.stderr and "SSH-2.0" not in done.stdout
    assert "Permission denied" in server.tries("auditor", who=who).stderr  # that key opens the studio, not this


def test_the_install_script_run_again_changes_nothing(server: Server) -> None:
    def all_of_it() -> dict[str, tuple[int, int, bytes]]:
        places = (server.root / "etc", server.root / "usr", server.srv / "in", server.srv / "out")
        found = [path for place in places for path in [place, *place.rglob("*")]]
        return {
            str(path): (path.stat().st_mode, path.stat().st_uid, path.read_bytes() if path.is_file() else b"")
            for path in found
        }

    (server.etc / "medsynth.env").write_text((server.etc / "medsynth.env").read_text() + "# changed here\n")
    before = all_of_it()
    server.install()
    assert all_of_it() == before


@pytest.fixture
def training(server: Server, tmp_path: Path) -> Iterator[Path]:
    """A training asked for by alice that the services do, in its folder; stopped afterwards."""
    source = hospital.build(server.own / "hospital")
    for path in [source, *source.rglob("*")]:
        os.chown(path, NUMBER, NUMBER)
    with server.service("trainings"), server.service("others"):
        said = server.as_account(f"SOURCE = {str(source)!r}\n{ASKS}", MEDSYNTH_SERVED="1")
        run = Path(said.strip().rpartition(" ")[2])
        until(lambda: _kimg(run) > 0, LONG, lambda: (run / "log.txt").read_text() if (run / "log.txt").exists() else "")
        yield run
        (run / "control.json").write_text(json.dumps({"wish": "stop"}))
        until(lambda: _state(run).get("state") in ("stopped", "finished", "failed", "interrupted"), LONG)


def _state(run: Path) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads((run / "state.json").read_text())
    except (OSError, ValueError):
        return {}
    return found


def _kimg(run: Path) -> float:
    return float(str(_state(run).get("kimg") or 0))


@pytest.mark.whole("tests/studio/test_studio_killed.py hangs up a studio that trains, though no sshd is between")
def test_a_cut_line_leaves_the_training_alive_and_the_next_login_sees_it(
    server: Server, training: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = Line(server.ssh("alice", "-tt"))
    try:
        told = _log_in_and_see(line)
        os.kill(line.pid, signal.SIGKILL)  # the client is gone, without a word
        until(lambda: not server.studios(), LONG, lambda: "the studio does not see that its line is gone")
    finally:
        line.close()
    at_the_cut = _kimg(training)
    until(lambda: _kimg(training) > at_the_cut, LONG)
    assert _state(training)["state"] == "running"
    line = Line(server.ssh("alice", "-tt"))
    try:
        assert _log_in_and_see(line).keys() == told.keys()
        before = line.written
        line.press("\x1b")
        _comes(line, "Where to")
        line.quiet()
        told["home"] = line.written - before
    finally:
        line.close()
    with capsys.disabled():
        print("\nbytes through ssh, 80x24:", ", ".join(f"{name} {count:,}" for name, count in told.items()))
    assert max(told.values()) < 30_000


def _log_in_and_see(line: Line) -> dict[str, int]:
    """Log in as alice and land on the live run; how many bytes each screen took."""
    _comes(line, "F1 Help")
    line.quiet()
    login = line.written
    line.press("password123\r")
    _comes(line, "kimg")
    _comes(line, "first")
    line.run(2.0)  # a training that runs is never quiet
    return {"login": login, "live run and two seconds of it": line.written - login}


def _comes(line: Line, words: str) -> None:
    assert line.run(LONG, line.shows(words)), "\n".join(line.window.display)
