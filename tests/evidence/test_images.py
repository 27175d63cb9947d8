"""Measures of images: copies are found through flips, shifts and contrast; fidelity knows its own ceiling."""

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.evidence.document import document
from medsynth_engine.evidence.evaluate import evaluate
from medsynth_engine.evidence.fidelity import Features, fidelity
from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.evidence.pictures import image_copies, pictures, pixel_distances
from medsynth_engine.kernel.errors import BadInput
from medsynth_engine.kernel.evidence import Evidence

SIDE = 32
SCHEMA = {
    "columns": [
        {"name": "sex", "role": "sex", "kind": "category"},
        {"name": "finding", "role": "finding", "kind": "category"},
    ]
}


def scans(n: int, seed: int) -> tuple[np.ndarray, pd.DataFrame]:
    """uint8 (n, 32, 32) blobs on a body-like oval; a finding is a bright spot, sex is the width of the oval."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    wide, sick = rng.random(n) < 0.5, rng.random(n) < 0.4
    images = np.empty((n, SIDE, SIDE))
    for i in range(n):
        centre = rng.normal(0, 0.04, 2)
        images[i] = 110 * ((x - centre[0]) ** 2 / (0.16 if wide[i] else 0.08) + (y - centre[1]) ** 2 / 0.16 < 1)
        for _ in range(6):
            at, size, bright = rng.uniform(-0.3, 0.3, 2), rng.uniform(0.03, 0.1), rng.uniform(-50, 60)
            images[i] += bright * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / size**2)
        if sick[i]:
            at = rng.uniform(-0.15, 0.15, 2)
            images[i] += 90 * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 0.05**2)
    images += rng.normal(0, 3, images.shape)
    table = pd.DataFrame(
        {
            "patient": [f"{seed}-{i}" for i in range(n)],
            "sex": np.where(wide, "M", "F"),
            "finding": np.where(sick, "nodule", "normal"),
            "blank": False,
        }
    )
    return images.clip(0, 255).astype(np.uint8), table


def inputs(synthetic: np.ndarray, table: pd.DataFrame, n: int = 240) -> Inputs:
    real, rows = scans(n, 1)
    held, held_rows = scans(n // 2, 2)
    return Inputs(rows, held_rows, table, SCHEMA, real, held, synthetic)


def found(of: Inputs) -> dict[str, Evidence]:
    return {value.name: value for value in evaluate(of)}


def copied(of: Inputs) -> dict[str, Evidence]:
    seen = pictures(of, 5000, np.random.default_rng(0), lambda *_: None)
    return {value.name.rsplit(".", 1)[1]: value for value in image_copies(seen, pixel_distances(seen))}


def test_fresh_images_are_no_copies_and_pixel_copies_are_counted() -> None:
    fresh, table = scans(100, 3)
    assert copied(inputs(fresh, table))["identical"].value == 0
    leaked = fresh.copy()
    leaked[:7] = scans(240, 1)[0][:7]
    assert copied(inputs(leaked, table))["identical"].value == pytest.approx(0.07)


def test_identical_images_are_counted_among_all_where_only_some_are_measured() -> None:
    fresh, table = scans(100, 3)
    fresh[:20] = scans(240, 1)[0][:20]
    seen = pictures(inputs(fresh, table), 30, np.random.default_rng(0), lambda *_: None)
    values = {value.name.rsplit(".", 1)[1]: value for value in image_copies(seen, pixel_distances(seen))}
    assert (values["identical"].n, values["identical"].value) == (100, 0.2)
    assert (values["copies"].n, values["copies"].low > 0.05) == (30, True), "thirty asked, about all originals"


@pytest.mark.parametrize("change", ["flip", "contrast", "noise"])
def test_a_copy_is_one_through_flip_contrast_and_noise(change: str) -> None:
    fresh, table = scans(60, 3)
    real = scans(240, 1)[0][:20].astype(float)
    rng = np.random.default_rng(0)
    changed = {"flip": real[:, :, ::-1], "contrast": 0.6 * real + 30, "noise": real + rng.normal(0, 4, real.shape)}
    fresh[:20] = changed[change].clip(0, 255).astype(np.uint8)
    result = copied(inputs(fresh, table))
    assert result["identical"].value == 0
    assert result["copies"].value >= 0.25
    assert result["copies"].control < 0.1


def test_a_shifted_copy_is_nearer_than_any_other_image() -> None:
    fresh, table = scans(60, 3)
    fresh[:20] = np.roll(scans(240, 1)[0][:20], 2, axis=2)
    seen = pictures(inputs(fresh, table), 5000, np.random.default_rng(0), lambda *_: None)
    distances = pixel_distances(seen)
    assert np.median(distances.to_training[:20]) < 0.5 * np.median(distances.to_training[20:])


def test_nearly_blank_images_are_left_out_of_copy_tests() -> None:
    fresh, table = scans(60, 3)
    fresh[:10] = 0
    fresh[10:20] = scans(240, 1)[0][:10]
    table.loc[10:19, "blank"] = True
    result = copied(inputs(fresh, table))["identical"]
    assert (result.n, result.value) == (40, 0)


def test_an_evaluation_of_images_holds_every_family() -> None:
    fresh, table = scans(200, 3)
    values = found(inputs(fresh, table))
    assert values["fidelity.fd_ratio"].low < 1.3
    assert values["fidelity.coverage"].value == pytest.approx(values["fidelity.coverage"].control, abs=0.15)
    assert values["privacy.image.membership_auc"].low < 0.5 < values["privacy.image.membership_auc"].high
    assert values["utility.tstr_auc"].value > 0.7
    assert values["utility.read_back.finding"].low < 1 < values["utility.read_back.finding"].high + 0.3
    assert "utility.rows.tstr_auc" in values


def test_noise_is_not_faithful_and_of_no_use() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (200, SIDE, SIDE), dtype=np.uint8)
    values = found(inputs(noise, scans(200, 3)[1]))
    assert values["fidelity.fd_ratio"].low > 3
    assert values["fidelity.coverage"].value == 0
    assert values["utility.tstr_auc"].low < 0.6


def test_rows_shuffled_against_images_are_found_by_read_back() -> None:
    fresh, table = scans(200, 3)
    table["finding"] = np.random.default_rng(0).permutation(table["finding"].to_numpy())
    assert found(inputs(fresh, table))["utility.read_back.finding"].high < 0.6


def test_training_images_relabelled_as_synthetic_are_caught() -> None:
    real, rows = scans(240, 1)
    noisy = (real + np.random.default_rng(0).normal(0, 2, real.shape)).clip(0, 255).astype(np.uint8)
    result = document(inputs(noisy, rows.assign(patient="S")), lambda *_: None, lambda: True)
    assert result["gauge"]["data"]["band"] == "critical"


def test_colour_images_work_too() -> None:
    fresh, table = scans(60, 3)
    grey = inputs(fresh, table, 60)
    colour = [np.repeat(stack[..., None], 3, axis=3) for stack in (grey.training_images, grey.holdout_images, fresh)]
    values = found(Inputs(grey.training, grey.holdout, table, SCHEMA, *colour))
    assert values["fidelity.fd_ratio"].enough


def test_gaussians_of_one_kind_have_ratio_one_and_shifted_ones_more() -> None:
    rng = np.random.default_rng(0)

    def ratio(shift: float) -> Evidence:
        a, b, c = rng.normal(0, 1, (900, 12)), rng.normal(0, 1, (400, 12)), rng.normal(shift, 1, (400, 12))
        of = Features(a, b, c, np.arange(900), np.arange(400), np.arange(400))
        return fidelity(of, rng)[0]

    same, far = ratio(0.0), ratio(1.0)
    assert same.low < 1 < same.high
    assert far.low > 5


def test_images_and_tables_must_fit() -> None:
    images, table = scans(20, 1)
    with pytest.raises(BadInput):
        Inputs(table, table, table, SCHEMA, images[:5], images, images)
    with pytest.raises(BadInput):
        Inputs(table, table, table, SCHEMA, images, images, images.astype(float))
    with pytest.raises(BadInput):
        Inputs(table, table, table, SCHEMA, images, images, images[:, :16, :16])
