"""How far long work is, on stderr: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from medsynth_engine.kernel.escape import markup, plain

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

    columns = (
        TextColumn("{task.description}", table_column=None),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=face.messages, transient=True, refresh_per_second=4) as progress:
        task = progress.add_task(markup(title, 30), total=None, count="")
        phase: tuple[Any, ...] = ()

        def update(document: dict[str, Any]) -> None:
            nonlocal phase
            now = document.get("progress") or {}
            done, total, unit, say = (now.get(key) for key in ("done", "total", "unit", "say"))
            if (say, unit, total) != phase:
                phase = (say, unit, total)
                progress.reset(task, total=total)
            label = title if not say else f"{title}: {say}"
            progress.update(task, completed=done or 0, description=markup(label, 36), count=_count(done, total, unit))

        yield update


class _Lines:
    """A line when the phase changes, and every few seconds within one."""

    def __init__(self, face: Face, title: str) -> None:
        self.face = face
        self.title = title
        self.phase: object = None
        self.last = ""
        self.at = 0.0

    def __call__(self, document: dict[str, Any]) -> None:
        now = document.get("progress") or {}
        done, total, unit, say = (now.get(key) for key in ("done", "total", "unit", "say"))
        if done is None:
            return
        line = ", ".join(part for part in (plain(say or ""), _count(done, total, unit)) if part)
        due = time.monotonic() - self.at >= LINE_EVERY_SECONDS
        if line != self.last and (due or (say, unit) != self.phase):
            self.phase, self.last, self.at = (say, unit), line, time.monotonic()
            self.face.say(markup(f"{self.title}: {line}"))


def _count(done: Any, total: Any, unit: Any) -> str:
    if done is None:
        return ""
    amount = f"{number(done)} of {number(total)}" if total else number(done)
    return f"{amount} {plain(unit or '', 20)}".strip()


def number(value: Any) -> str:
    """1234567 as 1,234,567; 12.3456 as 12.3."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
