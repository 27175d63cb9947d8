"""The population that comes as an example is what its source says, and cohorts are drawn to it exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from row_clinic import clinic

from medsynth_engine.cohort.population import plan
from medsynth_engine.cohort.target import Target, read

FILE = Path(__file__).parents[2] / "docs" / "examples" / "populations" / "united_states_2024.toml"
BANDS = ("0-17", "18-39", "40-64", "65-79", "80+")
COUNTED = {
    "F": (35_727_465, 49_736_291, 52_820_045, 25_302_751, 8_186_554),
    "M": (37_405_255, 51_250_826, 51_991_188, 22_135_537, 5_555_076),
}
"""Residents on 1 July 2024, summed over single years of age in the Census Bureau's file (its address is in FILE)."""
EVERYBODY = 340_110_988


@pytest.fixture(scope="module")
def target() -> Target:
    return read(FILE)


def test_the_file_says_where_its_numbers_come_from(target):
    assert set(target.facts) >= {"name", "source", "url", "year", "geography", "licence", "version"}
    assert target.facts["url"].startswith("https://www2.census.gov/")


def test_the_counts_are_those_that_the_census_bureau_announced():
    """Its release of 26 June 2025: 61.2 million of 65 and older (18.0 %), 73.1 million under 18 (21.5 %)."""
    of_band = dict(zip(BANDS, np.sum(list(COUNTED.values()), axis=0), strict=True))
    older = of_band["65-79"] + of_band["80+"]
    assert sum(of_band.values()) == EVERYBODY
    assert (round(older / 1e6, 1), round(100 * older / EVERYBODY, 1)) == (61.2, 18.0)
    assert (round(of_band["0-17"] / 1e6, 1), round(100 * of_band["0-17"] / EVERYBODY, 1)) == (73.1, 21.5)


def test_margins_and_joint_sum_to_one_and_agree_with_the_counts_and_each_other(target):
    joint = target.joints[0].shares
    shares = {axis.name: axis.shares for axis in target.axes}
    assert sum(joint.values()) == pytest.approx(1, abs=1e-5)
    for (sex, band), share in joint.items():
        assert share == pytest.approx(COUNTED[sex][BANDS.index(band)] / EVERYBODY, abs=1e-6)
    for place, name in enumerate(target.joints[0].axes):
        assert sum(shares[name].values()) == pytest.approx(1, abs=1e-5)
        for value, share in shares[name].items():
            assert share == pytest.approx(sum(p for key, p in joint.items() if key[place] == value), abs=5e-6)


def test_a_cohort_is_planned_to_it_without_assuming_anything(target):
    records = clinic(3000).assign(patient=range(3000))
    records["age"] = np.random.default_rng(0).integers(0, 95, 3000)
    made = plan(records, 100_000, population=str(FILE))
    assert made.assumed == () and made.mergers == ()
    drawn = made.cells.set_index(["sex", "age_band"])["n"]
    for sex, counts in COUNTED.items():
        for band, count in zip(BANDS, counts, strict=True):
            assert drawn[sex, band] == pytest.approx(100_000 * count / EVERYBODY, abs=1.2)
    asked: pd.DataFrame = made.given()
    assert len(asked) == 100_000
