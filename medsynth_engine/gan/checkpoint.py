"""Checkpoints: whole or absent, plain values only, the last and the best."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from medsynth_engine.kernel.atomic import write_with

FORMAT = "medsynth-checkpoint"
VERSION = 1


def save(path: Path, document: dict[str, Any]) -> None:
    """Write tensors and plain values in the place of `path`. Raises NoRoom where the disk is full: the file that was
    there is then untouched."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole = {"format": FORMAT, "version": VERSION, **document}
    write_with(path, lambda stream: torch.save(whole, stream))


def load(path: Path) -> dict[str, Any] | None:
    """The checkpoint in `path`, or None where there is none or it is not whole."""
    try:
        document = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != VERSION:
        return None
    return document


def finite(state: Any) -> bool:
    """True where no tensor in `state` (nested dictionaries and lists) holds a NaN or an infinity."""
    if isinstance(state, torch.Tensor):
        return not state.is_floating_point() or bool(torch.isfinite(state).all())
    if isinstance(state, dict):
        return all(finite(value) for value in state.values())
    if isinstance(state, (list, tuple)):
        return all(finite(value) for value in state)
    return True
