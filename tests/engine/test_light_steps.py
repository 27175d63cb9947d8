"""A step of a job loads no library that its work does not use: imports are most of what a short step takes."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("torch", "torchvision", "pandas", "pyarrow", "numpy", "sklearn", "scipy")


def loaded(program: str, *arguments: str) -> list[str]:
    """The heavy libraries that a process of its own holds after `program`."""
    program += f"\nimport sys, json; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    told = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return json.loads(told.stdout.splitlines()[-1])


def test_the_desk_of_every_step_is_light() -> None:
    assert loaded("import medsynth_engine.work.desk") == []
