"""The install script as it is run on a server, where this machine's /etc is a copy of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "install.sh"
IN_A_COPY = """
for place in etc srv usr/local; do mkdir -p "$1/$place"; done
cp -a /etc/. "$1/etc"
for place in etc srv usr/local; do mount --bind "$1/$place" "/$place"; done
mkdir -p /run/sshd
ssh-keygen -q -A
shown() {
    find /etc/medsynth /etc/ssh /etc/systemd/system /srv /usr/local -exec stat -c '%n %a %u %g %s' {} +
    find /etc/medsynth /etc/ssh /etc/systemd/system /usr/local -type f -exec md5sum {} +
    cat /etc/passwd /etc/group
}
sh "$2"
shown | sort >"$1/once"
sh "$2" 2>/dev/null
shown | sort >"$1/twice"
cmp "$1/once" "$1/twice"
grep '^medsynth' /etc/passwd
grep '^medsynth' /etc/shadow | cut -d: -f1,2
stat -c '%n %a %U' /srv/medsynth /srv/medsynth/* /srv/medsynth/in/inbox /srv/medsynth/out/released
units=/etc/systemd/system
sed -i 's/--keep 14/--keep 30/' $units/medsynth-backup.service
sh "$2" 2>&1 | grep 'was another one' | cut -d: -f1
grep -l -e '--keep 30' $units/medsynth-*.before
cp -a /etc/ssh/sshd_config "$1/good"
echo '# of an older version' >>/etc/ssh/sshd_config.d/medsynth.conf
md5sum /etc/ssh/sshd_config.d/medsynth.conf >"$1/older"
echo 'Port nonsense' >>/etc/ssh/sshd_config
sh "$2" 2>&1 && echo no error
md5sum --check --status "$1/older" && echo kept
rm /etc/ssh/sshd_config.d/medsynth.conf
sh "$2" >/dev/null 2>&1 && echo no error
cp -a "$1/good" /etc/ssh/sshd_config
ls /etc/ssh/sshd_config.d | grep medsynth || echo none there
sh "$2" 2>/dev/null
ls /etc/ssh/sshd_config.d | grep medsynth
echo '# of an older version' >>/etc/ssh/sshd_config.d/medsynth.conf
md5sum /etc/ssh/sshd_config.d/medsynth.conf >"$1/older"
mkdir "$1/full" "$1/cut"
echo 'exit 1' >"$1/full/cp"
echo 'if [ -e "$0.asked" ]; then kill -HUP $PPID; fi; : >"$0.asked"; exit 1' >"$1/cut/sshd"
for moment in full cut; do
    sed -i '1i #!/bin/sh' "$1/$moment"/*
    chmod 755 "$1/$moment"/*
    PATH="$1/$moment:$PATH" sh "$2" 2>/dev/null && echo no error
    md5sum --check --status "$1/older" && echo "$moment: kept"
done
ls "$1/cut" | grep asked
ls /etc/ssh/sshd_config.d | grep medsynth
"""


def test_it_makes_one_account_with_three_names_and_run_again_it_changes_nothing(tmp_path: Path) -> None:
    needed = [name for name in ("unshare", "useradd", "ssh-keygen", "sshd") if not shutil.which(name, path=PATH)]
    if os.geteuid() != 0 or needed:
        pytest.skip(f"needs root and openssh-server, passwd, util-linux; missing: {', '.join(needed) or 'root'}")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here")
    if Path("/run/systemd/system").exists():
        pytest.skip("a running systemd would be told of units that are not there")
    command = ["unshare", "--mount", "sh", "-eu", "-c", IN_A_COPY, "sh", str(tmp_path), str(SCRIPT)]
    environment = {**os.environ, "PATH": PATH, "PYTHON": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    accounts = [line.split(":") for line in said if line.count(":") == 6]
    assert [account[0] for account in accounts] == ["medsynth", "medsynth-in", "medsynth-out"]
    assert len({(account[2], account[3]) for account in accounts}) == 1
    assert [account[6] for account in accounts] == ["/bin/sh", "/usr/sbin/nologin", "/usr/sbin/nologin"]
    assert {"medsynth:*", "medsynth-in:*", "medsynth-out:*"} <= set(said)  # no password opens any of them
    assert {"/srv/medsynth 755 root", "/srv/medsynth/in 750 root", "/srv/medsynth/out 750 root",
            "/srv/medsynth/home 700 medsynth", "/srv/medsynth/in/inbox 700 medsynth",
            "/srv/medsynth/out/released 700 medsynth"} <= set(said)  # fmt: skip
    assert said.count("medsynth-backup.service was another one") == 1
    assert "/etc/systemd/system/medsynth-backup.service.before" in said  # what somebody changed is not lost
    # An error of somebody else's takes no block away that works, and leaves none where there was none.
    assert any("which is not ours" in line for line in said) and "no error" not in said
    # Nor does a disk on which the old block cannot be kept, or a line that is cut when it was just put back.
    before, after = said[-7:-4], said[-4:]
    assert before == ["kept", "none there", "medsynth.conf"]
    assert after == ["full: kept", "cut: kept", "sshd.asked", "medsynth.conf"]


PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
