"""A source that is swapped between the check of its path and the reading gives nothing of what it leads to then."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from intake_pieces import KEY, always, quiet

from medsynth_engine.intake import answers
from medsynth_engine.intake.options import Options, Reading
from medsynth_engine.intake.reasons import Code
from medsynth_engine.intake.sources import open_source
from medsynth_engine.intake.take_in import take_in
from medsynth_engine.intake.worker import Desk, Setup, Task
from medsynth_engine.kernel.errors import BadInput


@pytest.fixture(params=["a link", "another folder"])
def swap(request: pytest.FixtureRequest, photographs: Path, tmp_path: Path) -> Callable[[], None]:
    """Puts something else with the same names where the photographs lie."""
    other = tmp_path / "others"
    shutil.copytree(photographs, other)

    def swapped() -> None:
        photographs.rename(tmp_path / "moved")
        if request.param == "a link":
            photographs.symlink_to(other)
        else:
            shutil.copytree(other, photographs)

    return swapped


def test_a_root_that_is_swapped_after_the_listing_is_refused(
    swap: Callable[[], None], photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = answers.answers_of

    def late(*given: object) -> object:
        swap()
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("medsynth_engine.intake.take_in.answers_of", late)
    with pytest.raises(BadInput) as caught:
        take_in(photographs, Options.of("set"), tmp_path / "set", KEY, quiet, always)
    assert caught.value.code == "source_changed"
    assert not (tmp_path / "set").exists()


def test_a_worker_that_starts_later_reads_nothing_of_it(swap: Callable[[], None], photographs: Path) -> None:
    source = open_source(photographs, Options.of("set"))
    setup = Setup("folder", source.path, Reading(key=KEY), None, place=source.place)
    task = Task(0, source.items[0].name, 0)
    assert [answer["code"] for answer, _ in Desk(setup).answers(task)] == [""]
    swap()
    assert [answer["code"] for answer, _ in Desk(setup).answers(task)] == [Code.NOT_A_FILE]


def test_a_path_that_leads_through_a_link_is_no_source(photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(photographs)
    with pytest.raises(BadInput) as caught:
        open_source(tmp_path / "link", Options.of("set"))
    assert caught.value.code == "source_changed"


def test_a_zip_that_is_swapped_is_not_read(photographs: Path, tmp_path: Path) -> None:
    for name in ("one.zip", "other.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path in sorted(photographs.iterdir()):
                archive.write(path, path.name)
    source = open_source(tmp_path / "one.zip", Options.of("set"))
    setup = Setup("zip", source.path, Reading(key=KEY), None, place=source.place)
    task = Task(0, source.items[0].name, source.items[0].stamp)
    assert [answer["code"] for answer, _ in Desk(setup).answers(task)] == [""]
    (tmp_path / "other.zip").replace(tmp_path / "one.zip")
    assert [answer["code"] for answer, _ in Desk(setup).answers(task)] == [Code.NOT_A_FILE]
