"""Dates, ages and postcodes of a table: what is kept of them, and that it is never more than was asked for."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsynth_engine.intake.tables import postcode
from medsynth_engine.intake.tables.dates import EPOCH, FARTHEST_DAYS, Dates, Read, offset_days, read_dates, too_old
from medsynth_engine.intake.tables.describe import Described, describe
from medsynth_engine.intake.tables.roles import Roles

KEY = bytes(range(32))
DAYS = st.dates(date(1900, 1, 1), date(2030, 12, 31))


def described(columns: dict[str, list[str]], mode: str, **roles: str) -> Described:
    return describe(pd.DataFrame(columns, dtype="str"), Roles(roles), Dates.of(mode, KEY))


def kept(made: Described) -> dict[str, pd.Series]:
    return {column.name: column.series for column in made.typed}


@given(DAYS)
def test_every_clear_spelling_of_a_day_is_read_as_that_day(day: date) -> None:
    spellings = [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y%m%d",
        "%B %d, %Y",
        "%d %b %Y",
        "%d-%b-%Y",
        "%Y-%m-%d 10:30:00",
        "%Y-%m-%dT10:30",
    ]
    words = [day.strftime(spelling) for spelling in spellings]
    read, why = read_dates(words)
    assert why == ""
    assert {read[word] for word in words} == {Read(day.year, day.toordinal())}


@given(st.lists(DAYS, min_size=1, max_size=30), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m-%d-%Y"]))
def test_a_column_in_which_day_and_month_cannot_be_told_is_not_read_and_never_wrongly(
    days: list[date], spelling: str
) -> None:
    words = [day.strftime(spelling) for day in days]
    read, why = read_dates(words)
    if any(day.day > 12 for day in days):
        assert [read[word].day for word in words] == [day.toordinal() for day in days]
    else:
        assert read == {}
        assert "day or the month" in why


@pytest.mark.parametrize(
    "word", ["1/22/20", "43852", "2020-13-01", "2020-02-30", "0999", "1-Feb", "12-05", "soon", "9/11"]
)
def test_what_is_no_clear_date_is_none(word: str) -> None:
    assert read_dates([word])[0] == {}


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_dates(text: str) -> None:
    read, _ = read_dates([text])
    assert all(1850 <= one.year <= 2100 for one in read.values())


def test_a_thousand_patients_keep_every_interval_and_no_date() -> None:
    rng = np.random.default_rng(5)
    patients = [f"P{number:04d}" for number in range(1000) for _ in range(4)]
    days = [date(2001, 1, 1) + timedelta(days=int(day)) for day in rng.integers(0, 6000, len(patients))]
    later = [day + timedelta(days=int(gap)) for day, gap in zip(days, rng.integers(0, 400, len(days)), strict=True)]
    table = {
        "patient": patients,
        "scan_date": [day.isoformat() for day in days],
        "discharge_date": [day.strftime("%d.%m.%Y") for day in later],
    }
    made = described(table, "shift", patient="patient")
    columns = kept(made)
    scan, discharge = columns["scan_date_day"].to_numpy(np.int64), columns["discharge_date_day"].to_numpy(np.int64)
    true_scan = np.array([day.toordinal() - EPOCH for day in days])
    true_discharge = np.array([day.toordinal() - EPOCH for day in later])
    moved = scan - true_scan
    assert np.array_equal(moved, discharge - true_discharge)
    by_patient = pd.Series(moved).groupby(patients)
    assert (by_patient.nunique() == 1).all()
    offsets = by_patient.first()
    assert 0 not in set(offsets)
    assert offsets.abs().max() <= FARTHEST_DAYS
    assert offsets.nunique() > 850  # of 7,300 possible ones, a thousand draws repeat some seventy
    assert abs(offsets.mean()) < 300
    assert any("not Safe Harbor" in warning for warning in made.warnings)
    assert made.removed["dates"] == 8000
    assert not set(table["scan_date"]) & set(str(made.value_maps) + str(made.unreadable))
    other = describe(pd.DataFrame(table, dtype="str"), Roles({"patient": "patient"}), Dates.of("shift", bytes(32)))
    assert not np.array_equal(kept(other)["scan_date_day"].to_numpy(np.int64), scan)


@given(st.text(min_size=1, max_size=20), st.binary(min_size=32, max_size=32))
def test_an_offset_is_a_secret_of_the_patient_and_never_nothing(patient: str, key: bytes) -> None:
    offset = offset_days(key, patient)
    assert 1 <= abs(offset) <= FARTHEST_DAYS
    assert offset == offset_days(key, f" {patient.strip()} ")


def test_without_a_patient_each_row_moves_alone_and_keeps_its_own_intervals() -> None:
    days = [date(2010, 1, 1) + timedelta(days=7 * number) for number in range(40)]
    made = described(
        {
            "start_date": [day.isoformat() for day in days],
            "end_date": [(day + timedelta(days=number)).isoformat() for number, day in enumerate(days)],
        },
        "shift",
    )
    columns = kept(made)
    assert (columns["end_date_day"] - columns["start_date_day"]).tolist() == list(range(40))
    assert (columns["start_date_day"].diff().dropna() != 7).mean() > 0.9


def test_years_stay_but_not_of_birth_and_not_ninety_years_back() -> None:
    table = {
        "visit_date": [f"20{number % 20:02d}-03-1{number % 9}" for number in range(60)],
        "dob": [f"19{number % 60 + 20}-05-17" for number in range(60)],
        "birth_year": [str(1920 + number % 60) for number in range(60)],
        "Geburtsdatum": [f"17.05.19{number % 60 + 20}" for number in range(60)],
        "first_date": ["1921-01-20" if number == 7 else "2019-01-20" for number in range(60)],
    }
    made = described(table, "year")
    columns = kept(made)
    assert set(columns) == {"visit_date_year", "first_date_year"}
    assert columns["visit_date_year"].tolist() == [2000 + number % 20 for number in range(60)]
    assert pd.isna(columns["first_date_year"].iloc[7])
    assert columns["first_date_year"].notna().sum() == 59
    assert {"dob", "birth_year", "Geburtsdatum"} <= made.dropped.keys()
    assert "1921" not in str(made.value_maps) + str(made.unreadable)


def test_dates_are_dropped_and_counted_unless_asked_for() -> None:
    made = described({"when": [f"2020-01-{number % 28 + 1:02d}" for number in range(50)]}, "drop")
    assert made.typed == []
    assert made.removed["dates"] == 50
    ambiguous = described({"when": [f"0{number % 9 + 1}/0{number % 7 + 1}/2020" for number in range(50)]}, "year")
    assert ambiguous.typed == []
    assert "could be either" in ambiguous.dropped["when"]


def test_too_old_is_told_from_the_latest() -> None:
    read, _ = read_dates(["1930-01-01", "1931-01-01", "2020-01-01"])
    assert too_old(read) == {"1930-01-01"}


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["10115", "94110-1234", "02139"], {"10115": "101", "94110-1234": "941", "02139": "021"}),
        (["2139", "94110"], {"2139": "021", "94110": "941"}),
        (
            ["03601", "05901", "10201", "20301", "20500", "36901", "77201"],
            dict.fromkeys(("03601", "05901", "10201"), "000"),
        ),
        (["SW1A 1AA", "10115"], None),
        (["A", "B"], None),
    ],
)
def test_zip_codes_become_three_digits_and_the_small_ones_none(words: list[str], read: dict[str, str] | None) -> None:
    made = postcode.zip3(words)
    assert made is None if read is None else made is not None and read.items() <= made.items()


def test_zip_codes_stay_only_where_a_person_asked_and_only_those_of_the_united_states() -> None:
    table = {
        "zip": [f"941{number % 10}{number % 7}" if number else "03601" for number in range(60)],
        "postcode": [f"1011{number % 10}" for number in range(60)],
        "PLZ": [f"1011{number % 10}" for number in range(60)],
    }
    frame = pd.DataFrame(table, dtype="str")
    assert described(table, "drop").typed == []
    asked = describe(frame, Roles(conditions=("zip",), columns=("postcode", "PLZ")))
    assert [column.name for column in asked.typed] == ["zip3"]
    assert set(asked.typed[0].values) == {"000", "941"}
    assert asked.dropped.keys() == {"postcode", "PLZ"}
    assert "03601" not in str(asked.value_maps)


def test_ages_over_89_are_capped_wherever_they_hide() -> None:
    ages = ["65", "094Y", "97", "ninety-four", ">89", "94 y/o", "[90-100)", "102", "89", "89.9"]
    made = described({"age": ages * 3}, "drop", age="age")
    assert kept(made)["age"].max() == 90
    assert made.removed["ages_over_89"] == 18
    shown = str(made.value_maps) + str(made.unreadable) + str(made.roles) + str(made.warnings)
    assert not any(word in shown for word in ("094", "97", "ninety", "102", "94 y"))
