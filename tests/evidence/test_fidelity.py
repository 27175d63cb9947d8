"""Fidelity in two spaces and for each group: what one does not see the other does, and no group hides in a mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from evidence_tables import SCHEMA as ROW_SCHEMA
from evidence_tables import folds
from test_images import inputs, scans

from medsynth_engine.evidence import fidelity_groups, pictures, seeing
from medsynth_engine.evidence.document import document
from medsynth_engine.evidence.fidelity import Features, fd_ratio, fidelity
from medsynth_engine.evidence.fidelity_groups import image_groups, row_groups
from medsynth_engine.evidence.inputs import FOLDS, Inputs
from medsynth_engine.evidence.tables import columns
from medsynth_engine.features import encoder
from medsynth_engine.kernel.evidence import Evidence
from medsynth_engine.work.site_encoder import with_encoder


def quiet(_done: int, _total: int | None, _say: str) -> None:
    return


def always() -> bool:
    return True


@pytest.fixture(scope="module")
def taught() -> Inputs:
    """300 training, 150 held-out and 150 synthetic scans, all fresh, and the encoder of the first."""
    return seeing.seeing(inputs(*scans(150, 3), n=300), quiet, always)


def measured(of: Inputs) -> dict[str, Evidence]:
    """Both spaces, by name."""
    seen = pictures.pictures(of, 5_000, np.random.default_rng(0), quiet)
    assert of.encoder is not None
    owners = [seen[fold].owners for fold in FOLDS]
    radiomics = Features(*(seen[fold].features for fold in FOLDS), *owners).scaled()
    features, space = seeing.seen_by(of.encoder, of, seen)
    rng = np.random.default_rng(0)
    return {value.name: value for value in [*fidelity(radiomics, rng), *fidelity(features, rng, space)]}


def test_fresh_real_images_are_as_good_as_real_in_both_spaces(taught: Inputs) -> None:
    found = measured(taught)
    for prefix in ("fidelity.", "fidelity.encoder."):
        ratio, coverage = found[f"{prefix}fd_ratio"], found[f"{prefix}coverage"]
        assert ratio.low < 1.2 and ratio.value < 2
        assert coverage.value == pytest.approx(coverage.control, abs=0.15)
        kid = found[f"{prefix}kid"]
        assert kid.low <= max(kid.control, 0) + 0.05


def test_the_second_space_sees_anatomy_upside_down(taught: Inputs) -> None:
    assert taught.synthetic_images is not None
    turned = np.ascontiguousarray(np.rot90(taught.synthetic_images, axes=(1, 2)))
    found = measured(replace(taught, synthetic_images=turned))
    assert found["fidelity.encoder.fd_ratio"].low > 1.5
    assert found["fidelity.encoder.fd_ratio"].value > 1.5 * found["fidelity.fd_ratio"].value


def test_the_space_is_called_by_its_digest_and_rests_on_images_that_taught_nothing(taught: Inputs) -> None:
    assert taught.encoder is not None
    value = measured(taught)["fidelity.encoder.fd_ratio"]
    assert taught.encoder.digest()[:16] in value.method
    teaches = seeing.learners(taught)
    assert taught.encoder.trained_on == teaches.sum()
    assert value.n <= (~teaches).sum()
    assert 0.3 < teaches.mean() < 0.7


def test_patients_keep_their_side_whoever_else_is_there(taught: Inputs) -> None:
    whole = seeing.learners(taught)
    some = np.arange(0, 300, 3)
    np.testing.assert_array_equal(seeing.learners(taught.with_images_of_rows("training", some)), whole[some])
    twins = taught.training.assign(patient=[f"p{i // 2}" for i in range(300)])
    sides = seeing.learners(replace(taught, training=twins))
    np.testing.assert_array_equal(sides[0::2], sides[1::2])


def test_an_encoder_is_kept_with_its_dataset_and_made_again_only_where_it_must(
    taught: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[int] = []
    assert taught.encoder is not None

    def learn(images: np.ndarray, *_: Any) -> encoder.Encoder | None:
        learned.append(len(images))
        return taught.encoder

    monkeypatch.setattr(encoder, "learn", learn)
    bare = replace(taught, encoder=None)
    first, second = (with_encoder(tmp_path, bare, quiet, always).encoder for _ in range(2))
    assert first is not None and second is not None
    assert first.digest() == second.digest() == taught.encoder.digest() and len(learned) == 1
    (kept,) = (tmp_path / "encoders").iterdir()
    kept.write_bytes(b"damaged")
    assert with_encoder(tmp_path, bare, quiet, always).encoder is not None and len(learned) == 2
    changed = replace(bare, training=bare.training.assign(finding=bare.training["finding"].to_numpy()[::-1]))
    with_encoder(tmp_path, changed, quiet, always)
    assert len(learned) == 3, "other findings teach something else"


def test_too_few_images_teach_nothing_and_the_rest_is_measured(tmp_path: Path) -> None:
    few = inputs(*scans(30, 3), n=60)
    assert with_encoder(tmp_path, few, quiet, always).encoder is None
    assert not (tmp_path / "encoders").exists()
    rows = Inputs(*folds(60, 40, 50), ROW_SCHEMA)
    assert with_encoder(tmp_path, rows, quiet, always) is rows


def test_a_report_names_the_encoder(taught: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    assert taught.encoder is not None
    found = document(taught, quiet, always)
    assert found["encoder"] == {"digest": taught.encoder.digest(), "trained_on": taught.encoder.trained_on}
    names = {value["name"] for value in found["evidence"]}
    assert {f"fidelity.encoder.{name}" for name in ("fd_ratio", "kid", "density", "coverage")} <= names
    assert "fidelity.group.fd_ratio.sex=F" in names


def groups(of: Inputs) -> dict[str, Evidence]:
    seen = pictures.pictures(of, 5_000, np.random.default_rng(0), quiet)
    features = Features(*(seen[fold].features for fold in FOLDS), *(seen[fold].owners for fold in FOLDS)).scaled()
    found = image_groups(features, [of.table(fold) for fold in FOLDS], np.random.default_rng(0))
    return {value.name.removeprefix("fidelity.group.fd_ratio."): value for value in found}


def test_a_group_that_is_drawn_worse_stands_out() -> None:
    images, table = scans(300, 3)
    of = inputs(images, table, n=300)
    fair = groups(of)
    assert all(fair[f"sex={sex}"].low < 1.2 for sex in "FM")
    women = (table["sex"] == "F").to_numpy()
    worse = images.copy()
    worse[women] = (worse[women] + np.random.default_rng(0).normal(0, 12, worse[women].shape)).clip(0, 255)
    unfair = groups(inputs(worse, table, n=300))
    assert unfair["sex=F"].low > 1.5 * unfair["sex=M"].value


def test_groups_of_too_few_patients_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    images, table = scans(120, 3)
    of = inputs(images, table, n=300)
    one = of.training.assign(patient="the same one")
    assert not any(value.enough for value in groups(replace(of, training=one)).values())
    few = table.assign(sex=np.where(np.arange(120) < 40, "F", "M"))
    assert not groups(replace(of, synthetic=few))["sex=F"].enough
    monkeypatch.setattr(fidelity_groups, "FEWEST", 10)
    assert groups(replace(of, synthetic=few))["sex=F"].enough


def test_rows_of_a_group_are_held_against_its_own() -> None:
    training, holdout, synthetic = folds(900, 500, 900)
    synthetic.loc[synthetic["ethnicity"] == "Black", ["age", "pressure", "ward"]] = [50, 120.0, "ward 1"]
    shared = columns(ROW_SCHEMA, training, holdout, synthetic)
    found = row_groups([training, holdout, synthetic], shared, np.random.default_rng(0))
    values = {value.name.removeprefix("fidelity.rows.group.pairwise."): value for value in found}
    assert values["ethnicity=White"].value == pytest.approx(values["ethnicity=White"].control, abs=0.03)
    assert values["ethnicity=Black"].value < values["ethnicity=Black"].control - 0.1


@pytest.mark.parametrize("n", [0, 1, 2])
def test_nobody_or_almost_nobody_is_not_enough_evidence(n: int) -> None:
    cloud = np.random.default_rng(0).normal(size=(n, 5))
    found = fidelity(Features(cloud, cloud, cloud, *[np.arange(n)] * 3).scaled(), np.random.default_rng(0))
    assert len(found) == 4 and not any(value.enough for value in found)


@pytest.mark.parametrize("change", [lambda x: x * 0, lambda x: x[:, :1]], ids=["constant", "one feature"])
def test_features_that_say_nothing_give_numbers(change: Callable[[np.ndarray], np.ndarray]) -> None:
    rng = np.random.default_rng(0)
    clouds = [change(rng.normal(size=(40, 6))) for _ in range(3)]
    found = fidelity(Features(*clouds, *[np.arange(40)] * 3).scaled(), rng)
    assert all(value.enough for value in found)


def test_one_group_and_missing_groups_are_taken_as_they_are() -> None:
    training, holdout, synthetic = folds(200, 120, 150)
    for table in (training, holdout, synthetic):
        table["sex"] = "F"
        table["ethnicity"] = pd.Series([None] * len(table), dtype=object)
    found = row_groups([training, holdout, synthetic], columns(ROW_SCHEMA, training), np.random.default_rng(0))
    names = {value.name.rsplit(".", 1)[1] for value in found}
    assert "sex=F" in names and not any("ethnicity" in name for name in names)


@pytest.mark.parametrize("slices", [1, 3], ids=["one image a patient", "three slices a patient"])
def test_the_interval_of_the_ratio_covers_real_against_real_as_often_as_it_says(slices: int) -> None:
    width = np.logspace(0, -1.5, 30)
    covered, logs = 0, []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        clouds = [
            np.repeat(rng.normal(size=(n // slices, 30)), slices, axis=0) * width
            + (slices > 1) * 0.3 * rng.normal(size=(n, 30)) * width
            for n in (600, 300, 300)
        ]
        owners = [np.repeat(np.arange(len(cloud) // slices), slices) for cloud in clouds]
        found = fd_ratio(Features(*clouds, *owners).scaled(), rng, "ratio", "known clouds", times=30)
        covered += found.low <= 1 <= found.high
        logs.append(np.log(found.value))
    assert covered >= 26
    assert np.mean(logs) == pytest.approx(0, abs=0.15), "more slices of fewer patients are no nearer and no farther"
