"""Each of the eighteen kinds of Safe Harbor in a table: told by the column's name, its values, or in a single cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from medsynth_engine.intake.dataset import Dataset
from medsynth_engine.intake.options import Limits
from medsynth_engine.intake.tables import shapes
from medsynth_engine.intake.tables.columns import Dropped, Typed, typed
from medsynth_engine.intake.tables.describe import describe
from medsynth_engine.intake.tables.known_people import Identifiers
from medsynth_engine.intake.tables.naming import kind_by_name
from medsynth_engine.intake.tables.roles import Roles
from medsynth_engine.intake.tables.table import parse_table

BY_VALUE = {
    "names": "Jane Doe|DOE^JANE|Doe, Jane|Dr. Smith|Garcia Lopez, Maria|Hans-Peter Müller|see Jane Doe"
    "|seen by Anna von Meier twice",
    "geography": "12 Main Street|221b Baker Road|Hauptstr. 5|Musterstraße 12|PO Box 99|Boston, MA 02115|"
    "12 Rue Victor Hugo",
    "dates": "2020-01-22|22.01.2020|1/22/20|January 22, 2020|22nd of January 2020|the third of March 1970|"
    "20200122|12 mai 2019|1-Feb|3. März",
    "phone_numbers": "+49 30 1234567|(617) 555-0123|617-555-0123|617.555.0123|030 1234567",
    "email_addresses": "jane.doe@example.org",
    "social_security_numbers": "123-45-6789",
    "record_numbers": "MRN 00412233|Patient ID: A77",
    "health_plan_numbers": "policy no. 88123|Medicare 1EG4-TE5-1234",
    "account_numbers": "DE89 3704 0044 0532 0130 00|4111 1111 1111 1111",
    "licence_numbers": "license D1234567|NPI 1234567893",
    "vehicle_identifiers": "1HGCM82633A004352|B-AB 1234|AB12 CDE",
    "device_identifiers": "serial SN00412|00:1A:2B:3C:4D:5E|s/n 77123",
    "urls": "https://example.org/jane|www.example.org|10.1148/rg.242035193",
    "ip_addresses": "192.168.0.1|2001:db8::ff00:42:8329",
    "biometrics": "fingerprint left thumb",
    "ages_over_89": "ninety-four years|94 y/o|aged 97|a centenarian",
    "file_names": "jane_doe.dcm",
    "other_identifiers": "1.2.840.113619.2.55.3.604688|9f1c2d3e-1111-2222-3333-444455556666|0012345678",
}
BY_NAME = {
    "names": "patient_name surname Nachname referring_physician",
    "dates": "dob birth_date Geburtsdatum admission_date admis_doy",
    "geography": "zip PLZ street city hospital Gemeinde kreis ctr school",
    "phone_numbers": "phone telephone_home",
    "fax_numbers": "fax",
    "email_addresses": "email",
    "social_security_numbers": "ssn",
    "record_numbers": "MRN accession_number",
    "health_plan_numbers": "insurance_number policy",
    "account_numbers": "account iban",
    "licence_numbers": "licence_no certificate",
    "vehicle_identifiers": "vin license_plate",
    "device_identifiers": "device_serial imei",
    "urls": "url website",
    "ip_addresses": "ip_address",
    "biometrics": "fingerprint voiceprint",
    "faces": "photo portrait",
    "other_identifiers": "uuid barcode",
}
TERMS = (
    "nevus, blue|COVID-19, ARDS|Charcot-Marie-Tooth|HLA B27|BI-RADS 4|T2N0M0|Grade IV|ER+ / PR-|2-3 cm|1:2|10^9/L|mg/dL"
    "|Tumor Size|White|Black or African American|AP Supine|left upper lobe|Not visible|E11.9|10-20|Set 12|Marker 12|"
    "St. p. pneumonia|Wilson disease|Paget Disease|Ki-67 20%|3.5|1-2-3|May|Mild|via catheter|2 chest|Bilateral, Left|"
    "Hodgkin Lymphoma|Victoria blue|family member 1|SUV Max|CA 125|Decile 10"
)


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, line in BY_VALUE.items() for text in line.split("|")]
)
def test_an_identifier_in_a_cell_is_seen(kind: str, text: str) -> None:
    seen = shapes.kind_inside(text)
    if text == "Garcia Lopez, Maria" or kind != "names":
        assert seen
    else:
        assert seen == "names" or shapes.COMMA_NAME.fullmatch(text)


@pytest.mark.parametrize("term", TERMS.split("|"))
def test_a_medical_term_is_none(term: str) -> None:
    assert shapes.kind_inside(term) == ""


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, line in BY_NAME.items() for name in line.split()])
def test_a_name_of_a_column_tells_its_kind(kind: str, name: str) -> None:
    assert kind_by_name(name) in (kind, "licence_numbers" if "license" in name else kind)
    values = pd.Series([f"x{number}y" for number in range(30)] * 2, dtype="str")
    assert isinstance(typed(name, values, np.arange(60)), Dropped)


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, line in BY_VALUE.items() for text in line.split("|")]
)
def test_one_identifier_among_the_levels_of_a_kept_column_goes(kind: str, text: str) -> None:
    cells = ["left", "right", "both"] * 40 + [text]
    described = describe(pd.DataFrame({"side": cells}, dtype="str"), Roles())
    told = described.typed[0].series if described.typed else pd.Series([], dtype="str")
    assert text not in set(told.dropna()) or shapes.COMMA_NAME.fullmatch(text)
    assert text not in str(described.value_maps) + str(described.unreadable) + str(described.warnings)


def test_what_stands_in_a_dropped_column_goes_everywhere_else() -> None:
    frame = pd.DataFrame(
        {
            "patient_id": [f"AB{number:04d}" for number in range(60)],
            "mrn": [str(4_000_000 + number) for number in range(60)],
            "surname": ["Okonkwo Adaeze" if number == 3 else f"Name{number} First{number}" for number in range(60)],
            "finding": ["nodule|Okonkwo Adaeze" if number == 3 else "nodule|mass" for number in range(60)],
            "arm": ["AB0007" if number == 9 else "control" for number in range(60)],
            "score": [str(4_000_011) if number == 11 else str(number % 30) for number in range(60)],
        },
        dtype="str",
    )
    described = describe(frame, Roles({"patient": "patient_id", "finding": "finding"}))
    kept = {column.name: column.series for column in described.typed}
    assert kept["finding"].iloc[3] == "nodule"
    assert kept["finding"].iloc[4] == "nodule|mass"
    assert kept["arm"].iloc[9] == "other"  # one patient has it, and nobody asked for the column
    assert pd.isna(kept["score"].iloc[11])
    assert described.removed["identifiers_in_cells"] == 2
    shown = str(described.value_maps) + str(described.unreadable) + str(described.roles) + str(described.warnings)
    assert not any(word in shown for word in ("Okonkwo", "AB0007", "4000011"))


def test_names_of_columns_that_are_people_are_hidden() -> None:
    header = 'day,Jane Doe,"Doe, John",MRN 12345678,2020-01-22,a\x1b[31mb,\u202eevil,weight'
    table = parse_table((header + "\n" + "1,2,3,4,5,6,7,8\n" * 30).encode(), Limits())
    names = list(table.frame.columns)
    assert names == ["day", "column 2", "column 3", "mrn column 4", "column 5", "a[31mb", "evil", "weight"]
    assert any("4 column names" in warning for warning in table.warnings)
    assert "Doe" not in " ".join(table.warnings)


def test_a_pivot_on_record_numbers_hides_them() -> None:
    table = parse_table(b"patient,A1234,A1235\n" + b"A1234,1,2\nA1235,3,4\n" * 20, Limits())
    assert list(table.frame.columns) == ["patient", "column 2", "column 3"]


def test_names_need_two_words_or_a_column_of_them() -> None:
    known = Identifiers(["White", "seen by Brown Sequard"])
    known.add_names(pd.DataFrame({"name": ["White", "Brown Sequard"]}))
    assert not known.inside("White")
    assert known.inside("seen by Brown Sequard")
    assert isinstance(typed("who", pd.Series(["Anna", "Peter", "Laura"] * 20, dtype="str"), np.arange(60)), Dropped)
    assert isinstance(
        typed("race_group", pd.Series(["White", "Black", "Brown"] * 20, dtype="str"), np.arange(60)), Typed
    )


def test_nothing_of_a_table_of_canaries_is_stored(tmp_path: Path, take: Callable) -> None:
    canaries = [text for line in BY_VALUE.values() for text in line.split("|")]
    rows = [
        f'{20 + n},"{canary}","{canaries[-n]}","{"left" if n % 2 else canary}",{n % 9}'
        for n, canary in enumerate(canaries)
    ]
    table = tmp_path / "canaries.csv"
    table.write_text("age,remark,thing,side,score\n" + "\n".join(rows * 3))
    document, folder = take(table)
    stored = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    leaked = [text for text in canaries if text.encode() in stored or text in str(document)]
    assert leaked == []
    assert len(Dataset(folder).records()) == len(rows) * 3
