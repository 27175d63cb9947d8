"""A cohort that another tool made, through the engine with real jobs: judged like our own, and beside every dataset."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medsynth_engine.engine import Engine
from medsynth_engine.kernel.errors import BadInput, Busy, Denied, MedSynthError
from medsynth_engine.phantom import anatomy, people
from medsynth_engine.phantom import write as write_phantom

pytestmark = pytest.mark.slow


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


class Store:
    """A development store with two datasets of 160 phantom patients each: one is Alice's, the other as well."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        run(Engine(self.home).init(development=True))
        (self.home / "data" / "pseudonym.key").write_bytes(bytes(range(32)))
        self.sources = {name: write_phantom(folder / name, 160, seed=seed, size=32) for seed, name in enumerate("ab")}
        alice = self.alice()
        for name, source in self.sources.items():
            asked = run(alice.datasets_add(name, str(source / "images"), str(source / "metadata.csv")))
            run(alice.finish(asked["job"]))

    def alice(self) -> Engine:
        engine = Engine(self.home)
        run(engine.login("alice", "password123"))
        return engine

    def take(self, cohort: str, folder: Path, dataset: str = "a") -> dict[str, Any]:
        alice = self.alice()
        return run(alice.finish(run(alice.cohorts_import(cohort, str(folder), dataset))["job"]))

    def judge(self, cohort: str) -> dict[str, Any]:
        alice = self.alice()
        return run(alice.finish(run(alice.evaluate(cohort))["job"]))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("imported"))


def cohort_folder(where: Path, pictures: list[np.ndarray], table: list[dict[str, Any]]) -> Path:
    (where / "images").mkdir(parents=True)
    with (where / "metadata.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["file_name", *table[0]])
        writer.writeheader()
        for number, (picture, row) in enumerate(zip(pictures, table, strict=True)):
            Image.fromarray(picture).save(where / "images" / f"{number}.png")
            writer.writerow({"file_name": f"images/{number}.png", **row})
    return where


def test_fresh_pictures_come_in_are_judged_and_are_never_public(store: Store, tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    fresh = people.invent(100, rng)
    kept = ["age", "sex", "ethnicity", "finding", "systolic_bp", "smoker", "note"]
    folder = cohort_folder(tmp_path / "c", list(anatomy.draw(fresh, 32, rng)), fresh[kept].to_dict("records"))
    taken = store.take("fresh", folder)
    assert (taken["n"], taken["images"], taken["imported"]) == (100, True, True)
    assert "note" in taken["left_out"]
    shown = run(store.alice().cohorts_show("fresh"))
    assert shown["dataset"] == "a" and shown["composition"]["sex"]
    found = {value["name"]: value for value in store.judge("fresh")["evidence"]}
    assert found["privacy.image.store_identical"]["value"] == 0
    assert found["privacy.image.store_copies"]["low"] <= found["privacy.image.store_copies"]["control"] + 0.02
    text = found["privacy.image.burned_in_text"]
    assert text["value"] is None and "under 96 pixels" in text["reads_as"]
    codes = {reason["code"] for reason in run(store.alice().gate_show("fresh", "public"))["reasons"]}
    assert "imported_cohort" in codes and "text_on_images" not in codes
    assert "real_records" not in codes


def test_real_images_of_another_dataset_are_caught(store: Store, tmp_path: Path) -> None:
    files = sorted((store.sources["b"] / "images").glob("*.png"))[:60]
    real = [np.asarray(Image.open(file)) for file in files]
    rng = np.random.default_rng(1)
    grainy = [np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8) for picture in real[:20]]
    folder = cohort_folder(tmp_path / "c", [*grainy, *real[20:]], [{"sex": "F", "age": 50}] * 60)
    store.take("relabelled", folder)
    document = store.judge("relabelled")
    found = {value["name"]: value for value in document["evidence"]}
    assert found["privacy.image.store_identical"]["value"] == pytest.approx(40 / 60, abs=0.05)
    assert found["privacy.image.store_copies"]["value"] > 0.9
    assert document["gauge"]["data"]["band"] == "critical"
    for audience in ("internal", "recipient"):
        codes = {reason["code"] for reason in run(store.alice().gate_show("relabelled", audience))["reasons"]}
        assert "real_records" in codes


def test_what_is_hostile_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    folder = cohort_folder(tmp_path / "c", [np.zeros((32, 32), np.uint8)], [{"sex": "=cmd()", "age": 50}])
    with pytest.raises(MedSynthError) as refused:
        store.take("hostile", folder)
    assert refused.value.code == "formula"
    assert not list((store.home / "data" / "cohorts").glob("*hostile*"))


def test_it_is_asked_for_properly(store: Store, tmp_path: Path) -> None:
    folder = cohort_folder(tmp_path / "c", [np.zeros((32, 32), np.uint8)], [{"sex": "F", "age": 50}])
    link = tmp_path / "link"
    link.symlink_to(folder)
    alice = store.alice()
    for wrong in (str(tmp_path / "none"), str(link), str(folder / "metadata.csv"), str(store.home / "data")):
        with pytest.raises(BadInput):
            run(alice.cohorts_import("x", wrong, "a"))
    with pytest.raises(MedSynthError):
        run(alice.cohorts_import("x", str(folder), "nothing"))
    if any(row["cohort"] == "fresh" for row in run(alice.cohorts_list())):
        with pytest.raises(Busy):
            run(alice.cohorts_import("Fresh", str(folder), "a"))
    auditor = Engine(store.home)
    run(auditor.login("auditor", "auditor123"))
    with pytest.raises(Denied):
        run(auditor.cohorts_import("x", str(folder), "a"))


def test_evaluations_are_budgeted_and_the_refusal_says_what_to_do(store: Store, tmp_path: Path) -> None:
    admin = Engine(store.home)
    run(admin.login("admin", "admin123"))
    done = sum(row["evaluated"] for row in run(store.alice().cohorts_list()))
    for number, name in enumerate(("again",) if done else ("more", "again")):
        folder = tmp_path / name
        folder.mkdir()
        table = people.invent(30, np.random.default_rng(number))[["age", "sex", "finding", "systolic_bp"]]
        table.to_csv(folder / "metadata.csv", index=False)
        store.take(name, folder)
    run(admin.settings_set("evaluations_per_dataset", str(done or 1)))
    if not done:
        assert store.judge("more")["evidence"]
    with pytest.raises(Busy) as refused:
        store.judge("again")
    assert refused.value.code == "evaluation_budget"
    assert "evaluations_per_dataset" in refused.value.hint
    run(admin.settings_set("evaluations_per_dataset", str((done or 1) + 1)))
    assert store.judge("again")["evidence"]
