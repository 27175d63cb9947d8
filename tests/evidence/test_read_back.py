"""Read-back on pictures of known truth: a bar as wide as the age, a spot for the finding, nothing for the ward."""

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.evidence.evaluate import evaluate
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.evidence.read_back import Readings, asked_attributes, fieller
from medsynth_engine.kernel.evidence import Evidence

SIDE = 32
SCHEMA = {
    "columns": [
        {"name": "age", "role": "age", "kind": "integer"},
        {"name": "stage", "role": "condition", "kind": "category"},
        {"name": "ward", "role": "condition", "kind": "category"},
        {"name": "pressure", "role": "column", "kind": "number"},
        {"name": "finding", "role": "finding", "kind": "category"},
    ]
}
STAGES = ("I", "II", "III")


def scans(n: int, seed: int, each: int = 1, stage_three_obeys: bool = True) -> tuple[np.ndarray, pd.DataFrame]:
    """uint8 (n * each, 32, 32): a disc as large as the age, grey as the stage, a noisy texture for the finding."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    age, stage, sick = rng.integers(20, 90, n), rng.integers(0, 3, n), rng.random(n) < 0.5
    images = []
    for patient in np.repeat(np.arange(n), each):
        radius = 0.1 + 0.3 * (age[patient] - 20) / 70 + rng.normal(0, 0.02)
        drawn = stage[patient] if stage[patient] < 2 or stage_three_obeys else rng.integers(0, 3)
        image = (90 + 40 * drawn + rng.normal(0, 8)) * (x**2 + y**2 < radius**2)
        image = image + (8 if sick[patient] else 6) * rng.normal(0, 1, image.shape)
        images.append(20 + image)
    table = pd.DataFrame(
        {
            "patient": [f"{seed}-{i}" for i in range(n)],
            "age": age,
            "stage": [STAGES[one] for one in stage],
            "ward": rng.choice(["north", "south"], n),
            "pressure": rng.normal(120, 10, n),
            "finding": np.where(sick, "fibrosis", "normal"),
            "blank": False,
        }
    )
    pixels = np.array(images).clip(0, 255).astype(np.uint8)
    return pixels, table.loc[np.repeat(np.arange(n), each)].reset_index(drop=True)


def found(synthetic: np.ndarray, table: pd.DataFrame) -> dict[str, Evidence]:
    (real, rows), (held, held_rows) = scans(240, 1), scans(200, 2)
    values = evaluate(Inputs(rows, held_rows, table, SCHEMA, real, held, synthetic))
    return {value.name.removeprefix("utility."): value for value in values if "read_back" in value.name}


@pytest.fixture(scope="module")
def obedient() -> dict[str, Evidence]:
    return found(*scans(220, 3))


def test_every_attribute_that_can_be_asked_for_is_read(obedient: dict[str, Evidence]) -> None:
    assert asked_attributes(SCHEMA) == (
        ("finding", False),
        ("age_band", False),
        ("age", True),
        ("stage", False),
        ("ward", False),
    )
    names = {name.partition(".")[2] for name in obedient if name.startswith("read_back.")}
    assert names == {"finding", "age_band", "age", "stage", "ward"}, "a plain column is not asked for"


@pytest.mark.parametrize("attribute", ["finding", "age", "age_band", "stage"])
def test_what_images_show_is_read_as_well_as_from_real_ones(obedient: dict[str, Evidence], attribute: str) -> None:
    value = obedient[f"read_back.{attribute}"]
    assert value.low < 1 < value.high
    assert value.high - value.low < 0.5


@pytest.mark.parametrize("attribute", ["finding", "age", "age_band", "stage"])
def test_the_shuffle_test_falls_to_chance(obedient: dict[str, Evidence], attribute: str) -> None:
    shuffled = obedient[f"read_back_shuffled.{attribute}"]
    assert shuffled.low < 0 < shuffled.high
    assert shuffled.high < obedient[f"read_back.{attribute}"].low
    assert shuffled.control == 0


def test_what_real_images_do_not_carry_is_not_image_borne(obedient: dict[str, Evidence]) -> None:
    ward = obedient["read_back.ward"]
    assert ward.value is None
    assert ward.reads_as.startswith("Not image-borne")
    assert "read_back_shuffled.ward" not in obedient


def test_rows_that_stand_beside_other_images_are_read_back_at_chance() -> None:
    images, table = scans(220, 3)
    order = np.random.default_rng(0).permutation(len(table))
    values = found(images, table.iloc[order].reset_index(drop=True))
    for attribute in ("finding", "age", "stage"):
        value = values[f"read_back.{attribute}"]
        assert value.low < 0.1
        assert value.high < 0.5


def test_the_value_that_images_obey_least_is_named() -> None:
    values = found(*scans(220, 3, stage_three_obeys=False))
    assert values["read_back.stage"].high < 1
    assert "Least well: III" in values["read_back.stage"].reads_as


def test_an_attribute_of_one_value_or_of_none_is_not_enough() -> None:
    images, table = scans(60, 3)
    values = found(images, table.assign(age=50, stage=None, finding="normal"))
    assert values["read_back.age"].value is None
    assert values["read_back.finding"].value is None
    assert "read_back.stage" not in values


def test_a_value_that_is_missing_is_neither_read_nor_counted() -> None:
    images, table = scans(220, 3)
    unknown = np.arange(len(table)) % 4 == 0
    values = found(images, table.assign(age=table["age"].mask(unknown), stage=table["stage"].mask(unknown)))
    assert values["read_back.age"].n == values["read_back.stage"].n == 165
    assert values["read_back.stage"].low < 1 < values["read_back.stage"].high


def test_several_images_of_a_patient_widen_the_interval_and_stay_together_when_shuffled() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.random(60) < 0.5, 4)
    said = np.where(truth, 1.0, 0.0) + np.repeat(rng.normal(0, 1, 60), 4)
    together, alone = np.repeat(np.arange(60), 4), np.arange(240)
    clustered, independent = (Readings.of(said[None], truth[None], owners) for owners in (together, alone))
    assert clustered.measured(rng)[1] > 1.4 * independent.measured(rng)[1]
    assert clustered.shuffled(rng).std() > 1.4 * independent.shuffled(rng).std()


def test_the_interval_of_a_share_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(600):
        found = fieller(rng.normal(0.3, 0.08), 0.08, rng.normal(0.4, 0.08), 0.08)
        covered += found.low <= 0.75 <= found.high
    assert 0.93 <= covered / 600 <= 0.97
