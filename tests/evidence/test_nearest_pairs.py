"""The nearest pairs: copies come first, mirrored or brighter ones too, and what tells of nobody is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from medsynth_engine.evidence.inputs import Inputs
from medsynth_engine.evidence.nearest_pairs import nearest_pairs


def noise(n: int, seed: int) -> np.ndarray:
    """uint8 (n, 32, 32), smooth enough to survive the resize to 32."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 200, (n, 8, 8)).astype(np.uint8)
    return np.kron(coarse, np.ones((1, 4, 4), np.uint8))


def inputs(training: np.ndarray, holdout: np.ndarray, synthetic: np.ndarray, blank: list[int] | None = None) -> Inputs:
    tables = [pd.DataFrame({"patient": [f"{name}{at}" for at in range(len(images))]}) for name, images in
              (("t", training), ("h", holdout), ("s", synthetic))]  # fmt: skip
    tables[0]["blank"] = [at in (blank or []) for at in range(len(training))]
    return Inputs(*tables, {"columns": []}, training, holdout, synthetic)


def test_a_copy_comes_first_also_mirrored_or_brighter() -> None:
    training, holdout, synthetic = noise(20, 1), noise(10, 2), noise(12, 3)
    synthetic[4] = training[7]
    synthetic[9] = training[3][:, ::-1]
    synthetic[2] = training[11] // 2 + 50
    found = nearest_pairs(inputs(training, holdout, synthetic))
    first = {(pair.synthetic, pair.training) for pair in found[:3]}
    assert first == {(4, 7), (9, 3), (2, 11)}
    assert all(pair.alike > 0.99 and pair.as_near == 0 for pair in found[:3])
    assert [pair.alike for pair in found] == sorted((pair.alike for pair in found), reverse=True)
    assert len(found) == 12


def test_records_of_nobody_special_are_as_near_as_unseen_patients_come() -> None:
    found = nearest_pairs(inputs(noise(60, 1), noise(200, 2), noise(200, 3)), most=200)
    assert abs(np.mean([pair.as_near for pair in found if pair.as_near is not None]) - 0.5) < 0.1


def test_nearly_blank_images_pair_with_nothing() -> None:
    training, holdout, synthetic = noise(6, 1), noise(4, 2), noise(4, 3)
    synthetic[0], synthetic[1] = training[2], 0
    found = nearest_pairs(inputs(training, holdout, synthetic, blank=[2]))
    assert 1 not in {pair.synthetic for pair in found}
    assert 2 not in {pair.training for pair in found}
    assert max(pair.alike for pair in found) < 0.99


def test_rows_alone_have_no_pairs() -> None:
    table = pd.DataFrame({"patient": ["a", "b"]})
    assert nearest_pairs(Inputs(table, table, table, {"columns": []})) == []
