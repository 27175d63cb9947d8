"""`medsynth` without the second in which Python imports it: a process that has imported it forks for every command.

The command is a process of its own all the same, with its own environment, words, input and exit code. Started as
`python warm.py HANDLE`, where HANDLE is one end of a pair of sockets; what comes through it is a command's words and
environment, with its three streams; what goes back is its process number, and then how it ended.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

LARGEST = 1 << 18


class Warm:
    """The process, as the tests have it; `environment` is what it was started with."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, str(Path(__file__)), str(theirs.fileno())]
        handles = (theirs.fileno(),)
        null = subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, env=environment, pass_fds=handles, stdin=null, stdout=null, start_new_session=True
        )
        theirs.close()

    def types(self, words: list[str], changes: dict[str, str], stdin: str, seconds: float) -> tuple[int, str, str]:
        """Exit code, output and complaints of `medsynth words`. Raises TimeoutError after so many seconds."""
        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
            streams[0].write(stdin.encode())
            streams[0].seek(0)
            asked = json.dumps({"words": words, "environment": changes, "folder": str(Path.cwd())}).encode()
            socket.send_fds(self.line, [asked], [stream.fileno() for stream in streams])
            self.line.settimeout(seconds)
            number = int(self.line.recv(64))
            try:
                code = int(self.line.recv(64))
            except TimeoutError:
                os.kill(number, signal.SIGKILL)
                self.line.settimeout(None)
                self.line.recv(64)
                raise
            for stream in streams[1:]:
                stream.seek(0)
            return code, *(stream.read().decode() for stream in streams[1:])  # type: ignore[return-value]


def serve(line: socket.socket) -> None:
    """Until nobody holds the other end. In a forked process it ends with the exit of the command."""
    from medsynth_tui.__main__ import main

    while True:
        asked, streams, *_ = socket.recv_fds(line, LARGEST, 3)
        if not asked:
            return
        number = os.fork()
        if number == 0:
            line.close()
            for place, stream in enumerate(streams):
                os.dup2(stream, place)
                os.close(stream)
            told = json.loads(asked)
            os.environ.update(told["environment"])
            os.chdir(told["folder"])
            sys.argv = ["medsynth", *told["words"]]
            main()
        for stream in streams:
            os.close(stream)
        line.send(str(number).encode())
        line.send(str(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])).encode())


def warm_up() -> None:
    """What most commands import."""
    import medsynth_engine.operations as operations
    import medsynth_tui.cli as commands

    importlib.import_module("medsynth_engine.engine")
    for package in (commands, operations):
        for found in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{found.name}")


if __name__ == "__main__":
    warm_up()
    serve(socket.socket(fileno=int(sys.argv[1])))
