"""Leaving well: the terminal is restored when a line drops or the process is told to end.

Textual 8.2.8 dies of SIGTERM and SIGHUP without restoring the terminal, spins when its pty is gone, and an asyncio
handler cannot run while a stalled terminal blocks the loop. So: plain handlers, a hard deadline, and a watchdog.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

DEADLINE_SECONDS = 3.0
LOOK_EVERY_SECONDS = 2.0
GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


def install(app: App[int]) -> None:
    """Call in the main thread before the app runs; replaces an inherited "ignore" (nohup) too."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, lambda *_: os._exit(128 + number))
        signal.setitimer(signal.ITIMER_REAL, DEADLINE_SECONDS)  # a blocked event loop cannot delay us
        app.call_later(app.exit, None, 128 + number)

    for each in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(each, stop)
    threading.Thread(target=_watch, args=(os.getppid(),), name="terminal-watch", daemon=True).start()


def disarm() -> None:
    """The app has ended by itself: no deadline any more."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def mute() -> None:
    """Nobody reads any more: let the last flush of the interpreter go nowhere instead of failing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def _watch(parent: int) -> None:
    """Send ourselves SIGHUP when the terminal is gone and nobody told us."""
    poll = select.poll()
    poll.register(0, GONE)

    def hung_up() -> bool:
        return any(event & GONE for _, event in poll.poll(0))

    trusted = not hung_up()  # macOS cannot poll terminals and always says "invalid": then only the parent tells
    while True:
        time.sleep(LOOK_EVERY_SECONDS)
        if (trusted and hung_up()) or (os.getppid() == 1 and parent != 1):
            os.kill(os.getpid(), signal.SIGHUP)
            return
