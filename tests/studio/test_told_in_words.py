"""What an evaluation comes to, what was merged, who dissents: said where somebody decides by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_engine import NOW, FakeEngine, document
from studio_people import log_in, seen, shows, studio, type_words, until

from medsynth_tui.app import MedSynth
from medsynth_tui.screens.assessment_pages import heading
from medsynth_tui.widgets.choice import Choice

AUDITED = [
    {"name": "alice", "role": "researcher", "kind": "submit", "note": "", "digest": "d", "at": NOW},
    {"name": "otto", "role": "auditor", "kind": "dissent", "note": "Too few patients.", "digest": "d", "at": NOW},
    {"name": "ada", "role": "admin", "kind": "approve", "note": "It says so.", "digest": "d", "at": NOW},
]


def judging(tmp_path: Path, role: str, signatures: list[dict[str, Any]], opinions: list[Any] | None = None) -> MedSynth:
    """A studio before an assessment that waits; `opinions` takes what is signed there."""
    engine = FakeEngine(role)
    usual = engine.pia_show

    async def pia_show(subject: str) -> dict[str, Any]:
        return {**await usual(subject), "digest": "d", "state": "submitted", "signatures": signatures}

    async def pia_opinion(subject: str, concur: bool, note: str = "") -> dict[str, Any]:
        assert opinions is not None
        opinions.append((subject, concur, note))
        return await pia_show(subject)

    engine.pia_show, engine.pia_opinion = pia_show, pia_opinion  # type: ignore[method-assign]
    return studio(tmp_path, engine=engine)


async def test_a_cohort_says_what_its_evaluation_comes_to(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=FakeEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("cohort", name="c1")
        for label in ("Faithful  ", "Fair  ", "Private  "):
            await shows(pilot, label)


async def test_an_approver_reads_of_the_dissent_at_the_head_and_where_it_is_signed_before_the_evidence(
    tmp_path: Path,
) -> None:
    app = judging(tmp_path, "admin", AUDITED)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("assessment", subject="c1")
        await shows(pilot, "otto dissents: Too few patients.")
        assert "Signed so far  otto dissents, ada approved it" in seen(app)
        await pilot.press("a")
        await shows(pilot, "Approve c1 for internal")
        await shows(pilot, "To approve nevertheless, say why.")
        assert "otto dissents: Too few patients." in seen(app) and "Private" in seen(app)
        signed = seen(app).index("ada approved it: It says so.")
        assert signed < seen(app).index("Faithful") and "Approve" in seen(app)[signed:]
        await pilot.press("enter")
        await shows(pilot, "A reason")


async def test_an_opinion_that_was_answered_by_a_new_text_does_not_stand_at_the_head(tmp_path: Path) -> None:
    app = judging(tmp_path, "auditor", [*AUDITED, {**AUDITED[0], "digest": "d"}])
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("assessment", subject="c1")
        await shows(pilot, "residual risk")
        assert "dissents" not in seen(app)
        await pilot.press("o")
        await shows(pilot, "Opinion on c1")
        assert "Faithful" in seen(app) and "Private" in seen(app)


async def test_a_dissent_without_its_reason_keeps_the_question_open_and_is_never_signed_as_consent(
    tmp_path: Path,
) -> None:
    signed: list[Any] = []
    app = judging(tmp_path, "auditor", AUDITED[:1], signed)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("assessment", subject="c1")
        await shows(pilot, "residual risk")
        await pilot.press("o")
        await shows(pilot, "Opinion on c1 for internal")
        await pilot.press("enter", "right", "enter", "enter")  # past an empty note, to dissent, to the button
        await shows(pilot, "The reason of a dissent is needed.")
        await type_words(pilot, "no proof")  # its o would ask anew, were the question closed
        assert "Opinion on c1" in seen(app) and not signed
        await pilot.press("enter", "enter", "enter")
        await shows(pilot, "Signed.")
        assert signed == [("c1", False, "no proof")]


async def test_a_cohort_says_for_good_what_was_merged_and_what_was_asked_for_but_not_drawn(tmp_path: Path) -> None:
    engine = FakeEngine()
    whole = await engine.cohorts_show("c1")
    few = {"cell": {"sex": "X"}, "attribute": "sex", "value": "X", "merged_with": ["F"], "n": 60}
    absent = {"attribute": "finding", "values": 1, "named": ["mass"]}

    async def show(name: str) -> dict[str, Any]:
        target = {"sex": {"F": 0.35, "M": 0.35, "X": 0.3}}
        return {**whole, "target": target, "mergers": [few] * 9, "not_drawn": [absent], "evaluated": False}

    engine.cohorts_show = show  # type: ignore[method-assign]
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(120, 50)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("cohort", name="c1")
        await shows(pilot, "Not all of it could be drawn so")
        await shows(pilot, "sex X was drawn together with F (60 records).")
        words = seen(app)
        assert (
            "and 3 more" in words
            and "finding: 1 value (mass) of fewer than 11 training patients is not drawn." in words
        )
        asked = next(line for line in words.splitlines() if line.split()[:1] == ["X"])
        assert asked.split()[-3:] == ["0", "0", "%"], "a group that was asked for and not drawn has a bar of nothing"


async def test_a_training_that_began_says_what_must_be_known_of_it_before_its_curves(tmp_path: Path) -> None:
    engine = FakeEngine()

    async def train(**order: Any) -> dict[str, Any]:
        return {"run": "first", "state": "queued", "warnings": ["The pictures have not all been read for text."]}

    engine.train = train  # type: ignore[attr-defined]
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.go("run_new", dataset="chest")
        await shows(pilot, "Begin training")
        await until(pilot, lambda: not app.screen.query_one("#dataset", Choice).late, why="the datasets")
        app.screen.query_one("#begin").focus()
        await pilot.press("enter")
        await shows(pilot, "first has begun")
        assert "have not all been read for text." in seen(app)
        await pilot.press("escape")
        await shows(pilot, "Copy risk (50 % is chance)")


def test_who_gave_the_approver_a_code_is_said_in_words() -> None:
    told = {"user": "bea", "admin": "ada", "kind": "issued", "at": NOW, "until": NOW}
    whole = {**document("assessment"), "digest": "d", "signatures": [], "approver_touches": [told]}
    words = heading(whole).plain
    assert "bea approved, but ada gave bea the first code shortly before: the two may be one person." in words
