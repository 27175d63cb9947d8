"""The picture under review: what was read on it, its boxes, and what one came close to is what is masked."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from studio_people import fill, seen, shows, studio, until
from studio_reviews import Reviewed, has_seen, open_queue
from textual.geometry import Region

from medsynth_tui.screens.review import ReviewQueue
from medsynth_tui.widgets.boxed_picture import BoxedPicture, cut, in_characters, outline
from medsynth_tui.widgets.field import Field
from medsynth_tui.widgets.picture import Pixels, ramp


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


async def test_characters_alone_show_the_boxes_too(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=Reviewed(), ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_queue(pilot)
        await shows(pilot, "ooooo")
        assert seen(app).isascii()


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
