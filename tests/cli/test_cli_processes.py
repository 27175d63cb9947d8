"""`medsynth train --processes N`: the job starts them, the run tells of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cli_people import Hospital

from medsynth_engine.kernel.folders import RunFolder

pytestmark = [pytest.mark.slow, pytest.mark.whole("tests/gan/test_processes.py trains with two processes")]


def test_two_processes_train_a_run_from_the_command_line(hospital: Hospital, pictures: Path) -> None:
    alice = hospital.alice
    alice.gets("datasets", "add", "chest", pictures / "images", "--metadata", pictures / "metadata.csv")
    shown = alice.gets(
        *("train", "chest", "--name", "pair", "--preset", "nano32", "--kimg", "0.2"),
        *("--device", "cpu", "--processes", "2", "--wait"),
    )
    assert shown["state"] == "finished" and shown["kept"]["why"]
    folder = RunFolder(hospital.home / "data" / "runs" / "pair")
    assert folder.state()["processes"] == folder.config()["processes"] == 2
    (rare,) = folder.state()["too_rare"]
    assert (rare["attribute"], rare["values"]) == ("ethnicity", "1 to 10")
    assert "learned as unknown" in folder.log_file.read_text()
    assert alice.gets("weights", "list")[0]["name"] == "pair"
    for words, code in (
        (("--processes", "0"), "bad_processes"),
        (("--processes", "2", "--device", "mps"), "one_device"),
        (("--processes", "64", "--device", "cpu"), "too_many_processes"),
        (("--device", "mps" if sys.platform == "linux" else "cuda"), "no_such_device"),
    ):
        answer = alice.asks("train", "chest", *words)
        assert answer.code == 4 and answer.document["error"]["code"] == code
