"""The error boundary: what fails in a view becomes a sentence or a note that it failed; never a traceback."""

from __future__ import annotations

import secrets
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from medsynth_engine.kernel.errors import MedSynthError

if TYPE_CHECKING:
    from textual.message import Message

    from medsynth_tui.app import MedSynth


class Sheltered:
    """For screens: an exception in any handler, timer, callback or `compose` of theirs ends in `app.trouble`.

    Textual ends a pump whose handler raised, and the app with it; there is no repair afterwards. So the boundary lies
    around the dispatch itself (private in Textual 8.2.8, which is pinned; a test breaks when it moves).
    """

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 - this is the one place where whatever failed is caught
            cast("MedSynth", cast(Any, self).app).trouble(error)


def note_failure(error: BaseException, logs: Path | None) -> str:
    """Keep what a developer needs (types, files, lines) and nothing of a patient: no message text, no locals.

    Returns a short reference. Where there is no store yet nothing is written.
    """
    reference = secrets.token_hex(3).upper()
    if logs is None or not logs.is_dir():
        return reference
    lines = [f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} studio {reference} {type(error).__name__}"]
    for frame in traceback.extract_tb(error.__traceback__):
        lines.append(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}")
    if isinstance(error, MedSynthError):
        lines.append(f"  code {error.code}")
    from medsynth_engine.kernel.atomic import write_text

    write_text(logs / f"studio-{reference}.txt", "\n".join(lines) + "\n")
    return reference
