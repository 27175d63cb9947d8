"""Messy values: what can be read is read, what cannot is missing, nothing raises and nothing is silently wrong."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsynth_engine.intake import normalise


@pytest.mark.parametrize(
    ("text", "years", "band"),
    [
        ("65", 65, "65-79"),
        ("65.0", 65, "65-79"),
        ("60.667", 60.667, "40-64"),
        ("60,5", 60.5, "40-64"),
        ("65Y", 65, "65-79"),
        ("065Y", 65, "65-79"),
        ("006M", 0.5, "0-17"),
        ("6 months", 0.5, "0-17"),
        ("94 y/o", 90, "80+"),
        ("095Y", 90, "80+"),
        ("65 years old", 65, "65-79"),
        ("65-year-old", None, None),
        ("６５", 65, "65-79"),
        ("[70-80)", None, "65-79"),
        ("70-79", None, "65-79"),
        ("60 - 64", None, "40-64"),
        ("50+", None, ""),
        ("80+", None, "80+"),
        (">89", None, "80+"),
        ("<18", None, "0-17"),
        ("early 40s", None, "40-64"),
        ("late 30s", None, "18-39"),
        ("?", None, ""),
        ("", None, ""),
        ("unknown", None, ""),
        ("-5", None, ""),
        ("300", None, ""),
        ("adult", None, ""),
        ("0", 0, "0-17"),
        ("17.9", 17.9, "0-17"),
        ("18", 18, "18-39"),
    ],
)
def test_ages_are_read_as_a_person_would(text: str, years: float | None, band: str | None) -> None:
    read = normalise.age_years(text)
    if band is None:  # either reading is right, a wrong one is not
        assert read in (None, 65)
        return
    assert read == pytest.approx(years) if years is not None else read is None
    assert normalise.age_band(text) == band


@given(st.integers(0, 125), st.sampled_from(["{}", "{}.0", "{:03d}Y", "{} years", " {} ", "{}y", "{} y/o"]))
def test_whole_years_survive_every_spelling_up_to_ninety(years: int, spelling: str) -> None:
    assert normalise.age_years(spelling.format(years)) == min(years, 90)


@given(st.floats(0, 120))
def test_every_age_has_exactly_one_band_and_bands_do_not_fall(years: float) -> None:
    band = normalise.band_of_years(years)
    assert band in normalise.BANDS
    assert normalise.BANDS.index(normalise.band_of_years(years + 0.5)) >= normalise.BANDS.index(band)


@given(st.integers(0, 99), st.integers(1, 20))
def test_a_range_goes_to_the_band_of_its_middle(start: int, width: int) -> None:
    assert normalise.age_years(f"[{start}-{start + width})") is None
    assert normalise.age_band(f"[{start}-{start + width})") == normalise.band_of_years(start + width / 2)


@given(st.text(max_size=60))
def test_no_text_breaks_anything(text: str) -> None:
    years = normalise.age_years(text)
    assert years is None or (0 <= years <= 90 and math.isfinite(years))
    assert normalise.age_band(text) in ("", *normalise.BANDS)
    assert normalise.sex(text) in ("", "F", "M")
    cleaned = normalise.clean(text)
    assert cleaned == normalise.clean(cleaned) or cleaned.casefold() in normalise.MISSING
    assert "\n" not in cleaned and "\x1b" not in cleaned
    assert set(normalise.finding_map([text])) == {text}
    assert set(normalise.category_map([text])) == {text}


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (["M", "F", ""], {"M": "M", "F": "F", "": ""}),
        (["male", "Female", "unknown"], {"male": "M", "Female": "F", "unknown": ""}),
        (["0", "1"], {"0": "F", "1": "M"}),
        (["1.0", "2.0", "?"], {"1.0": "M", "2.0": "F", "?": ""}),
        (["man", "Woman", "Unknown/Invalid"], {"man": "M", "Woman": "F", "Unknown/Invalid": ""}),
        (["männlich", "weiblich"], {"männlich": "M", "weiblich": "F"}),
        (["O", "M"], {"O": "", "M": "M"}),
    ],
)
def test_sex_is_read_as_a_whole_column(raw: list[str], read: dict[str, str]) -> None:
    assert normalise.sex_map(raw) == read


def test_findings_part_at_bars_and_at_commas_only_where_a_part_stands_alone() -> None:
    mapped = normalise.finding_map(
        [
            "COVID-19",
            "COVID-19, ARDS",
            "A|B",
            "b|a|b",
            "Edema；Mass",
            "nevus, blue",
            "ＣＯＶＩＤ-19，ARDS",
            "todo",
            "No Finding",
        ]
    )
    assert mapped["COVID-19, ARDS"] == "COVID-19|ARDS"
    assert mapped["ＣＯＶＩＤ-19，ARDS"] == "COVID-19|ARDS"
    assert mapped["A|B"] == "A|B"
    assert mapped["b|a|b"] == "B|A"
    assert mapped["Edema；Mass"] == "Edema|Mass"
    assert mapped["nevus, blue"] == "nevus, blue"
    assert mapped["todo"] == ""
    assert mapped["No Finding"] == "No Finding"


def test_blanks_and_case_make_no_new_level() -> None:
    mapped = normalise.category_map(["White", "white ", " WHITE", "?", "Black or  African American"])
    assert len({mapped[value] for value in ("White", "white ", " WHITE")}) == 1
    assert mapped["?"] == ""
    assert mapped["Black or  African American"] == "Black or African American"
