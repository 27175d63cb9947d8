"""Rows from the tabular GAN: it learns what depends on what, asks exactly, and stops when told to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from row_clinic import ROLES, clinic

from medsynth_engine.rows.adversarial.encoding import Modes, spans
from medsynth_engine.rows.adversarial.gan import TabularGan
from medsynth_engine.rows.adversarial.training import Sampler
from medsynth_engine.rows.coding import Bins
from medsynth_engine.rows.columns import Inner
from medsynth_engine.rows.learners import Choice, learn, read
from medsynth_engine.rows.table import Schema
from medsynth_engine.rows.unusable import UnusableTable


def learned(table: pd.DataFrame, **more) -> TabularGan:
    return TabularGan.fit(table, Schema.of(table, ROLES), np.random.default_rng(0), **more)


@pytest.fixture(scope="module")
def model() -> TabularGan:
    return learned(clinic(3000), steps=500)


def test_it_learns_what_depends_on_what(model):
    real, drawn = clinic(3000), model.sample(8000, None, np.random.default_rng(1))
    assert abs(drawn["pressure"].mean() - real["pressure"].mean()) < 4
    assert abs(drawn["smoker"].mean() - real["smoker"].mean()) < 0.08
    assert drawn[["age", "pressure"]].corr().iloc[0, 1] > 0.45
    young = drawn["age"] < 50
    assert drawn["smoker"][young].mean() - drawn["smoker"][~young].mean() > 0.15


def test_what_is_asked_for_is_drawn_exactly(model):
    asked = pd.DataFrame({"finding": ["effusion"] * 300, "sex": ["F", "M", None] * 100, "age_band": ["18-39"] * 300})
    drawn = model.sample(300, asked, np.random.default_rng(2))
    assert set(drawn["finding"]) == {"effusion"} and drawn["age"].between(18, 39).all()
    assert set(drawn["sex"][::3]) == {"F"} and set(drawn["sex"][1::3]) == {"M"}


def test_the_text_restores_the_model(model):
    restored = read(model.to_json())
    assert restored.digest == model.digest
    pd.testing.assert_frame_equal(
        restored.sample(200, None, np.random.default_rng(3)), model.sample(200, None, np.random.default_rng(3))
    )


def test_the_same_seed_gives_the_same_model():
    table = clinic(400)
    assert learned(table, steps=5).digest == learned(table, steps=5).digest


def test_values_lie_on_the_columns_own_grid_and_within_its_top_code(model):
    drawn = model.sample(4000, None, np.random.default_rng(4))
    assert set(drawn["pressure"].dropna() % 2) == {0}
    real = clinic(3000)["pressure"]
    assert drawn["pressure"].dropna().between(real.min(), real.max()).all()


def test_it_tells_how_far_it_is_and_stops_when_told_to():
    told = []
    with pytest.raises(UnusableTable) as caught:
        learned(clinic(400), steps=200, progress=lambda *where: told.append(where[:2]), wanted=lambda: len(told) < 3)
    assert caught.value.code == "cancelled" and told == [(0, 200), (50, 200), (100, 200)]


def test_patients_keep_their_own_columns():
    table = clinic(300)
    records = table.loc[np.repeat(np.arange(300), 3)]
    patients = records.index.to_numpy()
    records = records.reset_index(drop=True).assign(slice=np.tile([1, 2, 3], 300))
    own = ["age", "sex", "ethnicity", "pressure", "smoker", "finding"]
    schema = Schema.of(records, ROLES, own)
    model = TabularGan.fit(records, schema, np.random.default_rng(0), patients=patients, steps=10)
    drawn = model.sample(600, None, np.random.default_rng(1))
    assert drawn.groupby("patient")[own].nunique(dropna=False).to_numpy().max() == 1
    assert drawn.groupby("patient").size().median() == 3


def test_a_small_table_is_told_to_take_trees():
    table = clinic(500)
    with pytest.raises(UnusableTable) as caught:
        learn(Choice("gan"), table, Schema.of(table, ROLES), np.random.default_rng(0))
    assert caught.value.code == "too_few_rows" and "--rows trees" in caught.value.hint


def test_modes_of_a_number_are_found_and_values_come_back_from_them():
    rng = np.random.default_rng(0)
    series = pd.Series(np.r_[rng.normal(20, 1, 3000), rng.normal(80, 5, 3000)])
    bins = Bins.learn(series, np.arange(6000))
    codes = bins.encode(series)
    modes = Modes.of(bins, codes, 0)
    assert np.abs(modes.means[:, None] - [20, 80]).min(axis=0).max() < 3
    shown = modes.encode(codes, rng)
    back = modes.value(shown[:, 0].astype(float), shown[:, 1:-1].argmax(axis=1))
    assert np.abs(back - modes.middles[codes]).mean() < 0.5 and (shown[:, 1:].sum(axis=1) == 1).all()


def test_rare_values_are_told_by_the_logarithm_of_how_often_they_are():
    table = clinic(4000)
    columns = pd.get_dummies(np.where(np.arange(4000) < 40, "rare", "usual")).to_numpy(dtype=np.float32)
    inner = [Inner("a", "a", _two(), "record")]
    sampler = Sampler(columns, np.zeros((len(table), 0), np.float32), spans(inner, [None]), np.random.default_rng(0))
    picked, given, told = sampler.batch(20_000)
    was_told = told.any(axis=1)
    assert (columns[picked][was_told] * told[was_told]).sum() == was_told.sum()  # what is told is true of the row
    share = told[was_told][:, 0].mean()
    assert abs(share - np.log1p(40) / (np.log1p(40) + np.log1p(3960))) < 0.02
    assert abs(columns[picked][~was_told][:, 0].mean() - 0.01) < 0.005 and given.shape[1] == 2


class _two:
    size = 2
