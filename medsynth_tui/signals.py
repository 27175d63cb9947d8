"""Leaving well: the terminal is restored when a line drops or the process is told to end.

Textual 8.2.8 dies of SIGTERM and SIGHUP without restoring the terminal, spins when its pty is gone, and an asyncio
handler cannot run while a stalled terminal blocks the loop. So: plain handlers, a hard deadline, and a watchdog. A
plain handler does not wake an event loop that waits for its next event (PEP 475): it has to be woken.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

DEADLINE_SECONDS = 3.0
LOOK_EVERY_SECONDS = 2.0
RESTORE_SECONDS = 0.3
LEAVE = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l"  # paste, line wrap, resizing
    b"\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"  # the mouse
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"  # the keyboard, the first screen, a cursor, focus
)
"""What Textual's LinuxDriver writes when it stops."""
GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


def install(app: App[int]) -> None:
    """Call in the main thread before the app runs; replaces an inherited "ignore" (nohup) too."""
    before = _attributes()

    def overdue(number: int) -> None:
        _restore(before)
        os._exit(128 + number)

    def stop(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, lambda *_: overdue(number))
        signal.setitimer(signal.ITIMER_REAL, DEADLINE_SECONDS)  # a blocked event loop cannot delay us
        app.call_later(app.exit, None, 128 + number)
        if app._loop is not None:
            app._loop.call_soon_threadsafe(int)  # wakes the loop, that may else sleep past the deadline

    for each in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(each, stop)
    threading.Thread(target=_watch, args=(os.getppid(),), name="terminal-watch", daemon=True).start()


def disarm() -> None:
    """The app has ended by itself: no deadline any more."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def _attributes() -> list[Any] | None:
    try:
        return termios.tcgetattr(0)
    except termios.error:
        return None


def _restore(before: list[Any] | None) -> None:
    """Give the terminal back without the app, that did not end in time; in a thread, as the terminal may be stalled."""

    def given_back() -> None:
        with contextlib.suppress(OSError, termios.error):
            if before is not None:
                termios.tcsetattr(0, termios.TCSANOW, before)
            os.write(2, LEAVE)

    writer = threading.Thread(target=given_back, daemon=True)
    writer.start()
    writer.join(RESTORE_SECONDS)


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
