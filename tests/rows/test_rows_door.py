"""Learners and rules through the door: real jobs on a table of a store."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from row_clinic import ROLES, clinic

from medsynth_engine.engine import Engine
from medsynth_engine.gan import weights
from medsynth_engine.gan.conditions import Categorical, Vocabulary
from medsynth_engine.gan.networks import Architecture, Generator
from medsynth_engine.kernel.errors import BadInput, Denied, MedSynthError, NotFound
from medsynth_engine.rows.rule import Rule, Test
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.trees import SequentialTrees

pytestmark = pytest.mark.slow
DECLARED = {"*": "schema", "pressure": "60..260/2"}


def run(work: Any) -> Any:
    return asyncio.run(work)


async def _done(engine: Engine, asked: dict[str, Any]) -> dict[str, Any]:
    return await engine.finish(asked["job"])


@pytest.fixture(scope="module")
def alice(tmp_path_factory) -> Engine:
    folder = tmp_path_factory.mktemp("rows")
    table = clinic(900)
    table.loc[:2, "age"] = 150  # three rows that nobody should learn from
    table["stage"] = table["pressure"].map(lambda value: "high" if value > 140 else "low", na_action="ignore")
    table.to_csv(folder / "table.csv", index=False)
    engine = Engine(folder / "home")
    run(engine.init(development=True))
    run(engine.login("alice", "password123"))
    run(_add(engine, folder / "table.csv"))
    return engine


async def _add(engine: Engine, table: Path) -> None:
    columns = {"condition": ["smoker", "stage"], "column": "pressure"}
    await _done(engine, await engine.datasets_add("clinic", str(table), columns=columns))


def drawn(engine: Engine, cohort: str, **how: Any) -> tuple[dict[str, Any], pd.DataFrame]:
    async def draw() -> dict[str, Any]:
        return await _done(engine, await engine.generate(cohort, 600, dataset="clinic", **how))

    document = run(draw())
    return document, pd.read_parquet(Path(document["path"]) / "metadata.parquet")


def test_proposed_rules_bind_nothing_until_they_are_confirmed_and_then_every_row(alice):
    found = run(_proposed(alice))
    assert {rule["state"] for rule in found["rules"]} == {"proposed"}
    stage = next(
        rule for rule in found["rules"] if rule["columns"] == ["stage", "pressure"] and rule["origin"] == "learned"
    )
    assert stage["broken"] == 0 and stage["rows"] > 100
    document, _ = drawn(alice, "before")
    assert document["row_model"] == {"learner": "trees", "rules": 0}
    run(alice.rules_confirm("clinic", [stage["id"]]))
    document, rows = drawn(alice, "after")
    assert document["row_model"]["rules"] == 1
    assert not Rule.from_document(stage).broken(rows).any()
    looked_again = run(_proposed(alice))["rules"]
    assert looked_again[0]["state"] == "confirmed"  # and forgot nothing
    left = run(alice.rules_drop("clinic", [stage["name"]]))["rules"]
    assert stage["id"] not in {rule["id"] for rule in left}
    with pytest.raises(NotFound):
        run(alice.rules_confirm("clinic", ["nonsense"]))


def test_weights_from_elsewhere_bring_their_rules(alice, tmp_path):
    """Stage follows from pressure in the table, not in these rows: what obeys here obeys because of the rule."""
    table = clinic(900)
    table["stage"] = np.random.default_rng(0).choice(["high", "low"], len(table))
    rule = Rule("low", "A low stage has a pressure below 120.", (Test("stage", ("low",)),), Test("pressure", high=120))
    rows = SequentialTrees.fit(table, Schema.of(table, ROLES), np.random.default_rng(0), first=("sex",))
    network = Generator(Architecture((8, 8), 1, 1), Vocabulary((Categorical("sex", ("F", "M"), (400, 500)),)))
    document = weights.document(network, {"preset": "nano32"}, rows=rows.under((rule,)).to_json())
    weights.save(tmp_path / "ruled.pth", document)
    run(_imported(alice, str(tmp_path / "ruled.pth")))
    _, obeying = drawn(alice, "of-ruled", weights="ruled")
    assert rule.broken(rows.sample(600, None, np.random.default_rng(1))).sum() > 50
    assert len(obeying) == 600 and rule.broken(obeying).sum() == 0


async def _imported(engine: Engine, path: str) -> None:
    await _done(engine, await engine.weights_import(path))


async def _proposed(engine: Engine) -> dict[str, Any]:
    return await _done(engine, await engine.rules_propose("clinic"))


def test_private_rows_cost_once_and_the_ledger_adds_up_what_they_cost(alice):
    first, rows = drawn(alice, "private1", rows="dp", epsilon=4.0, declare=DECLARED)
    again, _ = drawn(alice, "private2", rows="dp", epsilon=4.0, declare=DECLARED, seed=1)
    other, _ = drawn(alice, "private3", rows="dp", epsilon=2.0, declare=DECLARED)
    costs = [document["row_model"]["privacy"] for document in (first, again, other)]
    assert [cost["learnings"] for cost in costs] == [1, 1, 2]
    assert costs[0]["epsilon_spent"] == pytest.approx(4, abs=0.01)
    assert "learned from the real table do not bind" in first["row_model"]["says"]
    assert 4 < costs[2]["epsilon_spent"] < 6  # zCDP adds up in rho, which is less than adding epsilons
    assert "epsilon 4" in first["row_model"]["says"] and rows["pressure"].dropna().between(60, 260).all()


def test_two_cohorts_asked_for_at_once_pay_for_private_rows_once(alice):
    async def both() -> list[dict[str, Any]]:
        how = {"dataset": "clinic", "rows": "dp", "epsilon": 1.5, "declare": DECLARED}
        asked = [await alice.generate(f"atonce{number}", 600, seed=number, **how) for number in (1, 2)]
        return list(await asyncio.gather(*(_done(alice, one) for one in asked)))

    before, _ = drawn(alice, "beforehand", rows="dp", epsilon=1.0, declare=DECLARED)
    costs = [document["row_model"]["privacy"] for document in run(both())]
    assert [cost["learnings"] for cost in costs] == [before["row_model"]["privacy"]["learnings"] + 1] * 2


def test_undeclared_columns_and_too_few_rows_are_refused_with_what_to_do(alice):
    with pytest.raises(MedSynthError) as caught:
        drawn(alice, "undeclared", rows="dp")
    assert caught.value.code == "undeclared" and "pressure" in caught.value.message
    with pytest.raises(MedSynthError) as caught:
        drawn(alice, "small", rows="gan")
    assert caught.value.code == "too_few_rows" and "trees" in caught.value.hint
    for wrong in ({"rows": "forest"}, {"rows": "dp", "epsilon": 0.0}, {"declare": DECLARED}):
        with pytest.raises(BadInput):
            drawn(alice, "wrong", **wrong)
    for seed in (-1, 2**31):
        with pytest.raises(BadInput) as caught:
            run(alice.rows_compare("clinic", learners=["trees"], seed=seed))
        assert caught.value.code == "bad_seed"


def test_the_learners_are_compared_on_the_training_fold_alone(alice):
    async def compared() -> dict[str, Any]:
        return await _done(alice, await alice.rows_compare("clinic", epsilon=10.0, declare=DECLARED))

    document = run(compared())
    assert document["rows"] + document["held"] < 600  # the holdout and the validation fold are not in it
    trees, private, gan = (document["learners"][name] for name in ("trees", "dp", "gan"))
    assert gan["refused"]["code"] == "too_few_rows"
    assert 0.7 < trees["pairwise"]["value"] <= 1 and trees["pairwise"]["control"] > 0.7
    assert trees["pairwise"]["value"] > private["pairwise"]["value"] - 0.05
    assert {"detection_auc", "membership_auc", "close_match", "tstr_auc", "seconds"} <= set(trees)


def test_rules_are_the_owners(alice):
    async def others(name: str, password: str) -> None:
        engine = Engine(alice.home_folder.root)
        await engine.login(name, password)
        await engine.rules_propose("clinic")

    for name, password in (("admin", "admin123"), ("auditor", "auditor123")):
        with pytest.raises(Denied):
            run(others(name, password))
