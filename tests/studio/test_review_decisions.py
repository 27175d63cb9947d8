"""The review queue by keyboard: decided, taken back, refused; nobody takes what they have not seen."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from fake_engine import LONG
from studio_people import SIZES, log_in, seen, shows, studio, until
from studio_reviews import LAST, Reviewed, has_seen, open_queue

from medsynth_engine.kernel.errors import Denied
from medsynth_tui.screens.review import GLANCE_SECONDS, ReviewQueue


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
