"""Tables as somebody would write them who wants a name to get through: none of the planted words may be stored or told.

Every case is taken in by the real intake; every byte of the folder and of the document is searched.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.selftest.canaries import TABLE, Canary
from medsynth_engine.intake.selftest.search import Search
from medsynth_engine.intake.tables.vocabulary import strange

PEOPLE, VISITS = 40, 2
SURNAMES = [
    *("Zabrowicka", "Quenneville", "Ekwueme", "Thistlewood"),
    *("Vukašinović", "Baskerfield", "Ömeroğlu", "Hrdličková"),
]
GIVEN = ["Radomira", "Philibert", "Chidiebere", "Ottoline", "Dragoslav", "Peregrine", "Şükriye", "Květoslava"]


class Case:
    """extra: column -> cell of row n. planted: what must not come out."""

    def __init__(self, extra: dict[str, Callable[[int], str]], *planted: str) -> None:
        self.extra = extra
        self.planted = planted


def at(row: int, value: str, otherwise: Callable[[int], str]) -> Callable[[int], str]:
    return lambda n: value if n == row else otherwise(n)


def cycle(words: str) -> Callable[[int], str]:
    listed = words.split("|")
    return lambda n: listed[n % len(listed)]


FINDINGS = cycle("nevus|melanoma|keratosis")
SIDES = cycle("left|right|both")
SURNAME = {"surname": lambda n: SURNAMES[n // VISITS % 8], "given": lambda n: f"{GIVEN[n // VISITS % 8]}"}


def in_finding(text: str) -> Case:
    return Case({**SURNAME, "finding": at(5, text, FINDINGS)}, text, *SURNAMES, *GIVEN, "VUKASINOVIC", "Ekwuеmе")


def in_side(text: str, *planted: str) -> Case:
    return Case({"side": at(5, text, SIDES)}, *(planted or (text,)))


CASES = {
    "surname and first name of two columns": in_finding("nevus of Ekwueme, Chidiebere"),
    "first name and surname": in_finding("nevus of Chidiebere Ekwueme"),
    "first name, an initial and surname": in_finding("nevus of Chidiebere B. Ekwueme"),
    "an initial": in_finding("nevus of C. Ekwueme"),
    "an initial behind": in_finding("Ekwueme C, nevus"),
    "a surname alone": in_finding("nevus (Ekwueme)"),
    "a surname without its accents": in_finding("nevus VUKASINOVIC"),
    "a surname in other letters": in_finding("nevus Ekwuеmе"),
    "a surname with invisible letters": in_finding("nevus Ekw\u200bue\u00adme"),
    "an umlaut spelled out": Case(
        {"surname": at(5, "Prötzenmüller", SURNAME["surname"]), "finding": at(5, "nevus Proetzenmueller", FINDINGS)},
        "proetzenmueller",
    ),
    "several findings": in_finding("nevus|Ekwueme Chidiebere|melanoma"),
    "caret": in_finding("EKWUEME^C"),
    "an unreadable age": Case({"age": at(5, "as old as ZX12345AGE", lambda n: str(30 + n % 50))}, "ZX12345AGE"),
    "a name for an age": Case({"age": at(5, "Zabrowicka", lambda n: str(30 + n % 50))}, "Zabrowicka"),
    "a code for a sex": Case({"sex": at(5, "ZX12345", cycle("F|M"))}, "ZX12345"),
    "a name among amounts": Case({"crp": at(5, "Zabrowicka", lambda n: f"{n}.5")}, "Zabrowicka"),
    "a code in a finding": in_finding("nevus of ZX54321FND on the arm"),
    "a sentence in a finding": in_finding("nevus seen by the lady from Ostrzeszow"),
    "a short number of a patient": Case(
        {"patient_id": lambda n: str(51000 + n // VISITS), "side": at(5, "left 51033", SIDES)}, "51033"
    ),
    "a number with blanks": Case(
        {"mrn": lambda n: str(40_412_000 + n // VISITS), "side": at(5, "left 40 412 002", SIDES)}, "40 412 002"
    ),
    "a number with zeros in front": Case(
        {"mrn": lambda n: f"{412_000 + n // VISITS:010d}", "side": at(5, "left 412002", SIDES)}, "412002"
    ),
    "numbers with a decimal": Case({"x": lambda n: f"{40_412_117 + 977 * (n // VISITS)}.0"}, "40412117", "40413094"),
    "telephones as numbers": Case({"x": lambda n: f"4.93012{n // VISITS:03d}45e11"}, "4.9301200045", "493012000450"),
    "telephones of few": Case({"x": lambda n: str(493012345111 + n % 3)}, "493012345111"),
    "one long number among small ones": Case({"score": at(5, "40412117", lambda n: str(n % 30))}, "40412117"),
    "years of birth": Case({"x7": lambda n: str(1931 + n // VISITS % 59)}, "1931", "1940"),
    "years of birth with a decimal": Case({"x7": lambda n: f"{1931 + n // VISITS % 59}.0"}, "1931", "1940"),
    "dates of another calendar": in_side("2563-01-22"),
    "a Thai date": in_side("22 มกราคม 2563"),
    "a Japanese date": in_side("令和2年1月22日"),
    "a date in Arabic digits": in_side("٢٠٢٠-٠١-٢٢"),
    "an e-mail address with blanks": in_side("radomira . z @ example . org"),
    "an e-mail address in words": in_side("radomira at example dot org"),
    "JSON": in_side('{"n": "Zabrowicka ZX12345AGE"}', "ZX12345AGE"),
    "HTML": in_side("<b>MRN 12345</b>"),
    "base64": in_side("WmFicm93aWNrYQ=="),
    "a column of codes": Case({"x": lambda n: f"ZX{4000 + n % 9}C"}, "ZX4000C", "ZX4003C"),
    "a word of each patient": Case({"x": lambda n: f"K{'abcdefgh'[n // 2 % 8]}r{'mnopq'[n // 16]}ol"}, "karmol"),
    "one surname for all": Case({"x": lambda n: "Kowalczyk"}, "Kowalczyk"),
    "two surnames": Case({"x": cycle("Kowalczyk|Nowak")}, "Kowalczyk", "Nowak"),
    "two given names": Case({"x": cycle("Katarzyna|Krzysztof")}, "Katarzyna", "Krzysztof"),
    "small letters": Case({"x": cycle("kowalczyk|nowak|schneider")}, "kowalczyk", "schneider"),
    "a rare surname": in_side("Kowalczyk"),
    "a rare given name": in_side("Katarzyna"),
    "an operator": Case({"operator2": cycle("Zabrowicka|Ekwueme")}, "Zabrowicka"),
    "an operator in one word": Case({"scanoperator": cycle("Zabrowicka|Ekwueme")}, "Zabrowicka"),
    "a referring physician in one word": Case({"refphysician": cycle("Zabrowicka|Ekwueme")}, "Zabrowicka"),
    "a yes with a name": in_side("yes (Kowalczyk)", "Kowalczyk"),
    "a name of HTML": in_side("Kowalczyk&nbsp;Katarzyna", "Kowalczyk"),
    "a name letter by letter": in_side("K o w a l c z y k"),
    "an address of a host": in_side("radomira@klinikum"),
    "a handle": in_side("@zabrowicka"),
    "a telephone number in a text": in_side("call 030/123 45 67 89"),
    "a street in a text": in_side("left, Hauptstraße 5"),
    "a postcode in a text": in_side("left 10117 Berlin"),
    "a percent sign for a blank": in_side("Katarzyna%20Zabrowicka"),
    "numbers of the patients": Case({"x": lambda n: str(51000 + n // VISITS * 7 % 40)}, "51021", "51035"),
    "several in another column": in_side("left; Kowalczyk, Katarzyna"),
    "an ethnicity": Case({"ethnicity": at(5, "Kowalczyk", cycle("white|asian|black"))}, "Kowalczyk"),
    "a person of a title": Case({"x": cycle("Dr Zabrowicka|Dr Ekwueme|none")}, "Zabrowicka"),
    "a unit": Case({"crp": at(5, "12.5 mg/l (ZX12345)", lambda n: f"{n}.5")}, "ZX12345"),
    "an error of Excel beside a name": Case({"crp": cycle("#REF!|1.5|2.5|Kowalczyk")}, "Kowalczyk"),
    "two lines": in_side("left\nMRN 778812", "778812"),
    "a name in a header": Case({"Zabrowicka, Radomira": SIDES}, "Zabrowicka"),
    "a code in a header": Case({"weight of ZX54321": SIDES}, "ZX54321"),
    "a person's number in a header": Case({"value (MRN 778812)": SIDES}, "778812"),
    "a surname in a header": Case({**SURNAME, "Ekwueme": SIDES}, "Ekwueme"),
    "a name in letters without blanks": Case(
        {
            "surname": at(5, "王", SURNAME["surname"]),
            "given": at(5, "小东", SURNAME["given"]),
            "side": at(5, "左王小东", SIDES),
        },
        "王小东",
    ),
}  # fmt: skip


STRANGERS = "Abegunde|Nwachukwu|Thistlewood|Quenneville"
PLACES = "Zwiefalten|Mutlangen|Oberstenfeld|none"
CASES |= {
    "an address in a finding": in_finding("Abegunde Tola, Gartenweg 5"),
    "a street in a finding": in_finding("nevus, Gartenweg 5"),
    "a title in a finding": in_finding("normal Frau Nwachukwu"),
    "seen by somebody in a finding": in_finding("pneumonia seen by Okonkwo"),
    "a finding that nobody knows": in_finding("nevus Abegunde"),
    "a title in every second finding": Case(
        {"finding": cycle("nevus|normal Frau Nwachukwu|melanoma seen by Quenneville")}, "Nwachukwu", "Quenneville"
    ),
    **{
        f"people in {name}": Case({name: cycle(STRANGERS)}, *STRANGERS.split("|"))
        for name in ("Attending", "consultant", "seen_by", "login", "team", "Zuweiser", "x9", "anything")
    },
    **{
        f"places in {name}": Case({name: cycle(PLACES)}, *PLACES.split("|")[:3])
        for name in ("Gemeinde", "Stadt", "kreis", "ctr", "school", "x9")
    },
    "a stranger among levels": Case({"side": lambda n: "Abegunde" if 10 <= n < 28 else SIDES(n)}, "Abegunde"),
    "months with a year": Case({"x": cycle("seit März 2019|seit Mai 2018")}, "2019", "2018"),
    "months with a day": Case({"x": cycle("Apr 9|May 12|Jun 30")}, "Apr 9", "May 12"),
    "days of a month": Case({"x": cycle("06.01.|12.02.|30.11.")}, "06.01.", "30.11."),
}


def write(path: Path, case: Case, rows: int = PEOPLE * VISITS) -> None:
    columns: dict[str, Callable[[int], str]] = {
        "patient_id": lambda n: f"P-{n // VISITS:03d}",
        "age": lambda n: str(30 + n // VISITS),
        "sex": lambda n: "FM"[n // VISITS % 2],
        "finding": FINDINGS,
        **case.extra,
    }
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows([cell(n) for cell in columns.values()] for n in range(rows))


def leaks(case: Case, folder: Path, document: dict) -> list[str]:
    canaries = [Canary(TABLE, word, word, (word.lower().encode(),)) for word in case.planted]
    search = Search(canaries)
    search.folder(folder)
    search.document(document)
    return [one.text for one in search.seen]


@pytest.mark.parametrize("name", CASES)
def test_nothing_planted_comes_out(name: str, tmp_path: Path, take: Callable) -> None:
    table = tmp_path / "t.csv"
    write(table, CASES[name])
    document, folder = take(table)
    assert leaks(CASES[name], folder, document) == []
    assert document["accepted"] == PEOPLE * VISITS


@pytest.mark.parametrize("name", ["one surname for all", "telephones of few", "a code in a finding", "a rare surname"])
def test_nor_from_a_table_of_few_rows(name: str, tmp_path: Path, take: Callable) -> None:
    table = tmp_path / "t.csv"
    write(table, CASES[name], rows=6)
    document, folder = take(table)
    assert leaks(CASES[name], folder, document) == []


@pytest.mark.parametrize(
    "finding",
    [
        *("Squamous cell carcinoma of the skin", "Charcot-Marie-Tooth", "Wagner grade 2", "Murphy sign", "T2N0M0"),
        *("Fracture by fall from the bed", "Stevens-Johnson syndrome", "Morbus Crohn", "E11.9", "nevus of Ota"),
    ],
)
def test_a_rare_finding_stays(finding: str, tmp_path: Path, take: Callable) -> None:
    table = tmp_path / "t.csv"
    write(table, Case({**SURNAME, "finding": at(5, finding, FINDINGS)}))
    document, _ = take(table)
    assert any(finding in column.get("values", []) for column in document["schema"]["columns"])


def test_words_that_nobody_knows_stay_for_who_maps_them(tmp_path: Path, take: Callable) -> None:
    table = tmp_path / "t.csv"
    write(table, Case({"arm": cycle("zorblaxin|quellumor|placebo"), "finding": at(5, "zorblax", FINDINGS)}))
    document, _ = take(table)
    assert "map it" in document["dropped_columns"]["arm"]
    assert "zorblax" not in str(document["schema"])
    document, _ = take(table, "asked", columns={"column": "arm", "finding": "finding"})
    levels = {column["name"]: column.get("values") for column in document["schema"]["columns"]}
    assert levels["arm"] == ["placebo", "quellumor", "zorblaxin"]
    assert "zorblax" in levels["finding"]
    write(table, Case({"finding": at(5, "Abegunde Tola", FINDINGS)}))
    document, _ = take(table, "again", columns={"finding": "finding"})
    assert "Abegunde" not in str(document)


@pytest.mark.parametrize(
    "word", ["melanoma", "Pediatrics-CriticalCare", "IIIA", "verheiratet", "follow_up", "YBR_RCT", "letrozole"]
)
def test_words_of_medicine_and_of_every_day_are_known(word: str) -> None:
    assert not strange(word)


@pytest.mark.parametrize(
    "word", ["Okonkwo", "Boston", "March", "Bauer", "Montag", "left Abegunde", "王小东", "Victoria"]
)
def test_names_places_and_months_are_not(word: str) -> None:
    assert strange(word)


def test_years_stay_for_who_asks_but_tell_no_age_over_89(tmp_path: Path, take: Callable) -> None:
    table = tmp_path / "t.csv"
    write(table, CASES["years of birth"])
    document, _ = take(table)
    assert "look like years" in document["dropped_columns"]["x7"]
    document, folder = take(table, "asked", columns={"column": "x7"})
    years = Dataset(folder).records()["x7"]
    assert years.notna().any() and years.min() >= datetime.now(UTC).year - 89
    assert years.isna().any() and any("89" in warning for warning in document["warnings"])


def test_a_value_that_could_not_be_read_shows_where_five_patients_share_it(tmp_path: Path, take: Callable) -> None:
    table = tmp_path / "t.csv"
    cells = [*["old"] * 12, *["frail"] * 4, "as old as ZX12345"]
    ages = {"age": lambda n: cells[n] if n < len(cells) else str(30 + n % 50)}
    write(table, Case(ages))
    document, _ = take(table)
    assert document["unreadable"] == {"age": {"old": 12, "(rare)": 4, "(code)": 1}}
