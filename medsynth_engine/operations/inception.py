"""The file of Inception weights that a hospital brings where it wants FID; nothing is ever downloaded."""

from __future__ import annotations

from medsynth_engine.features.inception_file import checked
from medsynth_engine.operations.declare import Call
from medsynth_engine.operations.places import existing_path


def checked_inception(call: Call, value: str) -> str:
    """The path of the known file; nothing at all takes it away. Raises BadInput where it is another file."""
    if not value.strip():
        return ""
    path = existing_path(call.home, value)
    checked(path)
    return str(path)
