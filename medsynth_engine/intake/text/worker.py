"""The process that reads pictures. It may crash or hang: only the picture in hand is then unread.

Run as `python -m medsynth_engine.intake.text.worker DESCRIPTOR`, the descriptor being one end of a socket pair. It
receives a JSON task at a time and answers each with JSON. Nothing that was read is written or printed anywhere else.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from medsynth_engine.intake.text.mask import masked
from medsynth_engine.intake.text.tokens import only_markers, telling
from medsynth_engine.kernel.parent import leave_with_parent

if TYPE_CHECKING:
    from medsynth_engine.intake.text.reader import Line, Reader

READY = b"ready"
MOST_LINES = 100
"""Of a picture full of text the first ones are told; all of it is masked or held back as a whole anyway."""


def examined(reader: Reader, task: dict[str, Any]) -> dict[str, Any]:
    """What one picture holds.

    task    `record`, `file` (path), `white` (of 16-bit pictures), `boxes` (to be masked before anything is read, or
            empty), `mask` (whether what is read is to be masked, and the masked picture read again)
    answer  `record`, `verdict` (clean, markers, text), `boxes` and `read` of the lines in question, and `left`:
            whether text remains where the picture was masked
    """
    pixels = picture(Path(task["file"]))
    if task["boxes"]:
        pixels = masked(pixels, task["boxes"])
    lines = reader.read(windowed(pixels, task["white"]))
    verdict, found = judged(lines)
    left = False
    if verdict == "text" and task["mask"]:
        again = masked(pixels, [line.box for line in found])
        left = judged(reader.read(windowed(again, task["white"])))[0] == "text"
    told = found[:MOST_LINES]
    return {
        "record": task["record"],
        "verdict": verdict,
        "boxes": [list(line.box) for line in found],
        "read": [line.text for line in told],
        "left": left,
    }


def judged(lines: list[Line]) -> tuple[str, list[Line]]:
    """The verdict on the lines of a picture, and which of them must go: beside a name also what is next to it."""
    if any(telling(line.text) for line in lines):
        return "text", [line for line in lines if not only_markers(line.text)]
    return ("markers" if lines else "clean"), []


def picture(path: Path) -> np.ndarray:
    """uint8 or uint16 (h, w), or uint8 (h, w, 3), as stored."""
    with Image.open(path, formats=("PNG",)) as image:
        pixels = np.asarray(image)
    return pixels if pixels.dtype == np.uint8 else pixels.astype(np.uint16)


def windowed(pixels: np.ndarray, white: float) -> np.ndarray:
    """uint8 of a stored picture, `white` being the value of white in 16-bit ones."""
    if pixels.dtype == np.uint8:
        return pixels
    return np.minimum(pixels.astype(np.float32) * (255.0 / white) + 0.5, 255).astype(np.uint8)


BEHIND = 10
"""Reading takes hours and is waited for by nobody: a training beside it comes first."""


def main(descriptor: int) -> None:
    """Serve until the parent hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle
    leave_with_parent()
    os.umask(0o077)
    os.nice(BEHIND)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold a patient's picture
    line = Connection(descriptor)
    from medsynth_engine.intake.text.reader import Reader

    reader = Reader()
    try:
        line.send_bytes(READY)
        while True:
            line.send_bytes(json.dumps(examined(reader, json.loads(line.recv_bytes()))).encode())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


if __name__ == "__main__":
    main(int(sys.argv[1]))
