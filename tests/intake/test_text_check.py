"""Burned-in text is found in what an intake stored; a check that is stopped, killed or hit by a crash goes on."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from intake_pieces import always, quiet
from PIL import Image
from text_pieces import NAME, dataset, film, mixed, written

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.revise.revised_tables import Change
from medsynth_engine.intake.text import readers
from medsynth_engine.intake.text.check import JOURNAL, Checked, check, spoken
from medsynth_engine.intake.text.readers import UNREAD, Task, read_all
from medsynth_engine.intake.text.verdicts import Finding
from medsynth_engine.kernel.errors import Interrupted

pytestmark = pytest.mark.usefixtures("readers_that_wait_for_nobody")
PROGRAM = """
import sys
from pathlib import Path
from medsynth_engine.intake.text.check import check
check(Path(sys.argv[1]), "mask", Path(sys.argv[2]), lambda *_: None, lambda: True)
"""


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of ten pictures: two with text, one with a marker, one too small for any."""
    return dataset(tmp_path_factory.mktemp("films"), mixed())


@pytest.fixture(scope="module")
def checked(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return check(films, "mask", tmp_path_factory.mktemp("journal"), quiet, always)


def test_text_is_found_markers_are_let_pass_and_small_pictures_are_exempt(checked: Checked) -> None:
    counts = checked.counts()
    assert counts == {"read": 9, "clean": 6, "markers": 1, "text": 2, "unread": 0, "exempt": 1}
    words = {"".join(one.read).replace(" ", "") for one in checked.findings if one.verdict == "text"}
    assert words == {NAME.replace(" ", ""), "DOB12/03/1957"}
    assert not any(one.read for one in checked.findings if one.verdict != "text")
    assert not any(one.left for one in checked.findings)  # masked on trial and read again: nothing remains


def test_the_box_covers_what_was_written(films: Path, checked: Checked) -> None:
    found = next(one for one in checked.findings if "MARLOWE" in "".join(one.read))
    x, y, width, height = found.boxes[0]
    assert 10 <= x <= 25 and 25 <= y <= 42  # written at 20, 30
    assert 150 <= width <= 230 and 14 <= height <= 34
    assert Dataset(films).path(found.record).is_file()


def test_a_16_bit_picture_is_read_in_its_own_window_and_in_colour_too(tmp_path: Path) -> None:
    colour = np.stack([film(1), film(2), film(3)], axis=2)
    colour[..., 0] = written(film(1), NAME)
    dark = (written(film(4, deep=True), "ID 88213-04") // 16).astype(np.uint16)
    folder = dataset(tmp_path, {"1.png": colour, "2.png": dark, "3.png": film(3, deep=True)})
    verdicts = [one.verdict for one in check(folder, "quarantine", tmp_path / "journal", quiet, always).findings]
    assert sorted(verdicts) == ["clean", "text", "text"]


def test_text_that_stands_upright_is_found(tmp_path: Path) -> None:
    turned = np.rot90(written(film(5), NAME)).copy()
    folder = dataset(tmp_path, {"1.png": turned, "2.png": film(6)})
    findings = check(folder, "mask", tmp_path / "journal", quiet, always).findings
    assert sorted(one.verdict for one in findings) == ["clean", "text"]


def test_the_journal_is_private_and_holds_what_was_read_only_of_burned_in_text(films: Path, tmp_path: Path) -> None:
    check(films, "quarantine", tmp_path / "journal", quiet, always)
    path = tmp_path / "journal" / JOURNAL
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 9
    assert {bool(line["read"]) for line in lines if line["verdict"] != "text"} == {False}


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_where_it_was(films: Path, checked: Checked, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(films), str(journal)])
    path = journal / JOURNAL
    _until(lambda: path.exists() and path.read_bytes().count(b"\n") >= 3)
    readers = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    psutil.wait_procs(readers, 10)
    assert not any(reader.is_running() for reader in readers)  # nobody reads on for nobody
    with path.open("ab") as stream:
        stream.write(b'{"record": "r1')  # a torn line
    before = path.read_bytes().count(b"\n")
    seen: list[int] = []
    again = check(films, "mask", journal, lambda done, total, say: seen.append(done), always)
    assert seen[0] == before + 1  # with the one that is exempt
    assert again.findings == checked.findings


def test_cancelled_it_stops_soon_and_keeps_what_was_read(films: Path, tmp_path: Path) -> None:
    asked: list[float] = []

    def ask_at_three(done: int, total: int | None, say: str) -> None:
        if done == 3:
            asked.append(time.monotonic())

    with pytest.raises(Interrupted):
        check(films, "mask", tmp_path, ask_at_three, lambda: not asked)
    assert time.monotonic() - asked[0] < 20  # two seconds on a quiet machine
    assert not psutil.Process().children()
    assert (tmp_path / JOURNAL).read_bytes().count(b"\n") >= 2


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_dies_or_hangs_costs_the_picture_in_hand(
    tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "PATIENCE", 3)  # times the seconds of a picture, or of a start: so long it is waited
    monkeypatch.setattr(readers, "START_SECONDS", 10.0)  # the other process may have been stopped while it started
    tasks = []
    for place in range(5):
        Image.fromarray(film(place, 128)).save(tmp_path / f"{place}.png")
        tasks.append(Task(f"r{place}", tmp_path / f"{place}.png", 255, seconds=2.0))
    answers: Iterator[dict[str, object]] = read_all(tasks, len(tasks), always)
    told = [next(answers)]
    children = psutil.Process().children()
    for child in children:
        os.kill(child.pid, number)
    told += answers
    assert {answer["record"] for answer in told} == {"r0", "r1", "r2", "r3", "r4"}
    lost = [answer for answer in told if answer["verdict"] == UNREAD]
    assert 1 <= len(lost) <= len(children)
    assert not psutil.Process().children()


def test_a_picture_that_cannot_be_read_is_unread_not_clean(films: Path, tmp_path: Path) -> None:
    (tmp_path / "torn.png").write_bytes(Dataset(films).path(Dataset(films).records()["record"][0]).read_bytes()[:200])
    answers = list(read_all([Task("r1", tmp_path / "torn.png", 255)], 1, always))
    assert [answer["verdict"] for answer in answers] == [UNREAD]


def test_what_was_checked_before_is_not_read_again(
    films: Path, checked: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medsynth_engine.intake.revise.revise import revise
    from medsynth_engine.intake.text.verdicts import of_findings

    revise(films, tmp_path / "next", {}, bytes(32), quiet, always, of_findings(checked.findings))
    given = []
    monkeypatch.setattr("medsynth_engine.intake.text.check.read_all", lambda tasks, *_: given.extend(tasks) or iter(()))
    assert check(tmp_path / "next", "mask", tmp_path / "journal", quiet, always).findings == ()
    assert not given


def test_the_time_that_is_left_is_said_as_one_says_it() -> None:
    assert [spoken(seconds) for seconds in (3, 44, 725, 9000)] == ["10 seconds", "40 seconds", "12 minutes", "2 hours"]


def test_made_up_names_in_a_real_dicom_are_found(data_folder: Path, tmp_path: Path) -> None:
    from intake_pieces import KEY

    from medsynth_engine.intake.options import Options
    from medsynth_engine.intake.take_in import take_in

    (tmp_path / "source").mkdir()
    original = data_folder / "dicom_a" / "pseudo_phi" / "2_ORIGINAL.dcm"
    (tmp_path / "source" / "1.dcm").write_bytes(original.read_bytes())
    take_in(tmp_path / "source", Options.of("x"), tmp_path / "set", KEY, quiet, always)
    (found,) = check(tmp_path / "set", "mask", tmp_path / "journal", quiet, always).findings
    read = " ".join(found.read)
    assert found.verdict == "text" and "SCOTT" in read and "1943" in read
    assert not found.left


def test_what_cannot_be_read_or_masked_clean_goes_to_a_person() -> None:
    from medsynth_engine.work.check_text import change_of

    box = (1, 2, 30, 10)
    text = Finding("r1", "p", "text", False, (box,), ("DOE JANE",))
    assert change_of(text, "mask") == Change("mask", (box,))
    held_back = Change("quarantine", (box,), "burned_in_text", ("DOE JANE",))
    assert change_of(replace(text, left=True), "mask") == change_of(text, "quarantine") == held_back
    assert change_of(Finding("r1", "p", UNREAD, False), "mask") == Change("quarantine", (), "text_check_failed")


def test_the_recogniser_is_loaded_in_the_reading_processes_alone() -> None:
    code = (
        "import sys, medsynth_engine.work.check_text, medsynth_engine.work.apply_review;"
        "print([m for m in ('cv2', 'onnxruntime', 'rapidocr_onnxruntime') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def _until(true: object, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
