"""A step of a job loads no library that its work does not use: imports are most of what a short step takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from medsynth_engine.kernel.atomic import file_digest
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.work.run_weights import generator_document

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


def test_the_end_of_a_run_knows_what_the_training_made_without_torch_while_it_is_still_that(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.generator.write_bytes(b"as it was made")
    folder.set_state("finished", made={"digest": file_digest(folder.generator), "document": {"preset": "nano32"}})
    program = (
        "import sys; from pathlib import Path\n"
        "from medsynth_engine.kernel.atomic import file_digest\n"
        "from medsynth_engine.kernel.folders import RunFolder\n"
        "from medsynth_engine.work.run_weights import generator_document\n"
        "folder = RunFolder(Path(sys.argv[1]))\n"
        "print(generator_document(folder, file_digest(folder.generator)), 'torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "{'preset': 'nano32'} False"
    folder.generator.write_bytes(b"no generator")
    with pytest.raises(BadInput, match="cannot be used"):
        generator_document(folder, file_digest(folder.generator))
