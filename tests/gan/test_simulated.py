"""Simulated mode looks like training, is marked everywhere, and leaves nothing that could draw."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from PIL import Image

from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.simulated import simulate

MakeRun = Callable[..., RunFolder]


def test_the_stream_is_complete_and_every_line_is_marked(make_run: MakeRun):
    folder = make_run(budget={"kimg": 10})
    assert simulate(folder.path, seconds=0.3) == "finished"
    lines = folder.lines()[0]
    assert all(line["simulated"] is True for line in lines)
    assert {line["kind"] for line in lines} == {"tick", "evaluation", "event"}
    state = folder.state()
    assert state["state"] == "finished" and state["simulated"] is True and state["kimg"] == 10
    assert state["best"]["fd_ratio_validation"] > 0


def test_no_generator_comes_of_it(make_run: MakeRun):
    folder = make_run()
    simulate(folder.path, seconds=0.1)
    assert not folder.generator.exists() and not folder.checkpoints.exists()


def test_every_picture_is_stamped_in_red(make_run: MakeRun):
    folder = make_run()
    simulate(folder.path, seconds=0.1)
    for sheet in folder.samples.glob("*.png"):
        picture = Image.open(sheet)
        rows = picture.height // 4
        for row in range(4):
            part = picture.crop((0, row * rows, picture.width, (row + 1) * rows))
            red = sum(n for n, (r, g, b) in part.getcolors(1 << 24) if r > 200 and g < 60 and b < 60)
            assert red > 500


def test_it_pauses_goes_on_and_stops(make_run: MakeRun):
    folder = make_run()
    folder.set_wish("pause")
    assert simulate(folder.path, seconds=0.1) == "paused"
    folder.set_wish("run")
    calls = iter([True] * 5 + [False] * 99)
    assert simulate(folder.path, lambda: next(calls), seconds=0.1) == "interrupted"
    folder.set_wish("stop")
    assert simulate(folder.path, seconds=0.1) == "stopped"
    assert folder.state()["tick"] == 1 + 6 + 1


def test_no_run_is_bad_input(tmp_path):
    with pytest.raises(BadInput):
        simulate(tmp_path)


def test_torch_is_not_imported():
    code = "import sys, medsynth_engine.simulated; sys.exit('torch' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
