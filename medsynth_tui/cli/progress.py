"""How far long work is, on stderr: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medsynth_engine.kernel.escape import markup, plain
from medsynth_tui.intake_words import MOMENT, WAITS, waits_for_dataset

if TYPE_CHECKING:
    from medsynth_tui.cli.face import Face

LINE_EVERY_SECONDS = 5.0
Update = Callable[[dict[str, Any]], None]
"""Takes a `jobs_show` document."""


@contextmanager
def shown(face: Face, title: str) -> Iterator[Update]:
    """Show a job's progress for as long as the block lasts; silent for programs (`--json` without a terminal)."""
    terminal = face.messages.is_terminal and not face.manner.plain
    if terminal:
        with _bar(face, title) as update:
            yield update
    elif face.json:
        yield lambda document: None
    else:
        yield _Lines(face, title)


@contextmanager
def _bar(face: Face, title: str) -> Iterator[Update]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    waiting = Patience()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=16),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=face.messages, transient=True, refresh_per_second=4) as progress:
        task = progress.add_task(markup(title, 30), total=None, count="")
        phase: tuple[Any, ...] = ()

        def update(document: dict[str, Any]) -> None:
            nonlocal phase, task
            now = document.get("progress") or {}
            done, total, unit, say = (now.get(key) for key in ("done", "total", "unit", "say"))
            if (say, unit) != phase:  # a task of its own for each phase: its time left is not the other's
                phase = (say, unit)
                progress.remove_task(task)
                task = progress.add_task("", total=total, count="")
            say = waiting(document) or say
            count = _count(now)
            progress.update(task, total=total, completed=done or 0, description=markup(say or title, 70), count=count)

        yield update


class Patience:
    """Says that a job is queued behind others of its dataset, once it has been so for more than a moment."""

    def __init__(self) -> None:
        self.since: float | None = None

    def __call__(self, document: dict[str, Any]) -> str:
        if not waits_for_dataset(document):
            self.since = None
            return ""
        self.since = time.monotonic() if self.since is None else self.since
        return f"{WAITS} (medsynth jobs list)" if time.monotonic() - self.since >= MOMENT else ""


class _Lines:
    """A line when the phase changes, and every few seconds within one."""

    def __init__(self, face: Face, title: str) -> None:
        self.face = face
        self.title = title
        self.phase: object = None
        self.last = ""
        self.at = 0.0
        self.waiting = Patience()
        self.told = False

    def __call__(self, document: dict[str, Any]) -> None:
        waits = self.waiting(document)
        if waits and not self.told:
            self.told = True
            self.face.say(markup(f"{self.title}: {waits}"))
        now = document.get("progress") or {}
        done, unit, say = (now.get(key) for key in ("done", "unit", "say"))
        if done is None:
            return
        line = ", ".join(part for part in (plain(say or ""), _count(now)) if part)
        due = time.monotonic() - self.at >= LINE_EVERY_SECONDS
        if line != self.last and (due or (say, unit) != self.phase):
            self.phase, self.last, self.at = (say, unit), line, time.monotonic()
            self.face.say(markup(f"{self.title}: {line}"))


def _count(progress: dict[str, Any]) -> str:
    """`1,200 of 3,000 files`, and what else there is to say in a few words."""
    done, total = progress.get("done"), progress.get("total")
    if done is None:
        return ""
    amount = f"{number(done)} of {number(total)}" if total else number(done)
    amount = f"{amount} {plain(progress.get('unit') or '', 20)}".strip()
    note = plain(progress.get("note") or "", 30)
    return f"{amount}, {note}" if note else amount


def number(value: Any) -> str:
    """1234567 as 1,234,567; 12.3456 as 12.3."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
