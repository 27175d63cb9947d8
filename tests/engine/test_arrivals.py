"""What lies quietly in the drop box is offered until it was brought in; the setting takes no place that would leak."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from review_store import World, run

from db.ledger import Ledger
from medsynth_engine.intake.pseudonym import source_of
from medsynth_engine.kernel.errors import BadInput, Denied
from medsynth_engine.kernel.store_key import load_key


@pytest.fixture(scope="module")
def researchers(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("two") / "home", ("ann", "ben"))


@pytest.fixture
def world(researchers: World, tmp_path: Path) -> World:
    return researchers.copy(tmp_path / "home")


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def ledger(world: World) -> Iterator[Ledger]:
    with Ledger.open(world.home / "data" / "medsynth.sqlite3") as opened:
        yield opened


def set_box(world: World, value: str | Path) -> None:
    run(world.of("root").settings_set("drop_box", str(value)))


def put(path: Path, age: float = 120, content: bytes = b"12345") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    for each in (path, path.parent):
        os.utime(each, (time.time() - age, time.time() - age))
    return path


def names(world: World, who: str = "ann") -> list[str]:
    return sorted(Path(each["path"]).name for each in run(world.of(who).arrivals()))


def test_without_the_setting_nothing_is_offered(world: World, box: Path) -> None:
    put(box / "scan.zip")
    assert run(world.of("ann").arrivals()) == []
    assert run(world.of("ann").home())["arrivals"] == 0


def test_what_is_quiet_is_offered_with_its_kind_and_size(world: World, box: Path) -> None:
    set_box(world, box)
    put(box / "night" / "a.dcm")
    put(box / "night" / "b.dcm")
    put(box / "scan.zip")
    put(box / "people.csv")
    put(box / "coming.zip", age=5)
    put(box / "growing" / "first.dcm")
    put(box / "growing" / "second.dcm", age=5)
    put(box / ".hidden.zip")
    put(box / "odd\x1b[31m.zip")
    (box / "empty").mkdir()
    (box / "link.zip").symlink_to(put(box.parent / "elsewhere.zip"))
    (box / "linked").symlink_to(box.parent)
    found = {Path(each["path"]).name: each for each in run(world.of("ann").arrivals())}
    assert {name: each["kind"] for name, each in found.items()} == {
        "night": "folder", "scan.zip": "archive", "people.csv": "table"
    }  # fmt: skip
    assert (found["night"]["files"], found["night"]["size"]) == (2, 10)
    assert datetime.fromisoformat(found["night"]["arrived"]) < datetime.now(UTC)
    home = run(world.of("ann").home())
    assert (home["arrivals"], home["arriving"]) == (3, 2)


def test_what_one_person_brought_in_is_offered_to_the_others_still(world: World, box: Path) -> None:
    set_box(world, box)
    arrival = put(box / "scan.zip")
    mark = source_of(load_key(world.home / "data" / "pseudonym.key"), arrival)
    assert str(arrival) not in mark and len(mark) == 32
    world.dataset("chest", "ann", {}, summary={"source": mark})
    world.dataset("chest", "ann", {}, version=2, summary={})  # made by a text check: it came from no path
    assert names(world, "ann") == []
    assert names(world, "ben") == ["scan.zip"]
    put(arrival, age=90, content=b"other")  # the next night's files under the same name
    assert names(world, "ann") == ["scan.zip"]
    run(world.of("ann").datasets_remove("chest"))
    put(arrival, age=120)
    assert names(world, "ann") == ["scan.zip"]


def test_files_added_deep_in_a_folder_make_it_an_arrival_again(world: World, box: Path) -> None:
    set_box(world, box)
    put(box / "night" / "a.dcm")
    mark = source_of(load_key(world.home / "data" / "pseudonym.key"), box / "night")
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    world.dataset("chest", "ann", {}, summary={"source": mark}, created=long_ago)
    assert names(world) == ["night"]


def test_a_box_that_is_gone_is_empty(world: World, box: Path) -> None:
    set_box(world, box)
    box.rmdir()
    assert run(world.of("ann").arrivals()) == []


def test_the_setting_takes_no_place_that_would_leak(world: World, box: Path) -> None:
    (world.home / "link").symlink_to(box)
    places = (
        "inbox", "../inbox", box / ".." / "inbox", box / "nothing", world.home / "data", world.home / "data" / "jobs",
        world.home, world.home / "link", put(box / "file"),
    )  # fmt: skip
    for place in places:
        with pytest.raises(BadInput):
            set_box(world, place)
    set_box(world, box)
    shown = {each["key"]: each["value"] for each in run(world.of("root").settings_list())}
    assert shown.items() >= {"evaluations_per_dataset": 10, "quarantine_days": 30, "drop_box": str(box)}.items()
    assert str(box) not in str(world.audit())  # a path may name a person or a place
    set_box(world, "")
    assert run(world.of("ann").arrivals()) == []
    for key in ("evaluations_per_dataset", "quarantine_days"):
        with pytest.raises(BadInput, match="whole number"):
            run(world.of("root").settings_set(key, str(box)))


@pytest.mark.parametrize("who", ["root", "eve"])
def test_only_researchers_see_arrivals(world: World, who: str) -> None:
    with pytest.raises(Denied):
        run(world.of(who).arrivals())
