"""Which preset fits this machine: measured by a process of its own, which needs torch; this one stays small."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from medsynth_tui.cli import show
from medsynth_tui.cli.face import Document, Face

MODULE = "medsynth_engine.gan.fits"


def measured(tell: Callable[[Document], object]) -> Document | None:
    """`fits`, `says`, `measured`; each preset is told as soon as it was measured. None where it was skipped (Ctrl-C)
    or cannot be measured here."""
    command = [sys.executable, "-m", MODULE, "--json"]
    verdict: Document | None = None
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                document = json.loads(line)
                if "fits" in document:
                    verdict = document
                else:
                    tell(document)
        except KeyboardInterrupt:
            process.terminate()
            return None
    return verdict if process.returncode == 0 else None


def measure_and_show(face: Face) -> Document | None:
    """For a person: progress while it is measured, the sentence at the end."""
    face.say("[dim]Measuring which preset fits this machine: a few seconds. Ctrl-C skips it.[/dim]")
    verdict = measured(lambda fit: face.say(f"[dim]{_line(fit)}[/dim]"))
    if verdict is None:
        face.say("Not measured.")
    else:
        show.line(face, str(verdict["says"]))
    return verdict


def _line(fit: Document) -> str:
    return f"{fit['preset']:10} {show.number(fit['images_per_second']):>8} images/s on {fit['device']}"
