"""A dataset travels to another machine and what was trained there comes home: through the gate, with real jobs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from medsynth_engine.engine import Engine
from medsynth_engine.exchange.cloud.remote import Remote
from medsynth_engine.kernel.errors import BadInput, Busy, Denied, MedSynthError, Refused
from medsynth_engine.phantom import write as write_phantom

pytestmark = pytest.mark.slow
PASSWORD = "four words are quite long"
WHO = {"recipient": "the lab upstairs", "purpose": "train one generator"}
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def _done(engine: Engine, asked: dict[str, Any]) -> dict[str, Any]:
    return {**await engine.finish(asked["job"]), "key": asked.get("key")}


class House:
    """A store with two researchers, an auditor and two admins, and a dataset of 240 phantom pictures."""

    def __init__(self, home: Path, source: Path) -> None:
        self.home, self.tokens = home, dict[str, Any]()
        run(self._people(source))

    async def _people(self, source: Path) -> None:
        made = await Engine(self.home).init(admin="root")
        (self.home / "data" / "pseudonym.key").write_bytes(bytes(range(32)))
        await Engine(self.home).activate("root", made["activation"]["code"], PASSWORD)
        root = Engine(self.home)
        await root.login("root", PASSWORD)
        for name, role in (("ann", "researcher"), ("ben", "researcher"), ("eve", "auditor"), *_ADMINS):
            code = (await root.users_add(name, role))["code"]
            await Engine(self.home).activate(name, code, PASSWORD)
            engine = Engine(self.home)
            await engine.login(name, PASSWORD)
            self.tokens[name] = engine.token
        ann = self.of("ann")
        await _done(ann, await ann.datasets_add("chest", str(source / "images"), str(source / "metadata.csv")))

    def of(self, name: str) -> Engine:
        return Engine(self.home, self.tokens[name])

    def sign(self, subject: str, audience: str) -> None:
        ann = self.of("ann")
        drafted = run(ann.pia_draft(subject, audience))
        open_ones = (
            field["id"].split(".") for step in drafted["sections"] for field in step["fields"] if not field["answer"]
        )
        answers: dict[str, Any] = {}
        for step, field in open_ones:
            asked = field == "regulator_consulted"
            words = "Yes, in June 2026; no objection." if asked else "It was thought through and written down."
            answers.setdefault(step, {})[field] = words
        run(ann.pia_update(subject, answers))
        run(ann.pia_submit(subject))
        run(self.of("eve").pia_opinion(subject, True, "read it"))
        for name, _ in _ADMINS:
            if run(self.of(name).pia_approve(subject, "yes"))["state"] == "approved":
                return
        raise AssertionError("not approved")


_ADMINS = (("chief", "admin"), ("deputy", "admin"))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("trip")
    return House(folder / "home", write_phantom(folder / "hospital", 240, seed=3, size=32))


@pytest.fixture(scope="module")
def bundle(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    ann, target = house.of("ann"), tmp_path_factory.mktemp("out")
    with pytest.raises(Refused) as refused:
        run(ann.bundle("chest", **WHO, to=str(target)))
    assert refused.value.reasons and not list(target.iterdir())
    house.sign("dataset:chest", "recipient")
    made = run(_done(ann, run(ann.bundle("chest", **WHO, kimg=0.1, preset="nano32", to=str(target)))))
    assert [path.name for path in target.iterdir()] == ["dataset.zip"]
    return made


@pytest.fixture(scope="module")
def back(bundle: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained over there, in one go, by the program that the letter names."""
    folder, work = tmp_path_factory.mktemp("there") / "dataset", tmp_path_factory.mktemp("disk")
    with zipfile.ZipFile(bundle["path"]) as archive:
        archive.extractall(folder)
    command = [sys.executable, "-m", "medsynth_engine.exchange.cloud.remote", str(folder), "--work", str(work)]
    environment = {**os.environ, "MEDSYNTH_BUNDLE_KEY": str(bundle["key"]), "MEDSYNTH_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
    assert (folder / "generator_v1.pth").is_file() and (folder / "kept" / "checkpoints" / "last.pt").is_file()
    assert not list((folder / "kept").rglob("train.npz"))
    return folder / "run_back.zip"


def test_a_bundle_never_holds_the_holdout_or_a_pseudonym(house: House, bundle: dict[str, Any], tmp_path: Path) -> None:
    import numpy as np

    from medsynth_engine.intake.dataset import Dataset

    with zipfile.ZipFile(bundle["path"]) as archive:
        archive.extractall(tmp_path / "b")
        names = set(archive.namelist())
    assert {"README.md", "bundle.json", "train_on_gpu.ipynb", "run.tar.age", "SHA256SUMS"} < names
    remote = Remote(tmp_path / "b", tmp_path)
    remote.open(str(bundle["key"]))
    records = Dataset(next((house.home / "data" / "datasets").glob("*/records.parquet")).parent).records()
    with np.load(remote.run.data) as packed:
        assert len(packed["images"]) == records["fold"].isin(["training", "validation"]).sum() == bundle["images"]
    said = b"".join(path.read_bytes() for path in (tmp_path / "b").iterdir() if path.suffix in (".md", ".json"))
    said += b"".join(path.read_bytes() for path in remote.run.path.glob("*.json"))
    assert not [patient for patient in records["patient"].unique() if str(patient).encode() in said]
    remote.forget()
    assert not remote.run.path.exists()


def test_the_record_of_a_bundle_says_under_which_assessment_it_left_and_with_which_marks(
    house: House, bundle: dict[str, Any]
) -> None:
    (record,) = run(house.of("eve").audit_list(action="datasets.bundled"))["records"]
    (release,) = run(house.of("eve").releases_list())
    told = record["detail"]
    assert (told["release"], told["digest"], told["audience"]) == (bundle["release"], bundle["digest"], "recipient")
    assert told["assessment"] == release["assessment"] is not None
    assert told["marks"] == release["marks"] and told["recipient"] == WHO["recipient"]
    (asked,) = run(house.of("eve").audit_list(action="datasets.bundle", outcome="done"))["records"]
    assert asked["detail"]["begun"] is True and "begun" not in told  # nothing has left yet when it is asked for


def test_only_the_owner_can_bundle_and_must_say_for_whom(house: House) -> None:
    with pytest.raises((Denied, MedSynthError)):
        run(house.of("ben").bundle("chest", **WHO))
    with pytest.raises(BadInput, match="who gets it"):
        run(house.of("ann").bundle("chest"))


def test_what_was_trained_there_is_a_run_here_whose_generator_draws_and_can_be_judged(house: House, back: Path) -> None:
    ann = house.of("ann")
    brought = run(_done(ann, run(ann.runs_import(str(back), "gpu"))))
    assert (brought["dataset"], brought["state"]) == ("chest", "finished")
    shown = run(ann.runs_show("gpu"))
    assert shown["metrics"]["loss_generator"] is not None and "deleted" in shown["warnings"][0]
    assert run(ann.runs_sample("gpu"))["width"] > 0
    run(_done(ann, run(ann.generate("there", 60, run="gpu"))))
    judged = run(_done(ann, run(ann.evaluate("there"))))
    assert "not in this store" not in judged["gauge"]["data"]["note"]  # its training data is known
    with pytest.raises(Busy):
        run(ann.runs_import(str(back), "gpu"))
    again = run(_done(ann, run(ann.runs_import(str(back), "told", deleted=True))))
    assert run(ann.runs_show(again["run"]))["warnings"] == []


def test_a_run_that_learned_from_something_else_is_not_taken_for_ours(house: House, back: Path, tmp_path: Path) -> None:
    ann = house.of("ann")
    with zipfile.ZipFile(back) as archive:
        archive.extractall(tmp_path / "run")
    config = tmp_path / "run" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "bundle": "000000000000"}))
    with pytest.raises(BadInput, match="not trained on a bundle"):
        run(_done(ann, run(ann.runs_import(str(tmp_path / "run"), "foreign"))))
    with pytest.raises(BadInput, match="not trained on a bundle"):
        run(_done(house.of("ben"), run(house.of("ben").runs_import(str(back), "stolen"))))
    assert {one["run"] for one in run(ann.runs_list())} <= {"gpu", "told"}
    assert not list((house.home / "data" / "runs").glob(".arriving*"))


def test_weights_leave_only_through_the_gate(house: House, back: Path, tmp_path: Path) -> None:
    ann = house.of("ann")
    if "gpu" not in {one["run"] for one in run(ann.runs_list())}:
        run(_done(ann, run(ann.runs_import(str(back), "gpu"))))
    with pytest.raises(Refused) as refused:
        run(ann.weights_export("gpu", "internal", str(tmp_path)))
    assert refused.value.reasons and not list(tmp_path.iterdir())
