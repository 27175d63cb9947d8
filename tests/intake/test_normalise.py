"""Messy values: what can be read is read, what cannot is missing, nothing raises and nothing is silently wrong."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsynth_engine.intake.tables import amounts, normalise
from medsynth_engine.intake.tables.words import yes_or_no


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


@pytest.mark.parametrize(
    ("text", "years", "band"),
    [
        ("1-2", None, "0-17"),
        ("12-05", None, ""),
        ("05-12", None, ""),
        ("2020", None, ""),
        ("2020-01-22", None, ""),
        ("1-Feb", None, ""),
        ("43852", None, ""),
        ("999", None, ""),
        ("-1", None, ""),
        ("1e3", None, ""),
        ("1,234", None, ""),
        ("٣٥", 35, "18-39"),
        ("６５，５", 65.5, "65-79"),
        ("65 months", 65 / 12, "0-17"),
        ("780 days", 780 / 365.25, "0-17"),
        ("6M", 0.5, "0-17"),
        ("65M", None, ""),
        ("65 m", None, ""),
        ("104m", None, ""),
        ("65 mo", 65 / 12, "0-17"),
        ("M", None, ""),
        ("0x41", None, ""),
        ("65/70", None, ""),
        ("sixty", None, ""),
        ("120", 90, "80+"),
        ("126", None, ""),
        ("inf", None, ""),
        ("65岁", None, ""),
    ],
)
def test_ages_that_look_like_something_else_are_read_rightly_or_not_at_all(
    text: str, years: float | None, band: str
) -> None:
    read = normalise.age_years(text)
    assert read == pytest.approx(years, rel=0.01) if years is not None else read is None
    assert normalise.age_band(text) == band


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (["0", "1", "9"], {"0": "", "1": "", "9": ""}),
        (["0", "1", "2", "9"], {"0": "", "1": "M", "2": "F", "9": ""}),
        (["0"], {"0": ""}),
        (["1", "2", "3"], {"1": "M", "2": "F", "3": ""}),
        (["Weiblich", "W", "m", "divers"], {"Weiblich": "F", "W": "F", "m": "M", "divers": ""}),
        (["мужской", "женский"], {"мужской": "M", "женский": "F"}),
        (["Ｍ", "Ｆ"], {"Ｍ": "M", "Ｆ": "F"}),
        (["male/female", "MF", "FM"], {"male/female": "", "MF": "", "FM": ""}),
    ],
)
def test_codes_of_sex_are_read_together_or_not_at_all(raw: list[str], read: dict[str, str]) -> None:
    assert normalise.sex_map(raw) == read


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["1,234", "850"], [1234, 850]),
        (["1,234"], [None]),
        (["12,5", "1,234"], [12.5, 1.234]),
        (["1,234", "3.5"], [1234, 3.5]),
        (["0,5", "1.5", "1,234"], [0.5, 1.5, None]),
        (["1.234,5", "2.000"], [1234.5, 2000]),
        (["1,234.5", "2,000"], [1234.5, 2000]),
        (["1.234", "3.5"], [1.234, 3.5]),
        (["1,234,567"], [1_234_567]),
        (["1 234", "5", "1'000"], [1234, 5, 1000]),
        (["45%", "3 %"], [45, 3]),
        (["45%", "0.4"], [None, 0.4]),
        (["1e3", "1.2E+05", "1E+05"], [None, 120_000, 100_000]),
        (["٣٥", "１２", "−5"], [35, 12, -5]),
        (["<0.5", "1-Feb", "0x10", "1_000", "inf", "nan", "1.2.3", "12:30", "+-1", ""], [None] * 10),
        (["9007199254740993"], [None]),
        (["007", "0.50"], [7, 0.5]),
    ],
)
def test_numbers_are_read_as_the_whole_column_says(words: list[str], read: list[float | None]) -> None:
    made = amounts.numbers_of(words)
    assert [made.get(word) for word in words] == read


@given(st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)), min_size=3, max_size=30), st.sampled_from([".", ","]))
def test_numbers_in_one_convention_come_back_or_not_at_all(numbers: list[float], mark: str) -> None:
    """Written with groups of thousands, as English or German spreadsheets do."""
    words = [f"{number:,.2f}" for number in numbers]
    if mark == ",":
        words = [word.translate(str.maketrans(",.", ".,")) for word in words]
    made = amounts.numbers_of(words)
    assert [made[word] for word in words] == numbers


@given(st.lists(st.text(st.sampled_from("0123456789.,-%e "), max_size=9), max_size=8))
def test_no_number_is_made_of_other_digits(words: list[str]) -> None:
    for word, number in amounts.numbers_of(words).items():
        digits = "".join(c for c in word.split("e")[0] if c.isdigit()).lstrip("0").rstrip("0")
        shown = "".join(c for c in repr(abs(number)).split("e")[0] if c.isdigit()).lstrip("0").rstrip("0")
        assert shown == digits


def test_codes_for_not_known_are_told_from_values() -> None:
    assert amounts.missing_codes({-999.0: 3, 1.0: 10, 50.0: 2}) == {-999.0}
    assert amounts.missing_codes({-9.0: 3, -3.0: 10, 5.0: 2}) == set()
    assert amounts.missing_codes({999.0: 2, 20.0: 9}) == {999.0}
    assert amounts.missing_codes({999.0: 2, 800.0: 9}) == set()
    assert amounts.missing_codes({999.0: 1, 20.0: 9}) == set()


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("yes no", True),
        ("y n yes", True),
        ("1 0", True),
        ("ja nein 1", True),
        ("да нет", True),
        ("sí no", True),
        ("t f", True),
        ("t n", False),
        ("m f", False),
        ("yes", False),
        ("1 2", False),
        ("yes no maybe", False),
        ("o n", False),
    ],
)
def test_a_yes_or_no_is_one_in_any_language_and_never_a_tumour_or_normal(words: str, answers: bool) -> None:
    assert yes_or_no(set(words.split())) is answers
