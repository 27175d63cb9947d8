"""What a reviewer took out of a dataset does not come back to the review, however often the same file is added."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from intake_pieces import KEY, always, photograph, quiet
from PIL import Image
from test_intake_append import add

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.removed import NAME as REMOVED
from medsynth_engine.intake.revise.revise import revise
from medsynth_engine.intake.revise.revised_tables import Change
from medsynth_engine.kernel.errors import BadInput


def more(folder: Path, number: int) -> None:
    Image.fromarray(photograph(number)).save(folder / f"new_{number}.png")


def again(folder: Path) -> None:
    """Every file has another time, as after a copy: all of them are opened again."""
    for number, path in enumerate(sorted(folder.iterdir())):
        os.utime(path, (10**9 + number, 10**9 + number))


@pytest.mark.parametrize("reason", ["rejected_by_reviewer", "review_expired"])
@pytest.mark.parametrize("quarantined", [False, True])
def test_a_picture_that_was_taken_out_is_refused_for_good(
    reason: str, quarantined: bool, photographs: Path, tmp_path: Path, take: Callable
) -> None:
    _, folder = take(photographs)
    record = Dataset(folder).records()["record"][0]
    if quarantined:
        revise(folder, tmp_path / "v2", {record: Change("quarantine", (), "burned_in_text")}, KEY, quiet, always)
        folder = tmp_path / "v2"
    more(photographs, 100)
    add(photographs, folder, tmp_path / "v3")  # the ledger of this version knows nothing of the record
    revise(tmp_path / "v3", tmp_path / "v4", {record: Change("reject", (), reason)}, KEY, quiet, always)
    for number in range(5, 8):
        again(photographs)
        more(photographs, number + 100)
        document = add(photographs, tmp_path / f"v{number - 1}", tmp_path / f"v{number}")
        assert document["accepted"] == 1
        assert document["reasons"][reason] == 1
        dataset = Dataset(tmp_path / f"v{number}")
        assert record not in set(dataset.records()["record"])
        assert not (dataset.folder / "quarantine.parquet").exists()
        assert pd.read_parquet(dataset.folder / REMOVED).to_dict("records") == [{"record": record, "reason": reason}]


def test_a_dataset_of_before_is_known_by_its_ledger(photographs: Path, tmp_path: Path, take: Callable) -> None:
    _, folder = take(photographs)
    record = Dataset(folder).records()["record"][0]
    revise(folder, tmp_path / "v2", {record: Change("reject")}, KEY, quiet, always)
    (tmp_path / "v2" / REMOVED).unlink()
    again(photographs)
    with pytest.raises(BadInput) as caught:
        add(photographs, tmp_path / "v2", tmp_path / "v3")
    assert caught.value.code == "nothing_new"
    assert not (tmp_path / "v3").exists()
