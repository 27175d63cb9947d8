"""A line of so many bytes a second between an ssh client and a real sshd, on this machine; for `wire.py`.

The sshd is started by whoever runs this, on a key of its own, with no password, for one login; it ends with us.
"""

from __future__ import annotations

import getpass
import queue
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

BUFFERED_SECONDS = 0.2
"""What the modem itself holds; the rest waits in TCP and ssh, as it does in life."""

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
PidFile {folder}/pid
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
AcceptEnv LANG COLORTERM
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A real sshd on the loopback. `command(port, words)` is the client's command line."""

    def __init__(self, sshd: str, folder: Path) -> None:
        """Raises OSError where it does not start (no sshd, no `sshd` user for a root's sshd)."""
        self.folder, self.port = folder, free_port()
        for name in ("host", "key"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True, timeout=30
            )
        (folder / "config").write_text(CONFIG.format(port=self.port, folder=folder))
        path = shutil.which(sshd) or sshd
        self.log = (folder / "log").open("w")
        self.process = subprocess.Popen([path, "-D", "-e", "-f", str(folder / "config")], stderr=self.log)
        for _ in range(50):
            time.sleep(0.1)
            if self.process.poll() is not None:
                raise OSError(f"sshd ended at once: {(folder / 'log').read_text().strip()[-200:]}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
        raise OSError("sshd does not listen")

    def command(self, port: int, words: list[str], compressed: bool) -> list[str]:
        options = {"StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "LogLevel": "ERROR"}
        options |= {"Compression": "yes" if compressed else "no", "IdentitiesOnly": "yes"}
        flags = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
        who = f"{getpass.getuser()}@127.0.0.1"
        send = ["-o", "SendEnv=COLORTERM LANG"]
        return ["ssh", "-F", "none", "-tt", "-i", str(self.folder / "key"), "-p", str(port), *flags, *send, who, *words]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


class Modem(threading.Thread):
    """Carries one connection after another to `target`: `rate` bytes a second down, half a round trip each way."""

    def __init__(self, target: int, rate: float, round_trip: float) -> None:
        super().__init__(daemon=True)
        self.target, self.rate, self.delay = target, rate, round_trip / 2
        self.carried = 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listening.getsockname()[1])
        self.start()

    def run(self) -> None:
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            far = socket.socket()
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            far.connect(("127.0.0.1", self.target))
            for source, sink, down in ((far, near, True), (near, far, False)):
                arriving: queue.Queue[tuple[float, bytes]] = queue.Queue()
                threading.Thread(target=self._carry, args=(source, arriving, down), daemon=True).start()
                threading.Thread(target=self._hand_over, args=(arriving, sink), daemon=True).start()

    def _carry(self, source: socket.socket, arriving: queue.Queue[tuple[float, bytes]], down: bool) -> None:
        free = 0.0
        while True:
            try:
                data = source.recv(128)
            except OSError:
                data = b""
            now = time.monotonic()
            free = max(free, now) + (len(data) / self.rate if down else 0.0)
            self.carried += len(data) if down else 0
            arriving.put((free + self.delay, data))
            if not data:
                return
            time.sleep(max(0.0, free - now - BUFFERED_SECONDS))

    @staticmethod
    def _hand_over(arriving: queue.Queue[tuple[float, bytes]], sink: socket.socket) -> None:
        while True:
            at, data = arriving.get()
            time.sleep(max(0.0, at - time.monotonic()))
            try:
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                sink.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self.listening.close()
