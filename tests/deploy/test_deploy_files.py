"""The units, the compose file and the timer's backup: read by the programs that read them, not by eye."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medsynth_engine.engine import Engine
from medsynth_engine.jobs.serve import KINDS
from medsynth_engine.kernel import age
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.home import Home
from medsynth_engine.work.nightly_backup import back_up

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted(path.name for path in (DEPLOY / "templates").glob("medsynth-*.*"))


def rendered(name: str, root: Path) -> str:
    """As the install script fills a template in."""
    filled = {"STUDIO": "root", "PYTHON": sys.executable, "ETC": root / "etc", "LIB": root / "lib", "SRV": root / "srv"}
    text = (DEPLOY / "templates" / name).read_text()
    for placeholder, value in filled.items():
        text = text.replace(f"@{placeholder}@", str(value))
    assert not re.search(r"@[A-Z]+@", re.sub(r"#.*", "", text)), "a placeholder that the install script does not know"
    return text


def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian: systemd)")
    (tmp_path / "units").mkdir()
    for name in UNITS:
        (tmp_path / "units" / name).write_text(rendered(name, tmp_path))
    for name in UNITS:
        command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "units" / name)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        ours = [line for line in (done.stdout + done.stderr).splitlines() if "medsynth" in line]
        assert not ours, ours


def test_the_services_have_their_limits_and_do_the_work_of_one_kind_each(tmp_path: Path) -> None:
    for name, kind in (("medsynth-trainer.service", "trainings"), ("medsynth-queue.service", "others")):
        lines = rendered(name, tmp_path).splitlines()
        assert {"MemoryMax=4G", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"} <= set(lines)
        assert {"SystemCallFilter=@system-service", "ProtectProc=invisible", "IPAddressDeny=any"} <= set(lines)
        assert f"ExecStart={sys.executable} -m medsynth_engine.jobs.serve {kind}" in lines and kind in KINDS
    trainer, backup = rendered("medsynth-trainer.service", tmp_path), rendered("medsynth-backup.service", tmp_path)
    assert "OOMPolicy=continue" in trainer  # who is too large ends, alone
    srv = tmp_path / "srv"
    assert f"ReadWritePaths={srv}/home\n" in trainer and f"ReadWritePaths={srv}/home {srv}/backups\n" in backup


def test_the_compose_file_has_the_same_limits() -> None:
    yaml = pytest.importorskip("yaml")
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = document["services"]
    assert set(services) == {"door", "trainer", "queue"}
    for name, kind in (("trainer", "trainings"), ("queue", "others")):
        assert services[name]["mem_limit"] == "4g" and services[name]["memswap_limit"] == "4g"
        assert services[name]["command"][-1] == kind
        assert services[name]["network_mode"] == "none" and services[name]["user"] == "64100:64100"
    assert len({service["hostname"] for service in services.values()}) == 3  # or their jobs would seem to be here
    for service in services.values():
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    for name, service in services.items():  # who computes sees neither the lists of keys nor the host's own
        volumes = {volume.split(":")[0] for volume in service["volumes"]}
        assert volumes == (set(document["volumes"]) if name == "door" else {"store"})
    assert "ports" not in services["trainer"] and services["door"]["ports"] == ["2222:22"]


def test_the_container_has_the_account_of_the_compose_file() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    assert "--gid 64100" in text and "--uid 64100" in text
    settings = (DEPLOY / "medsynth-container.env").read_text().splitlines()
    template = (DEPLOY / "templates/medsynth.env").read_text().replace("@SRV@", "/srv/medsynth").splitlines()
    assert {line for line in template if line and not line.startswith("#")} <= set(settings)


def test_a_builder_of_containers_gets_what_is_copied_and_nothing_else_of_a_checkout() -> None:
    copied = re.findall(r"^COPY (.+) /build/", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    ignored = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    sources = {f"!{word}" for line in copied for word in line.split()}
    assert ignored[1] == "*" and sources == {line for line in ignored if line.startswith("!")}
    assert not {"!data", "!weights", "!generated", "!.git"} & sources


@pytest.mark.parametrize(
    ("variable", "value"),
    [("STUDIO", "med synth"), ("STUDIO", "a|b"), ("STUDIO", "-rf"), ("PYTHON", "python3"),
     ("PYTHON", "/opt/a b/python"), ("PYTHON", "/opt/$(id)/python"), ("PYTHON", "/opt/a;id/python")],
)  # fmt: skip
def test_no_name_or_path_gets_into_a_command_line_that_is_more_than_a_word(variable: str, value: str) -> None:
    command = ["sh", str(DEPLOY / "install.sh"), "--into", "/nonexistent", "--owner", "1:1"]
    done = subprocess.run(command, env={**os.environ, variable: value}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and variable in done.stderr


def test_a_timer_backs_up_for_the_key_that_an_admin_set_and_for_nobody_else(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    asyncio.run(Engine(home.root).init(development=True))
    (tmp_path / "backups").mkdir()
    with pytest.raises(BadInput) as refused:
        back_up(home, tmp_path / "backups")
    assert refused.value.code == "no_backup_key" and not any((tmp_path / "backups").iterdir())
    identity, recipient = age.new_identity()
    admin = Engine(home.root)
    asyncio.run(admin.login("admin", "admin123"))
    asyncio.run(admin.settings_set("backup_recipient", recipient))
    for day in range(1, 4):
        (tmp_path / "backups" / f"medsynth-2026010{day}T023000Z.age").write_bytes(b"older")
    for number, name in enumerate(
        ("medsynth-20310101T023000Z.age", f".partial-{'0' * 12}-medsynth-20260101T023000Z.age")
    ):
        (tmp_path / "backups" / name).write_bytes(b"made when the clock was wrong; what a killed one left")
        os.utime(tmp_path / "backups" / name, (number, number))
    (tmp_path / "backups" / "mine.age").write_bytes(b"somebody else's")
    environment = {**os.environ, "MEDSYNTH_HOME": str(home.root)}
    command = [sys.executable, "-m", "medsynth_engine.work.nightly_backup", str(tmp_path / "backups"), "--keep", "2"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "3 older backups removed" in done.stdout, done.stderr
    left = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert left[0] == "medsynth-20260103T023000Z.age" and "mine.age" in left and len(left) == 3
    made = tmp_path / "backups" / left[1]
    assert made.stat().st_mode & 0o077 == 0
    tried = asyncio.run(Engine(home.root).restore(str(made), identity=identity, check=True))
    assert tried["verified"]["ok"]
    (record, *_) = asyncio.run(admin.audit_list(action="store.backup"))["records"]
    assert record["actor"] == "system" and record["face"] == "service" and "digest" in record["detail"]
    assert "0 days ago" in next(
        check["says"] for check in asyncio.run(admin.doctor())["checks"] if check["name"] == "backup"
    )
