"""What a table's columns are taken for, what a person is shown of that, and what is said about who is who."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.options import Limits, Options
from medsynth_engine.intake.tables.describe import Described, describe
from medsynth_engine.intake.tables.people import id_warnings, loose_form
from medsynth_engine.intake.tables.roles import find_roles
from medsynth_engine.intake.tables.table import parse_table


def cycled(values: str, count: int = 120) -> list[str]:
    words = values.split("|")
    return [words[number % len(words)] for number in range(count)]


def looked_at(columns: dict[str, list[str]]) -> tuple[dict[str, str], Described]:
    frame = pd.DataFrame(columns, dtype="str")
    roles = find_roles(frame, Options(), None)
    return roles.guessed, describe(frame, roles)


@pytest.mark.parametrize(
    ("name", "values", "role", "how"),
    [
        ("Geschlecht", "m|w", "sex", "name"),
        ("x3", "M|F", "sex", "values"),
        ("x3", "male|Female|unknown", "sex", "values"),
        ("Alter", "65|70|34", "age", "name"),
        ("x", "065Y|034Y|012M", "age", "values"),
        ("age at scan", "65|70.5|34", "age", "values"),
        ("x", "White|Black or African American|Asian|Other", "ethnicity", "values"),
        ("result", "Normal|Pneumonia|COVID-19", "finding", "values"),
        ("Befund", "a|b", "finding", "name"),
    ],
)
def test_roles_are_guessed_from_names_then_values(name: str, values: str, role: str, how: str) -> None:
    guessed, made = looked_at({name: cycled(values), "score": cycled("1|2|3|4.5")})
    assert guessed == {role: how}
    entry = made.roles[0]
    assert (entry["role"], entry["column"], entry["guessed_by"]) == (role, name, how)
    assert entry["sample"][0]["count"] == max(one["count"] for one in entry["sample"])
    assert any("from values alone" in warning for warning in made.warnings) is (how == "values")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("x3", "0|1"),
        ("x3", "1|2"),
        ("mother_sex", "M|F"),
        ("gestational_age", "20|30|40"),
        ("stage", "1|2|3"),
        ("image", "65|70"),
        ("dosage", "65|70"),
        ("colour", "white|black"),
        ("status", "alive|dead"),
        ("platelets", "263358|127000|265000"),
    ],
)
def test_what_could_be_anything_is_not_guessed(name: str, values: str) -> None:
    assert looked_at({name: cycled(values)})[0] == {}


def test_a_patient_id_is_guessed_from_its_shape_and_repetition_and_not_shown() -> None:
    ids = [f"KX-{4000 + number // 3}" for number in range(120)]
    guessed, made = looked_at({"kuerzel": ids, "score": cycled("1|2|3|4.5"), "slice": [str(n) for n in range(120)]})
    assert guessed == {"patient": "values"}
    assert made.roles == [
        {"role": "patient", "column": "kuerzel", "guessed_by": "values", "distinct": 40, "repeated": 40}
    ]
    assert "KX-" not in str(made.value_maps) + str(made.warnings)


def test_every_column_that_changed_has_its_map_and_what_could_not_be_read_is_listed() -> None:
    _, made = looked_at(
        {
            "sex": [*cycled("M|male|w", 117), "divers", "Jane Doe", "?"],
            "age": [*cycled("65|065Y|early 40s", 117), "old", "12-05", "-"],
            "smoker": [*cycled("Ja|nein", 118), "", "unbekannt"],
            "income": [*(f"1,{number:03d}.50" for number in range(117)), "a lot", "-999", "<5"],
            "arm": [*cycled("A| a |b", 118), "B", "B"],
        }
    )
    assert made.value_maps["sex"] == {"M": "M", "male": "M", "w": "F"}
    assert made.value_maps["smoker"] == {"Ja": "true", "nein": "false"}
    assert made.value_maps["age"]["065Y"] == "65"
    assert made.value_maps["income"]["1,000.50"] == "1000.5"
    assert len(made.value_maps["income"]) == 117
    assert made.value_maps["arm"] == {"A": "a", "b": "B"}
    assert made.unreadable["sex"] == {"(rare)": 1, "(names)": 1}
    assert made.unreadable["age"] == {"(rare)": 2}
    assert made.value_maps["age"]["early 40s"] == "40-64"
    assert made.unreadable["income"] == {"(rare)": 1, "-999": 1, "<5": 1}
    assert "smoker" not in made.unreadable
    assert any("-999 was taken for not known" in warning for warning in made.warnings)


def test_maps_are_bounded_and_plain() -> None:
    values = [f"\x1b[3{number % 8}m Level \u202e{number % 40:03d}  x" for number in range(4000)]
    _, made = looked_at({"level": values, "crp": [f"{number},5" for number in range(4000)]})
    assert len(made.value_maps["crp"]) == 200
    shown = str(made.value_maps) + "".join(made.typed[0].values)
    assert "\x1b" not in shown and "\u202e" not in shown


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([*(str(n) for n in range(100)), "1-Feb"], "integer"),
        (["01", "02", "03"] * 30, "category"),
        ([f"{n},{n:03d}" for n in range(100, 200)], None),
        (["1.0", "0.0", ""] * 30, "boolean"),
        (["12%", "7%", "55%"] * 30, "integer"),
        (["T", "N"] * 30, "category"),
    ],
)
def test_values_that_mean_two_things_are_not_read_as_one(values: list[str], kind: str | None) -> None:
    _, made = looked_at({"value": values})
    assert [column.kind for column in made.typed] == ([kind] if kind else [])
    if kind is None:
        assert "two ways" in made.dropped["value"]


def test_an_age_in_months_is_one_and_99_alone_is_a_code() -> None:
    frame = pd.DataFrame({"age_months": ["6", "24", "780"] * 10, "x": ["1"] * 30}, dtype="str")
    made = describe(frame, find_roles(frame, Options.of(columns={"age": "age_months"}), None))
    assert made.typed[0].series.tolist()[:3] == [0.5, 2, 65]
    _, made = looked_at({"age": ["65", "99", "40"] * 10})
    assert made.typed[0].series.isna().sum() == 10
    assert any("99" in warning for warning in made.warnings)
    _, made = looked_at({"age": ["65", "99", "93"] * 10})
    assert made.typed[0].series.isna().sum() == 0


def test_one_person_under_two_spellings_and_two_people_under_one_id_are_said() -> None:
    ids = ["P001", "p001", "P 001", "P-1", "P2", "12.0", "12", " 12 "]
    assert loose_form("P001") == loose_form("p-1") != loose_form("P10")
    (warning,) = id_warnings(pd.Series(ids, dtype="str"))
    assert warning.startswith("4 patient ids")
    assert not any(word in warning for word in ids)
    assert id_warnings(pd.Series(["1", "2", "11"], dtype="str")) == []
    _, made = looked_at({"patient_id": ["a", "a", "b", "b"] * 20, "sex": ["M", "F", "M", "M"] * 20})
    assert "1 patients have more than one sex in the table." in made.warnings


def test_a_table_is_read_in_the_encodings_that_hospitals_have() -> None:
    text = "id;größe;€\n1;klein;5\n2;groß;6\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"):
        frame = parse_table(text.encode(encoding), Limits()).frame
        assert list(frame.columns) == ["id", "größe", "€"], encoding
        assert frame["größe"].tolist() == ["klein", "groß"]
    assert list(parse_table(b"sep=;\na;b\n1;2\n", Limits()).frame.columns) == ["a", "b"]
    again = parse_table(b"a,b\n1,2\na,b\n3,4\n", Limits())
    assert again.frame["a"].tolist() == ["1", "3"]
    assert any("repeat the column names" in warning for warning in again.warnings)
    assert "(num) (the predicted)" in parse_table(b"(num) (the predicted),x\n1,2\n", Limits()).frame.columns


def test_the_documents_of_a_messy_table_agree_with_what_is_stored(tmp_path: Path, take: Callable) -> None:
    table = tmp_path / "messy.csv"
    rows = "".join(
        f'{n // 2},{"M" if n % 4 < 2 else "w"},"{20 + n % 60},0",{["A; B", "A", "B，A"][n % 3]},{n % 7},"see Who {n}"\n'
        for n in range(200)
    )
    table.write_text("Fall Nr,Geschlecht,Alter,Befund,score,Bemerkung\n" + rows)
    document, folder = take(table)
    records = Dataset(folder).records()
    assert document["columns"] == {"age": "Alter", "sex": "Geschlecht", "finding": "Befund", "patient": "Fall Nr"}
    assert document["patients"] == 100
    assert document["value_maps"]["sex"] == {"M": "M", "w": "F"}
    assert set(records["finding"]) == {"A|B", "A", "B|A"}
    assert records["age"].between(20, 79).all()
    assert "Who" not in records.to_csv()
    assert (records.groupby("patient")["fold"].nunique() == 1).all()


def test_another_age_is_capped_as_well() -> None:
    _, made = looked_at({"age": cycled("65|70|80"), "age_at_death": cycled("95|88|97"), "stage": cycled("1|95|97")})
    kept = {column.name: column.series for column in made.typed}
    assert kept["age_at_death"].max() == 90
    assert kept["stage"].max() == 97 or "97" in set(kept["stage"])
    assert made.removed["ages_over_89"] == 80
    assert "97" not in str(made.value_maps.get("age_at_death"))


def test_text_that_a_person_asks_for_stays_where_it_is_formulaic_and_never_a_rare_one() -> None:
    notes = [f"seen on the ward and felt well again form {number % 3}" for number in range(119)]
    notes.append("seen on the ward by Jane Doe who called 617-555-0123 again")
    frame = pd.DataFrame({"notes": notes, "score": cycled("1|2|3.5")}, dtype="str")
    assert "notes" in describe(frame, find_roles(frame, Options(), None)).dropped
    made = describe(frame, find_roles(frame, Options.of(columns={"column": "notes"}), None))
    kept = next(column for column in made.typed if column.name == "notes")
    assert set(kept.values) == {*notes[:3], "other"}
    assert "Jane" not in str(made.value_maps) + str(made.unreadable) + str(made.warnings)
    frame["notes"] = [f"{note} {number}" for number, note in enumerate(notes)]
    made = describe(frame, find_roles(frame, Options.of(columns={"column": "notes"}), None))
    assert "notes" in made.dropped


def test_an_age_with_a_sex_behind_it_is_years_and_said() -> None:
    _, made = looked_at({"age": ["65M", "34F", "96 M", "104F"] * 20})
    assert made.typed[0].series.tolist()[:4] == [65, 34, 90, 90]
    assert any("letter of a sex" in warning for warning in made.warnings)
    assert not any(old in str(made.value_maps) + str(made.roles) for old in ("96", "104"))
    _, made = looked_at({"age": ["006M", "012M", "065Y"] * 20})
    assert made.typed[0].series.tolist()[:3] == [0.5, 1, 65]


@pytest.mark.parametrize(
    ("name", "kept"), [("onset", 90), ("years_lived", 90), ("survival_months", 103), ("slope", 103)]
)
def test_years_under_another_name_are_capped_and_months_stay(name: str, kept: int) -> None:
    _, made = looked_at({name: [str(60 + number % 44) for number in range(120)]})
    assert made.typed[0].series.max() == kept
