"""Tables as hospitals keep them: what each column becomes, what is dropped, which row belongs to which file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.items import Item
from medsynth_engine.intake.options import Limits
from medsynth_engine.intake.tables.columns import Dropped, Typed, typed
from medsynth_engine.intake.tables.matching import Names, by_file
from medsynth_engine.intake.tables.table import parse_table
from medsynth_engine.kernel.errors import BadInput


def judged(name: str, values: list[str], asked: bool = False) -> Typed | Dropped:
    return typed(name, pd.Series(values, dtype="str"), np.arange(len(values)), asked=asked)


def many(make: Callable[[int], str], count: int = 200) -> list[str]:
    return [make(number) for number in range(count)]


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("temperature", many(lambda n: f"{36 + n % 40 / 10:.1f}"), "number"),
        ("weight", many(lambda n: f"{50 + n},5"), "number"),
        ("slices", many(lambda n: str(n % 60)), "integer"),
        ("hospital_days", many(lambda n: str(n % 12)), "integer"),
        ("died", many(lambda n: ["1.0", "0.0"][n % 2]), "boolean"),
        ("intubated", many(lambda n: ["Y", "N", "?"][n % 3]), "boolean"),
        ("covid_contact", many(lambda n: ["yes", "no"][n % 2]), "boolean"),
        ("laterality_code", many(lambda n: f"{n % 3 + 1}.0"), "category"),
        ("admission_type_id", many(lambda n: str(n % 8)), "category"),
        ("white_cell_count", many(lambda n: f"{4 + n % 70 / 10}"), "number"),
        ("birth weight", many(lambda n: str(2500 + n * 7 % 900)), "integer"),
        ("tumour location", many(lambda n: ["left", "right", "both"][n % 3]), "category"),
        ("T path stage", many(lambda n: f"T{n % 4}"), "category"),
        ("grade", many(lambda n: ["1", "2", "3", "anaplastic"][n % 4]), "category"),
        ("diag_1", many(lambda n: ["250.83", "V57", "428", "E11.9"][n % 4]), "category"),
        ("crp", many(lambda n: "<0.5" if n == 7 else f"{n / 10}"), "number"),
        ("mother_age", many(lambda n: str(18 + n % 25)), "integer"),
    ],
)
def test_a_column_of_values_is_typed(name: str, values: list[str], kind: str) -> None:
    column = judged(name, values)
    assert isinstance(column, Typed), column
    assert column.kind == kind


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("first_name", many(lambda n: ["Ann", "Bob", "Eve"][n % 3]), "names"),
        ("PatientName", many(lambda n: f"Doe{n}^Jane"), "names"),
        ("who", many(lambda n: f"{'ABCDEFGHIJKLMNOPQRST'[n % 20]}son, Mary{n}"), "names"),
        ("when", many(lambda n: f"2020-{n % 12 + 1:02d}-{n % 28 + 1:02d}"), "dates"),
        ("when", many(lambda n: f"January {n % 28 + 1}, 2020"), "dates"),
        ("when", many(lambda n: f"1997{n % 12 + 1:02d}{n % 28 + 1:02d}"), "dates"),
        ("dob", many(lambda n: str(1930 + n % 60)), "dates"),
        ("birth_year", many(lambda n: str(1930 + n % 60)), "dates"),
        ("city", many(lambda n: f"Town{n % 9}"), "geography"),
        ("zip", many(lambda n: f"1011{n % 9}"), "geography"),
        ("contact", many(lambda n: f"+49 30 123{n:04d}"), "phone_numbers"),
        ("x", many(lambda n: f"a{n}@b.org" if n % 20 == 0 else "none"), "email_addresses"),
        ("x", many(lambda n: f"123-45-{n:04d}"), "social_security_numbers"),
        ("x", many(lambda n: f"https://x.org/{n}"), "urls"),
        ("x", many(lambda n: f"10.0.0.{n}"), "ip_addresses"),
        ("x", many(lambda n: f"1.2.840.{n}.5.77"), "other_identifiers"),
        ("x", many(lambda n: f"scan_{n}.dcm"), "file_names"),
        ("encounter_id", many(lambda n: str(n * 7)), "other_identifiers"),
        ("x", many(lambda n: str(10_000_000 + n * 977)), "other_identifiers"),
        ("Unnamed: 0", many(str), "other_identifiers"),
        ("code", many(lambda n: f"AB{n}"), "other_identifiers"),
        ("comment", many(lambda n: f"the patient was seen on day {n} and felt quite well again"), "free_text"),
        ("x", many(lambda n: f"the patient was seen on day {n % 9} and felt quite well again"), "free_text"),
        ("mrn", many(lambda n: str(n % 5)), "record_numbers"),
    ],
)
def test_a_column_that_could_name_people_is_dropped_and_counted(name: str, values: list[str], kind: str) -> None:
    column = judged(name, values)
    assert isinstance(column, Dropped), column
    assert column.verdict.kind == kind
    assert column.cells > 0


def test_asking_for_a_column_overrules_its_name_but_not_its_values() -> None:
    sites = many(lambda n: ["back", "arm", "face"][n % 3])
    assert isinstance(judged("location", sites), Dropped)
    assert isinstance(judged("location", sites, asked=True), Typed)
    assert isinstance(judged("location", many(lambda n: f"a{n}@b.org"), asked=True), Dropped)


def test_rare_levels_of_a_column_with_many_are_merged() -> None:
    values = [f"D{n % 40}" for n in range(800)] + [f"R{n}" for n in range(30)]
    column = judged("diag", values)
    assert isinstance(column, Typed)
    assert set(column.values) == {f"D{n}" for n in range(40)} | {"other"}
    assert int((column.series == "other").sum()) == 30


def test_latin_1_semicolons_a_mark_and_short_rows_are_read_and_said() -> None:
    table = parse_table(
        "patient;größe;sex\n".encode("latin-1") + ("1;180;männlich\n" * 39 + "2;170\n").encode("latin-1"), Limits()
    )
    assert list(table.frame.columns) == ["patient", "größe", "sex"]
    assert table.frame["sex"].tolist() == ["männlich"] * 39 + [""]
    assert any("Latin-1" in warning for warning in table.warnings)
    assert any("too few cells" in warning for warning in table.warnings)
    table = parse_table("\ufeffa\tb\n1\t2\n".encode(), Limits())
    assert list(table.frame.columns) == ["a", "b"]
    table = parse_table("a,b\n1,2\n".encode("utf-16"), Limits())
    assert list(table.frame.columns) == ["a", "b"]


def test_column_names_are_plain_and_unique() -> None:
    table = parse_table(b'(age), age ,,"a\x1b[2Jb",x\n1,2,3,4,\n', Limits())
    assert list(table.frame.columns) == ["age", "age 2", "column 3", "a[2Jb", "x"]


def test_rows_find_files_by_name_then_stem_then_case_and_never_by_guess() -> None:
    names = ["a/one.png", "a/Two.JPG", "b/three.png", "c/three.png", "four.dcm", "5"]
    lookup = Names([Item(place, name, 1, 0) for place, name in enumerate(names)])
    words = [
        "a/one.png",
        "one.png",
        "ONE",
        "two",
        "Two.jpeg",
        "three.png",
        "b/three.png",
        "b\\three.png",
        "./four.dcm",
        "5",
    ]
    assert [lookup.find(word) for word in words] == [0, 0, 0, 1, 1, -1, 2, 2, 4, 5]
    match = by_file(pd.Series(["one.png", "nobody", "ONE", ""]), lookup)
    assert match.row_of == {0: 0}
    assert (match.unmatched, match.twice, match.links) == (2, 1, [(0, 2)])


def test_a_table_with_one_row_a_patient_reaches_all_files_of_the_patient(
    brains: Path, data_folder: Path, take: Callable
) -> None:
    document, folder = take(brains / "images", metadata=data_folder / "mri_lgg_a" / "metadata_original.csv")
    records = Dataset(folder).records()
    assert document["patients"] == 55
    assert records["age"].notna().mean() > 0.9
    assert document["columns"]["sex"] == "gender"
    assert document["value_maps"]["sex"] == {"1.0": "M", "2.0": "F"}
    assert any("coded in numbers" in warning for warning in document["warnings"])


def test_folders_become_findings_only_when_asked(tmp_path: Path, photographs: Path, take: Callable) -> None:
    sorted_folder = tmp_path / "sorted"
    for number, path in enumerate(sorted(photographs.iterdir())):
        place = sorted_folder / ("NORMAL" if number % 2 else "TB")
        place.mkdir(parents=True, exist_ok=True)
        path.rename(place / path.name)
    document, folder = take(sorted_folder, "unasked")
    assert Dataset(folder).schema()["columns"] == []
    assert any(line.startswith("No table lies among the files") for line in document["warnings"])
    document, folder = take(sorted_folder, "asked", columns={"finding": "folder:"})
    assert document["columns"] == {"finding": "folder:"}
    assert Dataset(folder).records()["finding"].value_counts().to_dict() == {"NORMAL": 6, "TB": 6}


def test_ids_that_mean_nobody_are_nobodys(tmp_path: Path, take: Callable) -> None:
    table = tmp_path / "t.csv"
    table.write_text("patient_id,age\n" + "".join(f"{'unknown' if n < 5 else n},{20 + n}\n" for n in range(40)))
    document, _ = take(table)
    assert document["patients"] == 40
    assert any("have no patient id" in warning for warning in document["warnings"])


def test_an_arm_of_a_trial_is_no_group_of_one_person(tmp_path: Path, take: Callable) -> None:
    table = tmp_path / "t.csv"
    table.write_text("group,age\n" + "".join(f"{'case' if n % 2 else 'control'},{20 + n % 50}\n" for n in range(200)))
    document, _ = take(table)
    assert document["patients"] == 200
    assert "group" not in document["columns"]


def test_schema_and_records_agree(brains: Path, take: Callable) -> None:
    _, folder = take(brains, columns={"condition": ["grade", "histology"], "drop": "laterality_code"})
    dataset = Dataset(folder)
    records, schema = dataset.records(), dataset.schema()
    roles = {column["name"]: column["role"] for column in schema["columns"]}
    assert roles["grade"] == roles["histology"] == "condition"
    assert "laterality_code" not in records
    for column in schema["columns"]:
        series = records[column["name"]].dropna()
        assert column["per"] in ("patient", "record")
        if column["kind"] == "category":
            assert sorted(series.unique()) == column["values"]
        elif column["kind"] == "multi":
            assert {part for text in series for part in text.split("|")} == set(column["values"])
        else:
            assert "values" not in column
            assert {"number": "f", "integer": "i", "boolean": "b"}[column["kind"]] == series.dtype.kind
    assert schema["image"] == {"channels": 1, "modality": None, "white": 65535}


def test_a_role_that_was_given_to_people_or_reports_is_dropped_and_said(tmp_path: Path, take: Callable) -> None:
    table = tmp_path / "t.csv"
    lines = [
        f"{20 + n},Doe{n}^Jane,the lungs of case {n % 7} are clear and the heart is not enlarged" for n in range(60)
    ]
    table.write_text("age,who,report\n" + "\n".join(lines))
    document, folder = take(table, columns={"ethnicity": "who", "finding": "report"})
    assert document["dropped_columns"].keys() == {"who", "report"}
    assert document["identifiers_removed"] == {"free_text": 60, "names": 60}
    assert sum("was dropped" in warning for warning in document["warnings"]) == 2
    assert "Doe" not in Dataset(folder).records().to_csv()


CODES = ("Hosp", "case", "regno", "acc", "sample", "tube", "Auftrag", "study_no", "case number")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *((name, many(lambda n: str(3000 + n * 37 % 7919))) for name in CODES),
        ("x", many(lambda n: f"{n % 28 + 1:02d}{n % 12 + 1:02d}{50 + n % 40}")),
        ("x", many(lambda n: f"{50 + n % 40}{n % 12 + 1:02d}{n % 28 + 1:02d}")),
        ("x", many(lambda n: str(43000 + n % 90))),
        ("region", many(lambda n: str(10115 + n % 9 * 1000))),
        ("x_coord", many(lambda n: f"{52 + n / 1000:.6f}")),
        ("jg", many(lambda n: str(30 + n % 60))),
    ],
)
def test_numbers_that_are_codes_dates_or_places_are_dropped(name: str, values: list[str]) -> None:
    assert isinstance(judged(name, values), Dropped)


@pytest.mark.parametrize("name", ["platelets", "tumour_pixels", "CreatininePhosphokinase", "bytes", "lesion_area"])
def test_amounts_stay(name: str) -> None:
    assert isinstance(judged(name, many(lambda n: str(3000 + n * 37 % 7919))), Typed)
    assert isinstance(judged("zorblax", many(lambda n: str(3000 + n * 37 % 7919)), asked=True), Typed)


@pytest.mark.parametrize(
    "row",
    [
        "Okonkwo Chidi,1951-03-04,M,diabetes,Gartenweg",
        "Okonkwo Chidi,71,x,diabetes,Gartenweg",
        "Okonkwo Chidi,age,M,diabetes,Gartenweg",
    ],
)
def test_a_patient_where_names_of_columns_belong_is_refused(row: str) -> None:
    below = "".join(
        f"Person{n},{f'19{n}-02-03' if '-' in row else n},{'MF'[n % 2]},diabetes,Weg{n}\n" for n in range(10, 60)
    )
    with pytest.raises(BadInput, match="column names belong"):
        parse_table(f"{row}\n{below}".encode(), Limits())


def test_columns_that_are_counted_or_named_by_years_are_columns() -> None:
    assert list(parse_table(b"id,arm,side,1,2\n" + b"a,b,c,5,6\n" * 20, Limits()).frame.columns) == [
        "id",
        "arm",
        "side",
        "1",
        "2",
    ]


def test_a_person_inside_the_name_of_a_column_is_hidden() -> None:
    table = parse_table(b"BMI_Dr_Nwachukwu,surg_score Kowalczyk,Wagner grade,Dr_score\n" + b"1,2,3,4\n" * 9, Limits())
    assert list(table.frame.columns) == ["column 1", "column 2", "Wagner grade", "Dr_score"]
