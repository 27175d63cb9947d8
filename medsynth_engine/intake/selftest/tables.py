"""A table of people with a canary in every cell of thirty and more columns that name somebody."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from medsynth_engine.intake.selftest.canaries import TABLE, Aviary

ROWS = 40
Maker = Callable[[Aviary, str], str]


def _text(aviary: Aviary, place: str) -> str:
    return aviary.text(TABLE, place)


def _date(aviary: Aviary, place: str) -> str:
    day = aviary.date(TABLE, place)
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def _shaped(shape: str) -> Maker:
    return lambda aviary, place: aviary.digits(TABLE, place, shape)


def _said(sentence: str) -> Maker:
    return lambda aviary, place: aviary.words(TABLE, place, sentence)


COLUMNS: dict[str, Maker] = {
    "patient_id": _text,
    "surname": lambda aviary, place: aviary.name(TABLE, place),
    "first_name": lambda aviary, place: aviary.name(TABLE, place),
    "referring_physician": lambda aviary, place: f"Dr. {aviary.name(TABLE, place)}",
    "next_of_kin": _said("{} (son)"),
    "birth_date": _date,
    "admission_date": _date,
    "date_of_death": _date,
    "phone": _shaped("+49 30 ########"),
    "fax": _shaped("+49 40 ########"),
    "email": _said("{}@example.org"),
    "street_address": _said("{} Lane 4"),
    "city": _text,
    "zip": _shaped("#####-####"),
    "hospital": _text,
    "latitude": _shaped("52.########"),
    "ssn": _shaped("###-##-####"),
    "mrn": _shaped("##########"),
    "accession_number": _text,
    "insurance_number": _text,
    "account_number": _shaped("DE## #### #### ####"),
    "licence_plate": _text,
    "certificate": _text,
    "device_serial": _text,
    "study_uid": lambda aviary, place: aviary.uid(TABLE, place),
    "url": _said("https://example.org/{}"),
    "ip_address": _shaped("10.2##.1##.###"),
    "uuid": _shaped("########-####-4###-8###-############"),
    "file_path": _said("scans/{}/a.dcm"),
    "notes": _said("Seen with {} in the garden and was brought in by her son on Monday"),
    "report": _said("FINDINGS: none. Signed by {} after a call with the family."),
    "barcode": _text,
    "value": lambda aviary, place: f"{aviary.digits(TABLE, place, '#########1')}.0",
}
"""Column -> how its cells are made."""


def plant(folder: Path, aviary: Aviary) -> None:
    """One table. `course` stays, and in one of four cells names the row's patient; ages are 60 to 99.

    Ages that cannot be read, and findings, hold numbers and names of the row in many spellings: what is shown and kept
    must not.
    """
    rows = []
    for number in range(ROWS):
        row = {name: make(aviary, f"column {name}") for name, make in COLUMNS.items()}
        course = f"see {row['patient_id']}" if number % 4 == 0 else ("stable" if number % 2 else "better")
        row |= {"age": str(60 + number), "sex": "FM"[number % 2], "finding": ("nevus", "melanoma")[number % 3 == 0]}
        rows.append({**row, "course": course})
    rows[3]["age"] = f"as old as {rows[3]['patient_id']}"
    rows[5]["finding"] = f"nevus, seen by {rows[5]['referring_physician']}"
    rows[7]["finding"] = f"nevus ({rows[7]['mrn']})"
    _spell_out(rows, aviary)
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _spell_out(rows: list[dict[str, str]], aviary: Aviary) -> None:
    """The names and numbers of a row once more in cells that stay, spelled otherwise."""
    rows[9]["finding"] = "nevus of {surname}, {first_name}".format(**rows[9])
    rows[10]["finding"] = f"nevus of {rows[10]['first_name'][0]}. {rows[10]['surname'].upper()}"
    rows[11]["finding"] = f"nevus ({rows[11]['surname']})"
    rows[13]["finding"] = f"nevus of {aviary.text(TABLE, 'code in a finding')} on the arm"
    rows[14]["course"] = f"better, {rows[14]['surname'][:3]}\u200b{rows[14]['surname'][3:]}"
    rows[15]["course"] = aviary.text(TABLE, "level of one patient")
    rows[17]["course"] = f"asked {rows[17]['first_name']} at {rows[17]['city']} dot org"
    rows[18]["age"] = rows[18]["surname"]
    rows[19]["sex"] = aviary.text(TABLE, "sex that cannot be read")
    rows[21]["finding"] = f"nevus|{rows[21]['surname']}^{rows[21]['first_name'][0]}"
