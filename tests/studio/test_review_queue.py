"""The review queue by keyboard: looked at, decided, taken back; nobody takes what they have not seen."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest
from fake_engine import LONG, FakeEngine, picture
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid
from studio_people import SIZES, fill, log_in, seen, shows, studio, until
from textual.geometry import Region
from textual.pilot import Pilot

from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import Denied
from medsynth_tui.app import MedSynth
from medsynth_tui.screens.review import GLANCE_SECONDS, ReviewQueue
from medsynth_tui.widgets.boxed_picture import BoxedPicture, cut, in_characters, outline
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field
from medsynth_tui.widgets.picture import Pixels, ramp

LAST = 3


class Reviewed(FakeEngine):
    """A queue of four that remembers what was decided, and when somebody looked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.decided: dict[str, str | None] = {}
        self.masked: list[Any] = []
        self.looks: list[str] = []
        self.may_decide, self.pictured, self.boxes = True, True, [[10, 20, 300, 60]]

    def _held(self, index: int, dataset: str) -> dict[str, Any]:
        entry = super()._held(index, dataset)
        decision = self.decided.get(f"{dataset}/{entry['id']}")
        return {**entry, "decision": decision, "may_decide": self.may_decide, "boxes": self.boxes}

    async def review_list(self, dataset: str | None = None) -> list[dict[str, Any]]:
        return [self._held(index, dataset or LONG) for index in range(LAST + 1)]

    async def review_show(self, id: str, size: int = 512) -> dict[str, Any]:
        self.looks.append(id)
        shown = {**await super().review_show(id, size), "picture": picture(256)}
        return shown if self.pictured else {**shown, "picture": None, "read": []}

    async def review_accept(self, id: str) -> dict[str, Any]:
        return self._answer(id, "accept")

    async def review_reject(self, id: str) -> dict[str, Any]:
        return self._answer(id, "reject")

    async def review_undo(self, id: str) -> dict[str, Any]:
        return self._answer(id, None)

    async def review_mask(self, id: str, boxes: list[list[int]] | None = None) -> dict[str, Any]:
        self.masked.append(boxes)
        return self._answer(id, "mask")

    def _answer(self, id: str, decision: str | None) -> dict[str, Any]:
        self.decided[id] = decision
        dataset, _, record = id.rpartition("/")
        return {"id": record, "dataset": dataset, "decision": decision, "undecided": 1, "job": None}

    @property
    def words(self) -> list[str | None]:
        return [self.decided.get(f"{LONG}/rabcdef{index:010d}") for index in range(LAST + 1)]


async def open_queue(pilot: Pilot[Any]) -> None:
    app = pilot.app
    assert isinstance(app, MedSynth)
    await log_in(pilot, "somebody", "some words")
    app.go("review")
    await shows(pilot, "Read:")


def has_seen(app: MedSynth) -> bool:
    screen = app.screen
    if not isinstance(screen, ReviewQueue) or not screen._has_picture():
        return False
    return monotonic() - screen.looked_since > GLANCE_SECONDS


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
async def test_each_key_decides_and_goes_to_the_next(tmp_path: Path, size: tuple[int, int]) -> None:
    engine = Reviewed()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=size) as pilot:
        await open_queue(pilot)
        await shows(pilot, "0 of 4 decided")
        for number, key in enumerate("amr", 1):
            await until(pilot, lambda: has_seen(app), why="the picture")
            await pilot.press(key)
            await shows(pilot, f"{number} of 4 decided")
        assert engine.words == ["accept", "mask", "reject", None]
        assert engine.masked == [None]
        await pilot.press("up")
        await until(pilot, lambda: has_seen(app), why="the picture")
        await pilot.press("u")
        await shows(pilot, "2 of 4 decided")
        assert engine.words == ["accept", "mask", None, None]


async def test_a_key_that_is_held_down_takes_nothing_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Reviewed()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_queue(pilot)
        await until(pilot, lambda: has_seen(app), why="the picture")
        clock = count(monotonic())
        monkeypatch.setattr("medsynth_tui.screens.review.monotonic", lambda: next(clock) * 0.1)
        assert isinstance(app.screen, ReviewQueue)
        app.screen.looked_since = app.screen.pressed_at = 0.0
        await pilot.press(*"aaaaaaaaaa")  # a tenth of a second apart
        await shows(pilot, "1 of 4 decided")
        assert engine.words == ["accept", None, None, None]


async def test_passing_by_is_no_look(tmp_path: Path) -> None:
    engine = Reviewed()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_queue(pilot)
        await pilot.press("down", "down", "down")
        await until(pilot, lambda: has_seen(app), why="the picture")
        assert engine.looks == [f"{LONG}/rabcdef{index:010d}" for index in (0, LAST)]


async def test_what_was_read_is_shown_and_steers_nothing(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Reviewed())
    async with app.run_test(size=(80, 24)) as pilot:
        await open_queue(pilot)
        assert "DOE^JANE 1970-01-02" in seen(app) and "[bold]" in seen(app)
        assert "\x1b" not in seen(app)


async def test_what_one_came_close_to_is_what_is_masked(tmp_path: Path) -> None:
    engine = Reviewed()
    engine.boxes = []
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_queue(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: has_seen(app), why="the picture")
        await pilot.press("plus", "plus", "left", "left", "up", "up", "up")
        await shows(pilot, "in view: x 0 to")
        region = app.screen.query_one(BoxedPicture).seen((640, 640))
        assert (region.x, region.y) == (0, 0) and region.width < 640
        await pilot.press("m")
        await shows(pilot, "painted over")
        assert app.screen.query_one("#text", Field).value == f"0,0,{region.width},{region.height}"
        await fill(pilot, text="1,2,3")
        await pilot.press("enter")
        await shows(pilot, "Write x,y,width,height")
        await fill(pilot, text="1,2,30,40 5,6,7,8")
        await pilot.press("enter")
        await shows(pilot, "1 of 4 decided")
        assert engine.masked == [[[1, 2, 30, 40], [5, 6, 7, 8]]]
        await pilot.press("minus", "minus", "down")  # the whole picture is in view: arrows walk through the queue
        await until(pilot, lambda: app.screen.current["id"].endswith("2"), why="the next one")  # type: ignore[attr-defined]
        await pilot.press("escape")
        await shows(pilot, "decided")
        assert isinstance(app.screen, ReviewQueue) and not app.screen.larger


async def test_who_may_not_decide_is_told_who_may(tmp_path: Path) -> None:
    engine = Reviewed()
    engine.may_decide = False
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_queue(pilot)
        await shows(pilot, "Another researcher decides")
        assert "Accept" not in seen(app)
        await pilot.press(*"amrub")
        assert engine.decided == {}


async def test_without_a_picture_only_rejecting_is_offered(tmp_path: Path) -> None:
    engine = Reviewed()
    engine.pictured = False
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("review")
        await shows(pilot, "can be rejected")
        await pilot.press(*"amb")
        assert engine.decided == {}
        await pilot.pause(GLANCE_SECONDS)
        await pilot.press("r")
        await shows(pilot, "1 of 4 decided")
        assert engine.words[0] == "reject"


async def test_a_refusal_is_a_sentence(tmp_path: Path) -> None:
    class Refusing(Reviewed):
        async def review_accept(self, id: str) -> dict[str, Any]:
            raise Denied("needs_second_person", "Another researcher reviews its pictures.", "Share it.")

    app = studio(tmp_path, engine=Refusing())
    async with app.run_test(size=(80, 24)) as pilot:
        await open_queue(pilot)
        await until(pilot, lambda: has_seen(app), why="the picture")
        await pilot.press("a")
        await shows(pilot, "Another researcher reviews")
        await shows(pilot, "0 of 4 decided")


async def test_characters_alone_show_the_boxes_too(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Reviewed(), ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_queue(pilot)
        await shows(pilot, "ooooo")
        assert seen(app).isascii()


async def test_home_says_what_waits_and_leads_there(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Reviewed())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        await shows(pilot, "17 pictures wait for your review")
        await shows(pilot, "1 picture waits for a colleague's review")
        await shows(pilot, "2 arrivals in the drop box")
        await pilot.press("5")
        await until(pilot, lambda: isinstance(app.screen, ReviewQueue), why="the queue")


async def test_a_dataset_says_what_was_reviewed_and_leads_there(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Reviewed())
    async with app.run_test(size=(120, 40)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("dataset", name=LONG)
        await shows(pilot, "Quarantined 20, undecided 17")
        await shows(pilot, "Reviewed: 3 accepted, 1 masked, 2 rejected")
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, ReviewQueue), why="the queue")
        assert app.screen.dataset == LONG  # type: ignore[attr-defined]


@given(
    box=st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(1, 90), st.integers(1, 90)),
    window=st.builds(Region, st.integers(0, 50), st.integers(0, 50), st.integers(1, 50), st.integers(1, 50)),
    shown=st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_an_outline_never_leaves_the_picture(
    box: tuple[int, int, int, int], window: Region, shown: tuple[int, int]
) -> None:
    assert all(0 <= x < shown[0] and 0 <= y < shown[1] for x, y in outline(box, window, shown))


def test_a_window_is_cut_out_of_the_picture() -> None:
    grey = Pixels(4, 3, 1, bytes(range(12)))
    assert cut(grey, Region(1, 1, 2, 2), 1) == Pixels(2, 2, 1, bytes([5, 6, 9, 10]))
    assert cut(grey, Region(0, 0, 4, 3), 2) == Pixels(2, 2, 1, bytes([0, 2, 8, 10]))
    colour = Pixels(2, 2, 3, bytes(range(12)))
    assert cut(colour, Region(1, 0, 1, 2), 1) == Pixels(1, 2, 3, bytes([3, 4, 5, 9, 10, 11]))
    rows = in_characters(ramp(Pixels(4, 4, 1, bytes(16))), [(1, 0), (2, 3)])
    assert ["".join(segment.text for segment in row) for row in rows] == [" o  ", "  o "]


async def test_the_drop_box_is_offered_and_what_is_chosen_travels(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    class Scanning(FakeEngine):
        async def datasets_scan(self, **arguments: Any) -> dict[str, Any]:
            asked.append(arguments)
            raise Denied("not_now", "Not now.", "")

    app = studio(tmp_path, engine=Scanning())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("upload")
        await shows(pilot, "Drop box")
        app.screen.query_one("#arrival", Choice).focus()
        await pilot.press("right")
        await until(pilot, lambda: app.screen.query_one("#path", Field).value.startswith("/srv/inbox/night-0"))
        assert app.screen.query_one("#name", Field).value.startswith("night-0")
        await fill(pilot, slices="middle:0")
        await pilot.press("f3")
        await shows(pilot, "all, first, middle")
        assert asked == []
        await fill(pilot, slices="middle:3")
        for place, key in (("burned_in", "m"), ("faces", "k"), ("dates", "s"), ("axis", "c")):
            app.screen.query_one(f"#{place}", Choice).focus()
            await pilot.press(key)
        await pilot.press("f3")
        await until(pilot, lambda: asked, why="the scan")
        wanted = {"slices": "middle:3", "burned_in": "mask", "faces": "keep", "dates": "shift", "axis": "coronal"}
        assert {key: asked[0][key] for key in wanted} == wanted
        await fill(pilot, path="/srv/people.csv")
        assert not app.screen.query_one("#slices").display and not app.screen.query_one("#axis").display


async def test_a_taken_name_asks_whether_this_is_more_of_it(store: Path, hospital: Path) -> None:
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        for again in (False, True):
            app.go("upload")
            await shows(pilot, "Only rows where")
            await fill(pilot, path=str(hospital / "images"), metadata=str(hospital / "table.csv"), name="chest")
            await pilot.press("f3")
            await shows(pilot, "Nothing is stored yet", 60)
            await pilot.press("f6")
            if again:
                await shows(pilot, "There is a dataset chest already")
                await pilot.press("tab", "enter")
                await shows(pilot, "There is nothing new in it", 60)
            else:
                await shows(pilot, "Brought in", 60)


def capture(path: Path, seed: int) -> None:
    """A secondary capture without text: of a kind that a person must look at."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = SecondaryCaptureImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    file.PatientID, file.Modality = f"P-{seed}", "OT"
    file.Rows, file.Columns, file.SamplesPerPixel = 112, 144, 1
    file.PhotometricInterpretation, file.PixelRepresentation = "MONOCHROME2", 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 8, 8, 7
    smooth = np.add.outer(np.linspace(0, 120, 112), np.linspace(0, 100 + seed, 144))
    file.PixelData = smooth.astype(np.uint8).tobytes()
    file.save_as(path, enforce_file_format=True)


@pytest.mark.slow
async def test_a_real_quarantine_is_worked_through_and_the_next_version_made(store: Path, tmp_path: Path) -> None:
    source = tmp_path / "captures"
    source.mkdir()
    for seed in range(3):
        capture(source / f"c{seed}.dcm", seed)
    engine = Engine(store)
    await engine.login("alice", "password123")
    await engine.finish((await engine.datasets_add("captures", str(source)))["job"])
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        await shows(pilot, "3 pictures wait for your review")
        await until_idle(engine)
        await pilot.press("5")
        for number, key in enumerate("ar", 1):
            await until(pilot, lambda: has_seen(app), why="the picture")
            await pilot.press(key)
            await shows(pilot, f"{number} of 3 decided")
        await until(pilot, lambda: has_seen(app), why="the picture")
        await pilot.press("m")
        await fill(pilot, text="0,0,20,20")
        await pilot.press("enter")
        await shows(pilot, "No picture waits.", 90)
        assert not app.failures
    shown, counts = await engine.datasets_show("captures"), await engine.review_counts("captures")
    assert (shown["accepted"], shown["quarantined"], shown["rejected"]) == (2, 0, 1)
    assert counts == {
        "dataset": "captures", "held": 0, "decided": 0, "accepted": 1, "masked": 1, "rejected": 1,
        "self_reviewed": 3, "came_back": 0,
    }  # fmt: skip
    engine.close()


async def until_idle(engine: Engine) -> None:
    """Wait for the text check: the review is applied after it."""
    for job in await engine.jobs_list():
        if job["kind"] == "check_text":
            await engine.finish(job["job"])


async def test_apply_is_in_the_footer_as_soon_as_something_is_decided(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Reviewed())
    async with app.run_test(size=(80, 24)) as pilot:
        await open_queue(pilot)
        await until(pilot, lambda: has_seen(app), why="the picture")
        assert "A Apply" not in seen(app).splitlines()[-1]
        await pilot.press("a")
        await shows(pilot, "1 of 4 decided")
        await until(pilot, lambda: has_seen(app), why="the picture")
        assert "A Apply" in seen(app).splitlines()[-1] and "a Accept" in seen(app).splitlines()[-1]
        await pilot.press("up")
        await until(pilot, lambda: has_seen(app), why="the picture")
        assert "A Apply" in seen(app).splitlines()[-1] and "u Undo" in seen(app).splitlines()[-1]


async def test_a_masked_picture_that_comes_back_is_announced(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Reviewed())
    async with app.run_test(size=(120, 40)) as pilot:
        await open_queue(pilot)
        assert isinstance(app.screen, ReviewQueue)
        app.screen._applied({"dataset": LONG, "to_mask": 1, "to_quarantine": 2})
        await shows(pilot, "2 pictures came back: masked, and text was read again.")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
async def test_the_heads_of_the_queue_are_whole(tmp_path: Path, size: tuple[int, int]) -> None:
    app = studio(tmp_path, engine=Reviewed())
    async with app.run_test(size=size) as pilot:
        await open_queue(pilot)
        words = seen(app)
        heads = [line.split() for line in words.splitlines() if "picture " in line and "decided " in line]
        wide = ["dataset"] if size[0] >= 110 else []
        assert heads and heads[0][: 2 + len(wide)] == ["picture", *wide, "decided"], words
        assert "rabcdef0000000001" in words
