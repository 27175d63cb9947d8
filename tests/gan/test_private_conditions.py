"""What a generator may be asked for is released with noise: no name of a value, and no count, rests on one patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from private_parts import KEY

from medsynth_engine.gan.conditions import Categorical, Continuous, Vocabulary
from medsynth_engine.gan.presets import DP32
from medsynth_engine.gan.private import histogram, limits
from medsynth_engine.gan.private.patients import Patients
from medsynth_engine.gan.private.stream import Stream
from medsynth_engine.kernel.folders import RunFolder
from medsynth_engine.work.folds import write_run_folder

INNER = Vocabulary(
    (
        Categorical("finding", ("zoster", "asthma", "rare"), (600, 500, 25)),
        Categorical("sex", ("F", "M"), (700, 500)),
    ),
    (Continuous("age", 61.0, 12.0, 40.0, 80.0),),
)
SIGMA, DELTA = 5.0, 1e-6


def patients(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes and owners of 1,200 patients with an image each: 600 zoster, 575 asthma, 25 rare."""
    finding = np.repeat([0, 1, 2], [600, 575, 25])
    return np.stack([finding, np.arange(1200) % 2], 1), np.arange(1200)


def release(codes: np.ndarray, owner: np.ndarray, **changes: object) -> Vocabulary:
    usual = {"sigma": SIGMA, "delta": DELTA, "columns": 2, "stream": Stream(KEY)}
    return histogram.release(INNER, codes, owner, **{**usual, **changes})


def test_values_are_sorted_by_name_and_counted_with_noise():
    public = release(*patients())
    finding, sex = public.categorical
    assert finding.values == ("asthma", "zoster") and sex.values == ("F", "M")
    assert finding.counts != (575, 600) and abs(finding.counts[0] - 575) < 6 * SIGMA * 2**0.5
    again = release(*patients(), stream=Stream())
    assert again.categorical[0].counts != finding.counts


def test_the_noise_of_counts_is_what_was_paid_for():
    codes, owner = patients()
    counts = [release(codes, owner, stream=Stream()).categorical[1].counts[0] for _ in range(400)]
    assert np.std(counts) == pytest.approx(SIGMA * 2**0.5, rel=0.15) and abs(np.mean(counts) - 600) < 2


def test_a_value_of_few_patients_is_not_named():
    codes, owner = patients()
    for _ in range(200):
        assert "rare" not in release(codes, owner, stream=Stream()).categorical[0].values


def test_the_threshold_hides_what_few_patients_have():
    least = histogram.threshold(SIGMA * 2**0.5, 2, DELTA)
    drawn = histogram.LEAST + SIGMA * 2**0.5 * Stream(KEY).normal(2_000_000)
    assert (drawn >= least).mean() <= 5 * DELTA


def test_a_patient_with_many_images_and_values_counts_once():
    codes, owner = patients()
    crowd = np.stack([np.arange(3000) % 3, np.zeros(3000, int)], 1)
    more = release(np.concatenate([codes, crowd]), np.concatenate([owner, np.full(3000, 1200)]))
    usual = release(codes, owner)
    for one, other in zip(usual.categorical, more.categorical, strict=True):
        assert one.values == other.values
        assert sum(abs(a - b) for a, b in zip(one.counts, other.counts, strict=True)) <= 1


def test_a_patient_whose_first_image_is_unknown_counts_for_nothing():
    codes, owner = patients()
    later = np.concatenate([[[-1, -1], [0, 0]], codes]), np.concatenate([[1200, 1200], owner])
    assert release(*later).categorical == release(codes, owner).categorical


def test_one_patient_makes_one_name_of_a_column_possible_however_many_she_brings():
    names = tuple(f"{i:03d}" for i in range(402))
    codes = np.concatenate([np.repeat([0, 1], 300), np.arange(2, 402)])[:, None]
    owner = np.concatenate([np.arange(600), np.full(400, 600)])
    asked: list[int] = []

    class Counted(Stream):
        def normal(self, count: int) -> np.ndarray:
            asked.append(count)
            return super().normal(count)

    many = Vocabulary((Categorical("code", names, (0,) * 402),))
    histogram.release(many, codes, owner, SIGMA, DELTA, 1, Counted(KEY))
    assert asked == [3]


def test_of_many_values_those_with_the_largest_noisy_counts_are_kept():
    names = tuple(f"{i:02d}" for i in range(80))
    many = Vocabulary((Categorical("code", names, (0,) * 80),))
    codes = np.repeat(np.arange(80), np.where(np.arange(80) < 60, 400, 150))[:, None]
    public = histogram.release(many, codes, np.arange(len(codes)), SIGMA, DELTA, 1, Stream(KEY))
    kept = public.categorical[0].values
    assert len(kept) == histogram.MOST_VALUES and set(names[:60]) <= set(kept)


SCHEMA = {
    "columns": [
        {"name": "finding", "role": "finding", "kind": "category"},
        {"name": "age", "role": "age", "kind": "number"},
    ]
}


@dataclass(frozen=True)
class Table:
    """A data set of made-up images: as much of one as a run folder is written from."""

    table: pd.DataFrame

    def records(self) -> pd.DataFrame:
        names = [f"r{i}" for i in range(len(self.table))]
        return self.table.assign(fold="training", file=names, record=names)

    def schema(self) -> dict[str, Any]:
        return {**SCHEMA, "image": {"channels": 1}}

    def images(self, used: pd.DataFrame, side: int, channels: int, new: Any) -> np.ndarray:
        pixels: np.ndarray = new((len(used), side, side, channels))
        pixels[:] = 0
        return pixels

    def digest(self) -> str:
        return "ab" * 32


def written(table: pd.DataFrame) -> tuple[Vocabulary, dict[str, np.ndarray], dict[str, Any]]:
    """A private run folder of a table of images: vocabulary, arrays and configuration."""
    with TemporaryDirectory() as path:
        folder = RunFolder(Path(path) / "run")
        write_run_folder(Table(table), folder, name="run", preset=DP32, facts={"seed": 3, "privacy": {"epsilon": 8}})
        with np.load(folder.data) as archive:
            arrays = dict(archive)
        return Vocabulary.from_document(folder.config()["conditions"]), arrays, folder.config()


def counted(table: pd.DataFrame) -> dict[str, int]:
    """Patients by value, with a noise that is as good as none, of those that pass the threshold."""
    vocabulary, arrays, _ = written(table)
    owner = Patients(arrays["patient"]).owner
    public = histogram.release(vocabulary, arrays["categorical"], owner, 1e-9, DELTA, 1, Stream(KEY))
    return {item: count for one in public.categorical for item, count in zip(one.values, one.counts, strict=True)}


def test_taking_out_one_patient_moves_no_count_by_more_than_one_through_the_run_folder():
    """Nineteen others share her rare value in their first image: with a limit on images all of them would move."""
    rows = [("her", "rare")]
    for i in range(19):
        rows += [(f"a{i:02d}", "rare"), (f"a{i:02d}", "common")]
    rows += [(f"b{i:03d}", "common" if i % 2 else "other") for i in range(600)]
    table = pd.DataFrame(rows, columns=["patient", "finding"]).assign(age=50.0)
    without = table[table["patient"] != "her"].reset_index(drop=True)
    assert counted(table) == counted(without) == {"common": 300, "other": 300}
    vocabulary, arrays, _ = written(without)
    names = np.array([*vocabulary.categorical[0].values, None], dtype=object)
    assert (names[arrays["categorical"][:, 0]] == without["finding"]).all(), "what others have stays what it was"


def test_a_value_more_does_not_switch_an_attribute_off():
    rows = [(f"p{j:02d}_{i}", f"v{j:02d}") for j in range(63) for i in range(60)]
    rows += [*((f"w{i}", "rare") for i in range(19)), ("her", "rare")]
    table = pd.DataFrame(rows, columns=["patient", "finding"]).assign(age=50.0)
    without = table[table["patient"] != "her"].reset_index(drop=True)
    assert counted(table) == counted(without) and len(counted(table)) == 63


def test_a_private_folder_holds_no_count_and_no_scale_of_its_patients_and_keeps_every_column():
    table = pd.DataFrame({"patient": range(40), "finding": None, "age": np.nan})
    table.loc[3, ["finding", "age"]] = ["None", 101.0]
    _, arrays, config = written(table)
    assert config["conditions"] == {
        "categorical": [{"name": "finding", "values": ["None"], "counts": [0]}],
        "continuous": [{"name": "age", **limits.AGE}],
    }
    assert np.flatnonzero(arrays["categorical"][:, 0] >= 0).tolist() == [3]
    assert arrays["continuous"][3, 0] == 101 and np.isnan(arrays["continuous"][:, 0]).sum() == 39
    assert config["privacy"]["columns"] == 2


def test_images_are_recoded_for_what_was_released():
    codes, owner = patients()
    codes[5, 1] = -1
    ages = np.linspace(20, 90, 1200)
    ages[7] = np.nan
    public = release(codes, owner)
    found = histogram.recoded(INNER, public, codes, INNER.encode(codes, ages[:, None]))
    assert found.categorical[0].tolist() == [1, 0] and found.categorical[700].tolist() == [0, 0]
    assert found.categorical[1190].tolist()[0] == 2, "a value that was not released is unknown"
    assert found.categorical[5].tolist()[1] == 2
    assert found.continuous[100, 0].item() == pytest.approx((ages[100] - 50) / 25, abs=1e-4)
    assert found.known[7, 0].item() == 0 and found.continuous[7, 0].item() == 0
