"""When memory ends: how each device says so, and giving back what is not used before trying again."""

from __future__ import annotations

import ctypes
import gc
import sys

import torch

from medsynth_engine.kernel.errors import NoRoom

SAID = ("out of memory", "allocate memory", "bad_alloc", "could not create a memory object", "could not create a prim")
"""By CUDA and MPS, by the CPU allocator, by the standard library, and twice by oneDNN, which knows no better word."""


def out_of_memory(error: BaseException) -> bool:
    """CUDA, MPS and the CPU allocator each say it in their own way."""
    text = str(error).lower()
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(words in text for words in SAID)


def no_memory() -> NoRoom:
    return NoRoom(
        "out_of_memory",
        "There is not enough memory for this preset, not even with half the batch at a time.",
        "Choose a smaller preset, or --low-resource.",
    )


def give_back(device: torch.device) -> None:
    """What was freed but is kept for the next activation goes back to the system."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
    elif sys.platform.startswith("linux"):
        try:
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        except (OSError, AttributeError):
            return  # another C library
