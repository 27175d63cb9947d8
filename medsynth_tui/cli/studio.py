"""The way from the command line into the studio."""

from __future__ import annotations

from pathlib import Path

from medsynth_tui.cli.face import Face


def open_at(face: Face, home: Path, tour: Path | None = None) -> int:
    """Open the studio on the store at `home` in the manner that was asked for; its exit code.

    tour  the file that keeps the step of a tour, where there is one

    The studio asks for a login of its own; it never reads the session that commands keep.
    """
    from medsynth_tui.terminal.usable import scrub

    scrub()
    from medsynth_engine.kernel.allocator import one_arena

    one_arena()  # it stays open for days
    from medsynth_tui.app import run  # the only way to textual from here

    manner = face.manner
    link = manner.link.value if manner.link else "auto"
    return run(home, link=link, plain=manner.plain, ascii=manner.ascii, simulated=manner.simulated, tour=tour)
