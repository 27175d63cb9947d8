"""The door's own judgement, without sshd: whose key it is, what a key's line may be, what the studio gets to see."""

from __future__ import annotations

import base64
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "deploy" / "door.py"
SPEC = importlib.util.spec_from_file_location("door", PROGRAM)
assert SPEC is not None and SPEC.loader is not None
door = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(door)


def key(number: int, kind: str = "ssh-ed25519") -> str:
    """A well-formed public key."""
    name = kind.encode()
    blob = len(name).to_bytes(4, "big") + name + (32).to_bytes(4, "big") + bytes([number]) * 32
    return base64.b64encode(blob).decode()


ADA, BOB = ("ssh-ed25519", key(1), "ada"), ("ssh-ed25519", key(2), "bob")


def test_who_comes_is_whose_key_it_was() -> None:
    assert door.holder(f"publickey ssh-ed25519 {key(1)}\n", [ADA, BOB]) == "ada"
    assert door.holder(f"publickey ssh-ed25519 {key(2)}\n", [ADA, BOB]) == "bob"


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "password\n",
        f"publickey ssh-ed25519 {key(3)}\n",
        f"publickey ssh-rsa {key(1)}\n",
        f"publickey ssh-ed25519-cert-v01@openssh.com {key(1)}\n",
        f"publickey ssh-ed25519 {key(1)} ada\n",
        f"publickey ssh-ed25519 {key(1)}\npublickey ssh-ed25519 {key(2)}\n",
        f"keyboard-interactive/pam\npublickey ssh-ed25519 {key(1)}\n",
        f"hostbased ssh-ed25519 {key(1)}\n",
    ],
)
def test_anything_but_one_known_key_is_nobody(shown: str) -> None:
    with pytest.raises(door.Refused):
        door.holder(shown, [ADA, BOB])


def test_a_key_with_two_names_is_nobodys() -> None:
    with pytest.raises(door.Refused, match="two names"):
        door.holder(f"publickey ssh-ed25519 {key(1)}", [ADA, ("ssh-ed25519", key(1), "eve")])


def test_a_list_with_a_line_that_is_not_ours_lets_nobody_in(tmp_path: Path) -> None:
    for line in (
        f"ssh-ed25519 {key(1)} ada",
        f'restrict,pty,command="sh" ssh-ed25519 {key(1)} ada',
        f"restrict,pty,port-forwarding ssh-ed25519 {key(1)} ada",
        f"restrict,pty ssh-ed25519 {key(1)} Ada Lovelace",
        f"cert-authority ssh-ed25519 {key(1)} ada",
    ):
        (tmp_path / "studio").write_text(f"restrict,pty ssh-ed25519 {key(2)} bob\n{line}\n")
        with pytest.raises(door.Refused):
            door.lines(tmp_path / "studio")


def test_admitting_twice_is_admitting_once_and_expelling_takes_every_key(tmp_path: Path) -> None:
    file = tmp_path / "studio"
    for number in (1, 2, 1):
        door.admit(file, "restrict,pty", "ada", f"ssh-ed25519 {key(number)} ada@laptop, with words\n")
    door.admit(file, "restrict,pty", "bob", f"ssh-ed25519 {key(3)}")
    assert file.read_text().splitlines() == [
        f"restrict,pty ssh-ed25519 {key(1)} ada",
        f"restrict,pty ssh-ed25519 {key(2)} ada",
        f"restrict,pty ssh-ed25519 {key(3)} bob",
    ]
    assert file.stat().st_mode & 0o777 == 0o644
    with pytest.raises(door.Refused, match="bob's already"):
        door.admit(file, "restrict,pty", "ada", f"ssh-ed25519 {key(3)}")
    assert door.expel(file, "restrict,pty", "ada") == 2
    assert door.expel(file, "restrict,pty", "ada") == 0
    assert file.read_text() == f"restrict,pty ssh-ed25519 {key(3)} bob\n"


def test_of_keys_that_are_admitted_at_once_none_is_lost(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    command = [sys.executable, "-I", str(PROGRAM), "admit", str(tmp_path), "studio"]
    running = [
        subprocess.Popen([*command, f"p{number}"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for number in range(1, 7)
    ]
    for number, process in enumerate(running, 1):
        assert process.stdin is not None
        process.stdin.write(f"ssh-ed25519 {key(number)}\n")  # all wait for it: they go on together
    for process in running:
        process.communicate(timeout=120)
    assert [process.returncode for process in running] == [0] * 6
    names = {name for _, _, name in door.lines(tmp_path / "keys/studio")}
    assert names == {f"p{number}" for number in range(1, 7)}
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["studio"]  # and nothing half done


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Ada", f"ssh-ed25519 {key(1)}"),
        ("ada\nbob", f"ssh-ed25519 {key(1)}"),
        ("ada", ""),
        ("ada", f'command="sh" ssh-ed25519 {key(1)}'),
        ("ada", f"ssh-ed25519-cert-v01@openssh.com {key(1)}"),
        ("ada", f"ssh-ed25519 {key(1, 'ssh-rsa')}"),
        ("ada", "ssh-ed25519 AAAA"),
        ("ada", "ssh-ed25519 not base64!"),
        ("ada", "ssh-ed25519 ключ"),
    ],
)
def test_what_is_no_plain_key_of_a_plain_name_is_not_taken(tmp_path: Path, name: str, line: str) -> None:
    with pytest.raises(door.Refused):
        door.admit(tmp_path / "studio", "restrict,pty", name, line)
    assert not (tmp_path / "studio").exists()


def test_the_studio_sees_what_root_says_and_little_of_what_the_client_says() -> None:
    given = {"TERM": "xterm", "LANG": "C.UTF-8", "COLORTERM": "x\n() { :; }", "LD_PRELOAD": "x", "PYTHONPATH": "x",
             "MEDSYNTH_USER": "admin", "MEDSYNTH_KIOSK": "0", "PATH": "/tmp", "SSH_AUTH_SOCK": "/x"}  # fmt: skip
    seen = door.environment(given, {"MEDSYNTH_HOME": "/srv/home", "MEDSYNTH_KIOSK": "0"}, "ada")
    assert seen == {
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "SHELL": "/bin/false",
        "PYTHONSAFEPATH": "1",
        "MEDSYNTH_HOME": "/srv/home",
        "MEDSYNTH_KIOSK": "1",
        "MEDSYNTH_SERVED": "1",
        "MEDSYNTH_USER": "ada",
    }


def test_the_program_admits_lists_and_says_how_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()

    def says(*words: str, line: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(PROGRAM), *words]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SSH_")}
        return subprocess.run(command, input=line, capture_output=True, text=True, env=clean, timeout=120)

    assert says("admit", str(tmp_path), "in", "radiology", line=f"ssh-ed25519 {key(1)}").returncode == 0
    assert says("list", str(tmp_path)).stdout.split() == ["in", "radiology", "ssh-ed25519"]
    assert (tmp_path / "keys/in").read_text().startswith("restrict ssh-ed25519")
    refused = says("admit", str(tmp_path), "studio", "ada", line="nonsense")
    assert refused.returncode == 3 and "no public key" in refused.stderr
    assert says("admit", str(tmp_path), "elsewhere", "ada").returncode == 2
    by_hand = says("open", str(tmp_path))  # not by sshd: nobody's key
    assert by_hand.returncode == 3 and "one key" in by_hand.stderr
