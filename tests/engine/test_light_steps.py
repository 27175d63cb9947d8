"""A step of a job loads no library that its work does not use: imports are most of what a short step takes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("torch", "torchvision", "pandas", "pyarrow", "numpy", "sklearn", "scipy")


@pytest.mark.parametrize(
    ("module", "used"),
    [
        ("work.desk", []),
        ("work.finish_run", []),
        ("work.prepare_run", ["pandas", "pyarrow", "numpy"]),
        ("work.generate", ["pandas", "pyarrow", "numpy"]),
        ("gan.train", ["torch", "numpy"]),
    ],
)
def test_a_process_begins_with_what_all_of_its_work_needs(module: str, used: list[str]) -> None:
    program = (
        f"import medsynth_engine.{module}, sys, json; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == used
