"""Which file of Inception weights is taken for FID: the one that the field's FID rests on. Imports no torch."""

from __future__ import annotations

from pathlib import Path

from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.errors import BadInput

NAME = "pt_inception-2015-12-05-6726825d.pth"
BEGINS = "6726825d"
"""How its SHA-256 begins: its publishers name it so (pytorch-fid; torch.hub checks the same digits)."""


def checked(path: Path) -> str:
    """The SHA-256 of the file. Raises BadInput where it is none or another one."""
    if not path.is_file():
        raise BadInput("no_inception", "There is no such file.", f"Give the path of {NAME}.")
    digest = file_digest(path)
    if not digest.startswith(BEGINS):
        raise BadInput(
            "other_inception",
            "This is another file than the one that FID rests on: its SHA-256 is not the known one.",
            f"Get {NAME} from its publishers; its SHA-256 begins with {BEGINS}.",
        )
    return digest
