"""Up to four runs over each other, with a table of what each reached last and at best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from run_stories import Story, opened
from studio_people import complaint, log_in, seen, until

from medsynth_engine.kernel.errors import Denied
from medsynth_tui.app import MedSynth
from medsynth_tui.run_charts import COMPARED, FRECHET
from medsynth_tui.screens.compare_runs import CompareRuns
from medsynth_tui.screens.run import LiveRun
from medsynth_tui.widgets.plot import HEADS
from medsynth_tui.words import ending


async def test_marked_runs_are_laid_over_each_other_with_a_table(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=Story())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("runs")
        await until(pilot, lambda: app.screen.focused is not None)
        await pilot.press("c")
        assert complaint(app).strip().startswith("Mark two to four runs")
        for _ in range(5):
            await pilot.press("space", "j")
        assert complaint(app).strip().startswith("At most 4")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, CompareRuns) and len(app.screen.states) == 4)
        await until(pilot, lambda: app.screen.query_one("#overlay").curves._rows)
        words = seen(app)
        assert all(sign in words for sign in HEADS), "a mark for each of them"
        assert "lower, the better" in words
        app.screen.do_run_open()
        await until(pilot, lambda: isinstance(app.screen, LiveRun))


async def test_the_table_says_last_and_best_and_where(tmp_path: Path) -> None:
    app = MedSynth(tmp_path, engine=Story())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "compare_runs", "overlay", runs=["ab", "abc"])
        row = app.screen._row(HEADS[0], "ab")
        assert row == ["● ab", "finished", "100 kimg", "8.5", "7", "50 kimg"]
        await pilot.press("x")
        assert app.screen._row(HEADS[0], "ab")[2:] == ["1,000 steps", "8.5", "7", "500 steps"]
        await pilot.press("v")
        row = app.screen._row(HEADS[1], "abc")
        assert row[3:] == ["1", "–", "–"] and "No value of it is better" in seen(app)
        await pilot.press("V")
        assert COMPARED[app.screen.turned][0] is FRECHET


async def test_the_best_is_the_generator_that_is_kept_not_the_least_ratio(tmp_path: Path) -> None:
    class Copied(Story):
        """The untrained generator draws what looks like copies, and its ratio is the least."""

        async def runs_watch(self, run: str, offset: int = 0) -> dict[str, Any]:
            told = await super().runs_watch(run, offset)
            untrained = {"kind": "evaluation", "kimg": 0.0, "seconds": 0.0, "fd_ratio_validation": 1.5, "copying": True}
            return {**told, "records": [untrained, *told["records"]]}

    app = MedSynth(tmp_path, engine=Copied())
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, "compare_runs", "overlay", runs=["ab", "abc"])
        assert app.screen._row(HEADS[0], "ab")[3:] == ["8.5", "7", "50 kimg"]
        app.open("run", name="ab")
        await until(pilot, lambda: isinstance(app.screen, LiveRun) and "Best Fréchet ratio 7 at 50 kimg" in seen(app))
        assert "the evidence's ratio has another yardstick" in seen(app)


async def test_a_run_of_somebody_else_is_named_and_the_others_are_compared(tmp_path: Path) -> None:
    class Mixed(Story):
        async def runs_watch(self, run: str, offset: int = 0) -> dict[str, Any]:
            if run == "theirs":
                raise Denied("not_yours", "This run belongs to somebody else.", "Only datasets can be shared.")
            return await super().runs_watch(run, offset)

    app = MedSynth(tmp_path, engine=Mixed())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "compare_runs", "overlay", runs=["mine", "theirs"])
        assert "belongs to somebody else" in seen(app) and "not there" in seen(app)
        assert app.screen.query_one("#overlay").curves._rows


def test_long_names_of_runs_keep_their_end() -> None:
    assert ending("chest-1126-094100", 10) == "…26-094100"
    assert ending("chest", 10) == "chest"
