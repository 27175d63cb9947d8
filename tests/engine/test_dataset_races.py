"""Two people, one name; a removal in between; a path that leads elsewhere: nobody's pictures are lost or taken over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import select

sys.path.insert(0, str(Path(__file__).parent))

from review_store import World, run

from db.ledger import Ledger
from db.tables import Dataset, Job
from medsynth_engine.intake.items import place_of
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.reasons import Code
from medsynth_engine.intake.worker import Desk as WorkerDesk
from medsynth_engine.intake.worker import Setup, Task
from medsynth_engine.jobs.start import launch
from medsynth_engine.kernel.errors import BadInput, Busy, Denied, MedSynthError, NotFound
from medsynth_engine.kernel.folders import JobFolder
from medsynth_engine.kernel.home import Home


@pytest.fixture(scope="module")
def researchers(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("two") / "home", ("ann", "ben"))


@pytest.fixture
def world(researchers: World, tmp_path: Path) -> World:
    return researchers.copy(tmp_path / "home")


@pytest.fixture
def held_back(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Intakes wait until the test starts them."""
    jobs: list[str] = []
    monkeypatch.setattr("medsynth_engine.operations.datasets.launch", lambda call, job: jobs.append(job))
    return jobs


def people(folder: Path, first: int = 0) -> Path:
    """A source: a table of forty people."""
    folder.mkdir()
    rows = [f"P{first + n},{30 + n % 40},{'yes' if n % 2 else 'no'}" for n in range(40)]
    (folder / "people.csv").write_text("\n".join(["patient_id,age,smoker", *rows]) + "\n")
    return folder


def finish(world: World, who: str, job: str) -> None:
    launch(Home(world.home), job)
    run(world.of(who).finish(job))


def add(world: World, who: str, name: str, source: Path, append: bool = False) -> None:
    run(world.of(who).finish(run(world.of(who).datasets_add(name, str(source), append=append))["job"]))


def rows(world: World, table: type, present: bool = True) -> list:
    with Ledger.open(Home(world.home).ledger) as ledger, ledger.read() as session:
        return [row for row in session.exec(select(table)) if not present or row.state == "present"]


def folders(world: World) -> list[str]:
    return sorted(path.name for path in Home(world.home).datasets.iterdir())


@pytest.mark.slow
def test_the_next_dataset_of_a_removed_name_lives(world: World, tmp_path: Path) -> None:
    add(world, "ann", "skin", people(tmp_path / "one"))
    run(world.of("ann").datasets_remove("skin"))
    assert folders(world) == []
    add(world, "ann", "skin", tmp_path / "one")
    removed, living = sorted(rows(world, Dataset, present=False), key=lambda row: row.state == "present")
    run(world.of("ann").home())
    assert removed.folder != living.folder
    assert folders(world) == [living.folder]


def test_a_folder_that_two_rows_name_stays_with_the_living(world: World) -> None:
    world.dataset("chest", "ann", {"r1": []})
    with Ledger.open(Home(world.home).ledger) as ledger, ledger.write() as change:
        living = change.session.exec(select(Dataset)).one()
        change.session.add(
            Dataset(name="chest~old", owner_id=living.owner_id, folder=living.folder, digest="d", state="removed")
        )
        change.record(actor="ann", action="test.removed", object_="dataset:chest")
    run(world.of("ann").home())
    assert folders(world) == ["chest-v1"]


@pytest.mark.slow
def test_an_append_never_takes_over_what_somebody_else_made_meanwhile(
    world: World, tmp_path: Path, held_back: list[str]
) -> None:
    run(world.of("ann").datasets_add("secret", str(people(tmp_path / "anns"))))
    run(world.of("ben").datasets_add("Secret", str(people(tmp_path / "bens", 100)), append=True))
    finish(world, "ann", held_back[0])
    (anns,) = rows(world, Dataset)
    with pytest.raises(Denied, match="somebody else"):
        finish(world, "ben", held_back[1])
    assert [(row.id, row.owner_id) for row in rows(world, Dataset)] == [(anns.id, anns.owner_id)]
    assert folders(world) == [anns.folder]


@pytest.mark.slow
def test_an_append_brings_nothing_back(world: World, tmp_path: Path, held_back: list[str]) -> None:
    run(world.of("ann").datasets_add("skin", str(people(tmp_path / "one"))))
    finish(world, "ann", held_back[0])
    for _ in range(2):
        run(world.of("ann").datasets_add("SKIN", str(tmp_path / "one"), append=True))
    queues = {job.queue for job in rows(world, Job, present=False)}
    assert queues == {"dataset:skin"}  # however the name was typed
    run(world.of("ann").datasets_remove("skin"))
    with pytest.raises(MedSynthError, match="removed"):
        finish(world, "ann", held_back[1])
    run(world.of("ann").datasets_add("skin", str(people(tmp_path / "other", 100))))
    finish(world, "ann", held_back[3])
    with pytest.raises(MedSynthError, match="removed"):
        finish(world, "ann", held_back[2])  # another dataset of that name is not the one that was meant
    assert [row.version for row in rows(world, Dataset)] == [1]


@pytest.mark.slow
@pytest.mark.parametrize("meanwhile", ["removed", "made"])
def test_what_happens_during_an_intake_is_seen_when_it_is_committed(
    meanwhile: str, world: World, tmp_path: Path, held_back: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from medsynth_engine.work import intake
    from medsynth_engine.work.desk import Desk

    monkeypatch.setenv("MEDSYNTH_HOME", str(world.home))
    if meanwhile == "removed":
        run(world.of("ann").datasets_add("skin", str(people(tmp_path / "one"))))
        finish(world, "ann", held_back[0])
    run(world.of("ann").datasets_add("skin", str(people(tmp_path / "two", 100)), append=meanwhile == "removed"))
    real = intake.take_in

    def then(*words: object, **named: object) -> object:
        document = real(*words, **named)  # type: ignore[arg-type]
        if meanwhile == "removed":
            run(world.of("ann").datasets_remove("skin"))
        else:
            world.dataset("SKIN", "ben", {})
        return document

    monkeypatch.setattr(intake, "take_in", then)
    with pytest.raises(MedSynthError, match=r"removed|There is a dataset"):
        intake.work(Desk(JobFolder(Home(world.home).jobs / held_back[-1])))
    assert [row.name for row in rows(world, Dataset)] == ([] if meanwhile == "removed" else ["SKIN"])
    assert folders(world) == ([] if meanwhile == "removed" else ["SKIN-v1"])


@pytest.mark.slow
def test_what_is_there_already_is_no_trouble_on_the_home_screen(world: World, tmp_path: Path) -> None:
    add(world, "ann", "skin", people(tmp_path / "one"))
    with pytest.raises(BadInput, match="nothing new"):
        add(world, "ann", "skin", tmp_path / "one", append=True)
    assert run(world.of("ann").home())["jobs"] == []


def test_what_ended_jobs_left_goes_and_nothing_else(world: World, tmp_path: Path, held_back: list[str]) -> None:
    world.dataset("skin", "ann", {})
    home = Home(world.home)
    job = run(world.of("ann").datasets_add("skin", str(people(tmp_path / "one")), append=True))["job"]
    left = ("skin-v2-2", ".staging-skin-v2-2", ".staging-skin-v3-3", "of-an-unknown-job-v1-1", "skin-v9-9")
    for name in left:
        (home.datasets / name).mkdir()
    os.utime(home.datasets / "skin-v9-9", (1e9, 1e9))  # no job of this ledger worked then
    run(world.of("ann").home())
    assert folders(world) == sorted([*left, "skin-v1"])  # a job waits that may be using them
    run(world.of("ann").jobs_cancel(job))
    run(world.of("ann").home())
    kept = {"skin-v1", ".staging-skin-v2-2", ".staging-skin-v3-3", "of-an-unknown-job-v1-1", "skin-v9-9"}
    assert set(folders(world)) == kept  # a cancelled intake may be continued for a day
    assert [each["detail"] for each in world.audit() if each["action"] == "datasets.swept"] == [
        {"unfinished_folders": 1}
    ]
    run(world.of("ann").datasets_remove("skin"))
    assert folders(world) == ["of-an-unknown-job-v1-1", "skin-v9-9"]


def test_a_kept_version_forgets_what_was_decided(world: World) -> None:
    world.dataset("chest", "ann", {"r1": [[1, 1, 9, 9]], "r2": [], "r3": []})
    world.dataset("chest", "ann", {"r2": []}, version=2)
    run(world.of("ann").home())
    folder = Home(world.home).datasets / "chest-v1"
    assert [path.name for path in (folder / "quarantine").iterdir()] == ["r2.png"]
    assert "r1" not in (folder / "quarantine.json").read_text()
    assert "r2" in (folder / "quarantine.json").read_text()


def test_the_store_comes_in_by_no_path(world: World, tmp_path: Path) -> None:
    world.dataset("chest", "ben", {"r1": []})
    ann = world.of("ann")
    (tmp_path / "link").symlink_to(world.home)
    for place in (world.home, tmp_path, tmp_path / "link", world.home / "data", world.home / "data" / "datasets"):
        with pytest.raises(BadInput, match="store itself"):
            run(ann.datasets_add("steal", str(place)))
        with pytest.raises(BadInput, match="store itself"):
            run(ann.datasets_scan(str(place)))
    assert run(ann.browse(str(tmp_path)))["path"] == str(tmp_path)  # on the way to another folder


@pytest.mark.slow
def test_a_path_that_leads_elsewhere_since_it_was_asked_for_is_refused(
    world: World, tmp_path: Path, held_back: list[str]
) -> None:
    world.dataset("chest", "ben", {"r1": []})
    source = people(tmp_path / "one")
    run(world.of("ann").datasets_add("steal", str(source)))
    run(world.of("ann").datasets_scan(str(source)))
    source.rename(tmp_path / "away")
    source.symlink_to(world.home / "data" / "datasets" / "chest-v1")
    for job in held_back:
        with pytest.raises(BadInput, match="elsewhere"):
            finish(world, "ann", job)


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no such flag here")
def test_a_folder_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    for name in ("source", "elsewhere"):
        (tmp_path / name / "ward").mkdir(parents=True)
        (tmp_path / name / "ward" / "a.png").write_bytes(b"no picture")
    source = tmp_path / "source"
    setup = Setup("folder", source, Options.of("set").reading(b"k" * 32), None, place=place_of(source))
    task = Task(0, "ward/a.png", 0)
    ((before, _),) = WorkerDesk(setup).answers(task)
    (tmp_path / "source" / "ward").rename(tmp_path / "away")
    (tmp_path / "source" / "ward").symlink_to(tmp_path / "elsewhere" / "ward")
    ((after, _),) = WorkerDesk(setup).answers(task)
    assert before["code"] != Code.NOT_A_FILE.value
    assert after["code"] == Code.NOT_A_FILE.value


def test_where_one_may_not_write_is_said_before(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    code = (
        "import os, sys; from pathlib import Path; from medsynth_engine.kernel.home import Home\n"
        "from medsynth_engine.kernel.errors import BadInput\n"
        "from medsynth_engine.operations.places import demand_writable\n"
        "demand_writable(Path(sys.argv[2]))\n"
        "os.getuid() or os.setuid(65534)\n"
        "try: demand_writable(Path(sys.argv[1]))\n"
        "except BadInput as error: print(error.message)\n"
    )
    said = subprocess.run([sys.executable, "-c", code, str(closed), str(tmp_path)], capture_output=True, text=True)
    assert said.stdout == "You may not write there.\n"


def test_what_only_the_owner_may_do_is_said_so(world: World, tmp_path: Path) -> None:
    world.dataset("chest", "ann", {"r1": []})
    ann, ben = world.of("ann"), world.of("ben")
    with pytest.raises(Denied) as unshared:
        run(ann.review_accept("r1"))
    assert "datasets share chest" in unshared.value.hint
    run(ann.datasets_share("chest", "ben"))
    acts = (
        ben.datasets_remove("chest"),
        ben.datasets_share("chest", "ann"),
        ben.datasets_check("chest"),
        ben.datasets_add("chest", str(people(tmp_path / "one")), append=True),
    )
    for act in acts:
        with pytest.raises(Denied) as refusal:
            run(act)
        assert refusal.value.hint == "Only its owner can do that."
    with pytest.raises(Denied) as shared:
        run(ann.review_accept("r1"))
    assert shared.value.hint == "They can: ben"
    with pytest.raises(BadInput, match="yours already"):
        run(ann.datasets_share("chest", "ann"))
    for stranger in ("benn", "root"):
        with pytest.raises((NotFound, BadInput)) as unknown:
            run(ann.datasets_share("chest", stranger))
        assert "users list" not in unknown.value.hint
    with pytest.raises(Busy):
        run(ann.datasets_add("CHEST", str(tmp_path / "one")))
