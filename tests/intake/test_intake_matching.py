"""Which row a file gets: one position of the patient's id for a whole source, and never the row of another folder."""

from __future__ import annotations

import pandas as pd
import pytest

from medsynth_engine.intake.items import Item
from medsynth_engine.intake.options import Options
from medsynth_engine.intake.tables.describe import describe
from medsynth_engine.intake.tables.matching import Match, Names, by_file, by_patient
from medsynth_engine.intake.tables.roles import find_roles
from medsynth_engine.kernel.errors import BadInput

THIRTY = [str(number) for number in range(1, 31)]


def items_of(names: list[str]) -> list[Item]:
    return [Item(place, name, 1, 0) for place, name in enumerate(names)]


def matched(names: list[str], ids: list[str]) -> Match:
    return by_patient(pd.Series(ids, dtype="str"), items_of(names))


def test_a_folder_a_patient_is_the_patient_though_slices_have_numbers_too() -> None:
    names = [f"{patient}/{number}.png" for patient in THIRTY for number in range(1, 6)]
    match = matched(names, THIRTY)
    assert len(match.row_of) == 150
    assert all(THIRTY[row] == names[ordinal].split("/")[0] for ordinal, row in match.row_of.items())


@pytest.mark.parametrize(
    "names",
    [
        [f"normal/{number}_{patient}.png" for patient in THIRTY for number in (1, 2)],
        [f"{patient}/{number}.png" for patient in THIRTY[:5] for number in THIRTY],  # 30 slices of five patients
        [f"{patient}/{number}.png" for patient in range(1, 41) for number in range(1, 6)],  # ten are not in the table
        [f"7/{patient}.png" for patient in THIRTY[:20]],
    ],
)
def test_numbers_that_may_be_patients_or_slices_are_refused(names: list[str]) -> None:
    with pytest.raises(BadInput, match="different patients"):
        matched(names, THIRTY)
    assert not matched([name.replace(".png", ".dcm") for name in names], THIRTY).row_of  # their headers say it


@pytest.mark.parametrize(
    "name",
    [
        "{0}.png",
        "{0}_{1}.png",
        "normal/{1}_{0}.png",
        "{0}/{1}.png",
        "a/{0}/b/{1}.png",
        "{0}/{0}_{1}.png",
        "{0}-{1}.png",
    ],
)
@pytest.mark.parametrize("form", ["P-{:03d}", "sub_{}", "{:04d}X"])
def test_ids_that_are_no_numbers_are_found_wherever_they_stand(name: str, form: str) -> None:
    ids = [form.format(number) for number in range(20)]
    names = [name.format(identifier, number) for identifier in ids for number in (1, 2)]
    match = matched(names, ids)
    assert [match.row_of[ordinal] for ordinal in range(40)] == [row for row in range(20) for _ in (1, 2)]


def test_a_folder_and_a_part_of_the_name_that_agree_settle_it() -> None:
    match = matched([f"{patient}/{patient}_{number}.png" for patient in THIRTY for number in range(1, 6)], THIRTY)
    assert [match.row_of[ordinal] for ordinal in range(150)] == [row for row in range(30) for _ in range(5)]


def test_files_of_their_own_row_stay_though_their_class_is_a_number() -> None:
    names = [f"{int(patient) % 2}/{patient}.png" for patient in THIRTY]
    assert [matched(names, THIRTY).row_of[ordinal] for ordinal in range(30)] == list(range(30))


def test_a_row_of_another_folder_is_no_row_of_a_file() -> None:
    names = Names(items_of([f"test/{number}.png" for number in range(40)]))
    words = [f"{part}/{number}.png" for part in ("train", "test") for number in range(40)]
    match = by_file(pd.Series(words), names)
    assert match.row_of == {number: 40 + number for number in range(40)}
    assert (match.unmatched, match.twice) == (40, 0)
    assert by_file(pd.Series(words[:40]), names).row_of == {}
    assert names.find("TRAIN/0") == names.find("set/train/0.png") == -1
    assert names.find("set/test/0.png") == names.find("Test/0.PNG") == names.find("0.png") == 0


def test_an_exact_name_beats_a_loose_one_whatever_the_order_of_the_rows() -> None:
    match = by_file(pd.Series(["1", "a/1.png"]), Names(items_of(["a/1.png"])))
    assert match.row_of == {0: 1}
    assert match.links == [(1, 0)]


def test_ages_that_look_like_files_are_none() -> None:
    names = Names(items_of([f"{number}.png" for number in range(120)]))
    frame = pd.DataFrame(
        {
            "age": [str(30 + number % 60) for number in range(120)],
            "sex": ["M", "F"] * 60,
            "id": [str(119 - number) for number in range(120)],
            "finding": ["nevus", "melanoma"] * 60,
        },
        dtype="str",
    )
    roles = find_roles(frame, Options(), names.share)
    assert (roles.single["file"], roles.single["age"], roles.guessed["file"]) == ("id", "age", "values")
    assert any("id as file" in warning for warning in describe(frame, roles).warnings)
    frame["score"] = [str(number) for number in range(120)]
    with pytest.raises(BadInput, match="Several columns"):
        find_roles(frame, Options(), names.share)
    assert find_roles(frame, Options.of(columns={"file": "id"}), names.share).single["file"] == "id"
    frame["image"] = [f"{number}.png" for number in range(120)]
    assert find_roles(frame, Options(), names.share).single["file"] == "image"
