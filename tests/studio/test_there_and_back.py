"""To a bigger machine and back: a bundle through the gate, its key told once, a run brought home, a cluster's queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_engine import FakeEngine
from studio_people import complaint, fill, log_in, seen, shows, studio, type_words, until

from medsynth_engine.kernel.errors import BadInput, Refused
from medsynth_tui.screens.bundle import Bundle
from medsynth_tui.screens.run import LiveRun
from medsynth_tui.widgets.choice import Choice
from medsynth_tui.widgets.field import Field

KEY = "AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" + "QPZRY9X8GF2TVDW0S3JN54KHCE"
REASON = {"code": "not_assessed", "why": "Nobody has assessed it.", "what_to_do": "Draft an assessment."}


class There(FakeEngine):
    """Notes what was ordered; its jobs end at once."""

    def __init__(self, gate_closed: bool = False, **changes: Any) -> None:
        super().__init__()
        self.orders: list[Any] = []
        self.gate_closed, self.changes = gate_closed, changes
        self.empty = gate_closed  # nobody has assessed anything

    async def gate_show(self, subject: str, audience: str = "internal") -> dict[str, Any]:
        assert (subject, audience) == ("dataset:chest", "recipient")
        return {"open": not self.gate_closed, "reasons": [REASON] if self.gate_closed else [], "marks": []}

    async def bundle(self, **order: Any) -> dict[str, Any]:
        self.orders.append(order)
        if order["to"]:
            raise BadInput("no_such_folder", "The folder to export into is not there.", "Make it first.")
        if order["recipient"] == "nobody":
            raise Refused("The gate is closed.", [REASON], "See the gate.")
        return {"job": "b", "key": None if order["key"] else KEY, "recipient_key": "age1x", "expires": "2026-12-26"}

    async def runs_import(self, path: str, name: str | None = None, deleted: bool = False) -> dict[str, Any]:
        self.orders.append(("run", path, name, deleted))
        return {"job": "r", "run": name or "run_back"}

    async def weights_import(self, path: str, name: str | None = None) -> dict[str, Any]:
        self.orders.append(("generator", path, name))
        return {"job": "w", "weights": name or "generator"}

    async def train(self, **order: Any) -> dict[str, Any]:
        self.orders.append(order)
        return {"run": "chest-1", "job": "t"}

    async def runs_show(self, run: str) -> dict[str, Any]:
        return {**await super().runs_show(run), **self.changes}

    async def runs_watch(self, run: str, offset: int = 0) -> dict[str, Any]:
        return {**await super().runs_watch(run, offset), **self.changes}

    async def finish(self, job: str, on_progress: Any = None) -> dict[str, Any]:
        file = {"path": "/srv/outbox/dataset.zip", "images": 6_000, "bytes": 12_345_678, "digest": "ab" * 32}
        return {
            "b": {**file, "expires": "2026-12-26"},
            "r": {"run": "run_back", "dataset": "chest", "state": "finished"},
            "w": {"weights": "generator"},
        }[job]


async def test_a_bundle_is_written_and_its_key_told_once(tmp_path: Path) -> None:
    engine = There()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("dataset", name="chest")
        await shows(pilot, "Brought in")
        await pilot.press("x")
        await shows(pilot, "The gate is open")
        await pilot.press("f6")
        await shows(pilot, "A recipient is needed.")
        assert engine.orders == []
        await fill(pilot, recipient="Dr Ito, GPU lab", purpose="train a generator", days="60")
        await pilot.press("f6")
        await shows(pilot, KEY)  # whole, on one line
        assert "kept nowhere" in seen(app)
        await pilot.press("escape")
        await shows(pilot, "/srv/outbox/dataset.zip")
        assert KEY[-20:] not in seen(app) and "Runs, with b" in seen(app)
        assert "Make it" not in seen(app).splitlines()[-1]
        wanted = {"recipient": "Dr Ito, GPU lab", "purpose": "train a generator", "days": 60, "minutes": 60.0}
        assert [{name: order[name] for name in wanted} for order in engine.orders] == [wanted]
        assert engine.orders[0]["key"] is None


async def test_where_the_recipient_has_a_key_none_is_told(tmp_path: Path) -> None:
    engine = There()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("bundle", dataset="chest")
        await shows(pilot, "The gate is open")
        await fill(pilot, recipient="a lab", purpose="to learn", to="/nowhere")
        await pilot.press("f6")
        await shows(pilot, "The folder to export into is not there.")
        await fill(pilot, to="", key="rsa")
        await pilot.press("f6")
        await shows(pilot, "begins with age1")
        await fill(pilot, key="age1qqq")
        await pilot.press("f6")
        await shows(pilot, "The bundle is written")
        assert isinstance(app.screen, Bundle) and engine.orders[-1]["key"] == "age1qqq"


async def test_a_closed_gate_says_why_in_the_place_of_the_form_and_leads_to_the_assessment(tmp_path: Path) -> None:
    engine = There(gate_closed=True)
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("bundle", dataset="chest")
        await shows(pilot, "Nobody has assessed it.")
        assert "Recipient" not in seen(app) and "Make it" not in seen(app)
        assert "Next field" not in seen(app), "there is none"
        await pilot.press("f6")
        await pilot.press("f7")
        await until(pilot, lambda: app.screen.place()[-1] == "dataset:chest", why="its assessment")  # type: ignore[attr-defined]
        await shows(pilot, "There is no assessment")
        await pilot.press("n")
        await shows(pilot, "(recipient)")
        assert engine.orders == []


async def test_a_gate_that_closed_meanwhile_is_shown_with_its_reasons(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=There())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("bundle", dataset="chest")
        await shows(pilot, "The gate is open")
        await fill(pilot, recipient="nobody", purpose="nothing")
        await pilot.press("f6")
        await shows(pilot, "Nobody has assessed it.")


async def test_a_run_comes_back_with_a_warning_until_somebody_says_that_all_is_deleted(tmp_path: Path) -> None:
    engine = There()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("runs")
        await shows(pilot, "n New run")
        await pilot.press("b")
        await shows(pilot, "File or folder")
        await pilot.press("f6")
        await shows(pilot, "A path is needed.")
        await fill(pilot, path="/srv/run_back.zip")
        await pilot.press("f6")
        await shows(pilot, "Nobody has confirmed yet")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, LiveRun), why="the run")
        app.open("run_import")
        await shows(pilot, "File or folder")
        await fill(pilot, path="/srv/run_back.zip", name="chest-gpu")
        app.screen.query_one("#deleted", Choice).focus()
        await pilot.press("right", "f6")
        await shows(pilot, "run_back is back")
        assert "Nobody has confirmed" not in seen(app)
    assert engine.orders == [("run", "/srv/run_back.zip", None, False), ("run", "/srv/run_back.zip", "chest-gpu", True)]


async def test_a_generator_alone_is_brought_in_without_a_word_on_deletion(tmp_path: Path) -> None:
    engine = There()
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run_import")
        await shows(pilot, "Deleted there")
        app.screen.query_one("#kind", Choice).focus()
        await pilot.press("right")
        await until(pilot, lambda: "Deleted there" not in seen(app), why="a shorter form")
        await fill(pilot, path="/srv/generator.pth")
        await pilot.press("f6")
        await shows(pilot, "generator is here")
    assert engine.orders == [("generator", "/srv/generator.pth", None)]


async def test_a_file_that_no_training_left_is_refused_in_a_sentence_by_the_real_engine(
    store: Path, tmp_path: Path
) -> None:
    (tmp_path / "back.zip").write_bytes(b"no zip at all")
    app = studio(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        app.open("run_import")
        await shows(pilot, "File or folder")
        await fill(pilot, path=str(tmp_path / "nothing.zip"))
        await pilot.press("f6")
        await shows(pilot, "There is nothing at that path.")
        await fill(pilot, path=str(tmp_path / "back.zip"))
        await pilot.press("f6")
        await until(pilot, lambda: "neither a run folder nor the zip of one" in complaint(app), 180, "the refusal")


async def test_a_run_is_sent_to_the_cluster_that_was_chosen_and_says_what_it_waits_for(tmp_path: Path) -> None:
    word = {"cluster": "slurm", "job": "4711", "state": "PENDING", "reason": "Priority"}
    behind = "others on slurm (job 4711: Priority)"
    engine = There(state="queued", queued_behind=behind, cluster=word, kimg=0.0)
    app = studio(tmp_path, engine=engine)
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run_new", dataset="chest")
        await shows(pilot, "Cluster")
        app.screen.query_one("#cluster", Choice).focus()
        await pilot.press("right")
        app.screen.query_one("#begin").focus()
        await pilot.press("enter")
        await shows(pilot, f"behind {behind}")
        await shows(pilot, "of slurm")
        assert engine.orders[0]["cluster"] == "slurm"


async def test_clusters_are_offered_as_the_store_names_them_and_not_at_all_where_it_names_none(store: Path) -> None:
    app = studio(store)
    file = store / "data" / "cluster.toml"
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "alice")
        app.open("run_new")
        await shows(pilot, "There is no dataset with images yet.")
        await until(pilot, lambda: not app.screen._asked, why="answers")  # type: ignore[attr-defined]
        choice = app.screen.query_one("#cluster", Choice)
        assert not choice.display
        file.write_text("[slurm]\n[night]\n")
        file.chmod(0o600)
        await pilot.press("f5")
        await until(pilot, lambda: choice.options[1:] == ["slurm", "night"] and choice.display, why="two clusters")
        file.chmod(0o622)
        await pilot.press("f5")
        await shows(pilot, "Others may write data/cluster.toml.")
        assert choice.options == ["this machine"]


async def test_typing_into_a_number_replaces_it_and_into_words_adds_to_them(tmp_path: Path) -> None:
    app = studio(tmp_path, engine=There())
    async with app.run_test(size=(80, 24)) as pilot:
        await log_in(pilot, "somebody", "some words")
        app.open("run_new", dataset="chest")
        await shows(pilot, "Minutes")
        minutes, name = app.screen.query_one("#minutes", Field), app.screen.query_one("#name", Field)
        name.value = "first"
        minutes.focus_input()
        await pilot.pause()
        await type_words(pilot, "1")
        assert minutes.value == "1"
        await type_words(pilot, "5")
        assert minutes.value == "15"
        name.focus_input()
        await pilot.pause()
        await pilot.press("end")
        await type_words(pilot, "-2")
        assert name.value == "first-2"
