"""Real patients in the place of synthetic ones read as real; a quarter that was drawn with a bias is flagged."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HALVES = Path(__file__).resolve().parents[2] / "benchmarks" / "halves.py"


@pytest.fixture(scope="module")
def halves(share: float, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    if share < 1:
        pytest.skip("minutes of processor time: with --full")
    found = importlib.util.spec_from_file_location("halves", HALVES)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def told(halves: ModuleType, name: str, biased: bool) -> dict[str, Any]:
    found: dict[str, Any] = halves.short(halves.judged(name, biased))
    return found


@pytest.mark.parametrize("name", ["mri_lgg_a", "skin_ham10000", "cxr_covid", "tab_diabetes130"])
def test_other_real_patients_are_as_good_as_real(halves: ModuleType, name: str, data_folder: Path) -> None:
    found = told(halves, name, biased=False)
    values = found["value_low_high_control"]
    for ratio in ("fidelity.fd_ratio", "fidelity.encoder.fd_ratio"):
        if ratio in values:
            value, low, high, _ = values[ratio]
            assert low < 1 < high or 0.6 < value < 1.5, ratio
    value, _, high, control = values["fidelity.rows.pairwise"]
    assert value == pytest.approx(control, abs=0.05) or high > control
    assert not [flag for flag in found["flagged"] if flag.endswith("red")]


@pytest.mark.parametrize("name", ["skin_ham10000", "tab_diabetes130"])
def test_a_quarter_with_few_women_and_few_of_the_old_is_flagged(
    halves: ModuleType, name: str, data_folder: Path
) -> None:
    flagged = told(halves, name, biased=True)["flagged"]
    assert any(flag.startswith("sex=") for flag in flagged)
    assert any(flag.startswith("age_band") for flag in flagged)
