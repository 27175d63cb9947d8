"""A server on this machine: `deploy/install.sh` below a folder of root, a real sshd on the loopback, own accounts.

The accounts exist for this sshd alone: it runs in a mount namespace with another /etc/passwd. Around our Match blocks
stands a configuration that allows whatever sshd can allow, so that what is refused is refused by ours.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
NUMBER = 61_184 + os.getpid() % 4_000
"""User and group of the account: of the range that no person's account has, another one in each process of the tests,
and small enough for a container that knows 65,536 of them."""
BECOMING = ("setpriv", f"--reuid={NUMBER}", f"--regid={NUMBER}", "--clear-groups")
SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
LIBERAL = """
Port {port}
ListenAddress 127.0.0.1
HostKey {root}/host
PidFile none
UsePAM no
StrictModes yes
LoginGraceTime 600
MaxStartups 100
PermitUserEnvironment yes
AcceptEnv *
AllowTcpForwarding yes
AllowAgentForwarding yes
AllowStreamLocalForwarding yes
X11Forwarding yes
PermitTunnel yes
GatewayPorts yes
PasswordAuthentication yes
Subsystem sftp /usr/lib/openssh/sftp-server
Include {root}/etc/ssh/sshd_config.d/*.conf
"""


def why_not() -> str:
    """Why no such server can be here; empty where it can."""
    if os.geteuid() != 0:
        return "needs root: sshd becomes another account and shuts it in"
    missing = [name for name in ("ssh", "sftp", "ssh-keygen", "unshare", "setpriv") if shutil.which(name) is None]
    if not Path(SSHD).exists():
        missing.append("sshd")
    if missing:
        return f"not installed (Debian: openssh-server, openssh-client, util-linux): {', '.join(missing)}"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return "no mount namespaces here"
    if any(entry.pw_uid == NUMBER for entry in pwd.getpwall()) or of_account():
        return f"the number {NUMBER} is somebody's here"
    if subprocess.run([*BECOMING, "true"], capture_output=True).returncode != 0:
        return "nobody can become another account here"
    return ""


def shown_again(root: Path) -> list[str]:
    """Shell commands for a mount namespace: what the program needs of a folder that only root may enter (a Python in
    /root, say) is put back into an empty one that everybody may."""
    hidden: dict[Path, set[Path]] = {}
    for needed in {Path(sys.executable).resolve(), Path(sys.base_prefix).resolve(), Path(sys.prefix), REPOSITORY}:
        line = [*reversed(needed.parents), needed]
        for above, below in itertools.pairwise(line):
            if not above.stat().st_mode & 0o001:
                hidden.setdefault(above, set()).add(below)
                break
    commands = []
    for above, children in hidden.items():
        kept = [(child, root / "again" / child.name) for child in sorted(children) if child.is_dir()]
        commands += [f"mkdir -p {aside}; mount --bind {child} {aside}" for child, aside in kept]
        commands.append(f"mount -t tmpfs -o mode=755 none {above}")
        commands += [f"mkdir {child}; mount --bind {aside} {child}" for child, aside in kept]
    return commands


class Server:
    """`root` holds etc/, srv/ and usr/ as the install script makes them."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="medsynth-server-", dir="/run"))
        self.root.chmod(0o755)
        self.srv, self.etc = self.root / "srv/medsynth", self.root / "etc/medsynth"
        self.home = self.srv / "home"
        self.own = self.root / "tmp"  # files of the account beside its store: scripts, what a login would keep
        self.port, self.secret = 0, ""
        self.process: subprocess.Popen[bytes] | None = None
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        self.again = shown_again(self.root)
        self.install()
        self.own.mkdir()
        os.chown(self.own, NUMBER, NUMBER)
        self._accounts()
        for name in ("host", "alice", "auditor", "stranger"):
            made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.root / name)]
            subprocess.run(made, check=True, timeout=60)
        self._listening()

    def install(self) -> None:
        script = [str(REPOSITORY / "deploy/install.sh"), "--into", str(self.root), "--owner", f"{NUMBER}:{NUMBER}"]
        subprocess.run(["sh", *script], check=True, env={**os.environ, "PYTHON": sys.executable}, timeout=120)

    def door(self, *words: str, key: str = "") -> subprocess.CompletedProcess[str]:
        """The door's own commands, such as `admit`."""
        program = [sys.executable, "-I", str(self.root / "usr/local/lib/medsynth/door.py"), words[0], str(self.etc)]
        line = (self.root / f"{key}.pub").read_text() if key else ""
        return subprocess.run([*program, *words[1:]], input=line, capture_output=True, text=True, timeout=60)

    def _accounts(self) -> None:
        nologin = "/usr/sbin/nologin"
        homes = {"": (self.srv, "/bin/sh"), "-in": (self.srv / "in", nologin), "-out": (self.srv / "out", nologin)}
        lines = [f"medsynth{name}:x:{NUMBER}:{NUMBER}::{home}:{shell}" for name, (home, shell) in homes.items()]
        (self.root / "passwd").write_text(Path("/etc/passwd").read_text() + "\n".join(lines) + "\n")
        (self.root / "group").write_text(Path("/etc/group").read_text() + f"medsynth:x:{NUMBER}:\n")
        shadow = "".join(f"medsynth{name}:*:19000:0:99999:7:::\n" for name in homes)
        (self.root / "shadow").write_text(Path("/etc/shadow").read_text() + shadow)

    def namespace(self, *command: str) -> list[str]:
        """The command line that runs `command` where the accounts exist."""
        mounts = [f"mount --bind {self.root}/{name} /etc/{name}" for name in ("passwd", "group", "shadow")]
        return ["unshare", "--mount", "sh", "-ec", "; ".join([*mounts, *self.again, 'exec "$@"']), "sh", *command]

    def _listening(self) -> None:
        """sshd cannot take whatever port is free (0), and one that was free may be somebody's a moment later."""
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # what Debian's service makes
        for _ in range(20):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = int(probe.getsockname()[1])
            (self.root / "sshd_config").write_text(LIBERAL.format(port=self.port, root=self.root))
            with (self.root / "sshd.log").open("wb") as log:
                command = self.namespace(SSHD, "-D", "-e", "-f", str(self.root / "sshd_config"))
                self.process = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL)
            if self._up(self.process):
                return
        raise AssertionError((self.root / "sshd.log").read_text())

    def _up(self, process: subprocess.Popen[bytes]) -> bool:
        def listens() -> bool:
            return f"port {self.port}" in (self.root / "sshd.log").read_text()

        until(lambda: listens() or process.poll() is not None)
        return process.poll() is None

    def ssh(self, key: str, *words: str, who: str = "medsynth", program: str = "ssh", port: int = 0) -> list[str]:
        """A client's command line; options of the client go before, in `words` what comes after the host."""
        at = words.index("--") if "--" in words else 0
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        options += ["-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-i", str(self.root / key)]
        flag = "-P" if program == "sftp" else "-p"
        where = [flag, str(port or self.port)]
        return [program, "-F", "none", *options, *where, *words[:at], f"{who}@127.0.0.1", *words[at + bool(at) :]]

    def tries(self, key: str, *words: str, **options: str) -> subprocess.CompletedProcess[str]:
        """Ends by itself, or is ended after a minute."""
        command = self.ssh(key, *words, **options)  # type: ignore[arg-type]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)

    def sftp(self, key: str, who: str, *lines: str) -> subprocess.CompletedProcess[str]:
        """Each line is a command of sftp; one that begins with a dash may fail."""
        command = self.ssh(key, "-b", "-", "--", who=who, program="sftp")
        return subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=120)

    def as_account(self, code: str, **environment: str) -> str:
        """What a Python program prints that runs as the account, with the services' environment."""
        given = {"PATH": os.environ["PATH"], "HOME": str(self.own), "OMP_NUM_THREADS": "1", **self.settings()}
        done = subprocess.run(
            self.namespace(*BECOMING, sys.executable, "-c", code),
            env={**given, **environment}, cwd="/", capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def settings(self) -> dict[str, str]:
        lines = (self.etc / "medsynth.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    @contextmanager
    def service(self, kind: str) -> Iterator[subprocess.Popen[bytes]]:
        """One of the two services, started as its unit starts it."""
        given = {"PATH": os.environ["PATH"], "HOME": str(self.srv), "MEDSYNTH_THREADS": "1", **self.settings()}
        command = [*BECOMING, sys.executable, "-m", "medsynth_engine.jobs.serve", kind]
        process = subprocess.Popen(self.namespace(*command), env=given, cwd="/")
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    def studios(self) -> list[int]:
        """Processes of the account that are a studio."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if entry.stat().st_uid == NUMBER and words[-3:-1] == [b"-m", b"medsynth_tui"]:
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def usable(self) -> bool:
        """Whether another account can run this checkout's program here."""
        program = [sys.executable, "-I", "-c", "import medsynth_tui, medsynth_engine.engine"]
        return subprocess.run(self.namespace(*BECOMING, *program), capture_output=True, cwd="/").returncode == 0

    def close(self) -> None:
        for pid in of_account():
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                continue
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)
        shutil.rmtree(self.root)


def of_account() -> Sequence[int]:
    """All processes of the account: jobs too, which belong to no login."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == NUMBER:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def until(true: Callable[[], bool], seconds: float = 120, say: Callable[[], str] = lambda: "") -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, say()
        time.sleep(0.05)
