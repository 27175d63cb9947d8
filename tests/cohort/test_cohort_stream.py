"""A cohort streams: the same bytes however it is cut and on however many threads, in little memory, whole or absent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from medsynth_engine.cohort import pictures, tables
from medsynth_engine.cohort.draw import draw
from medsynth_engine.cohort.learned import demand_learned
from medsynth_engine.cohort.pictures import Pictures
from medsynth_engine.cohort.population import plan
from medsynth_engine.cohort.read import Cohort
from medsynth_engine.kernel.errors import BadInput, Interrupted, NoRoom

PROGRAM = """
import resource, sys, time
from pathlib import Path
import numpy as np, pandas as pd
from medsynth_engine.cohort import tables
from medsynth_engine.cohort.draw import draw
from medsynth_engine.cohort.population import Plan

tables.GROUP = 8  # several groups of rows, so that what a group takes is seen in either cohort

class Rows:
    digest, usual_records = "0" * 64, 1
    def sample(self, n, given, rng):
        age = rng.integers(1, 90, n)
        return pd.DataFrame({"patient": np.arange(n) + 1, "age": age, "note": rng.choice(["a", "b"], n)})

class Painter:
    info = {"simulated": False}
    def draw(self, table, seed, start=0):
        for begin in range(0, len(table), 256):
            rng = np.random.default_rng([seed, start + begin])
            time.sleep(float(sys.argv[3]))
            yield rng.integers(0, 255, (len(table.iloc[begin:begin + 256]), 8, 8), dtype=np.uint8)

n = int(sys.argv[2])
plan = Plan(n, (), pd.DataFrame({"n": [n]}), ({},))
draw(Path(sys.argv[1]), Rows(), Painter(), plan, n, 1, lambda *told: print(*told, flush=True), lambda: True)
status = Path("/proc/self/status")  # Linux's ru_maxrss would begin with what the parent held
peak = int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024 if status.exists() else 0
print("peak", peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


class Painter:
    info = {"preset": "nano32", "simulated": False}  # noqa: RUF012

    def draw(self, table: pd.DataFrame, seed: int, start: int = 0):
        for begin in range(0, len(table), 256):
            rng = np.random.default_rng([seed, start + begin])
            yield rng.integers(0, 255, (len(table.iloc[begin : begin + 256]), 8, 8), dtype=np.uint8)


def drawn(folder: Path, model, records: pd.DataFrame, n: int = 1100) -> Cohort:
    request = plan(records, n, balance=("sex",))
    draw(folder, model, Painter(), request, n, 3, lambda *told: None, lambda: True)
    return Cohort(folder)


def test_groups_and_threads_make_no_difference(tmp_path: Path, model, records, monkeypatch: pytest.MonkeyPatch):
    found = []
    for threads, group in ((1, 64), (5, 64), (2, 1), (2, 3)):
        monkeypatch.setenv("MEDSYNTH_THREADS", str(threads))
        monkeypatch.setattr(tables, "GROUP", group)
        cohort = drawn(tmp_path / f"c{threads}-{group}", model, records)
        images = [path.read_bytes() for path in sorted((cohort.folder / "images").iterdir())]
        found.append(((cohort.folder / "metadata.csv").read_bytes(), images, cohort.table(), cohort.digest()))
    csv, images, table, digest = found[0]
    assert len(images) == 1100 and found[1][3] == digest
    for other_csv, other_images, other_table, _ in found[1:]:
        assert other_csv == csv and other_images == images
        pd.testing.assert_frame_equal(other_table, table)


def test_a_column_that_is_empty_at_first_may_hold_words_later(tmp_path: Path):
    with tables.Tables(tmp_path) as written:
        for number in range(2 * tables.GROUP):
            note = None if number < tables.GROUP else "late"
            written.add(pd.DataFrame({"patient": [f"S{number}"], "note": pd.Series([note], dtype=object)}))
    first, second = tables.groups(tmp_path)
    assert first["note"].isna().all() and (second["note"] == "late").all()


def test_only_the_columns_that_are_wanted_are_read(tmp_path: Path, model, records):
    cohort = drawn(tmp_path / "c", model, records, n=40)
    assert list(cohort.table(["sex", "age", "unheard of"])) == ["age", "sex"]


def test_pictures_decode_to_the_pixels_they_were(tmp_path: Path):
    rng = np.random.default_rng(0)
    grey, colour = rng.integers(0, 256, (130, 9, 7), np.uint8), rng.integers(0, 256, (3, 9, 7, 3), np.uint8)
    with Pictures(tmp_path / "images", threads=3) as written:
        for block in (grey, grey[:5, :, :, None], colour):
            written.add(block)
    files = sorted((tmp_path / "images").iterdir())
    assert [file.name for file in files[:2]] == ["0000001.png", "0000002.png"] and len(files) == 138
    read = [np.asarray(Image.open(file)) for file in files]
    assert (np.stack(read[:135]) == np.concatenate([grey, grey[:5]])).all()
    assert (np.stack(read[135:]) == colour).all()


def test_a_file_that_cannot_be_written_leaves_no_cohort(
    tmp_path: Path, model, records, monkeypatch: pytest.MonkeyPatch
):
    def full(folder: Path, first: int, images: np.ndarray, mode: str) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(pictures, "_write", full)
    with pytest.raises(NoRoom):
        drawn(tmp_path / "c", model, records)
    assert not list(tmp_path.iterdir())


def start(folder: Path, n: int, pause: float) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", PROGRAM, str(folder), str(n), str(pause)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "MEDSYNTH_THREADS": "1"})


def test_a_kill_leaves_no_half_cohort_and_the_next_attempt_is_whole(tmp_path: Path):
    process = start(tmp_path / "c", 1500, 0.05)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("512 1500 drawing images"):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert [path.name for path in tmp_path.iterdir()] == [".staging-c"]
    again = start(tmp_path / "c", 1500, 0)
    again.communicate()
    assert [path.name for path in tmp_path.iterdir()] == ["c"] and len(Cohort(tmp_path / "c").images()) == 1500


@pytest.mark.slow
def test_memory_does_not_grow_with_the_cohort(tmp_path: Path):
    peaks = []
    for n in (10_000, 40_000):
        told = start(tmp_path / f"c{n}", n, 0).communicate()[0]
        peaks.append(int(told.split()[-1]) / 1e6)
    assert peaks[1] - peaks[0] < 10  # MB; it was 100 bytes a row and more when tables were held whole


def test_what_the_generator_has_not_learned_is_refused(records: pd.DataFrame):
    learned = {"sex": ("F",), "finding": ()}
    demand_learned(plan(records, 50, given={"sex": "F"}), learned)
    demand_learned(plan(records, 50, given={"ethnicity": "Asian"}), learned)  # images never obeyed it: rows do
    demand_learned(plan(records, 50, balance=("age",)), learned)
    for request in ({"given": {"sex": "M"}}, {"given": {"finding": "effusion"}}, {"balance": ("sex",)}):
        with pytest.raises(BadInput) as caught:
            demand_learned(plan(records, 50, **request), learned)
        assert caught.value.code == "not_learned" and caught.value.exit_code == 4


class Untouched:
    """A model of rows, and a painter, that must not be asked."""

    digest, usual_records, info = "0" * 64, 1, {"simulated": False}

    def __init__(self) -> None:
        self.asked = 0

    def sample(self, *asked):
        self.asked += 1
        raise AssertionError

    draw = sample


def test_nothing_is_sampled_after_a_stop(tmp_path: Path, records):
    rows, painter = Untouched(), Untouched()
    with pytest.raises(Interrupted, match="Stopped"):
        draw(tmp_path / "c", rows, painter, plan(records, 500_000), 500_000, 1, lambda *told: None, lambda: False)
    assert rows.asked == painter.asked == 0 and not list(tmp_path.iterdir())
